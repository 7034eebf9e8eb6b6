"""Periodograms of a series with gaps: the least-squares cosine at each period, and the folded variance.

Both leave NaN out and fill nothing. Both take samples as independent; what a living animal gives is not, so the caller
corrects with ``correlation_length``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


def cosine_power(time: ArrayLike, values: ArrayLike, periods: ArrayLike) -> NDArray[np.float64]:
    """Return the share of variance that one cosine with a free mean explains, at each period (m,), 0 to 1.

    time (n,) and periods (m,) in one unit; values (n,), NaN left out. This is the generalised Lomb-Scargle periodogram
    (Zechmeister and Kuerster 2009, doi 10.1051/0004-6361:200811296), which equals R2 of a cosinor at that period. NaN
    where fewer than four values are left or they are all equal. Raises SignalError on shapes that do not fit or a
    period that is not above 0.

    >>> t = np.arange(0.0, 96.0, 0.5)
    >>> cosine_power(t, 5 + np.cos(2 * np.pi * t / 24), [12.0, 24.0]).round(3).tolist()
    [0.0, 1.0]
    """
    t, y, trial = _checked("cosine_power", time, values, periods)
    if len(y) < 4 or not np.ptp(y) > 0:
        return np.full(len(trial), np.nan)
    y = y - y.mean()
    total = float(y @ y)
    power = np.empty(len(trial))
    for k, period in enumerate(trial):
        wave = np.exp((2j * np.pi / period) * t)
        c, s = wave.real - wave.real.mean(), wave.imag - wave.imag.mean()
        cc, ss, cs = float(c @ c), float(s @ s), float(c @ s)
        yc, ys = float(y @ c), float(y @ s)
        determinant = cc * ss - cs * cs
        plain = determinant > 1e-12 * cc * ss
        power[k] = (ss * yc * yc + cc * ys * ys - 2.0 * cs * yc * ys) / (determinant * total) if plain else np.nan
    return np.clip(power, 0.0, 1.0)


def folded_variance(time: ArrayLike, values: ArrayLike, periods: ArrayLike, cell: float) -> NDArray[np.float64]:
    """Return (2, m): the chi-square statistic of the values folded at each period (m,), and its degrees of freedom.

    time (n,), periods (m,) and ``cell`` in one unit: a period is cut into round(period / cell) equal cells, and the
    statistic is n times the variance between the means of cells over the whole variance. All samples count, also those
    of the last, unfinished cycle: with whole cycles only, the statistic jumps where their number does (Tackenberg and
    Hughey 2021, doi 10.1371/journal.pcbi.1008567). Without a rhythm it is about chi-square with cells - 1 degrees of
    freedom (Sokolove and Bushell 1978, doi 10.1016/0022-5193(78)90022-X). NaN where fewer than four values are left,
    or all are equal. Raises SignalError as ``cosine_power``.

    >>> t = np.arange(0.0, 240.0, 0.5)
    >>> q, dof = folded_variance(t, np.cos(2 * np.pi * t / 24), [20.0, 24.0], 1.0)
    >>> q.round(1).tolist(), dof.tolist()
    ([0.0, 477.9], [19.0, 23.0])
    """
    t, y, trial = _checked("folded_variance", time, values, periods)
    if len(y) < 4 or not np.ptp(y) > 0:
        return np.full((2, len(trial)), np.nan)
    y = y - y.mean()
    whole = float(y @ y) / len(y)
    found = np.empty((2, len(trial)))
    for k, period in enumerate(trial):
        cells = max(2, round(period / cell))
        place = np.minimum((t % period * (cells / period)).astype(np.int64), cells - 1)
        n = np.bincount(place, minlength=cells)
        total = np.bincount(place, weights=y, minlength=cells)
        used = n > 0
        found[:, k] = float(np.sum(total[used] ** 2 / n[used])) / whole, float(used.sum() - 1)
    return found


def correlation_length(time: ArrayLike, values: ArrayLike, step: float) -> float:
    """Return how many samples count as one independent sample: (1 + r) / (1 - r), r the correlation of neighbours.

    time (n,) and ``step`` in one unit; neighbours are values (n,) one step apart, never across a gap or NaN. 1 where
    r is not above 0 or there are no neighbours. For a first-order autoregressive series this is exact for the variance
    of the mean (Bayley and Hammersley 1946, doi 10.2307/2983560).

    >>> y = np.repeat([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0], 10)
    >>> round(correlation_length(np.arange(80.0), y, 1.0), 1)
    14.8
    """
    t, y, _ = _checked("correlation_length", time, values, [1.0])
    near = np.abs(np.diff(t) - step) < 0.5 * step
    if not near.any():
        return 1.0
    y = y - y.mean()
    before, after = y[:-1][near], y[1:][near]
    scale = float(np.sqrt((before @ before) * (after @ after)))
    r = min(float(before @ after) / scale, 0.999) if scale > 0 else 0.0
    return (1.0 + r) / (1.0 - r) if r > 0 else 1.0


def _checked(
    name: str, time: ArrayLike, values: ArrayLike, periods: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return time and finite values, and the periods, as arrays."""
    t, y, trial = (np.asarray(one, np.float64) for one in (time, values, periods))
    if t.ndim != 1 or t.shape != y.shape:
        raise SignalError(f"{name}: got time {t.shape} and values {y.shape}, wanted two arrays (n,)")
    if trial.ndim != 1 or not bool(np.all(trial > 0)):
        raise SignalError(f"{name}: got periods {trial.tolist()[:5]}, wanted periods above 0 in one dimension")
    known = np.isfinite(y) & np.isfinite(t)
    return t[known], y[known], trial
