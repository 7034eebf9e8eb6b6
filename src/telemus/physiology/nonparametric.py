"""Rhythm without a curve: stability, fragmentation, the most and least active hours, the typical day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError

DAY_H = 24.0


class TypicalDay(NamedTuple):
    """The average day: ``hour_h`` middle of each cell [h, local], ``mean``, ``sd`` (n - 1) and ``n`` of its values."""

    hour_h: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]


class RestActivity(NamedTuple):
    """Non-parametric measures of a daily rhythm.

    ``interdaily_stability`` (IS): 0 for noise to 1 where every day is the same. ``intradaily_variability`` (IV): about
    0 for a smooth wave, 2 for white noise. ``m10``, ``l5``: mean of the ten hours with the most and the five with the
    least of the typical day, in the unit of the values; ``m10_start_h``, ``l5_start_h``: when they begin [h, local].
    ``relative_amplitude`` (RA): (M10 - L5) / (M10 + L5), meant for values that are not below 0, NaN where L5 is.
    ``onset_h``: when the typical day turns from six low hours to six high ones [h]. ``days``: length over 24 h.
    ``n``: hours with a value.
    """

    interdaily_stability: float
    intradaily_variability: float
    relative_amplitude: float
    m10: float
    m10_start_h: float
    l5: float
    l5_start_h: float
    onset_h: float
    days: float
    n: int


def typical_day(time_h: ArrayLike, values: ArrayLike, cell_h: float = 1.0) -> TypicalDay:
    """Average values (n,) by local time of day in cells of ``cell_h`` [h], which must divide 24.

    ``time_h`` (n,): hours since a local midnight. NaN is left out; a cell without values has mean NaN and n 0. Raises
    SignalError on wrong shapes or cells.

    >>> typical_day([0.5, 24.5, 13.0], [1.0, 3.0, 9.0], 12.0).mean.tolist()
    [2.0, 9.0]
    """
    cells = round(DAY_H / cell_h)
    if not np.isclose(cells * cell_h, DAY_H):
        raise SignalError(f"typical_day: got cells of {cell_h} h, wanted a length that divides 24 h")
    t, y = _finite("typical_day", time_h, values)
    place = np.minimum((t % DAY_H / cell_h).astype(np.int64), cells - 1)
    n = np.bincount(place, minlength=cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(place, weights=y, minlength=cells) / n
        sd = np.sqrt(np.bincount(place, weights=(y - mean[place]) ** 2, minlength=cells) / (n - 1.0))
    return TypicalDay(np.asarray((np.arange(cells) + 0.5) * cell_h, np.float64), mean, np.where(n > 1, sd, np.nan), n)


def rest_activity(time_h: ArrayLike, values: ArrayLike) -> RestActivity:
    """Measure the daily rhythm of values (n,) at ``time_h`` (n,), hours since a local midnight, by hourly means.

    IS is the variance of the hours of the typical day over that of all hours, IV the mean square of the difference of
    neighbouring hours over that variance (never across a missing hour), as Witting et al. 1990, doi
    10.1016/0006-3223(90)90523-5, and Van Someren et al. 1999, doi 10.3109/07420529908998724, weighted by the hours that
    have a value. M10, L5 and the onset come from the typical day by cells of ten minutes, joined around midnight; NaN
    where a cell of it is empty. All NaN where under two days have a value. Raises SignalError on wrong shapes.

    >>> t = np.arange(0.0, 240.0, 0.1)
    >>> found = rest_activity(t, np.where((t % 24 >= 20) | (t % 24 < 8), 10.0, 0.0))
    >>> found.interdaily_stability, found.relative_amplitude, round(found.onset_h, 1)
    (1.0, 1.0, 20.0)
    """
    t, y = _finite("rest_activity", time_h, values)
    hours, place = np.unique(np.floor(t + 1e-9).astype(np.int64), return_inverse=True)
    days = float(hours[-1] - hours[0] + 1) / DAY_H if len(hours) else 0.0
    if days < 2.0 or not np.ptp(y) > 0:
        nan = float("nan")
        return RestActivity(nan, nan, nan, nan, nan, nan, nan, nan, days, len(hours))
    by_hour = np.bincount(place, weights=y) / np.bincount(place)
    of_day = np.asarray(hours % 24, np.int64)
    whole = float(np.var(by_hour))
    counts = np.bincount(of_day, minlength=24)
    sums = np.bincount(of_day, weights=by_hour - by_hour.mean(), minlength=24)
    stability = float(np.sum(sums[counts > 0] ** 2 / counts[counts > 0])) / len(hours) / whole
    touching = np.diff(hours) == 1
    variability = float(np.mean(np.diff(by_hour)[touching] ** 2)) / whole if touching.any() else float("nan")
    day = typical_day(t, y, 1.0 / 6.0).mean
    m10_start, m10 = _extreme(day, 10.0, +1)
    l5_start, l5 = _extreme(day, 5.0, -1)
    amplitude = (m10 - l5) / (m10 + l5) if l5 >= 0 and m10 + l5 > 0 else float("nan")
    return RestActivity(
        stability, variability, amplitude, m10, m10_start, l5, l5_start, _onset(day), days, len(hours)
    )  # fmt: skip


def _around(day: NDArray[np.float64], length_h: float) -> NDArray[np.float64]:
    """Return the mean over ``length_h`` from each cell of a day on, around midnight."""
    width = round(length_h * len(day) / DAY_H)
    sums = np.cumsum(np.concatenate([[0.0], day, day[:width]]))
    return np.asarray((sums[width : width + len(day)] - sums[: len(day)]) / width, np.float64)


def _extreme(day: NDArray[np.float64], length_h: float, sign: int) -> tuple[float, float]:
    """Return (start [h], mean) of the stretch of the day with the largest (sign 1) or smallest (-1) mean."""
    means = _around(day, length_h)
    if not np.isfinite(means).all():
        return float("nan"), float("nan")
    at = int(np.argmax(sign * means))
    return at * DAY_H / len(day), float(means[at])


def _onset(day: NDArray[np.float64], half_h: float = 6.0) -> float:
    """Return the time [h] at which the mean of the hours after most exceeds that of the hours before."""
    after = _around(day, half_h)
    if not np.isfinite(after).all():
        return float("nan")
    before = np.roll(after, round(half_h * len(day) / DAY_H))
    return float(np.argmax(after - before)) * DAY_H / len(day)


def _finite(name: str, time_h: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values as arrays, those that are finite."""
    t, y = np.asarray(time_h, np.float64), np.asarray(values, np.float64)
    if t.ndim != 1 or t.shape != y.shape:
        raise SignalError(f"{name}: got time {t.shape} and values {y.shape}, wanted two arrays (n,)")
    known = np.isfinite(y) & np.isfinite(t)
    return t[known], y[known]
