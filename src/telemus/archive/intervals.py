"""Sets of half-open intervals [start, stop) of int64 nanoseconds, as sorted arrays (n, 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]
"""Sorted, disjoint intervals (n, 2)."""


def joined(spans: Spans, bridge_ns: int = 0) -> Spans:
    """Return the union of intervals in any order; those no further apart than ``bridge_ns`` [ns] become one.

    >>> joined(np.array([[5, 9], [0, 5], [20, 21]])).tolist()
    [[0, 9], [20, 21]]
    """
    spans = np.asarray(spans, np.int64).reshape(-1, 2)
    spans = spans[spans[:, 1] > spans[:, 0]]
    if len(spans) == 0:
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.concatenate(([True], spans[1:, 0] > reach[:-1] + bridge_ns))
    starts = np.flatnonzero(first)
    return np.stack([spans[starts, 0], reach[np.append(starts[1:], len(spans)) - 1]], axis=1)


def complement(spans: Spans, start_ns: int, stop_ns: int) -> Spans:
    """Return what of [``start_ns``, ``stop_ns``) no interval covers.

    >>> complement(np.array([[2, 4]]), 0, 10).tolist()
    [[0, 2], [4, 10]]
    """
    spans = joined(spans)
    spans = spans[(spans[:, 1] > start_ns) & (spans[:, 0] < stop_ns)]
    starts = np.concatenate(([start_ns], spans[:, 1]))
    stops = np.concatenate((spans[:, 0], [stop_ns]))
    kept = stops > starts
    return np.stack([starts[kept], stops[kept]], axis=1).astype(np.int64)


def common(one: Spans, other: Spans) -> Spans:
    """Return what both sets cover.

    >>> common(np.array([[0, 5], [8, 9]]), np.array([[3, 20]])).tolist()
    [[3, 5], [8, 9]]
    """
    one, other = joined(one), joined(other)
    if not len(one) or not len(other):
        return np.zeros((0, 2), np.int64)
    low = int(min(one[0, 0], other[0, 0]))
    high = int(max(one[-1, 1], other[-1, 1]))
    return complement(np.concatenate([complement(one, low, high), complement(other, low, high)]), low, high)
