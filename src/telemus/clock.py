"""Time: TAI in int64 nanoseconds, UTC at the doors, and the on-board clock through its correlation.

``tai_ns`` counts nanoseconds of TAI since 1970-01-01T00:00:00 TAI. ``utc_ns`` counts nanoseconds since
1970-01-01T00:00:00 UTC as POSIX does: days of 86 400 s, so a leap second shares its number with the second after
it. ``onboard_ns`` is what a recorder's own counter says, in nanoseconds since the counter's zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import ClockError

NS_PER_S = 1_000_000_000
TAI_1958_NS = -4383 * 86400 * NS_PER_S
"""1958-01-01T00:00:00 TAI, the epoch of CCSDS 301.0-B-4 (clause 3.2.2), on the scale of ``tai_ns``."""

_TABLE = Path(__file__).with_name("leap_seconds.csv")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4)
def leap_table(path: Path = _TABLE) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (UTC instants [utc_ns], TAI - UTC [ns] from there on), read from a table of dates and seconds.

    Raises ClockError, with the line, on a row that is not a date and a whole number in rising order.
    """
    instants, offsets = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith(("#", "utc_date")):
            continue
        date, _, seconds = line.partition(",")
        try:
            instants.append(round(datetime.fromisoformat(date + "T00:00:00+00:00").timestamp()) * NS_PER_S)
            offsets.append(int(seconds) * NS_PER_S)
        except ValueError as error:
            raise ClockError(
                f"{path}, line {number}: got {line!r}, wanted a date, a comma and whole seconds"
            ) from error
        if len(instants) > 1 and instants[-1] <= instants[-2]:
            raise ClockError(f"{path}, line {number}: got {date}, wanted a date after the one before it")
    if not instants:
        raise ClockError(f"{path}: got no row, wanted at least one date with its TAI - UTC")
    return np.array(instants, np.int64), np.array(offsets, np.int64)


def utc_to_tai(utc_ns: Any) -> Any:
    """Return ``tai_ns`` of ``utc_ns`` (scalar or array of int64).

    Raises ClockError before 1972, where the table begins.

    >>> (utc_to_tai(1_483_228_800 * NS_PER_S) - 1_483_228_800 * NS_PER_S) // NS_PER_S  # 2017-01-01
    37
    """
    instants, offsets = leap_table()
    times = np.asarray(utc_ns, np.int64)
    row = np.searchsorted(instants, times, side="right") - 1
    if np.any(row < 0):
        raise ClockError(f"UTC: got a time before 1972 ({int(times.min())} ns), wanted one that the leap table covers")
    moved = times + offsets[row]
    return int(moved) if moved.ndim == 0 else moved


def tai_to_utc(tai_ns: Any) -> Any:
    """Return ``utc_ns`` of ``tai_ns`` (scalar or array of int64); a leap second maps onto the second after it.

    Raises ClockError before 1972.
    """
    instants, offsets = leap_table()
    times = np.asarray(tai_ns, np.int64)
    # an instant of the table is reached one leap second early on the TAI side: 23:59:60 belongs to the old offset
    row = np.searchsorted(instants + offsets, times, side="right") - 1
    if np.any(row < 0):
        raise ClockError(f"TAI: got a time before 1972 ({int(times.min())} ns), wanted one that the leap table covers")
    moved = times - offsets[row]
    return int(moved) if moved.ndim == 0 else moved


def parse_utc(text: str) -> int:
    """Return ``tai_ns`` of an ISO 8601 time with a zone ("2013-04-19T10:00:00Z").

    Raises ClockError where the text is no time or states no zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClockError(f"time: got {text!r}, wanted ISO 8601 such as 2013-04-19T10:00:00Z") from error
    if moment.tzinfo is None:
        raise ClockError(f"time: got {text!r} without a zone, wanted one such as 2013-04-19T10:00:00Z")
    since = moment - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return int(utc_to_tai(microseconds * 1000))


def format_utc(tai_ns: int, *, decimals: int = 3) -> str:
    """Return a time as ISO 8601 UTC with 0 to 9 decimals, cut, not rounded.

    >>> format_utc(parse_utc("2013-04-19T10:00:00.25Z"))
    '2013-04-19T10:00:00.250Z'
    """
    seconds, rest = divmod(tai_to_utc(int(tai_ns)), NS_PER_S)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}"[: 20 + decimals] + "Z" if decimals else f"{text}Z"


@dataclass(frozen=True)
class Correlation:
    """The on-board clock against TAI, piecewise linear between knots.

    ``onboard_ns`` and ``tai_ns`` (n,) int64, both ascending. Between two knots the line through them holds; before
    the first and after the last, the line of the nearest pair. Steps, resets and rollovers are not bridged: the
    recorder's counter is unwrapped into one ascending count before it comes here, with one ``Correlation`` per
    stretch between steps.
    """

    onboard_ns: NDArray[np.int64]
    tai_ns: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.onboard_ns) < 2 or len(self.onboard_ns) != len(self.tai_ns):
            raise ClockError(
                f"correlation: got {len(self.onboard_ns)} on-board and {len(self.tai_ns)} TAI times, "
                "wanted two or more pairs"
            )
        if np.any(np.diff(self.onboard_ns) <= 0) or np.any(np.diff(self.tai_ns) <= 0):
            raise ClockError(
                "correlation: got knots that stand still or go back, wanted ascending times on both scales"
            )

    @classmethod
    def through(cls, pairs: Sequence[tuple[int, int]]) -> Correlation:
        """Return the correlation through (onboard_ns, tai_ns) pairs in ascending order."""
        table = np.asarray(pairs, np.int64).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy())

    def to_tai(self, onboard_ns: Any) -> Any:
        """Return ``tai_ns`` of on-board times (scalar or array of int64), to the nanosecond.

        The long part is carried in integers; only the distance to a knot, times the drift, passes through a float.

        >>> Correlation.through([(0, 5), (1000, 1006)]).to_tai(500)
        506
        """
        times = np.asarray(onboard_ns, np.int64)
        row = np.clip(np.searchsorted(self.onboard_ns, times, side="right") - 1, 0, len(self.onboard_ns) - 2)
        run = self.onboard_ns[row + 1] - self.onboard_ns[row]
        rise = self.tai_ns[row + 1] - self.tai_ns[row]
        since = times - self.onboard_ns[row]
        correction = np.floor(since.astype(np.float64) * ((rise - run) / run) + 0.5).astype(np.int64)
        moved = self.tai_ns[row] + since + correction
        return int(moved) if moved.ndim == 0 else moved

    @property
    def drift_ppm(self) -> float:
        """Return how much slower than TAI the on-board clock ran over all knots [1e-6]."""
        run = int(self.onboard_ns[-1] - self.onboard_ns[0])
        return (int(self.tai_ns[-1] - self.tai_ns[0]) - run) / run * 1e6
