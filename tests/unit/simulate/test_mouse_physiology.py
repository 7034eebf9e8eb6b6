"""The simulated mouse has the norms of telemetered mice (see MouseParameters for their sources)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import csd, welch

from telemus.simulate.mouse import Course, Influence, Mouse, draw_parameters, flight, loop_transfer
from telemus.simulate.mouse.state import body_temperature, slow_state

HOUR_S = 3600.0
AT_REST = Influence(activity=Course((0.0,), (-4.0,)))


@pytest.fixture(scope="module")
def four_days() -> dict[str, NDArray[np.float64]]:
    """Two-minute means of nine animals over four days, lights on from 7 to 19 h, averaged over animals."""
    times_s = np.arange(0.0, 96 * HOUR_S, 10.0)
    rows = []
    for seed in range(9):
        mouse = draw_parameters(seed)
        slow = slow_state(mouse, Influence(), seed, times_s)
        two_s, pressure, rate, activity = (
            x.reshape(-1, 12).mean(axis=1) for x in (times_s, slow.pressure_mmhg, slow.rate_bpm, slow.activity)
        )
        degc = body_temperature(mouse, Influence(), seed, two_s)
        dark = (two_s % 86400.0 < 7 * HOUR_S) | (two_s % 86400.0 >= 19 * HOUR_S)
        floor = activity < 0.02
        row = {"map": pressure.mean(), "map_sd": pressure.std(), "hr": rate.mean(), "hr_sd": rate.std()}
        row |= {"degc": degc.mean(), "floor": floor.mean(), "r": np.corrcoef(pressure, rate)[0, 1]}
        for name, x in (("map", pressure), ("hr", rate), ("degc", degc)):
            row[name + "_dark"] = x[dark].mean() - x[~dark].mean()
            row[name + "_active"] = x[~floor].mean() - x[floor].mean()
        row["p1"], row["p99"] = np.percentile(rate, [1, 99])
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("map", 101, 107),
        ("map_sd", 12, 16),
        ("hr", 505, 526),
        ("hr_sd", 80, 102),
        ("p1", 340, 385),
        ("p99", 720, 790),
        ("map_dark", 10, 14),
        ("hr_dark", 12, 34),
        ("degc", 34.6, 35.2),
        ("degc_dark", 0.4, 0.95),
        ("floor", 0.64, 0.76),
        ("hr_active", 80, 120),
        ("map_active", 13, 19),
        ("r", 0.68, 0.86),
    ],
)
def test_days_have_the_norms(four_days: dict[str, NDArray[np.float64]], name: str, low: float, high: float) -> None:
    assert low < four_days[name].mean() < high


def test_animals_differ(four_days: dict[str, NDArray[np.float64]]) -> None:
    assert four_days["map"].std() > 0.5
    assert four_days["hr"].std() > 3.0


def test_beats_have_the_pressures_of_the_norms() -> None:
    means = []
    for seed in range(6):
        mouse = Mouse(seed, rates_hz={})
        blocks = [mouse.render(hour * HOUR_S, 30).beats for hour in range(0, 96, 1)]
        means.append([np.mean([b[name].mean() for b in blocks]) for name in ("sbp_mmhg", "dbp_mmhg", "map_mmhg")])
    sbp, dbp, mean = np.mean(means, axis=0)
    assert 120 < sbp < 129
    assert 87 < dbp < 98
    assert 100 < mean < 108
    assert 28 < sbp - dbp < 35


def evenly(beats: dict[str, NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Systolic pressure and the interval that follows, beat by beat, and the mean interval."""
    return beats["sbp_mmhg"][:-1], 1e3 * beats["rr_s"][:-1], float(beats["rr_s"][:-1].mean())


def resting(seed: int, reflex_on: bool) -> dict[str, NDArray[np.float64]]:
    mouse = replace(draw_parameters(seed), reflex_on=reflex_on, ectopic_share=0.0)
    return Mouse(seed, mouse, AT_REST, rates_hz={}).render(0.0, 3600).beats


