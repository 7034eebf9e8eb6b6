"""Judge columns by the alarms of their parameter types: arrays of values in, arrays of levels out.

Levels are places in ``LEVELS``; 0 is normal. Of what an alarm says (ranges, change, labels, patterns, conditions) the
highest level that is raised counts. The first context alarm whose condition holds is the one that applies, else the
default one. How often in a row a level must be seen, and what came before a table, is left to ``alarm_watch``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Ragged
from telemus.packets.layout import Field
from telemus.packets.matching import holds
from telemus.packets.told import Column, FieldOf, lookup_beside, told_column
from telemus.packets.xtce.alarms import LEVELS
from telemus.packets.xtce.model import Alarm, AlarmRange, ChangeAlarm, Interval

Levels = NDArray[np.uint8]
Values = NDArray[Any]


class Tail(NamedTuple):
    """The last calibrated values of a parameter and their times [ns], which a change may be counted from."""

    values: NDArray[np.float64] = np.empty(0)
    times_ns: NDArray[np.int64] = np.empty(0, np.int64)


class Judged(NamedTuple):
    """Of each value: the level that is raised, and which alarm applied (-1 none, else its place in ``alarms_of``)."""

    levels: Levels
    applied: NDArray[np.int16]


def alarms_of(field: Field) -> tuple[Alarm, ...]:
    """Return the alarms of a field in the order in which they are asked: those of contexts, then the default one."""
    return field.type.context_alarms + ((field.type.alarm,) if field.type.alarm is not None else ())


def alarm_levels(
    field: Field, columns: Mapping[str, Column], field_of: FieldOf, times_ns: NDArray[np.int64] | None = None
) -> Levels | Ragged:
    """Return the level of each value of a field's column.

    Ranges are of calibrated values; a NaN or a value that the packet does not have is normal. ``times_ns`` (n,) are
    those of the packets; without them no change per second is judged.
    """
    levels = judge(field, columns, field_of, times_ns).levels
    column = columns[field.name]
    return Ragged(levels, column.offsets) if isinstance(column, Ragged) else levels


def judge(
    field: Field,
    columns: Mapping[str, Column],
    field_of: FieldOf,
    times_ns: NDArray[np.int64] | None = None,
    before: Tail | None = None,
) -> Judged:
    """Return the levels of each value of a field's column, and which alarm gave them.

    ``before`` are the values that came before this table.
    """
    column = columns[field.name]
    told = told_column(field, columns, field_of)
    values = told.values if isinstance(told, Ragged) else told
    levels = np.zeros(values.shape, np.uint8)
    applied = np.full(values.shape, -1, np.int16)
    free = np.ones(values.shape[0], np.bool_)
    lookup = lookup_beside(column, columns, field_of)
    for place, alarm in enumerate(alarms_of(field)):
        here = free if alarm.context is None else free & holds(alarm.context, lookup, values.shape[0])
        if here.any() and not alarm.disabled:  # a disabled one takes its values from those behind it
            raised = _judge(alarm, values)
            for level, condition in alarm.conditions:
                raised = _at_least(raised, holds(condition, lookup, values.shape[0]), level)
            if alarm.change is not None:
                moments = times_of_values(column, values.shape, times_ns)
                raised = np.maximum(raised, _judge_change(alarm.change, values, moments, before or Tail()))
            levels[here], applied[here] = raised[here], place
        free = free & ~here
    absent = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if absent is not None:
        levels[absent], applied[absent] = 0, -1
    return Judged(levels, applied)


def times_of_values(column: Column, shape: tuple[int, ...], times_ns: NDArray[np.int64] | None) -> Values | None:
    """Return the time of the packet of each value, None where the packets have none."""
    if times_ns is None:
        return None
    if isinstance(column, Ragged):
        return np.repeat(times_ns, np.diff(column.offsets))
    return np.broadcast_to(times_ns.reshape(-1, *(1,) * (len(shape) - 1)), shape)


def _at_least(levels: Levels, where: NDArray[np.bool_], level: str) -> Levels:
    floor = np.where(where, LEVELS.index(level), 0).astype(np.uint8)
    return np.maximum(levels, floor.reshape(floor.shape + (1,) * (levels.ndim - floor.ndim)))


def _judge(alarm: Alarm, values: Values) -> Levels:
    plain = np.asarray(np.ma.getdata(values))
    result = np.zeros(plain.shape, np.uint8)
    if plain.dtype.kind in "iuf":
        for one in alarm.ranges:
            result = _at_least(result, raised_by(one, plain), one.level)
    if alarm.labels or alarm.patterns or alarm.default_level != "normal":
        named = np.zeros(plain.shape, np.bool_)
        if plain.dtype.kind == "U":
            for label, level in alarm.labels:
                named |= plain == label
                result = _at_least(result, plain == label, level)
            for pattern, level in alarm.patterns:
                matched = matches(pattern, plain)
                named |= matched
                result = _at_least(result, matched, level)
            result = _at_least(result, ~named, alarm.default_level)
    return result


def raised_by(one: AlarmRange, values: Values) -> NDArray[np.bool_]:
    """Return where values lie outside of the range (within it, if it is of that form); a NaN raises nothing."""
    inside = within(one.interval, values)
    return inside if one.inside else ~inside & ~np.isnan(values)


def within(interval: Interval, values: Values) -> NDArray[np.bool_]:
    """Return where values belong to an interval; a NaN does not."""
    low = values >= interval.low if interval.low_closed else values > interval.low
    high = values <= interval.high if interval.high_closed else values < interval.high
    return np.asarray(low & high, np.bool_)


def matches(pattern: str, text: Values) -> NDArray[np.bool_]:
    """Return where a whole text matches a regular expression, in time that grows with the text only (no backtracking).

    >>> matches("E[0-9]+", np.array(["E12", "E", "xE1"])).tolist()
    [True, False, False]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(text.reshape(-1).tolist(), pa.string()), rf"\A(?:{pattern})\z")
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_).reshape(text.shape)


