"""UTC to TAI and back, by the table of leap seconds: as POSIX counts, and exactly, by day and nanosecond of the day."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock.leap_seconds import LeapTable, leap_table
from telemus.errors import ClockError

NS_PER_S = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_S
TAI_1958_NS = -4383 * NS_PER_DAY
"""1958-01-01T00:00:00 TAI, the epoch of CCSDS 301.0-B-4 (clause 3.2.2), on the scale of ``tai_ns``."""
_NEVER = np.iinfo(np.int64).max


def utc_to_tai(utc_ns: Any, table: LeapTable | None = None) -> Any:
    """Return ``tai_ns`` of ``utc_ns`` (scalar or array of int64); the table in use unless one is given.

    A second that a negative leap second left out is taken as if it had been there. Raises ClockError before 1972,
    where the table begins.

    >>> (utc_to_tai(1_483_228_800 * NS_PER_S) - 1_483_228_800 * NS_PER_S) // NS_PER_S  # 2017-01-01
    37
    """
    known = table or leap_table()
    times = np.asarray(utc_ns, np.int64)
    return _plain(times + known.offsets_ns[_row(known.instants_ns, times, "UTC")])


def tai_to_utc(tai_ns: Any, table: LeapTable | None = None) -> Any:
    """Return ``utc_ns`` of ``tai_ns`` (scalar or array of int64); a leap second maps onto the second after it.

    Raises ClockError before 1972.
    """
    known = table or leap_table()
    times = np.asarray(tai_ns, np.int64)
    # until an instant of the table is reached on the TAI side the old offset holds: 23:59:60 belongs to it
    return _plain(times - known.offsets_ns[_row(known.changes_tai_ns, times, "TAI")])


def utc_day(tai_ns: Any, table: LeapTable | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (days since 1970-01-01 UTC, nanoseconds since the beginning of that day) of ``tai_ns`` (n,).

    A day with a leap second has 86 401 s, so 23:59:60 is 86 400 s and more; one with a negative leap second 86 399 s.
    Raises ClockError before 1972.

    >>> [one.tolist() for one in utc_day(1_483_228_836 * NS_PER_S)]  # the leap second at the end of 2016
    [[17166], [86400000000000]]
    """
    known = table or leap_table()
    times = np.atleast_1d(np.asarray(tai_ns, np.int64))
    row = _row(known.changes_tai_ns, times, "TAI")
    since_1970 = times - known.offsets_ns[row]
    next_change = np.append(known.instants_ns[1:], _NEVER)[row]
    day = np.minimum(since_1970, next_change - 1) // NS_PER_DAY  # a leap second stays in the day that it ends
    return day, since_1970 - day * NS_PER_DAY


def from_utc_day(day: Any, ns_of_day: Any, table: LeapTable | None = None) -> NDArray[np.int64]:
    """Return ``tai_ns`` (n,) of days since 1970-01-01 UTC and nanoseconds since the beginning of the day.

    Raises ClockError before 1972 and where a day is not as long as that: 86 400 s, one more where a leap second ends
    it, one less where a negative one does.
    """
    known = table or leap_table()
    days, rest_ns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, np.int64)) for one in (day, ns_of_day)))
    begin, end = (known.offsets_ns[_row(known.instants_ns, (days + k) * NS_PER_DAY, "UTC")] for k in (0, 1))
    length = NS_PER_DAY + end - begin
    wrong = (rest_ns < 0) | (rest_ns >= length)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ClockError(
            f"UTC: got {int(rest_ns[at])} ns in day {int(days[at])} since 1970, wanted 0 to {int(length[at]) - 1} ns "
            "by the table of leap seconds"
        )
    return np.asarray(days * NS_PER_DAY + begin + rest_ns, np.int64)


def _row(changes_ns: NDArray[np.int64], times: NDArray[np.int64], scale: str) -> NDArray[np.intp]:
    """Return the row of the table that holds at each time."""
    row = np.searchsorted(changes_ns, times, side="right") - 1
    if np.any(row < 0):
        wanted = "one that the leap table covers"
        raise ClockError(f"{scale}: got a time before 1972 ({int(times.min())} ns), wanted {wanted}")
    return np.asarray(row)


def _plain(moved: NDArray[np.int64]) -> Any:
    return int(moved) if moved.ndim == 0 else moved
