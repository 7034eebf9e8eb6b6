"""Read times exactly: TAI nanoseconds of absolute times, leap seconds counted, and lengths of relative ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock import utc_to_tai
from telemus.packets.columns import Ragged
from telemus.packets.layout import Field
from telemus.packets.matching import Known
from telemus.packets.timestamps import passing_rule, timestamps_of
from telemus.packets.told import Column, FieldOf, lookup_beside
from telemus.packets.xtce import ParameterType
from telemus.packets.xtce.epochs import anchor_of, is_posix

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for a time that the packet does not have, or that is beyond the years 1678 to 2261."""
MAX_CHAIN = 8
"""Times that count from each other in a row."""
_1972_NS = 63_072_000_000_000_000

Times = NDArray[np.int64]


def time_ns(field: Field, columns: Mapping[str, Column], field_of: FieldOf) -> Column | None:
    """Return a time column as int64 nanoseconds: ``tai_ns`` of an absolute time, the length of a relative one.

    What the epochs mean is said in ``xtce.epochs``; a time may also count from that of another parameter of the
    packet. Exact for integers, whatever scale and offset; a float is rounded to the nanosecond. None for a column that
    is no time, or whose scale, unit or epoch is not known.
    """
    kind = field.type
    if kind.time is None or passing_rule(kind) is None:
        return None
    if kind.kind == "absolute time" and not kind.time.origin and anchor_of(kind.time.epoch) is None:
        return None
    column = columns[field.name]
    values = column.values if isinstance(column, Ragged) else column
    result = _times(kind, np.ma.getdata(values), lookup_beside(column, columns, field_of), 0)
    if isinstance(values, np.ma.MaskedArray):
        result = np.where(np.ma.getmaskarray(values), NO_TIME, result)
    return Ragged(result, column.offsets) if isinstance(column, Ragged) else result


def _times(kind: ParameterType, raw: NDArray[Any], lookup: Callable[[str], Known | None], depth: int) -> Times:
    rule = passing_rule(kind)
    if kind.time is None or rule is None or depth > MAX_CHAIN:
        return np.full(raw.shape, NO_TIME, np.int64)
    flat, beyond = timestamps_of(rule, raw.reshape(-1))
    passed = np.where(beyond, NO_TIME, flat).reshape(raw.shape)
    if kind.time.origin:
        known = lookup(kind.time.origin)
        if known is None:
            return np.full(raw.shape, NO_TIME, np.int64)
        begin = _times(known.type, known.raw, lookup, depth + 1)
        if known.present is not None:
            begin = np.where(known.present, begin, NO_TIME)
        return _sum(passed, begin.reshape(begin.shape + (1,) * (passed.ndim - begin.ndim)))
    anchor = anchor_of(kind.time.epoch)
    if anchor is None:
        return passed
    return _of_posix(passed) if is_posix(kind.time.epoch) else _sum(passed, np.asarray(anchor, np.int64))


def _sum(one: Times, other: Times) -> Times:
    """Return the sum, ``NO_TIME`` where one of them is or where it is beyond int64."""
    total = one + other
    bad = (one == NO_TIME) | (other == NO_TIME) | ((one > 0) & (other > 0) & (total < 0))
    bad |= (one < 0) & (other < 0) & (total >= 0)
    return np.where(bad, NO_TIME, total)


def _of_posix(passed_ns: Times) -> Times:
    """Return TAI of POSIX times; one before 1972 has none."""
    covered = passed_ns >= _1972_NS
    result = np.full(passed_ns.shape, NO_TIME, np.int64)
    result[covered] = utc_to_tai(passed_ns[covered])
    return result
