"""Judge columns by the alarms and valid ranges of their parameter types: ranges, labels, and both in a context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Ragged
from telemus.packets.layout import Field
from telemus.packets.matching import holds
from telemus.packets.told import Column, FieldOf, lookup_beside, told_column
from telemus.packets.xtce.alarms import LEVELS
from telemus.packets.xtce.model import Alarm

Levels = NDArray[np.uint8]


def alarm_levels(field: Field, columns: Mapping[str, Column], field_of: FieldOf) -> Levels | Ragged:
    """Return the level of each value of a field's column, as its place in ``LEVELS`` (0 is normal).

    The alarm of the first context whose condition holds applies, else the default one; the highest level that is
    raised wins. Ranges are of calibrated values; a NaN or a value that the packet does not have is normal. How often a
    level must be seen before it counts (minViolations) is left to who watches.
    """
    column = columns[field.name]
    told = told_column(field, columns, field_of)
    values = told.values if isinstance(told, Ragged) else told
    levels = np.zeros(values.shape, np.uint8)
    free = np.ones(values.shape[0], np.bool_)
    for alarm in field.type.context_alarms:
        if alarm.condition is not None:
            here = free & holds(alarm.condition, lookup_beside(column, columns, field_of), values.shape[0])
            levels[here] = _judge(alarm, values)[here]
            free &= ~here
    if field.type.alarm is not None:
        levels[free] = _judge(field.type.alarm, values)[free]
    if isinstance(values, np.ma.MaskedArray):
        levels[np.ma.getmaskarray(values)] = 0
    return Ragged(levels, told.offsets) if isinstance(told, Ragged) else levels


def outside_valid_range(field: Field, columns: Mapping[str, Column], field_of: FieldOf) -> NDArray[np.bool_]:
    """Return True where a calibrated value lies outside of the valid range of its type; False where there is none."""
    told = told_column(field, columns, field_of)
    values = told.values if isinstance(told, Ragged) else told
    if field.type.valid_range is None or values.dtype.kind not in "iuf":
        return np.zeros(values.shape, np.bool_)
    low, high = field.type.valid_range
    return np.asarray((values < low) | (values > high), np.bool_)


def _judge(alarm: Alarm, values: NDArray[Any]) -> Levels:
    values = np.asarray(values.data if isinstance(values, np.ma.MaskedArray) else values)
    result = np.zeros(values.shape, np.uint8)
    if values.dtype.kind in "iuf":
        for one in alarm.ranges:  # in rising order of severity
            low = values < one.low if one.low_closed else values <= one.low
            high = values > one.high if one.high_closed else values >= one.high
            result[low | high] = LEVELS.index(one.level)
    if alarm.labels:
        result[...] = _level(alarm.default_level)
        for label, level in alarm.labels:
            result[values == label] = _level(level)
    return result


def _level(name: str) -> int:
    return LEVELS.index(name) if name in LEVELS else 0
