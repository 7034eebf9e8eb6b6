"""A laboratory's recording goes the same way as a mission's samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.errors import SignalError
from telemus.pipeline import analyse_recording
from telemus.series import Samples, Segment


class Channel(NamedTuple):
    name: str
    quantity: str
    samples: Samples


def pulse(seconds, rate_hz=500.0, bpm=480.0, start_ns=0):
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = (time * bpm / 60) % 1.0
    wave = 90 + 30 * np.exp(-0.5 * ((phase - 0.3) / 0.08) ** 2)
    return Samples.of(wave + np.random.default_rng(1).normal(0, 0.2, len(time)), rate_hz, start_ns, "mmHg")


def qrs(seconds, rate_hz=1000.0, bpm=480.0):
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = (time * bpm / 60) % 1.0
    wave = -0.8 * np.exp(-0.5 * ((phase - 0.3) / 0.012) ** 2)
    return Samples.of(wave + np.random.default_rng(2).normal(0, 0.02, len(time)), rate_hz, 0, "mV")


def test_beats_begin_with_time_and_channel():
    found = analyse_recording([Channel("ABP", "pressure_arterial", pulse(60)), Channel("lead", "ecg", qrs(60))])
    for one in found.channels:
        assert one.beats.column_names[:2] == ["time_s", "channel"]
        time_s = one.beats["time_s"].to_numpy()
        assert 460 < len(time_s) <= 480
        assert np.all(np.diff(time_s) > 0.1)
        assert one.account["beats"] == len(time_s)
        assert one.account["mean_ms"] == pytest.approx(125.0, abs=0.1)
        assert one.account["recorded_s"] == pytest.approx(60.0)
    assert found.beats().num_rows == sum(one.beats.num_rows for one in found.channels)
    assert set(found.beats()["channel"].to_pylist()) == {"ABP", "lead"}


def test_r_peaks_stand_where_they_are():
    (found,) = analyse_recording([Channel("lead", "ecg", qrs(30))]).channels
    time_s = found.beats["time_s"].to_numpy()
    true = 0.3 / 8 + np.round((time_s - 0.3 / 8) * 8) / 8
    assert np.abs(time_s - true).max() < 0.001
    assert set(found.beats["polarity"].to_pylist()) == {-1}


def test_seconds_are_counted_from_the_origin():
    start = 1_700_000_000 * NS_PER_S
    channel = Channel("ABP", "pressure_arterial", pulse(20, start_ns=start))
    (found,) = analyse_recording([channel], origin_ns=start).channels
    (zero,) = analyse_recording([Channel("ABP", "pressure_arterial", pulse(20))]).channels
    assert found.beats["time_s"].to_pylist() == zero.beats["time_s"].to_pylist()
    assert found.windows["start_s"].to_pylist() == [0.0]


def test_a_gap_is_not_bridged_and_windows_say_what_was_received():
    one, two = pulse(90), pulse(30)
    segments = (one.segments[0], Segment(200 * NS_PER_S, two.segments[0].period_ns, len(two)))
    joined = Samples(
        segments, np.concatenate([one.values, two.values]), np.zeros(len(one) + len(two), np.uint32), "mmHg"
    )
    (found,) = analyse_recording([Channel("ABP", "pressure_arterial", joined)], window_s=60).channels
    assert np.nanmax(found.beats["interval_s"].to_numpy()) < 0.2
    rows = found.windows.to_pylist()
    assert [(row["start_s"], round(row["received_share"], 3)) for row in rows] == [
        (0.0, 1.0),
        (60.0, 0.5),
        (180.0, 0.5),
    ]
    assert rows[0]["heart_rate_bpm"] == pytest.approx(480, abs=0.5)
    assert rows[0]["map_mmhg"] == pytest.approx(96.0, abs=0.5)


@pytest.mark.parametrize(
    "values",
    [np.zeros(0), np.zeros(1), np.full(5000, 3.0), np.full(5000, np.nan), np.random.default_rng(0).normal(0, 1, 5000)],
)
def test_what_holds_no_beat_gives_tables_without_rows(values):
    samples = Samples.of(values, 500)
    found = analyse_recording([Channel("a", "pressure_arterial", samples), Channel("b", "ecg", samples)])
    for one in found.channels:
        assert one.beats.num_rows < 3
        assert one.beats.column_names[0] == "time_s"
    assert found.beats().num_rows < 6
    assert found.windows().column_names[:3] == ["start_s", "stop_s", "channel"]


def test_other_channels_are_named_and_skipped():
    found = analyse_recording([Channel("T", "temperature_body", pulse(5))])
    assert found.skipped == ("T",)
    assert found.channels == ()
    assert found.beats().num_rows == 0


def test_species_only_marks():
    from telemus.pipeline import known_species

    slow = Channel("ABP", "pressure_arterial", pulse(30, bpm=120))
    (plain,) = analyse_recording([slow]).channels
    (marked,) = analyse_recording([slow], species=known_species()[0]).channels
    assert plain.beats["time_s"].to_pylist() == marked.beats["time_s"].to_pylist()
    assert (marked.beats["quality"].to_numpy() != 0).mean() > 0.9
    assert (plain.beats["quality"].to_numpy() == 0).mean() > 0.9


@pytest.mark.parametrize("given", [{"species": "dragon"}, {"window_s": 0.0}, {"window_s": float("nan")}])
def test_bad_calls_say_what_was_wanted(given):
    with pytest.raises(SignalError, match="wanted"):
        analyse_recording([Channel("ABP", "pressure_arterial", pulse(5))], **given)
