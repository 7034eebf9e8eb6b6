"""Cosinor against an independent implementation, light and dark by hand."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.numerics.cosinor import cosinor_design, least_squares, wave_of
from telemus.physiology.circadian import cosinor, is_light, light_dark, second_of_day


def vitamind(path):
    """Read the three columns of R's vitamind.RData: XDR, each vector a type word, a length, then big-endian values."""
    data = gzip.decompress(path.read_bytes())
    at = data.index(b"vitamind") + len(b"vitamind") + 8  # the name, then the list's type and length
    columns = []
    for _ in range(3):
        kind, n = struct.unpack_from(">ii", data, at)
        dtype = {0x0D: ">i4", 0x0E: ">f8"}[kind & 0xFF]
        columns.append(np.frombuffer(data, dtype, n, at + 8).astype(float))
        at += 8 + n * np.dtype(dtype).itemsize
    return columns


def test_vitamind_with_covariate(shared_data):
    # cosinor.lm(Y ~ time(time) + X + amp.acro(X), period = 12), R package cosinor
    x, y, time = vitamind(shared_data / "physio/cosinor_reference/vitamind.RData")
    fit = least_squares(cosinor_design(time, 12.0, x), y)
    estimates = [29.6898, 1.9019, 0.9308, 6.2010, 5.5795, -1.3825]
    errors = [0.4654, 0.8041, 0.6357, 0.6805, 1.1386, 1.1364]
    assert fit.coefficients.round(4).tolist() == estimates
    assert fit.standard_errors.round(4).tolist() == errors
    _, _, c, s, xc, xs = fit.coefficients
    assert round(wave_of(c, s, np.eye(2)).amplitude, 4) == 6.2705
    assert round(wave_of(c + xc, s + xs, np.eye(2)).amplitude, 4) == 8.0995


@given(st.floats(50, 150), st.floats(1, 30), st.floats(0, 24, exclude_max=True), st.sampled_from([12.0, 24.0, 25.3]))
def test_a_cosine_comes_back(mesor, amplitude, acrophase, period):
    t = np.arange(0.0, 96.0, 0.25)
    y = mesor + amplitude * np.cos(2 * np.pi * (t - acrophase) / period)
    y[::7] = np.nan
    fit = cosinor(t, y, period)
    assert fit.mesor == pytest.approx(mesor)
    assert fit.amplitude == pytest.approx(amplitude)
    apart = (fit.acrophase_h - acrophase + period / 2) % period - period / 2
    assert abs(apart) < 1e-6
    assert fit.r2 == pytest.approx(1.0)
    assert fit.n == np.isfinite(y).sum()


def test_standard_errors_cover_the_truth():
    rng = np.random.default_rng(5)
    t = np.arange(0.0, 72.0, 0.5)
    truth = 100 + 5 * np.cos(2 * np.pi * (t - 12) / 24)
    fits = [cosinor(t, truth + rng.normal(0, 8, t.size)) for _ in range(400)]
    for name, true in (("mesor", 100.0), ("amplitude", 5.0), ("acrophase_h", 12.0)):
        values = np.array([getattr(f, name) for f in fits])
        claimed = np.mean([getattr(f, name.replace("_h", "") + ("_se_h" if "_h" in name else "_se")) for f in fits])
        assert values.std() == pytest.approx(claimed, rel=0.12)
        assert abs(values.mean() - true) < 0.2


def test_p_value_is_uniform_without_rhythm():
    rng = np.random.default_rng(6)
    t = np.arange(0.0, 48.0, 1.0)
    p = np.array([cosinor(t, rng.normal(size=t.size)).p_value for _ in range(500)])
    assert 0.02 < np.mean(p < 0.05) < 0.09


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 50, [5.0] * 3])
def test_too_little_gives_nan(values):
    fit = cosinor(np.arange(len(values)), values)
    assert np.isnan(fit.amplitude)
    assert np.isnan(fit.p_value)


def test_a_constant_has_no_rhythm():
    fit = cosinor(np.arange(48.0), np.full(48, 7.0))
    assert fit.mesor == pytest.approx(7.0)
    assert fit.amplitude < 1e-12
    with pytest.raises(SignalError, match="period above 0"):
        cosinor([0.0], [1.0], 0.0)


def test_light_over_midnight_and_means():
    second = np.arange(0, 86400, 3600.0)
    lit = is_light(second, 72000.0, 28800.0)
    assert lit.sum() == 12
    assert lit[0]
    assert not lit[12]
    means = light_dark(second, np.where(lit, 90.0, 102.5), 72000.0, 28800.0)
    assert (means.light_mean, means.dark_mean, means.difference) == (90.0, 102.5, 12.5)
    assert (means.light_n, means.dark_n) == (12, 12)
    nothing = light_dark([], [], 0.0, 43200.0)
    assert np.isnan(nothing.difference)
    with pytest.raises(SignalError, match="seconds of the day"):
        is_light([0.0], -1.0, 5.0)


def test_second_of_day_is_exact_far_from_the_origin():
    assert second_of_day([10**18 + 86400 * 10**9], 0.0) == second_of_day([10**18], 0.0)
    assert second_of_day([5], -37.0).tolist() == [86400 - 37 + 5e-9]
