"""Calibration by hand: counts, barometer, zero offset, and what is flagged instead of guessed."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.errors import MissionError
from telemus.pipeline import correction, physical
from telemus.pipeline.channel_rules import mark_flat
from telemus.pipeline.zero_offset import zero_offset
from telemus.series import Quality

HPA_MMHG = 100.0 / 133.322387415  # NIST SP 811, table B.8


def arterial(recorder, stop_s, start_s=0):
    start = recorder.start_ns + round(start_s * NS_PER_S)
    stop = recorder.start_ns + round(stop_s * NS_PER_S)
    return physical(recorder.store, recorder.store.description, "M1", "pressure_arterial", start, stop)


def pressure_rows(recorder, seconds, barometer, counts=20_000):
    wave = np.arange(seconds * 500) % 3 + counts
    rows = [recorder.row("pressure", "S25101", 500, wave.astype(np.uint16))]
    for at_s, values in barometer:
        rows.append(recorder.row("cage_pressure", "C1", 1, np.asarray(values, np.uint32), at_s))
    return rows


def test_gauge_is_absolute_minus_barometer_minus_zero(recorder):
    """0.02 * 20000 + 400 = 800 mmHg absolute; 1000 hPa = 750.06 mmHg; the sensor reads 1.1 mmHg too low."""
    recorder.write(pressure_rows(recorder, 4, [(0, [100_000] * 4)]))
    found = arterial(recorder, 4)
    assert found.unit == "mmHg"
    assert found.values[0] == pytest.approx(800.0 - 1000.0 * HPA_MMHG + 1.1, abs=1e-9)
    assert found.values[1] == pytest.approx(800.02 - 1000.0 * HPA_MMHG + 1.1, abs=1e-9)
    assert not found.quality.any()


def test_barometer_is_interpolated_at_the_time_of_each_sample(recorder):
    """10 hPa more in one second are 7.5 mmHg; half a second later 3.75."""
    recorder.write(pressure_rows(recorder, 3, [(0, [100_000, 101_000, 101_000])]))
    found = arterial(recorder, 3)
    absolute = 400 + 0.02 * (np.arange(1500) % 3 + 20_000)
    taken = absolute + 1.1 - found.values
    assert taken[0] == pytest.approx(1000 * HPA_MMHG, abs=1e-9)
    assert taken[250] == pytest.approx(1005 * HPA_MMHG, abs=1e-9)
    assert taken[125] == pytest.approx(1002.5 * HPA_MMHG, abs=1e-9)
    assert taken[500:] == pytest.approx(1010 * HPA_MMHG, abs=1e-9)


def test_a_missing_barometer_is_flagged_and_never_guessed(recorder):
    recorder.write(pressure_rows(recorder, 60, [(0, [100_000] * 20), (40, [100_000] * 20)]))
    found = arterial(recorder, 60)
    time_s = np.arange(60 * 500) / 500
    lost = (time_s >= 21.5) & (time_s < 37.5)  # readings at 19 s and 40 s hold for 2.5 s into the hole
    assert np.isnan(found.values[lost]).all()
    assert (found.quality[lost] & Quality.UNVERIFIED).all()
    assert np.isfinite(found.values[~lost]).all()
    assert not found.quality[~lost].any()


def test_the_last_second_of_a_recorded_stretch_keeps_its_pressure(recorder):
    """The barometer's last reading before the recorder goes off stands a second before the end."""
    recorder.write(pressure_rows(recorder, 60, [(0, [100_000] * 60), (1800, [101_000] * 60)]))
    found = arterial(recorder, 60)
    assert np.isfinite(found.values).all()
    assert found.values[-1] == pytest.approx(400 + 0.02 * (20_000 + 29_999 % 3) - 1000 * HPA_MMHG + 1.1, abs=1e-9)


