"""T-fields of the binary time codes, one row of octets each, to and from TAI."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.clock import NS_PER_DAY, TAI_1958_NS, from_utc_day, utc_day
from telemus.errors import ClockError
from telemus.packets.time_codes.ccs import read_segments, write_segments
from telemus.packets.time_codes.cds import cds_to_ns, ns_to_cds
from telemus.packets.time_codes.cuc import MAX_COARSE_BITS, cuc_to_ns, ns_to_cuc
from telemus.packets.time_codes.preamble import CdsPreamble, CucPreamble, Preamble

Octets = NDArray[np.uint8]
_DAY_1958 = TAI_1958_NS // NS_PER_DAY


def read_time(octets: ArrayLike, preamble: Preamble, *, epoch_tai_ns: int | None = None) -> NDArray[np.int64]:
    """Return ``tai_ns`` (n,) of T-fields (n, k) uint8.

    CUC counts seconds of TAI since 1958 or since ``epoch_tai_ns`` [ns TAI], the agency's epoch (level 2); CDS counts
    days and milliseconds of UTC since 1958 or the UTC day of that epoch, so that the last second of a day may be its
    86 401st (clause 3.3); CCS is UTC.

    Raises ClockError on rows of another length, where an agency's epoch is needed and not given, and on a time that
    int64 nanoseconds or UTC cannot hold: UTC before 1972, a second that a day does not have.
    """
    rows = np.atleast_2d(np.asarray(octets, np.uint8))
    if rows.shape[1] != preamble.octets:
        raise ClockError(f"T-field: got {rows.shape[1]} octets, wanted {preamble.octets} by its P-field")
    if isinstance(preamble, CucPreamble):
        coarse, fine = _number(rows[:, : preamble.coarse_octets]), _number(rows[:, preamble.coarse_octets :])
        if coarse.size and coarse.max() >> MAX_COARSE_BITS:
            raise ClockError(f"CUC: got {coarse.max()} s, wanted less than 2**{MAX_COARSE_BITS} s")
        return np.asarray(_epoch_ns(preamble, epoch_tai_ns) + cuc_to_ns(coarse, fine, preamble.fine_octets), np.int64)
    if isinstance(preamble, CdsPreamble):
        day, ms, below = np.split(rows, [preamble.day_octets, preamble.day_octets + 4], axis=1)
        ns_of_day = cds_to_ns(_number(ms), _number(below), preamble.sub_octets)
        return from_utc_day(_number(day) + _epoch_day(preamble, epoch_tai_ns), ns_of_day)
    return from_utc_day(*read_segments(rows, preamble.sub_octets, day_of_year=preamble.day_of_year))


def write_time(tai_ns: ArrayLike, preamble: Preamble, *, epoch_tai_ns: int | None = None) -> Octets:
    """Return T-fields (n, k) of ``tai_ns`` (n,); what the code cannot resolve is cut.

    Raises ClockError where an agency's epoch is needed and not given, and on times outside the code's reach.
    """
    times = np.atleast_1d(np.asarray(tai_ns, np.int64))
    if isinstance(preamble, CucPreamble):
        coarse, fine = ns_to_cuc(
            times - _epoch_ns(preamble, epoch_tai_ns), preamble.fine_octets, preamble.coarse_octets
        )
        return np.concatenate([_octets(coarse, preamble.coarse_octets), _octets(fine, preamble.fine_octets)], axis=1)
    day, ns_of_day = utc_day(times)
    if isinstance(preamble, CdsPreamble):
        ms, below = ns_to_cds(ns_of_day, preamble.sub_octets)
        since_epoch = day - _epoch_day(preamble, epoch_tai_ns)
        widths = preamble.day_octets, 4, preamble.sub_octets
        return np.concatenate([_octets(*part) for part in zip((since_epoch, ms, below), widths, strict=True)], axis=1)
    return write_segments(day, ns_of_day, preamble.sub_octets, day_of_year=preamble.day_of_year)


def _epoch_ns(preamble: CucPreamble | CdsPreamble, epoch_tai_ns: int | None) -> int:
    if not preamble.agency_epoch:
        return TAI_1958_NS
    if epoch_tai_ns is None:
        raise ClockError("time code: got a P-field of an agency's epoch and no epoch, wanted it [ns TAI]")
    return epoch_tai_ns


def _epoch_day(preamble: CdsPreamble, epoch_tai_ns: int | None) -> int:
    """Return the day of the epoch, in days since 1970-01-01 UTC."""
    return int(utc_day(_epoch_ns(preamble, epoch_tai_ns))[0][0]) if preamble.agency_epoch else _DAY_1958


def _number(octets: Octets) -> NDArray[np.int64]:
    """Return unsigned integers (n,) of octets (n, k), k up to 7."""
    result = np.zeros(len(octets), np.int64)
    for column in octets.T[-7:]:
        result = result << 8 | column
    return result


def _octets(number: NDArray[np.int64], count: int) -> Octets:
    """Return integers (n,) as octets (n, count). Raises ClockError where they do not fit."""
    if number.size and (number.min() < 0 or int(number.max()) >> (8 * count)):
        raise ClockError(f"time code: got {number.min()} to {number.max()}, wanted what {count} octets hold")
    shifts = 8 * np.arange(count - 1, -1, -1)
    return np.asarray(number[:, None] >> shifts & 0xFF, np.uint8)
