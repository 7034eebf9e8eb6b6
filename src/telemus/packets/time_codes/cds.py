"""The day segmented code, CDS (301.0-B-4 clause 3.3): days, milliseconds of the day, and what is below them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.clock import rounded_half_even
from telemus.errors import ClockError

NS_PER_MS = 1_000_000
SUB_OCTETS = {0: 0, 2: 1_000, 4: 1_000_000_000}
"""Octets below the millisecond -> units in a millisecond: none, microseconds, picoseconds (clause 3.3.1)."""


def cds_to_ns(ms_of_day: ArrayLike, below_ms: ArrayLike, sub_octets: int = 0) -> NDArray[np.int64]:
    """Return nanoseconds since the beginning of the day (n,) of the segments below the day, rounded half to even.

    ``below_ms`` counts microseconds (2 octets) or picoseconds (4 octets) of the millisecond. Raises ClockError on
    other octets, and on a count that is a whole millisecond or more.

    >>> cds_to_ns([86_399_999], [999_999_999], 4).tolist()
    [86400000000000]
    """
    per_ms = _units(sub_octets)
    whole = np.atleast_1d(np.asarray(ms_of_day, np.int64)) * NS_PER_MS
    if per_ms == 0:
        return whole
    counts = np.asarray(below_ms, np.int64)
    if counts.size and (counts.min() < 0 or counts.max() >= per_ms):
        raise ClockError(f"CDS: got {counts.max()} units in a millisecond, wanted less than {per_ms}")
    return np.asarray(whole + rounded_half_even(counts, NS_PER_MS, per_ms), np.int64)


def ns_to_cds(ns_of_day: ArrayLike, sub_octets: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (milliseconds of the day, units below the millisecond) (n,) of nanoseconds of the day, cut.

    >>> [one.tolist() for one in ns_to_cds([1_234_567], 2)]
    [[1], [234]]
    """
    per_ms = _units(sub_octets)
    whole, rest_ns = np.divmod(np.atleast_1d(np.asarray(ns_of_day, np.int64)), NS_PER_MS)
    return whole, rest_ns * per_ms // NS_PER_MS


def _units(sub_octets: int) -> int:
    if sub_octets not in SUB_OCTETS:
        raise ClockError(f"CDS: got {sub_octets} octets below the millisecond, wanted 0, 2 or 4")
    return SUB_OCTETS[sub_octets]
