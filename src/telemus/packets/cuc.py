"""Convert CCSDS unsegmented time (CUC, 301.0-B-4 clause 3.2) to and from int64 nanoseconds of the on-board clock.

The code is ``coarse`` octets of seconds and ``fine`` octets of binary fractions (clause 3.2.1). Everything is exact
integer arithmetic: a float64 would lose nanoseconds after 52 days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import ClockError

NS_PER_S = 1_000_000_000
MAX_COARSE_OCTETS = 4
"""Of the basic time field (301.0-B-4 clause 3.2.1); the extension octets are not needed by int64 nanoseconds."""
MAX_FINE_OCTETS = 6
"""The seven and more that 301.0-B-4 allows are finer than what 64 bits hold while multiplied by 1e9."""

_HALF_BITS = 24


def cuc_to_ns(coarse: ArrayLike, fine: ArrayLike, fine_octets: int = 3) -> Any:
    """Return the on-board clock [ns] of coarse seconds and fine counts of 2**(-8 fine_octets) s, rounded half up.

    Rounding makes it the inverse of ``ns_to_cuc`` wherever the fine count resolves a nanosecond (4 octets).
    Raises ClockError if ``fine_octets`` is not 0 to 6.

    >>> int(cuc_to_ns(2, 1 << 23))
    2500000000
    """
    _check_octets(fine_octets)
    whole = np.asarray(coarse).astype(np.int64) * NS_PER_S
    if fine_octets == 0:
        return whole
    return whole + _fine_ns(np.asarray(fine).astype(np.int64), 8 * fine_octets)


def ns_to_cuc(onboard_ns: ArrayLike, fine_octets: int = 3) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (coarse [s], fine [2**(-8 fine_octets) s]) of the on-board clock [ns], truncated as a counter does.

    Raises ClockError on a time before the clock's zero or past its 32-bit end, and if ``fine_octets`` is not 0 to 6.

    >>> [int(part) for part in ns_to_cuc(2_500_000_000)]
    [2, 8388608]
    """
    _check_octets(fine_octets)
    time_ns = np.asarray(onboard_ns, np.int64)
    if time_ns.size and (time_ns.min() < 0 or time_ns.max() >= NS_PER_S << (8 * MAX_COARSE_OCTETS)):
        raise ClockError(f"got {time_ns.min()} to {time_ns.max()} ns, wanted 0 to 2**32 s of on-board time")
    coarse, rest_ns = np.divmod(time_ns, NS_PER_S)
    if fine_octets == 0:
        return coarse, np.zeros_like(coarse)
    return coarse, _long_division(rest_ns, 8 * fine_octets)


def _fine_ns(fine: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return round(fine * 1e9 / 2**bits) with no overflow, by splitting ``fine`` at 24 bits.

    fine = high 2**low_bits + low, so fine 1e9 = (high 1e9) 2**low_bits + low 1e9, and each factor keeps below 2**63.
    """
    low_bits = min(bits, _HALF_BITS)
    high, low = fine >> low_bits, fine & ((1 << low_bits) - 1)
    scaled_low = low * NS_PER_S
    scaled_high = high * NS_PER_S + (scaled_low >> low_bits)
    if bits == low_bits:
        return (scaled_low + (1 << (bits - 1))) >> bits
    # What scaled_low leaves below low_bits could only lift a tie, and "half up" lifts ties anyway.
    return (scaled_high + (np.int64(1) << (bits - low_bits - 1))) >> (bits - low_bits)


def _long_division(rest_ns: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return floor(rest_ns * 2**bits / 1e9), 24 bits at a time so that nothing overflows."""
    result = np.zeros_like(rest_ns)
    rest = rest_ns
    done = 0
    while done < bits:
        step = min(_HALF_BITS, bits - done)
        quotient, rest = np.divmod(rest << step, NS_PER_S)
        result = (result << step) | quotient
        done += step
    return result


def _check_octets(fine_octets: int) -> None:
    if not 0 <= fine_octets <= MAX_FINE_OCTETS:
        raise ClockError(f"fine octets of CUC time: got {fine_octets}, wanted 0 to {MAX_FINE_OCTETS}")