def _judge_change(change: ChangeAlarm, values: Values, times: Values | None, before: Tail) -> Levels:
    """Return the levels of how much each value has changed, in the order of the packets; values not there count not."""
    result = np.zeros(values.shape, np.uint8)
    if values.dtype.kind not in "iuf" or (times is None and (change.per_second or change.seconds > 0)):
        return result
    there = ~np.ma.getmaskarray(values).reshape(-1)
    now = np.asarray(np.ma.getdata(values), np.float64).reshape(-1)[there]
    if times is None:
        when = np.zeros(before.values.size + now.size, np.int64)
    else:
        when = np.concatenate([before.times_ns, np.asarray(times, np.int64).reshape(-1)[there]])
    size = changes(change, np.concatenate([before.values, now]), when)[before.values.size :]
    levels = np.zeros(now.shape, np.uint8)
    for one in change.ranges:
        levels = _at_least(levels, raised_by(one, size), one.level)
    flat = result.reshape(-1)
    flat[there] = levels
    return result


def changes(change: ChangeAlarm, values: NDArray[np.float64], times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the magnitude of each value's change since the last one that lies far enough back, NaN if none does.

    Far enough is the span of interest, in samples and in seconds. In percent it is of that value's magnitude.

    >>> changes(ChangeAlarm((), seconds=2), np.array([0.0, 1, 4]), np.array([0, 1, 2]) * 10**9).tolist()
    [nan, nan, 2.0]
    """
    ascending = np.maximum.accumulate(times_ns) if times_ns.size else times_ns
    span_ns = round(change.seconds * 1e9)
    since = np.arange(values.size) - change.samples
    if change.per_second or span_ns > 0:
        since = np.minimum(since, np.searchsorted(ascending, ascending - span_ns, side="right") - 1)
    known = since >= 0
    start = np.maximum(since, 0)
    with np.errstate(all="ignore"):
        size = np.abs(values - values[start]) if values.size else values
        if change.percent:
            size = 100 * size / np.abs(values[start])
        if change.per_second:
            passed_s = (ascending - ascending[start]) / 1e9
            size = np.where(passed_s > 0, size / passed_s, np.nan)
    return np.where(known, size, np.nan)


def outside_valid_range(field: Field, columns: Mapping[str, Column], field_of: FieldOf) -> NDArray[np.bool_]:
    """Return True where a value lies in none of the valid ranges of its type; False where there are none.

    A range is of calibrated or of raw values, as it says. Where the parameter's ValidityCondition does not hold, no
    value is valid. A value that the packet does not have, and NaN, is outside of nothing.
    """
    column = columns[field.name]
    raw = column.values if isinstance(column, Ragged) else column
    told = told_column(field, columns, field_of)
    values = told.values if isinstance(told, Ragged) else told
    result = np.zeros(values.shape, np.bool_)
    numbers = [
        (one.interval, values if one.calibrated else raw)
        for one in field.type.valid_ranges
        if (values if one.calibrated else raw).dtype.kind in "iuf"
    ]
    if numbers:
        result[...] = True
        for interval, judged in numbers:
            plain = np.ma.getdata(judged)
            result &= ~within(interval, plain) & ~np.isnan(plain)
    if field.type.valid_if is not None:
        result[~holds(field.type.valid_if, lookup_beside(column, columns, field_of), values.shape[0])] = True
    return result & ~np.ma.getmaskarray(values)
