"""Marks samples that the file itself calls missing or that stand at the end of the converter's range."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.series import Quality

RAIL_RUN = 3
"""Samples in a row at the end of the range that count as a rail. One or two are no evidence: writers that scale a
record to its own extremes (EDF allows it) touch both ends once."""

BLOCK = 1 << 20
"""Samples converted at a time, so that no float64 copy of a long record is ever held."""


def physical(digital: NDArray[Any], gain: float, offset: float, missing: int | None = None) -> NDArray[Any]:
    """Return ``digital * gain + offset`` (n,), NaN where the value is the marker of a missing one.

    Converters of 16 bits or less give float32, whose 24 bits hold them without loss; wider ones float64.

    >>> physical(np.array([-32768, 100], np.int16), 0.5, 1.0, missing=-32768).tolist()
    [nan, 51.0]
    """
    narrow = digital.dtype.itemsize <= 2
    values = np.empty(digital.shape, np.float32 if narrow else np.float64)
    for start in range(0, len(digital), BLOCK):
        part = digital[start : start + BLOCK]
        converted = part.astype(np.float64) * gain + offset
        if missing is not None:
            converted[part == missing] = np.nan
        values[start : start + BLOCK] = converted
    return values


def mark_missing(values: NDArray[Any]) -> NDArray[np.uint32]:
    """Return quality words (n,) with DROPOUT where a value is NaN or infinite.

    >>> mark_missing(np.array([1.0, np.nan])).tolist()
    [0, 1]
    """
    quality = np.zeros(len(values), np.uint32)
    for start in range(0, len(values), BLOCK):
        part = values[start : start + BLOCK]
        quality[start : start + BLOCK][~np.isfinite(part)] = Quality.DROPOUT
    return quality


def mark_rails(values: NDArray[Any], lowest: float, highest: float, quality: NDArray[np.uint32]) -> int:
    """Set RAIL in ``quality`` (n,) where ``values`` (n,) stay at an end of the range for RAIL_RUN samples or more.

    A range that the values leave is not the converter's (headers often keep one from before a conversion): then nothing
    is marked. Samples that are already marked as DROPOUT are not looked at. Returns the number of samples marked.

    >>> words = np.zeros(5, np.uint32)
    >>> mark_rails(np.array([5, 5, 5, 1, 5]), 0, 5, words), words.tolist()
    (3, [4, 4, 4, 0, 0])
    """
    if not highest > lowest or len(values) == 0:
        return 0
    present = (quality & np.uint32(Quality.DROPOUT)) == 0
    if bool(np.any((values < lowest) & present)) or bool(np.any((values > highest) & present)):
        return 0
    marked = np.zeros(len(values) + 2, np.int8)
    marked[1:-1][(values == lowest) & present] = 1
    marked[1:-1][(values == highest) & present] = 2
    edges = np.flatnonzero(np.diff(marked))
    count = 0
    for first, last in pairwise(edges.tolist()):
        if marked[first + 1] and last - first >= RAIL_RUN:
            quality[first:last] |= np.uint32(Quality.RAIL)
            count += last - first
    return count
