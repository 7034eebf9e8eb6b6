"""Pressure beats of simulated mice against the simulator's own answers, outside its own artefacts.

No open recording of arterial pressure in mice was found: in mice the accuracy rests on simulation. The truth is that
after the sensor's bandwidth and before its noise. Artefacts are left out by the simulator's intervals, never by our
quality bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from telemus.physiology import find_beats
from telemus.simulate.mouse import PRESSURE, Mouse
from telemus.simulate.sensor import SensorParameters

RATE_HZ = 500.0
LENGTH_S = 600
TOLERANCE_S = 0.02


class Score(NamedTuple):
    beats: int
    sensitivity: float
    predictivity: float
    foot_sd_ms: float
    sbp_mmhg: float
    dbp_mmhg: float
    map_mmhg: float


def score(seed: int, start_s: float, noise_mmhg: float) -> Score:
    block = Mouse(seed, sensor=SensorParameters(noise_mmhg=noise_mmhg), rates_hz={PRESSURE: RATE_HZ}).render(
        start_s, LENGTH_S
    )
    beats, truth = find_beats(block.signals[PRESSURE], RATE_HZ), block.beats
    found_s, true_s = beats.foot_index / RATE_HZ, truth["sensor_foot_s"]

    def clean(time_s: np.ndarray) -> np.ndarray:
        inside = (time_s > 1) & (time_s < LENGTH_S - 1)
        for artefact in block.artefacts:
            if artefact.quantity == PRESSURE:
                inside &= (time_s < artefact.start_s) | (time_s > artefact.stop_s)
        return inside

    assert len(found_s) > 1000, "hardly a beat was found"
    right = np.clip(np.searchsorted(found_s, true_s), 1, len(found_s) - 1)
    at = np.where(true_s - found_s[right - 1] < found_s[right] - true_s, right - 1, right)
    error_s = found_s[at] - true_s
    wanted = clean(true_s)
    hit = wanted & (np.abs(error_s) < TOLERANCE_S)
    claimed = clean(found_s)
    matched = np.isin(np.arange(len(found_s)), at[np.abs(error_s) < TOLERANCE_S])

    def median_error(measure: np.ndarray, name: str) -> float:
        return float(np.nanmedian(np.abs(measure[at[hit]] - truth[name][hit])))

    return Score(
        int(wanted.sum()),
        float(hit.sum() / wanted.sum()),
        float(matched[claimed].mean()),
        float(1e3 * error_s[hit].std()),
        median_error(beats.sbp_mmhg, "sensor_sbp_mmhg"),
        median_error(beats.dbp_mmhg, "sensor_dbp_mmhg"),
        median_error(beats.map_mmhg, "sensor_map_mmhg"),
    )


@pytest.mark.parametrize(("seed", "hour"), [(0, 0), (1, 3), (2, 9), (5, 13), (8, 18), (11, 22)])
def test_simulated_mouse_is_followed_beat_by_beat(seed: int, hour: int) -> None:
    result = score(seed, 3600.0 * hour, noise_mmhg=0.3)
    assert result.beats > 3000
    assert result.sensitivity >= 0.9995
    assert result.predictivity >= 0.9995
    assert result.foot_sd_ms < 0.3
    assert max(result.sbp_mmhg, result.dbp_mmhg) < 0.25
    assert result.map_mmhg < 0.05


@pytest.mark.parametrize("seed", [3, 4])
def test_three_times_the_noise_is_borne(seed: int) -> None:
    result = score(seed, 7200.0, noise_mmhg=0.9)
    assert min(result.sensitivity, result.predictivity) >= 0.999
    assert max(result.sbp_mmhg, result.dbp_mmhg, result.map_mmhg) < 0.6
