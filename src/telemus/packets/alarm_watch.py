"""Follow the alarms of a stream or of an archive from table to table: levels that count, and an event at each change.

A table carries the plan that it was decoded with, and so the alarms that were valid then: live and historical data are
judged by the same call, each by its own definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.packets.alarms import Judged, Levels, Tail, alarms_of, judge, times_of_values
from telemus.packets.columns import Ragged
from telemus.packets.decode import DecodedTable
from telemus.packets.layout import Field
from telemus.packets.told import told_column
from telemus.packets.xtce.alarms import LEVELS
from telemus.packets.xtce.model import Alarm, AlarmRange


class AlarmEvent(NamedTuple):
    """A change of a parameter's level: where it was seen, from what to what, the value and the limit it broke.

    ``time_ns`` is the packet's, None if it has none. ``number`` is the value as a float, None for text. ``limit`` is
    that of the level seen, as text; empty on the way back to normal. ``definition_sha256`` is the hash of the
    definition whose alarms these are.
    """

    container: str
    parameter: str
    packet_offset: int
    time_ns: int | None
    before: str
    level: str
    value: str
    number: float | None
    limit: str
    definition_sha256: str


SCHEMA = pa.schema(
    [
        ("container", pa.string()),
        ("parameter", pa.string()),
        ("packet_offset", pa.int64()),
        ("time_ns", pa.int64()),
        ("before", pa.string()),
        ("level", pa.string()),
        ("value", pa.string()),
        ("number", pa.float64()),
        ("limit", pa.string()),
        ("definition_sha256", pa.string()),
    ]
)
"""Of the ``alarms`` table: ``packet_offset`` [bytes], ``time_ns`` [ns, on-board clock unless others were given]."""


class _State:
    """What is remembered of one parameter."""

    def __init__(self) -> None:
        self.level = 0
        self.violations = 0
        self.conformances = 0
        self.tail = Tail()

    def settle(self, judged: Judged, alarms: tuple[Alarm, ...]) -> Levels:
        """Return the levels (n,) that count, given how often in a row each alarm wants to be seen or not seen."""
        if not any(one.min_violations > 1 or one.min_conformance > 1 for one in alarms):
            self.level = int(judged.levels[-1]) if judged.levels.size else self.level
            return judged.levels
        result = np.empty(judged.levels.size, np.uint8)
        flat = zip(judged.levels.tolist(), judged.applied.tolist(), strict=True)
        for place, (level, applied) in enumerate(flat):
            alarm = alarms[applied] if applied >= 0 else _NONE
            if level:
                self.violations, self.conformances = self.violations + 1, 0
                if self.level or self.violations >= alarm.min_violations:
                    self.level = level
            else:
                self.violations, self.conformances = 0, self.conformances + 1
                if self.conformances >= alarm.min_conformance:
                    self.level = 0
            result[place] = self.level
        return result


_NONE = Alarm()


class AlarmWatch:
    """Follows the alarms of tables that come one after the other; it lives as long as the stream."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], _State] = {}

    def follow(self, decoded: DecodedTable, times_ns: NDArray[np.int64] | None = None) -> list[AlarmEvent]:
        """Return an event for each change of level in a table, parameter by parameter, in order of the packets.

        ``times_ns`` (n,) are the times of the packets, by default those of the on-board clock. A value that the packet
        does not have changes nothing.
        """
        times = decoded.onboard_ns if times_ns is None else times_ns
        events: list[AlarmEvent] = []
        for field in (*decoded.plan.fields, *(one.field for one in decoded.plan.derived)):
            if alarms_of(field) and field.name in decoded.columns:
                events.extend(self._follow(decoded, field, times))
        return events

    def level(self, container: str, parameter: str) -> str:
        """Return the level of a parameter now, normal if it was never seen."""
        state = self._states.get((container, parameter))
        return LEVELS[0 if state is None else state.level]

    def _follow(self, decoded: DecodedTable, field: Field, times: NDArray[np.int64] | None) -> list[AlarmEvent]:
        state = self._states.setdefault((decoded.container, field.name), _State())
        columns, field_of = decoded.columns, decoded.plan.field_of
        told = told_column(field, columns, field_of)
        values = told.values if isinstance(told, Ragged) else told
        judged = judge(field, columns, field_of, times, state.tail)
        there = ~np.ma.getmaskarray(values).reshape(-1)
        flat = np.ma.getdata(values).reshape(-1)[there]
        seen = Judged(judged.levels.reshape(-1)[there], judged.applied.reshape(-1)[there])
        first = state.level
        levels = state.settle(seen, alarms_of(field))
        moments = times_of_values(columns[field.name], values.shape, times)
        when = None if moments is None else np.asarray(moments).reshape(-1)[there]
        state.tail = _longer(state.tail, field, flat, when)
        rows = _rows_of(told)[there]
        before = np.concatenate([[first], levels[:-1]]) if levels.size else levels
        return [
            AlarmEvent(
                decoded.container,
                field.name,
                int(decoded.packet_offset[rows[place]]),
                None if times is None else int(times[rows[place]]),
                LEVELS[before[place]],
                LEVELS[levels[place]],
                str(flat[place]),
                float(flat[place]) if flat.dtype.kind in "iuf" else None,
                limit_of(alarms_of(field), int(seen.applied[place]), LEVELS[levels[place]]),
                decoded.plan.digest,
            )
            for place in np.flatnonzero(levels != before).tolist()
        ]


