"""Rhythms against identities that hold on paper: known waves, noise, square waves, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from telemus import physiology
from telemus.errors import SignalError
from telemus.numerics import correlation_length, cosine_power, folded_variance
from telemus.physiology import by_activity, cosinor, find_bouts, find_period, fit_period, multi_cosinor, rest_activity

HOURS = np.arange(0.0, 240.0, 1 / 60)


def autoregressive(phi, count, seed):
    noise = np.random.default_rng(seed).standard_normal(count)
    out = np.zeros(count)
    for i in range(1, count):
        out[i] = phi * out[i - 1] + noise[i]
    return out


def test_power_of_a_period_is_the_r2_of_its_cosinor_with_gaps():
    t = np.sort(np.random.default_rng(2).uniform(0, 200, 700))
    y = 3 + np.cos(2 * np.pi * t / 23) + np.random.default_rng(3).standard_normal(700)
    y[50:90] = np.nan
    for period in (11.0, 23.0, 24.0, 31.0):
        assert cosine_power(t, y, [period])[0] == pytest.approx(cosinor(t, y, period).r2, rel=1e-9)


def test_folded_variance_is_brute_force_over_the_cells():
    t = np.arange(0.0, 100.0, 0.25)
    y = np.random.default_rng(5).standard_normal(len(t))
    found, dof = folded_variance(t, y, [20.0], 1.0)
    cells = np.floor(t % 20.0)
    between = sum((cells == k).sum() * (y[cells == k].mean() - y.mean()) ** 2 for k in range(20))
    assert found[0] == pytest.approx(between / y.var())
    assert dof[0] == 19


def test_correlation_length_of_an_autoregressive_series():
    y = autoregressive(0.8, 200_000, 1)
    assert correlation_length(np.arange(len(y)), y, 1.0) == pytest.approx(1.8 / 0.2, rel=0.03)


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.99])
def test_noise_has_no_stable_period(phi):
    """Of 40 records of ten days of noise, correlated over minutes to a day, none has a stable period."""
    t = np.arange(1440) / 6.0
    found = [find_period(t, autoregressive(phi, len(t), seed)) for seed in range(40)]
    assert sum(np.isfinite(one.period_h) for one in found) == 0
    assert all(one.reason for one in found)


@pytest.mark.parametrize("period_h", [20.0, 23.7, 28.0])
def test_a_rhythm_under_correlated_noise_is_found_by_both_ways(period_h):
    t = np.arange(2880) / 6.0
    square = np.where((t / period_h) % 1.0 < 0.4, 3.0, 0.0)
    found = find_period(t, square + autoregressive(0.8, len(t), 7))
    assert found.period_h == pytest.approx(period_h, abs=0.25 * found.width_h)


def test_a_period_that_changes_is_not_stable():
    t = np.arange(2880) / 6.0
    phase = np.where(t < 240, t / 20.0, 240 / 20.0 + (t - 240) / 28.0)
    found = find_period(t, np.cos(2 * np.pi * phase))
    assert np.isnan(found.period_h)
    assert found.reason


def test_a_short_record_has_no_period():
    found = find_period(np.arange(200) / 6.0, np.arange(200.0))
    assert found.reason == "33 h recorded, wanted 48 h that vary"


def test_components_fitted_together_are_each_recovered_under_gaps():
    t = HOURS[np.random.default_rng(1).random(len(HOURS)) < 0.3]
    waves = ((8.0, 24.0, 22.0), (3.0, 12.0, 5.0), (1.0, 8.0, 2.0))
    y = 100 + sum(a * np.cos(2 * np.pi * (t - at) / period) for a, period, at in waves)
    fit = multi_cosinor(t, y)
    assert fit.mesor == pytest.approx(100)
    for (amplitude, period, at), wave in zip(waves, fit.waves, strict=True):
        assert wave.amplitude == pytest.approx(amplitude)
        assert wave.phase_rad * period / (2 * np.pi) == pytest.approx(at)
    assert fit.r2 == pytest.approx(1.0)


def test_one_component_is_the_cosinor():
    y = np.cos(2 * np.pi * HOURS / 24) + np.random.default_rng(1).standard_normal(len(HOURS))
    one, many = cosinor(HOURS, y), multi_cosinor(HOURS, y, (24.0,))
    assert (many.mesor, many.waves[0].amplitude, many.r2) == pytest.approx((one.mesor, one.amplitude, one.r2))
    assert many.p_value == pytest.approx(one.p_value, rel=1e-6)


def test_the_error_of_a_fitted_period_is_its_spread():
    t = np.arange(0.0, 240.0, 0.5)
    rng = np.random.default_rng(4)
    fits = [fit_period(t, np.cos(2 * np.pi * t / 24.4) + rng.standard_normal(len(t))) for _ in range(200)]
    found = np.array([one.period_h for one in fits])
    assert found.mean() == pytest.approx(24.4, abs=0.02)
    assert found.std() == pytest.approx(np.mean([one.period_se_h for one in fits]), rel=0.15)


def test_stability_and_variability_of_noise_and_of_a_square_wave():
    noise = rest_activity(np.arange(0.0, 2400.0), np.random.default_rng(1).random(2400))
    assert noise.intradaily_variability == pytest.approx(2.0, abs=0.1)
    assert noise.interdaily_stability == pytest.approx(23 / 2399, abs=0.01)
    square = rest_activity(HOURS, np.where(HOURS % 24 < 10, 6.0, 2.0))
    assert square.interdaily_stability == pytest.approx(1.0)
    assert (square.m10, square.l5, square.m10_start_h) == pytest.approx((6.0, 2.0, 0.0))
    assert square.relative_amplitude == pytest.approx(0.5)
    # 19 steps of 4 among 239 neighbours, variance 4^2 * 10 * 14 / 24^2
    assert square.intradaily_variability == pytest.approx(19 * 16 / 239 / (16 * 140 / 576))


def test_missing_hours_are_not_bridged():
    """Where every second hour is missing no two hours touch, and there is no variability to tell."""
    y = np.where(np.floor(HOURS) % 2 == 0, np.sin(HOURS), np.nan)
    assert np.isnan(rest_activity(HOURS, y).intradaily_variability)


def test_strata_are_the_animals_own():
    activity = np.array([0, 0, 0, 1, 1, 5, 5, 90, 90, np.nan])
    found = by_activity(activity, np.arange(10.0))
    assert found.n.tolist() == [3, 2, 2, 2]
    assert found.mean.tolist() == [1.0, 3.5, 5.5, 7.5]
    assert by_activity(activity * 7, np.arange(10.0)).mean.tolist() == found.mean.tolist()


def test_a_missing_window_ends_a_bout():
    time = np.array([0, 1, 2, 3, 10, 11, 12, 13.0])
    activity = np.array([2, 2, 2, 2, 2, 2, np.nan, 2.0])
    found = find_bouts(time, activity, 1.0, pause=20.0)
    assert found.start.tolist() == [0.0, 10.0, 13.0]
    assert found.stop.tolist() == [4.0, 12.0, 14.0]
    assert len(find_bouts(time, activity, 1.0, pause=20.0, least=3.0).start) == 1


@pytest.mark.parametrize("call", [rest_activity, find_period, multi_cosinor, fit_period])
def test_lengths_that_differ_are_refused(call):
    with pytest.raises((SignalError, ValueError)):
        call(np.arange(5.0), np.arange(4.0))


def test_every_rhythm_is_declared():
    assert set(physiology.RHYTHMS) <= set(physiology.PRODUCTS)
