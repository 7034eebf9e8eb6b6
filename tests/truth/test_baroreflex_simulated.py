"""The baroreflex of simulated mice at rest for half an hour, switched on and off, against the model's own loop."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from telemus.physiology.baroreflex import (
    band_transfer,
    baroreflex_sequences,
    closed_loop,
    low_passed,
    surrogate_counts,
    transfer_function,
)
from telemus.simulate.mouse import Course, Influence, Mouse, draw_parameters, loop_transfer

LOW_HZ, HIGH_HZ = 0.15, 0.6
FREQUENCY_HZ = np.linspace(LOW_HZ, HIGH_HZ, 64)
SEEDS = (1, 2, 3)
AT_REST = Influence(activity=Course((0.0,), (-4.0,)))


@cache
def half_an_hour(seed: int, on: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times of the R peaks [s], systolic pressures [mmHg] and the intervals that follow [ms]."""
    animal = replace(draw_parameters(seed), reflex_on=on, ectopic_share=0.0)
    found = Mouse(seed, animal, AT_REST, rates_hz={}).render(0.0, 1800).beats
    return found["r_s"][:-1], found["sbp_mmhg"][:-1], 1e3 * found["rr_s"][:-1]


def stated(seed: int, interval_ms: np.ndarray, pressure_power: float) -> tuple[float, complex, float]:
    """Return the gain of the open loop, the closed-loop value of the cross spectrum, and the mechanical gain.

    A cross spectrum sees (F Sn + M* Sm) / (Sn + |M|^2 Sm): Sn is the power of what disturbs the pressure, which is the
    pressure's own power seen through 1 - F M, and Sm the white noise of the interval.
    """
    animal = draw_parameters(seed)
    mean_s = float(interval_ms.mean()) / 1e3
    loop = loop_transfer(animal, FREQUENCY_HZ, mean_s)
    reflex, mechanical = loop.reflex_ms_mmhg, loop.mechanical_mmhg_ms
    own = 2.0 * mean_s * animal.interval_noise_ms**2
    disturbance = np.maximum(pressure_power * np.abs(1 - reflex * mechanical) ** 2 - np.abs(mechanical) ** 2 * own, 0)
    seen = (reflex * disturbance + np.conj(mechanical) * own) / (disturbance + np.abs(mechanical) ** 2 * own)
    return abs(reflex.mean()), complex(seen.mean()), abs(mechanical.mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_both_gains_are_the_models_within_15_percent(seed: int) -> None:
    time_s, sbp, interval_ms = half_an_hour(seed, True)
    spectra = transfer_function(time_s, sbp, interval_ms)
    band = (spectra.frequency_hz >= LOW_HZ) & (spectra.frequency_hz < HIGH_HZ)
    open_loop, closed, _ = stated(seed, interval_ms, float(spectra.pressure[band].mean()))
    found = band_transfer(spectra, LOW_HZ, HIGH_HZ)
    assert found.gain_ms_mmhg == pytest.approx(abs(closed), rel=0.15)
    assert found.phase_rad == pytest.approx(np.angle(closed), abs=0.15)
    assert found.coherence > 0.9
    assert closed_loop(sbp, interval_ms, LOW_HZ, HIGH_HZ).reflex_ms_mmhg == pytest.approx(open_loop, rel=0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_reflex_nothing_is_coherent(seed: int) -> None:
    found = band_transfer(transfer_function(*half_an_hour(seed, False)), LOW_HZ, HIGH_HZ)
    assert found.coherence < found.coherence_level
    assert found.coherence_level == pytest.approx(1 - 0.05 ** (1 / 65), abs=0.002)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delay", [0, 1, 2])
def test_sequences_without_respiration_tell_the_reflex_from_chance(seed: int, delay: int) -> None:
    """On: above the range of the surrogates. Off: inside their 95 % range."""
    counts = []
    for on in (True, False):
        _, sbp, interval_ms = half_an_hour(seed, on)
        slow = [low_passed(one, interval_ms, 0.8) for one in (sbp, interval_ms)]
        found = baroreflex_sequences(*slow, delay)
        low, high = np.percentile(surrogate_counts(*slow, delay), [2.5, 97.5])
        counts.append((low, found.up_n + found.down_n, high))
    assert counts[0][1] > counts[0][2]
    assert counts[1][0] <= counts[1][1] <= counts[1][2]


@pytest.mark.parametrize("seed", SEEDS)
def test_respiration_makes_sequences_without_any_reflex(seed: int) -> None:
    """Why both series are shown: raw beats without a reflex have twice the sequences of chance at no delay."""
    _, sbp, interval_ms = half_an_hour(seed, False)
    found = baroreflex_sequences(sbp, interval_ms)
    assert found.up_n + found.down_n > 2 * np.median(surrogate_counts(sbp, interval_ms, count=40))