def test_a_short_hole_of_the_barometer_is_bridged(recorder):
    recorder.write(pressure_rows(recorder, 20, [(0, [100_000] * 8), (12, [100_800] * 8)]))
    found = arterial(recorder, 20)
    assert not found.quality.any()
    taken = 400 + 0.02 * 20_000 + 1.1 - found.values[round(9.5 * 500) // 3 * 3]
    at_s = (round(9.5 * 500) // 3 * 3) / 500
    assert taken == pytest.approx((1000 + 8 * (at_s - 7) / 5) * HPA_MMHG, abs=1e-6)


def test_without_any_barometer_there_is_no_arterial_pressure(recorder):
    recorder.write(pressure_rows(recorder, 5, []))
    found = arterial(recorder, 5)
    assert len(found) == 2500
    assert np.isnan(found.values).all()
    assert (found.quality == Quality.UNVERIFIED).all()


def test_a_bad_barometer_reading_is_left_out(recorder):
    rows = pressure_rows(recorder, 6, [])
    quality = [0, 0, int(Quality.CHECKSUM_FAILED), 0, 0, 0]
    rows.append(
        recorder.row(
            "cage_pressure",
            "C1",
            1,
            np.array([100_000, 100_000, 60_000, 100_000, 100_000, 100_000], np.uint32),
            quality=quality,
        )
    )
    recorder.write(rows)
    found = arterial(recorder, 6)
    assert not found.quality.any()
    assert np.ptp(found.values) < 0.05


def test_values_beyond_the_limits_keep_their_number_and_are_flagged(recorder):
    recorder.write(pressure_rows(recorder, 2, [(0, [100_000] * 2)], counts=40_000))  # 1200 mmHg absolute
    found = arterial(recorder, 2)
    assert found.values[0] == pytest.approx(1200 - 1000 * HPA_MMHG + 1.1)
    assert (found.quality == Quality.UNVERIFIED).all()


def test_absolute_pressure_is_not_judged_by_limits_of_the_difference(recorder):
    recorder.write(pressure_rows(recorder, 2, [(0, [100_000] * 2)]))
    mission = recorder.store.description
    found = physical(
        recorder.store, mission, "M1", "pressure_absolute", recorder.start_ns, recorder.start_ns + 2 * NS_PER_S
    )
    assert found.values[0] == pytest.approx(800.0)
    assert not found.quality.any()


def test_held_counts_are_flat_though_the_barometer_moves(recorder):
    wave = np.arange(1000) % 3 + 20_000
    wave[400:600] = 20_000
    rows = [recorder.row("pressure", "S25101", 500, wave.astype(np.uint16))]
    rows.append(recorder.row("cage_pressure", "C1", 1, np.array([100_000, 101_000], np.uint32)))
    recorder.write(rows)
    found = arterial(recorder, 2)
    flat = (found.quality & Quality.FLATLINE) != 0
    assert flat[400:600].all()
    assert flat.sum() <= 202


@pytest.mark.parametrize("seed", range(20))
def test_flat_runs_are_those_that_a_plain_loop_finds(seed):
    random = np.random.default_rng(seed)
    counts = np.repeat(random.integers(0, 3, 60), random.integers(1, 30, 60))
    longest = int(random.integers(1, 25))
    words = np.zeros(len(counts), np.uint32)
    mark_flat(counts, words, longest)
    plain = np.zeros(len(counts), bool)
    start = 0
    for stop in range(1, len(counts) + 1):
        if stop == len(counts) or counts[stop] != counts[start]:
            plain[start:stop] = stop - start > longest
            start = stop
    assert ((words == Quality.FLATLINE) == plain).all()


def test_zero_offset_between_and_beyond_readings():
    day = 86_400 * NS_PER_S
    found = zero_offset(
        np.array([0, 10 * day]), np.array([2.0, -3.0]), np.array([-day, 0, 4 * day, 10 * day, 11 * day])
    )
    assert found.offset_mmhg.tolist() == [2.0, 2.0, 0.0, -3.0, -3.0]
    assert found.provisional.tolist() == [True, False, False, False, True]


def test_one_reading_or_none_is_provisional():
    one = zero_offset(np.array([0]), np.array([2.0]), np.array([0, 5]))
    assert (one.offset_mmhg.tolist(), one.provisional.tolist()) == ([2.0, 2.0], [True, True])
    none = zero_offset(np.zeros(0, np.int64), np.zeros(0), np.array([0, 5]))
    assert (none.offset_mmhg.tolist(), none.provisional.tolist()) == ([0.0, 0.0], [True, True])


def test_the_correction_stands_beside_the_raw_value(recorder):
    recorder.write(pressure_rows(recorder, 3, [(0, [100_000, 101_000, 101_000])]))
    found = correction(
        recorder.store, recorder.store.description, "M1", recorder.start_ns, recorder.start_ns + 3 * NS_PER_S
    )
    assert (found.times_ns - recorder.start_ns).tolist() == [0, NS_PER_S, 2 * NS_PER_S]
    assert found.reference == pytest.approx([1000 * HPA_MMHG, 1010 * HPA_MMHG, 1010 * HPA_MMHG])
    assert found.zero.tolist() == [-1.1] * 3
    assert found.provisional.all()


@pytest.fixture
def moved(mission_folder):
    """A mission in which animal 1 gets another sensor and cage after an hour, and the ECG comes 20 ms late."""
    text = (mission_folder / "mission.toml").read_text()
    first = 'sensor = "S25101"\nsubject = "M1"\nplace = "C1"\nsince = '
    line = next(line for line in text.split(first)[1].splitlines())
    one = f"{first}{line}\nuntil = 2025-06-02T09:00:00Z\n"
    two = '\n[[installation]]\nsensor = "S25108"\nsubject = "M1"\nplace = "C2"\nsince = 2025-06-02T09:00:00Z\n'
    text = text.replace(f"{first}{line}\n", one + two)
    eighth = 'subject = "M8"\nplace = "C8"\n'
    text = text.replace(eighth, f"{eighth}until = 2025-06-02T08:30:00Z\n")
    (mission_folder / "mission.toml").write_text(text)
    channels = (mission_folder / "channels.toml").read_text()
    before, _, after = channels.partition('name = "ecg"')
    after = after.replace("latency_ms = 0.0", "latency_ms = 20.0", 1)
    (mission_folder / "channels.toml").write_text(f'{before}name = "ecg"{after}')
    return mission_folder


def test_the_sensor_and_the_cage_of_the_time_count(moved, recorder):
    for sensor, at_s in (("S25101", 3590), ("S25108", 3590)):
        wave = np.arange(20 * 500) % 3 + (20_000 if sensor == "S25101" else 21_000)
        recorder.write([recorder.row("pressure", sensor, 500, wave.astype(np.uint16), at_s)], slot=sensor)
    for cage, value in (("C1", 100_000), ("C2", 99_000)):
        recorder.write([recorder.row("cage_pressure", cage, 1, np.full(20, value, np.uint32), 3590)], slot=cage)
    found = arterial(recorder, 3610, 3590)
    half = 10 * 500
    assert len(found) == 2 * half
    assert found.values[0] == pytest.approx(800.02 - 1000 * HPA_MMHG + 1.1, abs=0.03)
    assert found.values[half + 1] == pytest.approx(820.02 - 990 * HPA_MMHG - 0.0, abs=0.03)


def test_the_latency_of_a_channel_is_taken_from_its_times(moved, recorder):
    recorder.write([recorder.row("ecg", "S25101", 1000, np.arange(2000, dtype=np.int16))])
    start = recorder.start_ns
    found = physical(recorder.store, recorder.store.description, "M1", "ecg", start, start + NS_PER_S)
    assert found.start_ns == start
    assert found.values[0] == pytest.approx(20 * 0.0002)  # what was sampled at 20 ms happened at 0


def test_what_nothing_measures_is_an_error_with_what_is_measured(recorder):
    with pytest.raises(MissionError, match=r"altitude.*pressure_absolute"):
        physical(recorder.store, recorder.store.description, "M1", "altitude", 0, 1)


def test_a_place_and_a_recorder_have_quantities_too(recorder):
    recorder.write([recorder.row("cage_pressure", "C1", 1, np.full(5, 100_000, np.uint32))])
    span = recorder.start_ns, recorder.start_ns + 5 * NS_PER_S
    mission = recorder.store.description
    assert physical(recorder.store, mission, "C1", "pressure_barometric", *span).values[0] == pytest.approx(
        1000 * HPA_MMHG
    )
    assert physical(recorder.store, mission, "M1", "pressure_barometric", *span).values[0] == pytest.approx(
        1000 * HPA_MMHG
    )
    assert len(physical(recorder.store, mission, "recorder", "supply", *span)) == 0
