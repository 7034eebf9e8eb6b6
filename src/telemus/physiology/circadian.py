"""Day and night: means in light and dark, and the cosinor. The light schedule comes as plain numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import cosinor_design, least_squares, wave_of

NS_PER_DAY = 86_400_000_000_000


class LightDark(NamedTuple):
    """Means of rows in light and in dark, in the unit of the values; NaN where there is no row.

    ``difference`` is dark minus light. ``light_sd``, ``dark_sd`` have ddof 1. ``light_n``, ``dark_n`` count rows.
    Every row weighs the same, so over windows of equal length the means are time-weighted.
    """

    light_mean: float
    dark_mean: float
    difference: float
    light_sd: float
    dark_sd: float
    light_n: int
    dark_n: int


class Cosinor(NamedTuple):
    """One cosine fitted by least squares: y = mesor + amplitude cos(2 pi (t - acrophase) / period).

    ``acrophase_h``: time of the crest [h after the day's origin], 0 to period. ``*_se``: standard errors (delta
    method for amplitude and acrophase). ``r2``: share of variance explained. ``p_value``: F test of amplitude 0 with
    2 and n - 3 degrees of freedom. ``n``: rows used.
    """

    mesor: float
    amplitude: float
    acrophase_h: float
    mesor_se: float
    amplitude_se: float
    acrophase_se_h: float
    r2: float
    p_value: float
    n: int
    period_h: float


def second_of_day(times_ns: ArrayLike, offset_s: float = 0.0) -> NDArray[np.float64]:
    """Return the local time of day [s], 0 to 86 400, of times (n,) int64 [ns].

    ``offset_s`` [s] is added first: from TAI to local time it is the zone's offset minus the leap seconds. Whole days
    are taken off as integers, so the result is good to the nanosecond.

    >>> second_of_day([0, 90_000_000_000_000], offset_s=3600.0).tolist()
    [3600.0, 7200.0]
    """
    times = np.asarray(times_ns, np.int64)
    return np.asarray((times + round(offset_s * 1e9)) % NS_PER_DAY / 1e9, np.float64)


def is_light(second: ArrayLike, on_s: float, off_s: float) -> NDArray[np.bool_]:
    """Return where the light is on: on_s <= time of day < off_s [s]; a light phase may run over midnight.

    Equal times mean that it is always on. Raises SignalError where a time lies outside 0 to 86 400 s.

    >>> is_light([3600.0, 43200.0], on_s=72000.0, off_s=28800.0).tolist()
    [True, False]
    """
    if not (0 <= on_s <= 86400 and 0 <= off_s <= 86400):
        raise SignalError(f"is_light: got light from {on_s} to {off_s} s, wanted seconds of the day, 0 to 86400")
    at = np.asarray(second, np.float64)
    if on_s == off_s:
        return np.ones(at.shape, np.bool_)
    return (at >= on_s) & (at < off_s) if on_s < off_s else (at >= on_s) | (at < off_s)


def light_dark(second: ArrayLike, values: ArrayLike, on_s: float, off_s: float) -> LightDark:
    """Compare values (n,) in light and in dark; ``second`` (n,) is the local time of day [s], NaN values are left out.

    Raises SignalError where lengths differ.

    >>> light_dark([30000.0, 50000.0, 80000.0], [100.0, 102.0, 112.0], 28800.0, 72000.0).difference
    11.0
    """
    at, y = np.asarray(second, np.float64), np.asarray(values, np.float64)
    if at.ndim != 1 or at.shape != y.shape:
        raise SignalError(f"light_dark: got times {at.shape} and values {y.shape}, wanted two arrays (n,)")
    lit = is_light(at, on_s, off_s)
    known = np.isfinite(y)
    light, dark = y[lit & known], y[~lit & known]
    means = [float(part.mean()) if part.size else float("nan") for part in (light, dark)]
    sds = [float(part.std(ddof=1)) if part.size > 1 else float("nan") for part in (light, dark)]
    return LightDark(means[0], means[1], means[1] - means[0], sds[0], sds[1], light.size, dark.size)


def cosinor(time_h: ArrayLike, values: ArrayLike, period_h: float = 24.0) -> Cosinor:
    """Fit one cosine of known period to values (n,) at ``time_h`` (n,) [h].

    Count hours from a local midnight, and the acrophase is a time of day.

    NaN values are left out, gaps need no filling. Standard errors take residuals as independent; successive windows
    of a living animal are not, so they are too small: compare animals by their estimates. All NaN where fewer than
    four rows are left or they do not span the cosine. Raises SignalError on a wrong shape or period.

    Reference: Nelson W, Tong YL, Lee JK, Halberg F. Methods for cosinor rhythmometry. Chronobiologia 1979;6:305-323;
    Cornelissen G, doi 10.1186/1742-4682-11-16.

    >>> t = np.arange(0.0, 48.0, 0.5)
    >>> fit = cosinor(t, 100.0 + 8.4 * np.cos(2 * np.pi * (t - 23.0) / 24.0))
    >>> round(fit.mesor, 6), round(fit.amplitude, 6), round(fit.acrophase_h, 6)
    (100.0, 8.4, 23.0)
    """
    fit = least_squares(cosinor_design(time_h, period_h), values)
    wave = wave_of(float(fit.coefficients[1]), float(fit.coefficients[2]), fit.covariance[1:, 1:])
    hours = period_h / (2.0 * np.pi)
    return Cosinor(
        float(fit.coefficients[0]),
        wave.amplitude,
        wave.phase_rad * hours,
        float(fit.standard_errors[0]),
        wave.amplitude_se,
        wave.phase_se_rad * hours,
        fit.r2,
        _p_value(fit.r2, fit.dof),
        fit.n,
        period_h,
    )


def _p_value(r2: float, dof: int) -> float:
    """Return P(F(2, dof) > observed), which for two numerator degrees is (1 - R2) ** (dof / 2) exactly."""
    return float(max(1.0 - r2, 0.0) ** (dof / 2.0)) if np.isfinite(r2) else float("nan")
