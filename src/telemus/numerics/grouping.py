"""Sums, means and unions of rows that fall into consecutive windows; linear, without a loop over windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


def window_index(times: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """Return the window of each time (n,): k where edges[k] <= time < edges[k + 1], -1 outside all of them.

    ``times`` (n,) and ``edges`` (m + 1,) int64, in one unit; edges ascend. Raises SignalError where they do not, or
    where there are fewer than two.

    >>> window_index([0, 5, 10, 19, 20], [5, 10, 20]).tolist()
    [-1, 0, 1, 1, -1]
    """
    at, bounds = np.asarray(times, np.int64), np.asarray(edges, np.int64)
    if bounds.ndim != 1 or bounds.size < 2 or bool(np.any(np.diff(bounds) <= 0)):
        raise SignalError(
            f"window_index: got edges of shape {bounds.shape}, wanted two or more ascending edges (m + 1,)"
        )
    index = np.searchsorted(bounds, at, side="right") - 1
    return np.where(index < bounds.size - 1, index, -1).astype(np.int64)


def group_sum(index: NDArray[np.int64], values: ArrayLike, count: int) -> NDArray[np.float64]:
    """Return the sum of values (n,) in each of ``count`` windows; rows with index -1 are left out.

    >>> group_sum(np.array([0, 0, 2, -1]), [1.0, 2.0, 4.0, 8.0], 3).tolist()
    [3.0, 0.0, 4.0]
    """
    weights = np.asarray(values, np.float64)
    return np.bincount(index + 1, weights=weights, minlength=count + 1)[1:].astype(np.float64)


def group_count(index: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the number of rows in each of ``count`` windows; index -1 is left out.

    >>> group_count(np.array([0, 0, 2, -1]), 3).tolist()
    [2, 0, 1]
    """
    return np.bincount(index + 1, minlength=count + 1)[1:].astype(np.int64)


def group_mean_sd(
    index: NDArray[np.int64], values: ArrayLike, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation (ddof 1) of values in each window; NaN where there are too few rows.

    Two passes, the second about each window's own mean, so that an offset costs no digits.

    >>> mean, sd = group_mean_sd(np.array([0, 0, 1]), [1.0, 3.0, 5.0], 2)
    >>> mean.tolist(), sd.round(6).tolist()
    ([2.0, 5.0], [1.414214, nan])
    """
    x = np.asarray(values, np.float64)
    n = group_count(index, count)
    mean = divide(group_sum(index, x, count), n)
    squares = (x - mean[index]) ** 2
    return mean, np.sqrt(divide(group_sum(index, squares, count), n - 1))


def group_union(index: NDArray[np.int64], words: ArrayLike, count: int) -> NDArray[np.uint32]:
    """Return the union of quality words (n,) in each window; the index ascends, rows with -1 are left out.

    >>> group_union(np.array([0, 0, 2]), np.array([1, 4, 2], np.uint32), 3).tolist()
    [5, 0, 2]
    """
    inside = index >= 0
    rows, marks = index[inside], np.asarray(words, np.uint32)[inside]
    union = np.zeros(count, np.uint32)
    if rows.size:
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        union[rows[starts]] = np.bitwise_or.reduceat(marks, starts)
    return union


def divide(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Return numerator / denominator, NaN where the denominator is not above 0.

    >>> divide([1.0, 2.0], [2, 0]).tolist()
    [0.5, nan]
    """
    top, bottom = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    result = np.full(np.broadcast(top, bottom).shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom > 0)
    return result
