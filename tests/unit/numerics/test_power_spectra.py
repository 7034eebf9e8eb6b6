"""Spectra against waves of known power, Parseval's identity, and processes whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.numerics import power_spectra as ps
from telemus.numerics.power_spectra import EvenSeries, band_power

METHODS = ("lomb", "welch", "ar", "fft")
EVEN = 1e-9  # knots so close that a spline loses nothing


def heart(lf_hz, hf_hz, noise_ms=0.0, mean_ms=110.0, length_s=180.0, seed=0):
    """Intervals [ms] at the times of their beats [s]: LF of amplitude 2 ms (2 ms^2), HF of 1.5 ms (1.125 ms^2)."""
    rng = np.random.default_rng(seed)
    times, intervals, now = [], [], 0.0
    while now < length_s:
        waves = 2.0 * np.sin(2 * np.pi * lf_hz * now + 0.3) + 1.5 * np.sin(2 * np.pi * hf_hz * now + 1.0)
        intervals.append(mean_ms + waves + noise_ms * rng.standard_normal())
        times.append(now)
        now += intervals[-1] / 1e3
    return np.array(times), np.array(intervals)


def spectrum(method, times_s, values, rate_hz=12.0, order=30):
    if method == "lomb":
        return ps.lomb_spectrum(times_s, values, 0.5 / float(np.median(np.diff(times_s))))
    even = ps.even_series(times_s, values, rate_hz)
    if method == "welch":
        return ps.welch_spectrum([even], 30.0)
    return ps.ar_spectrum(even, order) if method == "ar" else ps.fft_spectrum(even)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("lf_hz", "hf_hz"), [(0.3, 1.6), (0.4321, 2.777), (0.5, 3.0), (0.9, 4.0)])
def test_both_waves_come_back_within_five_percent(method, lf_hz, hf_hz):
    found = spectrum(method, *heart(lf_hz, hf_hz))
    assert band_power(found, 0.152, 1.24) == pytest.approx(2.0, rel=0.02)
    assert band_power(found, 1.24, 4.5) == pytest.approx(1.125, rel=0.02)
    assert ps.peak_frequency(found, 0.152, 1.24) == pytest.approx(lf_hz, abs=0.02)
    assert ps.peak_frequency(found, 1.24, 4.5) == pytest.approx(hf_hz, abs=0.02)


def test_linear_interpolation_would_lose_it():
    times_s, values = heart(0.5, 3.0)
    grid_s = np.arange(times_s[0], times_s[-1], 1 / 12.0)
    linear = ps.fft_spectrum(EvenSeries(np.interp(grid_s, times_s, values), 12.0, EVEN))
    assert band_power(linear, 1.24, 4.5) < 0.7 * 1.125


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_lomb_keeps_the_power_of_what_is_left_of_a_gapped_series(share):
    times_s, values = heart(0.5, 3.0)
    kept = np.abs(times_s - 90.0) > 90.0 * share
    found = ps.lomb_spectrum(times_s[kept], values[kept], 4.5)
    assert band_power(found, 0.152, 1.24) == pytest.approx(2.0, rel=0.05)
    assert band_power(found, 1.24, 4.5) == pytest.approx(1.125, rel=0.05)


def test_no_segment_of_welch_reaches_across_a_gap():
    """A run is detrended for itself: two runs at different levels give the spectrum of either."""
    rng = np.random.default_rng(1)
    one, two = rng.standard_normal((2, 600))
    apart = ps.welch_spectrum([EvenSeries(one, 10.0, EVEN), EvenSeries(two + 1e3, 10.0, EVEN)], 20.0)
    each = [ps.welch_spectrum([EvenSeries(run, 10.0, EVEN)], 20.0).density for run in (one, two)]
    assert apart.density == pytest.approx(np.mean(each, axis=0), rel=1e-6)
    assert len(ps.welch_spectrum([EvenSeries(one[:150], 10.0, EVEN)], 20.0).density) == 0


@pytest.mark.parametrize("method", METHODS)
def test_parseval_white_noise_has_its_variance_evenly_spread(method):
    rng = np.random.default_rng(7)
    times_s = np.cumsum(0.1 + 0.002 * rng.standard_normal(4000))
    found = spectrum(method, times_s, 3.0 * rng.standard_normal(4000))
    assert band_power(found, 0.0, 5.0) == pytest.approx(9.0, rel=0.1)
    assert band_power(found, 1.0, 3.0) == pytest.approx(9.0 * 2.0 / 5.0, rel=0.15)


def test_the_area_of_an_autoregressive_spectrum_is_the_variance():
    x = np.random.default_rng(5).standard_normal(1000)
    found = ps.ar_spectrum(EvenSeries(x, 10.0, EVEN), 16)
    line = ps.detrended(np.arange(1000.0), x)
    assert band_power(found, 0.0, 5.0) == pytest.approx(float(np.mean(line**2)), rel=1e-3)


def test_an_autoregressive_process_has_its_own_spectrum():
    rng = np.random.default_rng(11)
    x = np.zeros(60_000)
    e = rng.standard_normal(60_000)
    for i in range(2, len(x)):
        x[i] = 1.2 * x[i - 1] - 0.8 * x[i - 2] + e[i]
    found = ps.ar_spectrum(EvenSeries(x, 1.0, EVEN), 2)
    z = np.exp(-2j * np.pi * found.frequency_hz)
    assert found.density == pytest.approx(2.0 / np.abs(1 - 1.2 * z + 0.8 * z**2) ** 2, rel=0.1)


def test_welch_equals_scipy():
    from scipy.signal import welch

    x = np.random.default_rng(2).standard_normal(1000)
    frequency, density = welch(x, 10.0, "hann", 200, 100, detrend="linear")
    found = ps.welch_spectrum([EvenSeries(x, 10.0, EVEN)], 20.0)
    assert found.frequency_hz == pytest.approx(frequency[1:])
    assert found.density[:-1] == pytest.approx(density[1:-1])  # scipy halves the last, at half the rate


@given(st.integers(0, 1000), st.floats(0.1, 10.0))
@settings(max_examples=20, deadline=None)
def test_power_scales_with_the_square_and_ignores_offset_and_drift(seed, scale):
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(0.1 + 0.01 * rng.standard_normal(300))
    values = rng.standard_normal(300)
    first = ps.lomb_spectrum(times_s, values, 4.0)
    second = ps.lomb_spectrum(times_s + 5.0, scale * values + 100.0 - 2.0 * times_s, 4.0)
    assert second.density == pytest.approx(scale**2 * first.density, rel=1e-4, abs=1e-8 * scale**2)


def test_band_and_slope_at_their_borders():
    empty = ps.lomb_spectrum([0.0, 1.0], [1.0, 2.0], 1.0)
    assert np.isnan(band_power(empty, 0.1, 0.2))
    assert np.isnan(ps.peak_frequency(empty, 0.1, 0.2))
    whole = ps.Spectrum(np.arange(1.0, 11.0), np.ones(10), 1.0)
    assert band_power(whole, 0.5, 10.5) == pytest.approx(10.0)
    assert band_power(whole, 1.25, 1.75) == pytest.approx(0.5)
    assert np.isnan(band_power(whole, 5.0, 5.0))
    assert np.isnan(ps.spectral_slope(whole, 1.0, 2.0))


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(SignalError, match="wanted two arrays"):
        ps.detrended([1.0], [1.0, 2.0])
    with pytest.raises(SignalError, match="above 0"):
        ps.even_series([0.0], [1.0], 0.0)
    with pytest.raises(SignalError, match="order 0"):
        ps.ar_spectrum(EvenSeries(np.zeros(100), 1.0, 1.0), 0)
    with pytest.raises(SignalError, match="segments of 0"):
        ps.welch_spectrum([], 0.0)
