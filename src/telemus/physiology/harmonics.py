"""A rhythm of several components: cosines of given periods fitted together, and the period that fits best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import Wave, cosine_power, least_squares, wave_of

_DAY_CELLS = 1440


class Harmonics(NamedTuple):
    """Cosines of several periods fitted together by least squares.

    ``mesor`` and its standard error; ``waves``: amplitude and phase [rad] of each period with their errors (delta
    method); ``periods_h``; ``crest_h``, ``trough_h``: when the sum is largest and smallest in the longest period [h
    from time 0]; ``swing``: half the distance of the two; ``r2``; ``p_value``: F test that all amplitudes are 0; ``n``.
    """

    mesor: float
    mesor_se: float
    waves: tuple[Wave, ...]
    periods_h: tuple[float, ...]
    crest_h: float
    trough_h: float
    swing: float
    r2: float
    p_value: float
    n: int


class FittedPeriod(NamedTuple):
    """The period at which one cosine leaves least, with its standard error [h], and the R2 there."""

    period_h: float
    period_se_h: float
    r2: float


def multi_cosinor(time_h: ArrayLike, values: ArrayLike, periods_h: tuple[float, ...] = (24.0, 12.0, 8.0)) -> Harmonics:
    """Fit cosines of ``periods_h`` [h] together to values (n,) at ``time_h`` (n,) [h]; NaN is left out.

    Standard errors and p take residuals as independent. Everything is NaN where the values do not span the model.
    Raises SignalError where no period is given, one is not above 0, or shapes differ. Reference: Cornelissen 2014, doi
    10.1186/1742-4682-11-16.

    >>> t = np.arange(0.0, 72.0, 0.25)
    >>> both = 5 + 2 * np.cos(2 * np.pi * (t - 3) / 24) + np.cos(2 * np.pi * t / 12)
    >>> fit = multi_cosinor(t, both, (24.0, 12.0))
    >>> [round(wave.amplitude, 6) for wave in fit.waves], round(fit.mesor, 6)
    ([2.0, 1.0], 5.0)
    """
    t = np.asarray(time_h, np.float64)
    if not periods_h or not all(period > 0 for period in periods_h):
        raise SignalError(f"multi_cosinor: got periods {periods_h}, wanted at least one, above 0 h")
    fit = least_squares(_design(t, periods_h), values)
    pairs = [slice(1 + 2 * k, 3 + 2 * k) for k in range(len(periods_h))]
    waves = tuple(wave_of(*map(float, fit.coefficients[two]), fit.covariance[two, two]) for two in pairs)
    longest_h = max(periods_h)
    grid = np.arange(_DAY_CELLS, dtype=np.float64) * (longest_h / _DAY_CELLS)
    curve = _design(grid, periods_h) @ fit.coefficients
    known = bool(np.isfinite(curve).all())
    crest_h, trough_h = (float(grid[int(at)]) if known else np.nan for at in (np.argmax(curve), np.argmin(curve)))
    return Harmonics(
        float(fit.coefficients[0]), float(fit.standard_errors[0]), waves, tuple(periods_h), crest_h, trough_h,
        float(np.ptp(curve)) / 2.0, fit.r2, _p_value(fit.r2, 2 * len(periods_h), fit.dof), fit.n,
    )  # fmt: skip


def fit_period(time_h: ArrayLike, values: ArrayLike, shortest_h: float = 20.0, longest_h: float = 28.0) -> FittedPeriod:
    """Fit the period [h] of one cosine, between two limits, to values (n,) at ``time_h`` (n,) [h].

    The largest R2 on a grid of a twentieth of the resolution, refined by golden section to 1e-6 h. The error is that of
    the frequency of one cosine in independent noise, sqrt(6 / n) sd / (pi length amplitude) (Rife and Boorstyn 1974,
    doi 10.1109/TIT.1974.1055282), which is sqrt(3 (1 - R2) / (n R2)) / (pi length). NaN where nothing can be fitted.
    Raises SignalError on wrong limits.

    >>> t = np.arange(0.0, 240.0, 0.5)
    >>> round(fit_period(t, np.cos(2 * np.pi * t / 23.7)).period_h, 4)
    23.7
    """
    if not 0 < shortest_h < longest_h:
        raise SignalError(f"fit_period: got {shortest_h} to {longest_h} h, wanted limits above 0 in order")
    t, y = np.asarray(time_h, np.float64), np.asarray(values, np.float64)
    known = np.isfinite(t) & np.isfinite(y)
    t, y = t[known], y[known]
    length_h = float(np.ptp(t)) if len(t) else 0.0
    count = int(20 * length_h * (1.0 / shortest_h - 1.0 / longest_h)) + 3
    trials = 1.0 / np.linspace(1.0 / longest_h, 1.0 / shortest_h, count)
    power = cosine_power(t, y, trials)
    if not np.isfinite(power).any():
        return FittedPeriod(float("nan"), float("nan"), float("nan"))
    best = int(np.nanargmax(power))
    low, high = trials[min(best + 1, count - 1)], trials[max(best - 1, 0)]
    while high - low > 1e-6:
        third = 0.381966 * (high - low)
        left, right = cosine_power(t, y, [low + third, high - third])
        low, high = (low, high - third) if left > right else (low + third, high)
    period_h = float(low + high) / 2.0
    r2 = float(cosine_power(t, y, [period_h])[0])
    frequency_se = np.sqrt(3.0 * max(1.0 - r2, 0.0) / (len(t) * max(r2, 1e-12))) / (np.pi * length_h)
    return FittedPeriod(period_h, float(frequency_se) * period_h**2, r2)


def _design(time_h: NDArray[np.float64], periods_h: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the columns 1 and, for each period, cosine and sine."""
    angles = [2.0 * np.pi / period * time_h for period in periods_h]
    return np.column_stack([np.ones(len(time_h)), *(wave for x in angles for wave in (np.cos(x), np.sin(x)))])


def _p_value(r2: float, numerator: int, dof: int) -> float:
    """Return P(F(numerator, dof) > observed), by the incomplete beta function."""
    if not np.isfinite(r2) or dof < 1:
        return float("nan")
    from scipy.special import betainc

    return float(betainc(dof / 2.0, numerator / 2.0, max(1.0 - r2, 0.0)))
