"""How well two series of events agree: one-to-one matches within a tolerance, in linear time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


class Agreement(NamedTuple):
    """Matches between found and true events, and what follows from their number.

    ``found_index``, ``true_index`` (m,): the pairs, ascending. ``sensitivity`` = m / true, ``predictivity`` = m /
    found (NaN where there is none to divide by). ``bias``, ``jitter``: mean and standard deviation (ddof 1) of found
    minus true, in the unit given.
    """

    found_index: NDArray[np.int64]
    true_index: NDArray[np.int64]
    sensitivity: float
    predictivity: float
    bias: float
    jitter: float


def match_events(found: ArrayLike, true: ArrayLike, tolerance: float) -> Agreement:
    """Match two ascending series of events one to one where they differ by at most ``tolerance`` (all in one unit).

    Going forward in time, an event takes the nearest partner that is still free: the one ahead is preferred only
    where it is closer. Every event is used once, so a double count costs predictivity. Cost is linear in the number
    of events.

    Returns Agreement. Raises SignalError for arrays that are not one-dimensional, not ascending, or a negative
    tolerance.

    >>> a = match_events([1.0, 2.1, 2.2, 9.0], [1.1, 2.2, 5.0], 0.2)
    >>> a.true_index.tolist(), a.found_index.tolist(), round(a.sensitivity, 3), a.predictivity
    ([0, 1], [0, 2], 0.667, 0.5)
    """
    one, two = _ascending(found, "found"), _ascending(true, "true")
    if not tolerance >= 0:
        raise SignalError(f"match_events: got tolerance {tolerance}, wanted a number from 0")
    pairs = _pairs(one.tolist(), two.tolist(), tolerance)
    index = np.array(pairs, np.int64).reshape(-1, 2)
    difference = (one[index[:, 0]] - two[index[:, 1]]).astype(np.float64)
    count = len(pairs)
    return Agreement(
        index[:, 0],
        index[:, 1],
        count / len(two) if len(two) else float("nan"),
        count / len(one) if len(one) else float("nan"),
        float(difference.mean()) if count else float("nan"),
        float(difference.std(ddof=1)) if count > 1 else float("nan"),
    )


def _pairs(found: list[float], true: list[float], tolerance: float) -> list[tuple[int, int]]:
    pairs = []
    i = j = 0
    while i < len(found) and j < len(true):
        gap = found[i] - true[j]
        if abs(gap) > tolerance:
            i, j = (i, j + 1) if gap > 0 else (i + 1, j)
        elif i + 1 < len(found) and abs(found[i + 1] - true[j]) < abs(gap):
            i += 1
        elif j + 1 < len(true) and abs(found[i] - true[j + 1]) < abs(gap):
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _ascending(values: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size == 0:
        array = array.reshape(-1).astype(np.float64)
    if array.ndim != 1:
        raise SignalError(f"match_events: got {name} of shape {array.shape}, wanted one dimension (n,)")
    if array.size > 1 and not bool(np.all(array[1:] >= array[:-1])):
        raise SignalError(f"match_events: got {name} events that go back or are NaN, wanted ascending numbers")
    return array
