"""R peaks against simulated mice, whose answers are exact: the estimator and the model meet only here."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.numerics.agreement import match_events
from telemus.physiology.ecg import find_r_peaks
from telemus.simulate.mouse import ECG, Mouse, draw_parameters, stressed

RATE_HZ = 1000.0
SECONDS = 600


def outside_artefacts(seed, stress, noise_mv=0.0):
    """Return the agreement within 10 ms outside the model's own artefacts, whatever the beats' quality says."""
    parameters = stressed(draw_parameters(seed)) if stress else draw_parameters(seed)
    block = Mouse(seed, parameters, rates_hz={ECG: RATE_HZ}).render(3600.0 * seed, SECONDS)
    x, truth = block.signals[ECG], block.beats["sensor_r_s"] * RATE_HZ
    if noise_mv:
        wander_mv = 0.4 * np.sin(2.0 * np.pi * 1.1 * np.arange(x.size) / RATE_HZ)
        x = x + noise_mv * np.random.default_rng(seed).normal(size=x.size) + wander_mv
    found = find_r_peaks(x, RATE_HZ).r_index
    buried = np.zeros(x.size, bool)
    for artefact in block.artefacts:
        if artefact.quantity == ECG:
            start, stop = (max(0, int(t * RATE_HZ)) for t in (artefact.start_s - 0.1, artefact.stop_s + 0.1))
            buried[start:stop] = True
    buried[:500] = buried[-500:] = True
    inside = [series[(series >= 0) & (series < x.size)] for series in (found, truth)]
    found_clear, truth_clear = (series[~buried[series.astype(int)]] for series in inside)
    seen = match_events(inside[0], truth_clear, 10.0)
    return seen, match_events(found_clear, inside[1], 10.0).predictivity


@pytest.mark.parametrize("seed", [1, 2, 4, 5])
def test_ordinary_mice(seed):
    seen, predictivity = outside_artefacts(seed, stress=False)
    assert seen.sensitivity >= 0.999
    assert predictivity >= 0.999
    assert abs(seen.bias) < 0.05  # ms
    assert seen.jitter < 0.6  # ms: noise, and now and then the S wave for the R wave


@pytest.mark.parametrize("seed", [1, 5, 6])
def test_mice_under_stress(seed):
    seen, predictivity = outside_artefacts(seed, stress=True)
    assert seen.sensitivity >= 0.996
    assert predictivity >= 0.998


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_ordinary_mice_in_noise_and_wander(seed):
    seen, predictivity = outside_artefacts(seed, stress=False, noise_mv=0.06)
    assert seen.sensitivity >= 0.996
    assert predictivity >= 0.999