def alarm_events(tables: Iterable[DecodedTable]) -> list[AlarmEvent]:
    """Return every change of level in tables that follow each other, all judged by the plans they were decoded with."""
    watch = AlarmWatch()
    return [event for decoded in tables for event in watch.follow(decoded)]


def alarm_table(events: Iterable[AlarmEvent]) -> pa.Table:
    """Return events as an Arrow table of ``SCHEMA``."""
    return pa.Table.from_pylist([one._asdict() for one in events], schema=SCHEMA)


def limit_of(alarms: tuple[Alarm, ...], applied: int, level: str) -> str:
    """Return what raises a level, as text: ranges, changes, labels, patterns; empty for normal."""
    if applied < 0 or level == LEVELS[0]:
        return ""
    alarm = alarms[applied]
    said = [_range_text(one) for one in alarm.ranges if one.level == level]
    if alarm.change is not None:
        per = "per second" if alarm.change.per_second else f"over {alarm.change.samples} samples"
        unit = " %" if alarm.change.percent else ""
        said += [f"change{unit} {per} {_range_text(one)}" for one in alarm.change.ranges if one.level == level]
    said += [f"is {label}" for label, its in alarm.labels if its == level]
    said += [f"matches {pattern}" for pattern, its in alarm.patterns if its == level]
    said += ["condition" for its, _ in alarm.conditions if its == level]
    return " or ".join(said) or "any other value"


def _range_text(one: AlarmRange) -> str:
    low, high, low_closed, high_closed = one.interval
    form = "inside" if one.inside else "outside"
    return f"{form} {'[' if low_closed else '('}{low:g}, {high:g}{']' if high_closed else ')'}"


def _rows_of(column: Any) -> NDArray[np.int64]:
    """Return the packet of each value."""
    if isinstance(column, Ragged):
        return np.repeat(np.arange(column.offsets.size - 1), np.diff(column.offsets))
    count = int(np.prod(column.shape[1:]))
    return np.repeat(np.arange(column.shape[0]), count)


def _longer(tail: Tail, field: Field, values: NDArray[Any], times: NDArray[np.int64] | None) -> Tail:
    """Return the tail with new values, no longer than the changes that are judged reach back."""
    spans = [one.change for one in alarms_of(field) if one.change is not None]
    if not spans or values.dtype.kind not in "iuf":
        return tail
    when = np.zeros(values.size, np.int64) if times is None else times
    values = np.concatenate([tail.values, values.astype(np.float64)])
    when = np.concatenate([tail.times_ns, when])
    keep = max(one.samples for one in spans)
    reach_ns = max(round(one.seconds * 1e9) for one in spans)
    if times is not None and when.size:
        ascending = np.maximum.accumulate(when)
        keep = max(keep, when.size - int(np.searchsorted(ascending, ascending[-1] - reach_ns, side="right")) + 1)
    return Tail(values[-keep:], when[-keep:])
