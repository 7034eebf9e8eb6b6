"""Unit tests of pressure beats on signals whose answers are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology import find_beats


def sine(rate_hz: float, beats_per_s: float, seconds: float = 8.0) -> np.ndarray:
    t = np.arange(int(rate_hz * seconds)) / rate_hz
    return 100 + 15 * np.sin(2 * np.pi * beats_per_s * t)


@pytest.mark.parametrize("rate_hz", [100, 200, 360, 500, 1000, 2000])
@pytest.mark.parametrize("bpm", [30, 72, 200, 600, 1200])
def test_every_cycle_of_a_sine_is_one_beat(rate_hz: float, bpm: float) -> None:
    beats = find_beats(sine(rate_hz, bpm / 60), rate_hz)
    whole_rises = int(8 * bpm / 60 - 0.25)  # the first rise has no minimum before it
    assert abs(len(beats.foot_index) - whole_rises) <= 1
    assert 60 / np.nanmean(beats.interval_s) == pytest.approx(bpm, rel=2e-3)


@pytest.mark.parametrize(
    "signal", [[], [100.0], np.full(5000, 100.0), np.full(5000, np.nan), np.linspace(60, 90, 5000)]
)
def test_nothing_that_beats_gives_no_beats(signal: np.ndarray) -> None:
    beats = find_beats(signal, 500)
    assert all(len(column) == 0 for column in beats)


def test_wrong_calls_say_what_was_got_and_wanted() -> None:
    with pytest.raises(SignalError, match=r"got values of shape \(2, 3\), wanted \(n,\)"):
        find_beats(np.zeros((2, 3)), 500)
    with pytest.raises(SignalError, match=r"got quality of shape \(4,\), wanted \(5,\)"):
        find_beats(np.zeros(5), 500, np.zeros(4, np.uint32))
    with pytest.raises(SignalError, match="got a rate of 0 Hz"):
        find_beats(np.zeros(5), 0)
