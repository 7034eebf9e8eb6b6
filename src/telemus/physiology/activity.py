"""Activity of one animal on its own scale: relative to its baseline, heart rate by strata of it, and bouts.

Counts come from changes of the radio signal's strength: they compare within an animal, cage and receiver only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError

STRATA = ("floor", "low", "middle", "high")


class Strata(NamedTuple):
    """Values by stratum of activity, in the order of STRATA (4,); NaN and ``n`` 0 where a stratum is empty.

    ``mean``, ``sd`` (n - 1) and ``n`` of the values; ``activity``: mean activity of the stratum.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]
    activity: NDArray[np.float64]


class Bouts(NamedTuple):
    """Bouts of activity: start and stop [unit of time] (m,), and mean activity within (m,)."""

    start: NDArray[np.float64]
    stop: NDArray[np.float64]
    activity: NDArray[np.float64]


def relative_activity(activity: ArrayLike, baseline: ArrayLike) -> NDArray[np.float64]:
    """Return activity (n,) in units of the animal's own mean in its baseline (m,); NaN where that is not above 0.

    >>> relative_activity([2.0, 8.0], [0.0, 4.0, 8.0]).tolist()
    [0.5, 2.0]
    """
    own = np.asarray(baseline, np.float64)
    own = own[np.isfinite(own)]
    scale = float(own.mean()) if own.size else 0.0
    return np.asarray(activity, np.float64) / (scale if scale > 0 else np.nan)


def by_activity(activity: ArrayLike, values: ArrayLike, floor: float = 0.0) -> Strata:
    """Summarise values (n,) by strata of activity (n,): at its floor, and thirds of what lies above it.

    A row is at the floor where activity is not above ``floor``; the thirds are those of this animal's own active rows.
    Rows with NaN in either are left out. Raises SignalError where lengths differ.

    >>> by_activity([0, 0, 1, 2, 3], [500.0, 510.0, 560.0, 600.0, 640.0]).mean.tolist()
    [505.0, 560.0, 600.0, 640.0]
    """
    a, y = np.asarray(activity, np.float64), np.asarray(values, np.float64)
    if a.ndim != 1 or a.shape != y.shape:
        raise SignalError(f"by_activity: got activity {a.shape} and values {y.shape}, wanted two arrays (n,)")
    known = np.isfinite(a) & np.isfinite(y)
    a, y = a[known], y[known]
    active = a > floor
    stratum = np.zeros(len(a), np.int64)
    if active.any():
        stratum[active] = 1 + np.searchsorted(np.quantile(a[active], [1 / 3, 2 / 3]), a[active], side="right")
    n = np.bincount(stratum, minlength=4)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(stratum, weights=y, minlength=4) / n
        sd = np.sqrt(np.bincount(stratum, weights=(y - mean[stratum]) ** 2, minlength=4) / (n - 1.0))
        counts = np.bincount(stratum, weights=a, minlength=4) / n
    return Strata(mean, np.where(n > 1, sd, np.nan), n, counts)


def find_bouts(
    time: ArrayLike, activity: ArrayLike, step: float, floor: float = 0.0, pause: float = 0.0, least: float = 0.0
) -> Bouts:
    """Find bouts: rows in a row with activity above ``floor``, joined over pauses of at most ``pause``.

    time (n,): start of each row, ``step`` its length, in one unit, as ``pause`` and ``least``, the length below which a
    bout is left out. NaN and missing rows end a bout: nothing is known of them. Raises SignalError where lengths differ
    or times do not rise.

    >>> find_bouts([0, 1, 2, 3, 4, 9], [0, 5, 0, 3, 0, 2], 1.0, pause=1.0).start.tolist()
    [1.0, 9.0]
    """
    t, a = np.asarray(time, np.float64), np.asarray(activity, np.float64)
    if t.ndim != 1 or t.shape != a.shape or not bool(np.all(np.diff(t) > 0)):
        raise SignalError(f"find_bouts: got times {t.shape} and activity {a.shape}, wanted rising times (n,) for both")
    known = np.isfinite(a)
    t, a = t[known], a[known]
    row = np.flatnonzero(a > floor)
    if not len(row):
        return Bouts(*(np.empty(0) for _ in range(3)))
    touching = np.append(True, np.diff(t) < 1.5 * step)
    broken = np.cumsum(~touching)[row]
    parts = (np.diff(t[row]) > step * 1.001 + pause) | (np.diff(broken) > 0)
    first, last = row[np.append(True, parts)], row[np.append(parts, True)]
    sums = np.concatenate([[0.0], np.cumsum(a)])
    bouts = Bouts(t[first], t[last] + step, (sums[last + 1] - sums[first]) / (last + 1 - first))
    long = bouts.stop - bouts.start >= least
    return Bouts(*(column[long] for column in bouts))
