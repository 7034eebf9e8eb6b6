"""The table of leap seconds: one that ships, and one that may take its place when the IERS announces another second.

The variable TELEMUS_LEAP_SECONDS, which the setting ``leap_seconds`` sets, names the table to be used in place of the
one that ships. Two formats are read: ours (``utc_date,tai_minus_utc_s``) and ``leap-seconds.list`` of the IERS, which
counts seconds since 1900 and carries its date of expiry and a SHA-1 of its numbers.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telemus.errors import ClockError

TABLE_VARIABLE = "TELEMUS_LEAP_SECONDS"
"""Environment variable that names the table in use; processes that this one starts inherit it."""
_SHIPPED = Path(__file__).with_name("leap_seconds.csv")
_NS_PER_S = 1_000_000_000
_S_1900_TO_1970 = 2_208_988_800
"""Seconds from the epoch of leap-seconds.list, 1900-01-01, to 1970-01-01."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_Row = tuple[int, int, int, str]


@dataclass(frozen=True, eq=False)
class LeapTable:
    """UTC instants (n,) [utc_ns] and TAI - UTC (n,) [ns] that holds from each on; end of validity [utc_ns], source."""

    instants_ns: NDArray[np.int64]
    offsets_ns: NDArray[np.int64]
    expires_utc_ns: int | None
    source: str

    @property
    def changes_tai_ns(self) -> NDArray[np.int64]:
        """Return the instants [tai_ns] at which each offset begins to hold."""
        return self.instants_ns + self.offsets_ns

    def expired(self, utc_ns: int) -> bool:
        """Return whether nobody has said yet if a leap second comes before an instant; False where no date is told."""
        return self.expires_utc_ns is not None and utc_ns >= self.expires_utc_ns


def leap_table() -> LeapTable:
    """Return the table in use. Raises ClockError on one that cannot be read, or whose rows are wrong."""
    named = os.environ.get(TABLE_VARIABLE)
    return read_leap_table(Path(named) if named else _SHIPPED)


@lru_cache(maxsize=4)
def read_leap_table(path: Path) -> LeapTable:
    """Read a table of leap seconds, in our format or that of the IERS.

    Raises ClockError, with the line, on a row that is not a time and whole seconds in rising order, or whose step is
    not the one second, added or left out, that UTC knows (ITU-R TF.460-6, annex 1, 2.1); and where the SHA-1 of
    leap-seconds.list differs from its numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ClockError(f"{path}: got {error}, wanted a table of leap seconds") from error
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1) if _is_row(line)]
    if not rows:
        raise ClockError(f"{path}: got no row, wanted at least one date with its TAI - UTC")
    for before, (number, utc_s, offset_s, line) in pairwise(rows):
        if utc_s <= before[1]:
            raise ClockError(f"{path}, line {number}: got {line}, wanted a date after the one before it")
        if abs(offset_s - before[2]) != 1:
            raise ClockError(f"{path}, line {number}: got a step from {before[2]} to {offset_s} s, wanted one second")
    _check_sha1(path, lines)
    seconds = np.array([row[1:3] for row in rows], np.int64)
    return LeapTable(seconds[:, 0] * _NS_PER_S, seconds[:, 1] * _NS_PER_S, _expiry(lines), str(path))


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "utc_date"))


def _row(path: Path, number: int, line: str) -> _Row:
    """Return (line number, utc [s], TAI - UTC [s], line) of one row of either format."""
    content = line.partition("#")[0].replace(",", " ").split()
    try:
        when, offset = content
        since_1970 = _day_s(when) if "-" in when else int(when) - _S_1900_TO_1970
        if since_1970 % 86_400:
            raise ValueError(when)
        return number, since_1970, int(offset), line.strip()
    except ValueError as error:
        wanted = "midnight of a date (or its seconds since 1900) and whole seconds"
        raise ClockError(f"{path}, line {number}: got {line!r}, wanted {wanted}") from error


def _day_s(text: str) -> int:
    return (date.fromisoformat(text).toordinal() - _EPOCH_DAY) * 86_400


def _expiry(lines: list[str]) -> int | None:
    """Return the end of validity [utc_ns] that a table tells, None where it tells none."""
    for line in lines:
        if found := re.match(r"#@\s*(\d+)", line):
            return (int(found[1]) - _S_1900_TO_1970) * _NS_PER_S
        if found := re.match(r"#\s*expires\s+(\d{4}-\d\d-\d\d)\s*$", line):
            return _day_s(found[1]) * _NS_PER_S
    return None


def _check_sha1(path: Path, lines: list[str]) -> None:
    """Compare the line ``#h`` with the SHA-1 of the digits of last update, expiry and rows; nothing without the line.

    The five words of the line are written without their leading zeros.
    """
    told = next((line[2:].split() for line in lines if line.startswith("#h")), None)
    if told is None:
        return
    marked = [line[2:] for mark in ("#$", "#@") for line in lines if line.startswith(mark)]
    digits = "".join("".join(one.partition("#")[0].split()) for one in [*marked, *filter(_is_row, lines)])
    found = hashlib.sha1(digits.encode(), usedforsecurity=False).hexdigest()
    if "".join(word.rjust(8, "0") for word in told) != found:
        raise ClockError(f"{path}: got numbers with the SHA-1 {found}, wanted {' '.join(told)} as its last line says")
