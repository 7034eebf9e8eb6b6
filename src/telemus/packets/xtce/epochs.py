"""Know the epochs of XTCE (660.0-B-2, EpochType), as calendar readings and as instants of TAI.

TAI     1958-01-01T00:00:00 TAI (CCSDS 301.0-B-4, 3.2.2); seconds of TAI since
GPS     1980-01-06T00:00:00 UTC, 19 s behind TAI; seconds since, without leap seconds
J2000   2000-01-01T12:00:00 TT, 32.184 s ahead of TAI; seconds since, without leap seconds
UNIX    1970-01-01T00:00:00 UTC; days of 86 400 s, so that leap seconds come from the table of ``clock``
a date  of UTC (another zone if it says so); seconds since, leap seconds counted. 1970-01-01T00:00:00 is UNIX, and
a date before 1972, where leap seconds begin, is one of TAI
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from telemus.clock import TAI_1958_NS, utc_to_tai
from telemus.errors import ClockError

_CALENDAR = {"TAI": "1958-01-01", "J2000": "2000-01-01T12:00:00", "UNIX": "1970-01-01", "GPS": "1980-01-06"}
_NAMED_TAI_NS = {
    "TAI": TAI_1958_NS,
    "GPS": 315_964_819_000_000_000,
    "J2000": 946_727_967_816_000_000,  # 11:59:27.816 TAI
    "UNIX": 0,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_LEAP = datetime(1972, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def reading_of(epoch: str) -> int | None:
    """Return the calendar reading of an epoch [ns since 1970, days of 86 400 s], None if it is none.

    >>> reading_of("GPS")
    315964800000000000
    """
    try:
        when = datetime.fromisoformat(_CALENDAR.get(epoch, epoch))
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000


def is_posix(epoch: str) -> bool:
    """Return whether times since an epoch skip leap seconds as POSIX does."""
    return reading_of(epoch) == 0


@lru_cache(maxsize=64)
def anchor_of(epoch: str) -> int | None:
    """Return the instant of an epoch on the scale of ``tai_ns``, 0 for UNIX, None if there is none.

    >>> anchor_of("GPS"), anchor_of("2017-01-01T00:00:00Z")
    (315964819000000000, 1483228837000000000)
    """
    reading = reading_of(epoch)
    if epoch in _NAMED_TAI_NS or reading is None:
        return _NAMED_TAI_NS.get(epoch)
    if _EPOCH + timedelta(microseconds=reading // 1000) < _FIRST_LEAP:
        return reading
    try:
        return int(utc_to_tai(reading))
    except ClockError:
        return None
