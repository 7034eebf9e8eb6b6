"""The truth of each beat against brute force: the same animal sampled forty times faster and filtered by a transform.

The search below shares nothing with the closed form under test: extrema of samples, parabolas through three of them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.simulate.model import Block
from telemus.simulate.mouse import ECG, PRESSURE, Course, Influence, Mouse, draw_parameters
from telemus.simulate.sensor import SensorParameters

RATE_HZ = 20_000.0
LATENCY_S = 0.004
BARE = SensorParameters(bandwidth_hz=math.inf, ecg_bandwidth_hz=math.inf, noise_mmhg=0.0, ecg_noise_mv=0.0)
SENSOR = SensorParameters(noise_mmhg=0.0, ecg_noise_mv=0.0, pressure_latency_s=LATENCY_S, ecg_latency_s=LATENCY_S)
QUIET = replace(draw_parameters(2), ectopic_share=0.02, artefact_share=0.0, ecg_noise_mv=0.0)
REST = Influence(activity=Course((0.0,), (-4.0,)))
TIMES = ("foot_s", "diastole_s", "slope_s", "systole_s")


class Beat(NamedTuple):
    foot_s: float
    diastole_s: float
    slope_s: float
    systole_s: float
    dbp_mmhg: float
    sbp_mmhg: float


def render(sensor: SensorParameters, rate_hz: float = RATE_HZ, influence: Influence | None = None) -> Block:
    rates_hz = {PRESSURE: rate_hz, ECG: rate_hz}
    return Mouse(2, QUIET, influence, sensor, rates_hz).render(50.0, 60)


def low_passed(x: NDArray[np.float64], bandwidth_hz: float) -> NDArray[np.float64]:
    """A Gaussian low-pass by its definition in frequency: half the power at the bandwidth, a delay of LATENCY_S."""
    f = np.fft.rfftfreq(x.size, 1.0 / RATE_HZ)
    response = np.exp2(-0.5 * (f / bandwidth_hz) ** 2) * np.exp(-2j * np.pi * f * LATENCY_S)
    return np.fft.irfft(np.fft.rfft(x) * response, x.size)


def vertex(y: NDArray[np.float64], k: int) -> tuple[float, float]:
    left, middle, right = y[k - 1], y[k], y[k + 1]
    d = 0.5 * (left - right) / (left - 2.0 * middle + right)
    return k + d, middle - 0.25 * (left - right) * d


def search(p: NDArray[np.float64], near_s: float, next_s: float) -> Beat:
    near = round(near_s * RATE_HZ)
    begin = near - round(0.02 * RATE_HZ)
    low, dbp = vertex(p, begin + int(np.argmin(p[begin : near + 60])))
    high, sbp = vertex(p, near + int(np.argmax(p[near : round(next_s * RATE_HZ) - 200])))
    slopes = np.diff(p[int(low) : int(high)]) * RATE_HZ
    steepest, slope = vertex(slopes, int(np.argmax(slopes)))
    at = int(low) + steepest + 0.5
    height = p[int(at)] + (at - int(at)) * (p[int(at) + 1] - p[int(at)])
    foot = at - (height - dbp) / slope * RATE_HZ
    return Beat(foot / RATE_HZ, low / RATE_HZ, at / RATE_HZ, high / RATE_HZ, dbp, sbp)


@pytest.fixture(scope="module")
def bare() -> Block:
    return render(BARE)


@pytest.fixture(scope="module")
def filtered(bare: Block) -> NDArray[np.float64]:
    return low_passed(bare.signals[PRESSURE], SENSOR.bandwidth_hz)


@pytest.mark.parametrize("prefix", ["", "sensor_"])
def test_fiducials_are_those_of_the_waveform(bare: Block, filtered: NDArray[np.float64], prefix: str) -> None:
    beats = (render(SENSOR) if prefix else bare).beats
    p = filtered if prefix else bare.signals[PRESSURE]
    foot_s = beats[prefix + "foot_s"]
    inside = [i for i in range(foot_s.size - 1) if foot_s[i] > 0.2 and foot_s[i + 1] < 59.8]
    found = [search(p, foot_s[i], foot_s[i + 1]) for i in inside]
    for name in TIMES:
        error_s = np.array([getattr(one, name) for one in found]) - beats[prefix + name][inside]
        assert np.abs(error_s).max() < 2e-6, name
    for name in ("dbp_mmhg", "sbp_mmhg"):
        error = np.array([getattr(one, name) for one in found]) - beats[prefix + name][inside]
        assert np.abs(error).max() < 0.001, name
    assert (beats["kind"] == 1).sum() > 3


@pytest.mark.parametrize("rate_bpm", [200.0, 360.0, 750.0, 1000.0])
def test_fiducials_hold_from_slow_to_fast_hearts(rate_bpm: float) -> None:
    mouse = replace(QUIET, rate_bpm=rate_bpm, rate_arousal_bpm=0.0)
    block = Mouse(2, mouse, REST, BARE, {PRESSURE: RATE_HZ}).render(50.0, 10)
    beats = block.beats
    assert 60.0 / np.mean(beats["rr_s"]) == pytest.approx(rate_bpm, abs=60.0)
    foot_s = beats["foot_s"]
    inside = [i for i in range(foot_s.size - 1) if foot_s[i] > 0.2 and foot_s[i + 1] < 9.8]
    for i in inside:
        found = search(block.signals[PRESSURE], foot_s[i], foot_s[i + 1])
        assert found.foot_s == pytest.approx(foot_s[i], abs=1e-5)
        assert found.sbp_mmhg == pytest.approx(beats["sbp_mmhg"][i], abs=0.005)
        assert found.dbp_mmhg == pytest.approx(beats["dbp_mmhg"][i], abs=0.005)


@pytest.mark.parametrize("prefix", ["", "sensor_"])
def test_mean_pressure_is_the_time_mean_from_foot_to_foot(
    bare: Block, filtered: NDArray[np.float64], prefix: str
) -> None:
    beats = (render(SENSOR) if prefix else bare).beats
    p = filtered if prefix else bare.signals[PRESSURE]
    area = np.concatenate([[0.0], np.cumsum(0.5 * (p[1:] + p[:-1]))]) / RATE_HZ
    foot_s = beats[prefix + "foot_s"]
    inside = np.flatnonzero((foot_s > 0.2) & (foot_s < 59.7))
    at = np.interp(foot_s, np.arange(p.size) / RATE_HZ, area)
    mean = (at[inside + 1] - at[inside]) / (foot_s[inside + 1] - foot_s[inside])
    np.testing.assert_allclose(beats[prefix + "map_mmhg"][inside], mean, rtol=0, atol=0.002)
    np.testing.assert_allclose(beats[prefix + "interval_s"][inside], np.diff(foot_s)[inside], rtol=0, atol=1e-12)


@pytest.mark.parametrize("prefix", ["", "sensor_"])
def test_r_is_the_extremum_of_the_complex(bare: Block, prefix: str) -> None:
    beats = (render(SENSOR) if prefix else bare).beats
    ecg = low_passed(bare.signals[ECG], SENSOR.ecg_bandwidth_hz) if prefix else bare.signals[ECG]
    error_s = []
    for r_s in beats[prefix + "r_s"]:
        k = round(r_s * RATE_HZ)
        if 1000 < k < ecg.size - 1000:
            near = np.abs(ecg[k - 40 : k + 40] - np.median(ecg[k - 1000 : k + 1000]))
            error_s.append((k - 40 + vertex(near, int(np.argmax(near)))[0]) / RATE_HZ - r_s)
    # The wander of the baseline is not part of the truth; it moves the top of the broad ectopic waves a little.
    assert np.median(np.abs(error_s)) < 1e-6
    assert np.abs(error_s).max() < 2e-5


def test_signals_behind_the_sensor_are_the_filtered_ones(bare: Block, filtered: NDArray[np.float64]) -> None:
    behind = render(SENSOR).signals
    inside = slice(2000, -2000)
    np.testing.assert_allclose(behind[PRESSURE][inside], filtered[inside], rtol=0, atol=0.005)
    ecg = low_passed(bare.signals[ECG], SENSOR.ecg_bandwidth_hz)
    np.testing.assert_allclose(behind[ECG][inside], ecg[inside], rtol=0, atol=1e-4)


def test_truth_does_not_depend_on_the_sampling_rate(bare: Block) -> None:
    coarse = render(BARE, rate_hz=500.0).beats
    for name, value in bare.beats.items():
        assert np.array_equal(value, coarse[name], equal_nan=True), name
    # The samples of the slow rate are those of the fast one.
    coarse_p = render(BARE, rate_hz=500.0).signals[PRESSURE]
    np.testing.assert_allclose(coarse_p, bare.signals[PRESSURE][::40], rtol=0, atol=1e-9)


def test_a_clot_takes_the_pulse_and_leaves_the_mean() -> None:
    clotted = render(SENSOR, 500.0, Influence(clot=Course((0.0,), (0.7,)))).beats
    artery = clotted["sbp_mmhg"] - clotted["dbp_mmhg"]
    seen = clotted["sensor_sbp_mmhg"] - clotted["sensor_dbp_mmhg"]
    assert 0.25 < np.median(seen / artery) < 0.35
    assert abs(np.nanmean(clotted["sensor_map_mmhg"] - clotted["map_mmhg"])) < 1.5


def test_load_on_the_column_of_blood_is_seen_by_the_sensor_alone() -> None:
    heavy = render(SENSOR, 500.0, Influence(acceleration_g=Course((0.0,), (4.0,)), column_m=0.02)).beats
    # 1060 kg/m3 * 9.80665 m/s2 * 0.02 m * 3 = 623.7 Pa = 4.678 mmHg
    assert np.nanmean(heavy["sensor_map_mmhg"] - heavy["map_mmhg"]) == pytest.approx(4.678, abs=0.005)
