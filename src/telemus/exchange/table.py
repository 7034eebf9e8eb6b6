"""Makes channels of a table's columns: which column is the time, what the rate is, which columns are signals.

CSV and Parquet share this. The columns arrive through a function, so that only those that are chosen are ever parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, utc_to_tai
from telemus.errors import ClockError, FormatError, SignalError, UnitError
from telemus.exchange.arrow_columns import NO_TIME
from telemus.exchange.column_names import is_running_number, is_since_1970
from telemus.exchange.marks import mark_missing
from telemus.exchange.recording import Source
from telemus.exchange.time_axis import Axis, segments_of
from telemus.series import Samples, Segment
from telemus.units import unit_of

_MOST_UNTIMED_SHARE = 0.1
_SINCE_1970_S = 1e8  # elapsed seconds stay below (three years); seconds since 1970 are above from 1973 on
_SLOWEST_GUESS_S = 0.5  # a bare "time" that advances by whole numbers of at least this is as likely samples or ms


class Column(NamedTuple):
    """A column of a table: heading, unit ("" where none is stated), kind: number, moment, zoned (int64 ns) or clock."""

    name: str
    unit: str
    kind: str


class TimeColumn(NamedTuple):
    """The column that holds the time, and the unit it is to be read in ("" where it must be guessed)."""

    place: int
    unit: str


Parse = Callable[[Mapping[int, str]], dict[int, NDArray[Any]]]
"""Parses columns: from {place: kind} to {place: float64 values, or int64 [ns] for times}."""


class Table:
    """A table being read: parsed columns and the time axis are kept until the channels are made."""

    def __init__(
        self, path: Path, columns: Sequence[Column], time: TimeColumn | None, rate_hz: float | None, parse: Parse
    ):
        self.path, self.columns, self.time, self.rate_hz = path, columns, time, rate_hz
        self._parse = parse
        self._parsed: dict[int, NDArray[Any]] = {}
        self._axis: Axis | None = None
        self._timed: NDArray[np.bool_] | None = None  # rows that have a time; None where all do
        self.start_tai_ns: int | None = None
        self.notes: list[str] = []

    def prepare(self, places: Sequence[int]) -> None:
        """Parse columns in one pass over the file, those that were parsed before excepted."""
        wanted = {place: self.columns[place].kind for place in places if place not in self._parsed}
        if self.time is not None and self.rate_hz is None and self.time.place not in self._parsed:
            wanted[self.time.place] = self.columns[self.time.place].kind
        if wanted:
            self._parsed.update(self._parse(wanted))

    def prepare_all(self, places: Sequence[int], chosen: Sequence[int], notes: Sequence[str]) -> int | None:
        """Parse the chosen channels and the time in one pass; return the start [ns TAI] that the times state, or None.

        ``places`` are the columns of the channels, ``chosen`` indexes into them; ``notes`` of the parser join the
        table's.
        """
        self.prepare([places[index] for index in chosen])
        self.notes.extend(notes)
        for index in chosen:
            self.axis(len(self._parsed[places[index]]))
        return self.start_tai_ns

    def axis(self, count: int) -> Axis:
        """Return the segments of all rows; made once."""
        if self._axis is None:
            self._axis = self._from_rate(count) if self.time is None or self.rate_hz is not None else self._from_times()
        return self._axis

    def _from_rate(self, count: int) -> Axis:
        if self.rate_hz is None:
            raise FormatError(
                "got no time column and no rate, wanted either: give the rate with --rate HZ", path=self.path
            )
        return Axis((Segment(0, NS_PER_S / Fraction(self.rate_hz).limit_denominator(10**9), count),), 0.0)

    def _from_times(self) -> Axis:
        """Return the segments of the time column, with the start where its times are dates."""
        if self.time is None:
            raise FormatError("got no time column, wanted one", path=self.path)
        column = self.columns[self.time.place]
        values = self._with_time(column, self._parsed[self.time.place])
        times_ns, absolute = self._nanoseconds(column, values)
        if len(times_ns) and absolute:
            self.start_tai_ns = int(times_ns[0])
        try:
            axis = segments_of(times_ns)
        except SignalError as error:
            raise FormatError(
                f"time column {column.name!r}: {error}; --rate HZ takes the rows as evenly spaced", path=self.path
            ) from error
        if len(axis.segments) > 1:
            self.notes.append(f"{len(axis.segments) - 1} gaps in the time column {column.name!r}")
        return axis

    def _with_time(self, column: Column, values: NDArray[Any]) -> NDArray[Any]:
        """Return the times that are there; a row without one cannot be placed and is left out, if they are few."""
        timed = np.isfinite(values) if values.dtype.kind == "f" else values != NO_TIME
        missing = np.flatnonzero(~timed)
        if len(missing) == 0:
            return values
        said = f"time column {column.name!r}: {len(missing)} of {len(values)} rows have no time"
        said += f" (first: row {missing[0] + 1})"
        if len(missing) > _MOST_UNTIMED_SHARE * len(values):
            raise FormatError(f"{said}, wanted one in each; --rate HZ takes the rows as evenly spaced", path=self.path)
        self.notes.append(f"{said} and were left out")
        self._timed = timed
        return np.asarray(values[timed])

    def _nanoseconds(self, column: Column, values: NDArray[Any]) -> tuple[NDArray[np.int64], bool]:
        """Return times [ns] and whether they are dates."""
        if column.kind == "clock":
            days = np.cumsum(np.concatenate([[0], np.diff(values) < -43_200 * NS_PER_S]))
            return values + days * (86_400 * NS_PER_S) - values[:1], False
        if column.kind in ("moment", "zoned"):
            if column.kind == "moment":
                self.notes.append(f"times in {column.name!r} have no zone: taken as UTC")
            return self._since_1970(values), True
        return self._from_numbers(column, values)

    def _from_numbers(self, column: Column, values: NDArray[Any]) -> tuple[NDArray[np.int64], bool]:
        unit = self.time.unit if self.time is not None else ""
        if not unit:
            unit = "s"
            steps = np.diff(values[:1000])
            step = float(np.median(steps)) if len(steps) else 0.0
            if step >= _SLOWEST_GUESS_S and np.all(steps == np.rint(steps)):
                raise UnitError(
                    f"{self.path}: time column {column.name!r}: got no unit and steps of {step:g}, which may be "
                    f"seconds, ms or samples; state it with --unit {column.name}=s (or ms), or give --rate HZ"
                )
            self.notes.append(f"time column {column.name!r} states no unit: taken as seconds")
        scale = unit_of(unit).factor * 1e9
        if len(values) and not float(np.abs(values).max()) * scale < 4e18:
            raise FormatError(f"time column {column.name!r}: got times beyond 126 years in {unit}", path=self.path)
        absolute = len(values) > 0 and float(values[0]) * scale / 1e9 > _SINCE_1970_S
        whole = np.floor(values)
        times_ns = whole.astype(np.int64) * round(scale) if scale >= 1 else np.zeros(len(values), np.int64)
        rest = (values - whole) * scale if scale >= 1 else values * scale
        times_ns = times_ns + np.rint(rest).astype(np.int64)
        if absolute or is_since_1970(column.name):
            return self._since_1970(times_ns), True
        return times_ns, False

    def _since_1970(self, utc_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        try:
            return np.asarray(utc_to_tai(utc_ns), np.int64)
        except ClockError as error:
            raise FormatError(f"time column: {error}", path=self.path) from error

    def load(self, place: int) -> tuple[Samples, tuple[str, ...]]:
        """Return one column as samples in its own unit."""
        self.prepare([place])
        values = self._parsed.pop(place)
        axis = self.axis(len(values))
        values = values if self._timed is None else values[self._timed]
        return Samples(axis.segments, values, mark_missing(values), self.columns[place].unit), tuple(self.notes)


def find_time(
    columns: Sequence[Column], time_units: Sequence[str | None], stated: Mapping[str, str]
) -> TimeColumn | None:
    """Return the column of time: one of dates, else one named so; ``stated`` units (by name) win.

    ``time_units`` holds for each column what column_names.time_unit says of its heading.
    """
    for place, column in enumerate(columns):
        if column.kind != "number":
            return TimeColumn(place, "")
    for place, (column, unit) in enumerate(zip(columns, time_units, strict=True)):
        said = stated.get(column.name, "")
        if said and unit_of(said).dimension == "time":
            return TimeColumn(place, said)
        if unit is not None:
            return TimeColumn(place, unit or column.unit)
    return None


def signal_places(columns: Sequence[Column], time: TimeColumn | None) -> list[int]:
    """Return the places of the columns that may be signals: neither times nor running numbers."""
    return [
        place
        for place, column in enumerate(columns)
        if column.kind == "number"
        and (time is None or place != time.place)
        and not (is_running_number(column.name) and not column.unit)
    ]


def sources_of(table: Table, places: Sequence[int]) -> tuple[Source, ...]:
    """Return the signal columns as channels; rate and count are known once they are loaded."""
    return tuple(
        Source(table.columns[place].name, table.columns[place].unit, table.rate_hz, None, partial(table.load, place))
        for place in places
    )
