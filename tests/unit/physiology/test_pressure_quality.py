"""Unit tests of the quality bits of samples, beats and intervals."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology import BeatQuality, SampleLimits, find_beats, flag_intervals, flag_samples
from telemus.series import Quality


def bits(flags: np.ndarray, bit: int) -> list[int]:
    return np.flatnonzero(flags & np.uint32(bit)).tolist()


def test_missing_and_infinite_samples_are_dropouts() -> None:
    flags = flag_samples([1.0, np.nan, np.inf, -np.inf, 2.0], 500)
    assert bits(flags, Quality.DROPOUT) == [1, 2, 3]


@pytest.mark.parametrize("rate_hz", [100.0, 500.0, 2000.0])
def test_only_a_run_longer_than_the_limit_is_flat(rate_hz: float) -> None:
    longest = int(0.1 * rate_hz) + 1  # its first and last sample lie 0.1 s apart
    ramp = np.arange(400.0) / 100 + 80
    just, over = ramp.copy(), ramp.copy()
    just[50 : 50 + longest - 1] = 90.0
    over[50 : 50 + longest] = 90.0
    assert bits(flag_samples(just, rate_hz), Quality.FLATLINE) == []
    assert bits(flag_samples(over, rate_hz), Quality.FLATLINE) == list(range(50, 50 + longest))


def test_rails_are_marked_at_and_beyond_the_limits() -> None:
    flags = flag_samples([-2.0, -1.0, 0.0, 1.0, 2.0], 500, SampleLimits(lowest=-1.0, highest=1.0))
    assert bits(flags, Quality.RAIL) == [0, 1, 3, 4]


def test_a_jump_that_is_undone_is_a_spike_and_one_that_stays_is_not() -> None:
    x = 100 + np.sin(np.arange(100))
    x[30] += 90
    x[50:53] -= 70
    x[80:] += 90
    assert bits(flag_samples(x, 500), Quality.SPIKE) == [30, 50, 51, 52]


def test_a_steep_upstroke_at_a_low_rate_is_no_spike() -> None:
    x = np.tile([100.0, 140.0, 130.0, 120.0, 112.0, 105.0], 20)
    assert bits(flag_samples(x, 100), Quality.SPIKE) == []


def test_limits_serve_any_signal() -> None:
    ecg_mv = np.zeros(50) + 0.01 * np.arange(50) % 0.03
    ecg_mv[20] = 9.0
    assert bits(flag_samples(ecg_mv, 1000, SampleLimits(spike=5.0)), Quality.SPIKE) == [20]


def test_wrong_shapes_and_rates_are_named() -> None:
    with pytest.raises(SignalError, match=r"flag_samples: got values of shape \(2, 2\), wanted \(n,\)"):
        flag_samples(np.zeros((2, 2)), 500)
    with pytest.raises(SignalError, match="got a rate of nan Hz"):
        flag_samples([1.0], float("nan"))
    with pytest.raises(SignalError, match=r"got intervals of shape \(1, 2\)"):
        flag_intervals([[0.1, 0.2]])


def test_missed_and_extra_beats_show_in_the_intervals() -> None:
    interval_s = np.full(40, 0.1)
    interval_s[10] = 0.2
    interval_s[25:27] = 0.05
    flags = flag_intervals(interval_s)
    assert bits(flags, BeatQuality.MISSED_BEAT) == [10]
    assert bits(flags, BeatQuality.EXTRA_BEAT) == [25, 26]
    assert bits(flags, BeatQuality.INTERVAL_JUMP) == [9, 10, 11, 24, 25, 26, 27]


def test_a_missing_interval_is_not_bridged() -> None:
    flags = flag_intervals([0.1, 0.1, np.nan, 0.16, 0.16])
    assert bits(flags, BeatQuality.INTERVAL_JUMP) == []
    assert flag_intervals([]).tolist() == []
    assert flag_intervals([np.nan, np.nan]).tolist() == [0, 0]


def test_a_small_pulse_is_damped_and_a_mark_on_samples_reaches_the_beat() -> None:
    t = np.arange(4000) / 500
    pulse = np.where(t < 4, 15.0, 3.0)
    quality = np.zeros(4000, np.uint32)
    quality[1000:1010] = Quality.UNVERIFIED
    beats = find_beats(100 + pulse * np.sin(2 * np.pi * 8 * t), 500, quality)
    late = beats.foot_index > 2050
    damped = (beats.quality & np.uint32(BeatQuality.DAMPED)) != 0
    assert damped[late].all()
    assert not damped[beats.foot_index < 1950].any()
    marked = np.flatnonzero(beats.quality & np.uint32(Quality.UNVERIFIED))
    assert len(marked) == 1
    assert beats.foot_index[marked[0]] <= 1010 <= beats.foot_index[marked[0] + 1]


def test_unusable_marks_make_a_gap_and_others_do_not() -> None:
    t = np.arange(4000) / 500
    x = 100 + 15 * np.sin(2 * np.pi * 8 * t)
    quality = np.zeros(4000, np.uint32)
    quality[2000:2300] = Quality.SCHEDULED_OFF
    beats = find_beats(x, 500, quality)
    assert not ((beats.foot_index > 1990) & (beats.foot_index < 2300)).any()
    assert np.isnan(beats.interval_s).sum() == 2
    assert len(find_beats(x, 500, np.full(4000, Quality.UNVERIFIED, np.uint32)).foot_index) == 63
