"""R peaks: what is found, what is refused, and that cutting changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology.ecg import find_r_peaks, hop_samples


def gaussian_train(times_s: np.ndarray, rate_hz: float, seconds: float, width_s: float = 0.0015) -> np.ndarray:
    """Return beats of 1 mV, Gaussian, at given times."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    x = np.zeros(t.size)
    for at in times_s:
        near = slice(max(0, int((at - 8 * width_s) * rate_hz)), int((at + 8 * width_s) * rate_hz) + 1)
        x[near] += np.exp(-0.5 * ((t[near] - at) / width_s) ** 2)
    return x


@pytest.mark.parametrize("x", [[], [1.0], np.full(5000, np.nan), np.ones(5000), np.arange(3), np.zeros(5000)])
def test_nothing_to_find_gives_an_empty_result(x):
    beats = find_r_peaks(x, 500.0)
    assert all(len(column) == 0 for column in beats)


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(SignalError, match=r"shape \(3, 2\), wanted one dimension"):
        find_r_peaks(np.zeros((3, 2)), 500.0)
    with pytest.raises(SignalError, match="wanted 100 to 20000 Hz"):
        find_r_peaks(np.zeros(10), 0.0)
    with pytest.raises(SignalError, match=r"quality of shape \(3,\), wanted \(10,\)"):
        find_r_peaks(np.zeros(10), 500.0, np.zeros(3, np.uint32))


@pytest.mark.parametrize("rate_hz", [200.0, 250.0, 360.0, 500.0, 1000.0, 2000.0])
@pytest.mark.parametrize("bpm", [30, 60, 300, 600, 1200])
@pytest.mark.parametrize("polarity", [1, -1])
def test_every_rate_and_polarity(rate_hz, bpm, polarity):
    width_s = {30: 0.012, 60: 0.012, 300: 0.003, 600: 0.0025, 1200: 0.002}[bpm]
    if bpm == 1200 and rate_hz < 360:
        pytest.skip("12 samples to a beat: every other beat falls between samples")
    width_s = max(width_s, 0.7 / rate_hz)  # what was sampled was band-limited before
    times = np.arange(0.3137, 19.6, 60.0 / bpm)
    beats = find_r_peaks(polarity * gaussian_train(times, rate_hz, 20.0, width_s), rate_hz)
    assert len(beats.r_index) == len(times)
    assert np.abs(beats.r_index / rate_hz - times).max() < max(0.0005, 0.25 / rate_hz)
    assert set(beats.polarity) == {polarity}
    assert np.allclose(beats.interval_s[:-1], 60.0 / bpm, atol=0.001)


def test_hop_is_whole_cells():
    for rate_hz in (200.0, 250.0, 360.0, 500.0, 750.0, 1000.0, 2000.0):
        assert abs(hop_samples(rate_hz) / rate_hz - 0.5) < 0.01
