"""UTC as text: ISO 8601 with a zone, calendar date or day of the year, leap seconds by their own name 23:59:60."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np

from telemus.clock.exact import rounded_half_even
from telemus.clock.leap_seconds import LeapTable
from telemus.clock.scales import NS_PER_DAY, NS_PER_S, from_utc_day, utc_day
from telemus.errors import ClockError

_TEXT = re.compile(
    r"(\d{4})-(?:(\d\d)-(\d\d)|(\d{3}))[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_EPOCH = date(1970, 1, 1)
_DIGITS = 18
"""Digits of a fraction of a second that count in rounding; a later one can only break a tie."""


def parse_utc(text: str, table: LeapTable | None = None) -> int:
    """Return ``tai_ns`` of an ISO 8601 time with a zone ("2013-04-19T10:00:00Z", "2013-109T10:00:00+00:00").

    A fraction finer than 1 ns is rounded to the nearest, a tie to the even one. A leap second is written 23:59:60 in
    UTC. Raises ClockError where the text is no time or states no zone, on a second that its minute does not have, and
    outside 1972 to 2261.

    >>> parse_utc("2016-12-31T23:59:60.5Z") - parse_utc("2016-12-31T23:59:59Z")
    1500000000
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ClockError(f"time: got {text!r}, wanted ISO 8601 such as 2013-04-19T10:00:00Z")
    year, month, day, of_year, hour, minute, second, fraction, zone = found.groups()
    if zone is None:
        raise ClockError(f"time: got {text!r} without a zone, wanted one such as 2013-04-19T10:00:00Z")
    try:
        days = _days(int(year), of_year, month, day)
    except ValueError as error:
        raise ClockError(f"time: got {text!r}, wanted a date of the calendar ({error})") from error
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        raise ClockError(f"time: got {text!r}, wanted hours to 23, minutes to 59 and seconds to 59, or a leap second")
    if not 1972 <= int(year) <= 2261:
        raise ClockError(f"time: got {text!r}, wanted a time from 1972, where the leap table begins, to 2261")
    minutes = days * 1440 + int(hour) * 60 + int(minute) - _zone_min(zone)
    day_utc, minute_of_day = divmod(minutes, 1440)
    second_of_day = minute_of_day * 60 + int(second or 0)
    if int(second or 0) == 60 and minute_of_day != 1439:
        raise ClockError(f"time: got {text!r}, wanted seconds to 59; a leap second is 23:59:60 in UTC")
    try:
        whole = from_utc_day(day_utc, second_of_day * NS_PER_S, table)
    except ClockError as error:
        raise ClockError(f"time: got {text!r}, wanted a second that this day has ({error})") from error
    return int(whole[0]) + _fraction_ns(fraction or "")


def _days(year: int, of_year: str | None, month: str, day: str) -> int:
    """Return days since 1970-01-01 of a calendar date, or of a day of the year. Raises ValueError where it is none."""
    if of_year is None:
        return (date(year, int(month), int(day)) - _EPOCH).days
    found = date(year, 1, 1) + timedelta(days=int(of_year) - 1)
    if found.year != year:
        raise ValueError(f"day {of_year} of {year}")
    return (found - _EPOCH).days


def _zone_min(zone: str) -> int:
    if zone == "Z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)


def _fraction_ns(digits: str) -> int:
    """Return a decimal fraction of a second [ns], rounded half to even."""
    kept = digits[:_DIGITS].ljust(_DIGITS, "0")
    if digits[_DIGITS:].strip("0") and kept[9:] == "5" + "0" * 8:
        return int(kept[:9]) + 1
    return int(rounded_half_even(int(kept), 1, 10 ** (_DIGITS - 9))[0])


def format_utc(tai_ns: int, *, decimals: int = 3, day_of_year: bool = False, table: LeapTable | None = None) -> str:
    """Return a time as ISO 8601 UTC with 0 to 9 decimals, cut, not rounded; a leap second is 23:59:60.

    Raises ClockError before 1972.

    >>> format_utc(parse_utc("2013-04-19T10:00:00.25Z"))
    '2013-04-19T10:00:00.250Z'
    >>> format_utc(parse_utc("2017-01-01T00:00:00Z") - 1, decimals=9)
    '2016-12-31T23:59:60.999999999Z'
    """
    days, ns_of_day = (int(one[0]) for one in utc_day(np.int64(tai_ns), table))
    seconds, rest_ns = divmod(ns_of_day, NS_PER_S)
    leap = max(ns_of_day - NS_PER_DAY + NS_PER_S, 0) // NS_PER_S  # 1 in a leap second, which ends minute 23:59
    hour, minute = divmod((seconds - leap) // 60, 60)
    day = _EPOCH + timedelta(days=days)
    shown = day.strftime("%Y-%j" if day_of_year else "%Y-%m-%d")
    text = f"{shown}T{hour:02d}:{minute:02d}:{seconds - (hour * 60 + minute) * 60:02d}"
    return f"{text}.{rest_ns:09d}"[: len(text) + 1 + decimals] + "Z" if decimals else f"{text}Z"
