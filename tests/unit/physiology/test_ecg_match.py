"""The matched filter: beats that noise, wander and a tall T wave hide, and what must not be taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.numerics.agreement import match_events
from telemus.physiology.ecg import find_r_peaks

RATE_HZ = 1000.0


def hidden_beats(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (ECG [mV], R [samples]): R of 0.3 mV, T taller and wider 20 ms on; noise 0.04 mV, wander 0.4 mV."""
    rng = np.random.default_rng(seed)
    t = np.arange(60_000) / RATE_HZ
    x = 0.04 * rng.normal(size=t.size) + 0.4 * np.sin(2 * np.pi * 0.9 * t)
    r_s = np.cumsum(0.082 * (1 + 0.03 * rng.normal(size=740)))
    r_s = r_s[r_s < 59.9]
    for at in r_s:
        near = np.abs(t - at) < 0.06
        x[near] += 0.3 * np.exp(-0.5 * ((t[near] - at) / 0.002) ** 2)
        x[near] += 0.36 * np.exp(-0.5 * ((t[near] - at - 0.02) / 0.007) ** 2)
    return x, r_s * RATE_HZ


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_hidden_beats_are_found_and_sure(seed):
    x, truth = hidden_beats(seed)
    beats = find_r_peaks(x, RATE_HZ)
    agreement = match_events(beats.r_index, truth, 10.0)
    assert agreement.sensitivity >= 0.85  # without the matched filter 0.18 to 0.42, all doubtful
    assert agreement.predictivity >= 0.999
    assert (beats.quality >> 24 & 1).mean() < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("low_hz", [0.0, 5.0])
@pytest.mark.parametrize("high_hz", [100.0, 500.0])
def test_noise_of_one_colour_or_another_has_no_shape_in_common(seed, low_hz, high_hz):
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=60_000))
    hz = np.fft.rfftfreq(60_000, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum * ((hz >= low_hz) & (hz <= high_hz)), 60_000)
    beats = find_r_peaks(noise, RATE_HZ)
    assert len(beats.r_index) < 60  # one a second, of which
    assert np.count_nonzero((beats.quality >> 24 & 1) == 0) == 0
