"""The unsegmented code, CUC (301.0-B-4 clause 3.2): seconds and binary fractions, to and from int64 nanoseconds.

The code is ``coarse`` octets of seconds and ``fine`` octets of binary fractions (clause 3.2.1). Everything is exact
integer arithmetic: a float64 would lose nanoseconds after 52 days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.clock import NS_PER_S, rounded_down, rounded_half_even
from telemus.errors import ClockError

MAX_COARSE_BITS = 33
"""Seconds that int64 nanoseconds hold: 2**33 s are 272 years. The standard allows 7 octets."""
MAX_FINE_OCTETS = 7
"""Octets of fraction that int64 holds, 1.4e-17 s. The standard allows 10, with the second octet of the P-field."""


def cuc_to_ns(coarse: ArrayLike, fine: ArrayLike, fine_octets: int = 3) -> Any:
    """Return the on-board clock [ns] of coarse seconds and fine counts of 2**(-8 fine_octets) s, rounded half to even.

    Rounding makes it the inverse of ``ns_to_cuc`` wherever the fine count resolves a nanosecond (4 octets). It is a
    counter: seconds count modulo 2**33. Raises ClockError if ``fine_octets`` is not 0 to 7.

    >>> int(cuc_to_ns(2, 1 << 23))
    2500000000
    """
    _check_octets(fine_octets)
    whole = (np.asarray(coarse).astype(np.int64) & ((1 << MAX_COARSE_BITS) - 1)) * NS_PER_S
    if fine_octets == 0:
        return whole
    counts = np.asarray(fine).astype(np.int64)
    return whole + rounded_half_even(counts, NS_PER_S, 1 << (8 * fine_octets)).reshape(counts.shape)


def ns_to_cuc(
    onboard_ns: ArrayLike, fine_octets: int = 3, coarse_octets: int = 4
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (coarse [s], fine [2**(-8 fine_octets) s]) of the on-board clock [ns], truncated as a counter does.

    Raises ClockError on a time before the clock's zero or past its end, and if ``fine_octets`` is not 0 to 7.

    >>> [int(part) for part in ns_to_cuc(2_500_000_000)]
    [2, 8388608]
    """
    _check_octets(fine_octets)
    time_ns = np.asarray(onboard_ns, np.int64)
    coarse, rest_ns = np.divmod(time_ns, NS_PER_S)
    if time_ns.size and (time_ns.min() < 0 or int(coarse.max()) >> (8 * coarse_octets)):
        wanted = f"0 to 2**{8 * coarse_octets} s of on-board time"
        raise ClockError(f"got {time_ns.min()} to {time_ns.max()} ns, wanted {wanted}")
    if fine_octets == 0:
        return coarse, np.zeros_like(coarse)
    return coarse, rounded_down(rest_ns, 1 << (8 * fine_octets), NS_PER_S).reshape(rest_ns.shape)


def _check_octets(fine_octets: int) -> None:
    if not 0 <= fine_octets <= MAX_FINE_OCTETS:
        raise ClockError(f"fine octets of CUC time: got {fine_octets}, wanted 0 to {MAX_FINE_OCTETS}")
