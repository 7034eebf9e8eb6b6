"""Interval statistics against printed values, and rejection that can be undone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.physiology.intervals import (
    Rejection,
    interval_statistics,
    reject_average,
    reject_missing,
    reject_neighbour,
    reject_quality,
    reject_range,
    rejected_shares,
    whole_ns,
)

MS = 1_000_000


def mouse_intervals(shared_data):
    text = (shared_data / "physio/mouse_rr_physiozoo/Mouse_example_qrs.txt").read_text()
    beats_ms = np.array([int(line) for line in text.split("---")[-1].split()])
    return beats_ms[:-1], np.diff(beats_ms) * MS


# printed in the PhysioZoo manual for three windows of 180 s
@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (0, ["106.34", "11.89", "6.05", "27.23"]),
        (1, ["105.94", "11.37", "5.47", "23.77"]),
        (2, ["103.58", "10.38", "4.96", "22.25"]),
    ],
)
def test_the_mouse_of_physiozoo(shared_data, window, expected):
    start_ms, interval_ns = mouse_intervals(shared_data)
    inside = (start_ms >= 180_000 * window) & (start_ms < 180_000 * (window + 1))
    rejected = reject_average(interval_ns)[inside]
    s = interval_statistics(interval_ns[inside], rejected, close_up=True)
    printed = [f"{v:.2f}" for v in (s.mean_ms, s.sdnn_ms, s.rmssd_ms, s.pnn_percent)]
    assert printed == expected


def test_same_numbers_from_float_seconds(shared_data):
    start_ms, interval_ns = mouse_intervals(shared_data)
    inside = start_ms < 180_000
    through_float = whole_ns(interval_ns[inside] / 1e9)
    assert (through_float == interval_ns[inside]).all()
    seconds = interval_ns[inside][reject_average(interval_ns)[inside] == 0] / 1e9
    assert 100 * np.mean(np.abs(np.diff(seconds)) > 0.005) > 29  # the trap: differences of exactly 5 ms counted


def test_the_published_nn_file(shared_data):
    nn = np.loadtxt(shared_data / "physio/hrv_reference/test_nn_intervals.txt").astype(np.int64) * MS
    s = interval_statistics(nn, threshold_ns=50 * MS)
    assert s.mean_ms == pytest.approx(718.248, abs=5e-4)
    assert s.sdnn_ms == pytest.approx(43.113074968, abs=5e-10)
    assert s.rmssd_ms == pytest.approx(19.519400786, abs=1e-9)  # 19.5194007850 here: one unit of its last digit
    assert round(s.pnn_percent / 100 * s.n_differences) == 24
    s20 = interval_statistics(nn, threshold_ns=20 * MS)
    assert round(s20.pnn_percent / 100 * s20.n_differences) == 225


def test_nothing_is_differenced_across_a_hole():
    interval = np.array([100, 100, -1, 200, 200]) * MS
    assert interval_statistics(interval).rmssd_ms == 0.0
    assert interval_statistics(interval, close_up=True).rmssd_ms > 50
    assert interval_statistics(np.array([100, 120, 100]) * MS, [0, 1, 0]).n_differences == 0


def test_two_mean_rates_differ():
    s = interval_statistics(np.array([100, 200]) * MS)
    assert s.hr_bpm == pytest.approx(400.0)
    assert s.hr_beat_bpm == pytest.approx(450.0)


@pytest.mark.parametrize("interval", [[], [-1, -1], [100 * MS]])
def test_too_little_gives_nan(interval):
    s = interval_statistics(np.array(interval, np.int64))
    assert s.n == (1 if interval == [100 * MS] else 0)
    assert np.isnan(s.rmssd_ms)
    assert np.isnan(s.sdnn_ms)


def test_reasons_are_separate_bits():
    interval = np.array([100] * 30 + [150] + [100] * 30 + [-1] + [100]) * MS
    words = reject_missing(interval) | reject_average(interval) | reject_neighbour(interval)
    words |= reject_range(interval, 50 * MS, 140 * MS)
    assert words[30] == Rejection.AVERAGE | Rejection.NEIGHBOUR | Rejection.RANGE
    assert words[29] == Rejection.NEIGHBOUR
    assert words[61] == Rejection.MISSING
    assert words[62] == 0
    assert rejected_shares(words)["any"] == pytest.approx(4 / 63)


def test_a_bad_beat_rejects_the_two_intervals_it_bounds():
    words = reject_quality(np.array([100, 100, 100, 100]) * MS, [0, 0, 1 << 24, 0], 1 << 24)
    assert words.tolist() == [0, Rejection.QUALITY, Rejection.QUALITY, 0]


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(SignalError, match="wanted whole nanoseconds"):
        interval_statistics([0.1, 0.2])
    with pytest.raises(SignalError, match=r"wanted two arrays \(n,\)"):
        interval_statistics(np.array([1, 2]), [0])


@given(st.lists(st.integers(50, 240), min_size=0, max_size=120), st.floats(0.05, 0.5))
def test_rejection_is_reversible_and_scale_free(milliseconds, share):
    interval = np.array(milliseconds, np.int64) * MS
    before = interval.copy()
    words = reject_neighbour(interval, share)
    assert (interval == before).all()
    assert (reject_neighbour(interval * 2, share) == words).all()
    assert (reject_neighbour(interval[::-1], share)[::-1] == words).all()
    assert len(reject_average(interval, share)) == len(interval)


@given(st.lists(st.one_of(st.integers(50, 240), st.just(-1)), max_size=60))
def test_statistics_equal_a_plain_loop(milliseconds):
    interval = np.array(milliseconds, np.int64) * np.where(np.array(milliseconds, np.int64) > 0, MS, 1)
    s = interval_statistics(interval)
    kept = [v for v in milliseconds if v > 0]
    steps = [b - a for a, b in pairwise(milliseconds) if a > 0 and b > 0]
    assert s.n == len(kept)
    assert s.n_differences == len(steps)
    if steps:
        assert s.rmssd_ms == pytest.approx((sum(d * d for d in steps) / len(steps)) ** 0.5)
        assert s.pnn_percent == pytest.approx(100 * sum(abs(d) > 5 for d in steps) / len(steps))
