"""The calendar segmented code, CCS (301.0-B-4 clause 3.4): UTC date and time of day in binary-coded decimals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_DAY, NS_PER_S, rounded_half_even
from telemus.errors import ClockError

Octets = NDArray[np.uint8]


def read_segments(octets: Octets, sub_octets: int, *, day_of_year: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (days since 1970-01-01 UTC, nanoseconds of the day) of T-fields (n, 7 + sub_octets).

    Hundredths and what is below them are rounded half to even where they pass 1 ns. Raises ClockError on a digit above
    9, and on a month, day, hour, minute or second that there is not; a leap second is second 60 of 23:59.
    """
    digits = np.stack([octets >> 4, octets & 15], axis=2).reshape(len(octets), -1).astype(np.int64)
    if digits.size and digits.max() > 9:
        row = int(np.argmax((digits > 9).any(axis=1)))
        raise ClockError(f"CCS: got {octets[row].tobytes().hex()}, wanted binary-coded decimals")
    year = _number(digits[:, :4])
    days = _days_of(year, digits[:, 4:8], day_of_year=day_of_year)
    hour, minute, second = (_number(digits[:, at : at + 2]) for at in (8, 10, 12))
    leap = (second == 60) & (hour == 23) & (minute == 59)
    _require((hour < 24) & (minute < 60) & ((second < 60) | leap), octets, "a time of day")
    whole = ((hour * 60 + minute) * 60 + second) * NS_PER_S
    below = _number(digits[:, 14:])
    return days, whole + rounded_half_even(below, NS_PER_S, 100**sub_octets)


def write_segments(
    days: NDArray[np.int64], ns_of_day: NDArray[np.int64], sub_octets: int, *, day_of_year: bool
) -> Octets:
    """Return T-fields (n, 7 + sub_octets) of days since 1970-01-01 UTC and nanoseconds of the day; cut, not rounded."""
    dates = days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    seconds, rest_ns = np.divmod(ns_of_day, NS_PER_S)
    leap = (ns_of_day >= NS_PER_DAY).astype(np.int64)  # minute 23:59 has 61 s then
    minutes = (seconds - leap) // 60
    parts = [_digits(years.astype(np.int64) + 1970, 4)]
    if day_of_year:
        parts.append(_digits((dates - years).astype(np.int64) + 1, 4))
    else:
        months = dates.astype("datetime64[M]")
        parts += [_digits((months - years).astype(np.int64) + 1, 2), _digits((dates - months).astype(np.int64) + 1, 2)]
    parts += [_digits(minutes // 60, 2), _digits(minutes % 60, 2), _digits(seconds - minutes * 60, 2)]
    below = _digits(rest_ns * 1000, 12)[:, : 2 * sub_octets]  # picoseconds: 10**-12 s is the finest (clause 3.4.1)
    digits = np.concatenate([*parts, below], axis=1)
    return np.asarray(digits[:, 0::2] << 4 | digits[:, 1::2], np.uint8)


def _days_of(year: NDArray[np.int64], digits: NDArray[np.int64], *, day_of_year: bool) -> NDArray[np.int64]:
    """Return days since 1970-01-01 of a year and the four digits of month and day, or of the day of the year."""
    years = (year - 1970).astype("datetime64[Y]")
    if day_of_year:
        first, count = years.astype("datetime64[D]"), _number(digits)
        length = ((years + 1).astype("datetime64[D]") - first).astype(np.int64)
    else:
        month, count = _number(digits[:, :2]), _number(digits[:, 2:])
        _require((month >= 1) & (month <= 12), digits, "a month")
        months = years.astype("datetime64[M]") + (month - 1)
        first = months.astype("datetime64[D]")
        length = ((months + 1).astype("datetime64[D]") - first).astype(np.int64)
    _require((count >= 1) & (count <= length), digits, "a day of the calendar")
    return np.asarray(first.astype(np.int64) + count - 1, np.int64)


def _require(good: NDArray[np.bool_], rows: NDArray[np.generic], wanted: str) -> None:
    if not good.all():
        raise ClockError(f"CCS: got {rows[int(np.argmin(good))].tolist()}, wanted {wanted}")


def _number(digits: NDArray[np.int64]) -> NDArray[np.int64]:
    powers = 10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    return np.asarray(digits @ powers, np.int64)


def _digits(number: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    powers = 10 ** np.arange(count - 1, -1, -1, dtype=np.int64)
    return np.asarray(number[:, None] // powers % 10, np.int64)