def test_without_the_reflex_pressure_varies_more_and_the_interval_less() -> None:
    """Systolic variance 9.5 to 21 mmHg2, interval variance 26 to 8.8 ms2 (AJP Heart 2005;289:H1968), within 40 %."""
    variances = []
    for reflex_on in (True, False):
        parts = []
        for seed in (1, 2, 3):
            sbp, rr, mean_s = evenly(resting(seed, reflex_on))
            n = round(51.2 / mean_s)
            for k in range(sbp.size // n):
                x = np.arange(n)
                pieces = (sbp[k * n : (k + 1) * n], rr[k * n : (k + 1) * n])
                parts.append([np.var(y - np.polyval(np.polyfit(x, y, 1), x)) for y in pieces])
        variances.append(np.mean(parts, axis=0))
    (sbp_on, rr_on), (sbp_off, rr_off) = variances
    assert sbp_on == pytest.approx(9.5, rel=0.4)
    assert sbp_off == pytest.approx(21.0, rel=0.4)
    assert rr_on == pytest.approx(26.0, rel=0.4)
    assert rr_off == pytest.approx(8.8, rel=0.4)


def test_the_reflex_has_the_transfer_function_that_is_stated() -> None:
    """Measured cross spectrum against the analytic loop, 0.1 to 0.5 Hz, within 10 % and 0.1 rad."""
    sbp, rr, mean_s = evenly(resting(1, True))
    f, cross = csd(sbp, rr, 1.0 / mean_s, nperseg=512, detrend="linear")
    power = welch(sbp, 1.0 / mean_s, nperseg=512, detrend="linear")[1]
    band = (f > 0.1) & (f < 0.5)
    stated = loop_transfer(draw_parameters(1), f[band], mean_s).reflex_ms_mmhg
    ratio = np.mean(cross[band] / power[band] / stated)
    assert abs(ratio) == pytest.approx(1.0, abs=0.1)
    assert abs(np.angle(ratio)) < 0.1


def test_without_the_reflex_the_interval_ignores_pressure() -> None:
    sbp, rr, mean_s = evenly(resting(1, False))
    f, cross = csd(sbp, rr, 1.0 / mean_s, nperseg=512, detrend="linear")
    powers = [welch(x, 1.0 / mean_s, nperseg=512, detrend="linear")[1] for x in (sbp, rr)]
    band = (f > 0.1) & (f < 1.0)
    assert np.mean(np.abs(cross[band]) ** 2 / powers[0][band] / powers[1][band]) < 0.08


def test_the_heart_slows_at_launch_and_pressure_falls_in_the_descent() -> None:
    influence = flight(600.0, 90000.0)
    at_s = np.array([500.0, 1100.0, 89000.0, 91500.0])
    on_ground = slow_state(draw_parameters(1), Influence(), 1, at_s)
    flown = slow_state(draw_parameters(1), influence, 1, at_s)
    rate, pressure = flown.rate_bpm - on_ground.rate_bpm, flown.pressure_mmhg - on_ground.pressure_mmhg
    assert rate[0] == 0
    assert rate[1] < -80
    assert rate[2] > 20
    assert rate[3] < -80
    assert pressure[3] < -20


def test_death_ends_the_beats_and_leaves_the_filling_pressure() -> None:
    mouse = Mouse(5, influence=Influence(death_s=300.0))
    block = mouse.render(0.0, 600)
    assert block.beats["r_s"].max() < 300.0
    assert block.beats["rr_s"][-20] > 3 * block.beats["rr_s"][100]
    assert np.isnan(block.beats["rr_s"][-1])
    assert not np.isnan(block.beats["rr_s"][:-1]).any()
    after = block.signals["pressure_arterial"][310 * 500 :]
    assert after.mean() == pytest.approx(mouse.parameters.circulatory_filling_mmhg, abs=0.1)
    assert after.std() < 0.4
    later = mouse.render(7200.0, 10)
    assert later.beats["r_s"].size == 0
    assert later.signals["temperature_body"][0] < block.signals["temperature_body"][0] - 3.0
    assert later.signals["activity"].sum() == 0
