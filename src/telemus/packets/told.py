"""Give columns in the unit of their parameter types: by label, default calibrator, or the calibrator of the context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Ragged, apply_calibrator, calibrate
from telemus.packets.layout import Field
from telemus.packets.matching import Known, holds
from telemus.packets.xtce.model import Calibrator, Instance, MathOperation

Column = NDArray[Any] | Ragged
FieldOf = Callable[[str], Field | None]
"""Returns the field of a parameter's qualified name, None if the container has none."""


def told_column(field: Field, columns: Mapping[str, Column], field_of: FieldOf) -> Column:
    """Return the calibrated values of a field's column.

    A calibrator of a context applies where its condition holds, the first that does; the default one elsewhere.
    The parameters of a condition are taken at the same packet, and within repetitions at the same turn.
    """
    column = columns[field.name]
    values = column.values if isinstance(column, Ragged) else column
    lookup = lookup_beside(column, columns, field_of)
    told = calibrate(field.type, values)
    if isinstance(field.type.calibrator, MathOperation):
        told = _by_formula(field.type.calibrator, values, lookup)
    if field.type.contexts:
        told = np.ma.asarray(told, np.float64).copy() if told is values else told
        free = np.ones(values.shape[0], np.bool_)
        for context in field.type.contexts:
            here = free & holds(context.condition, lookup, values.shape[0])
            if here.any():
                told[here] = _by_formula(context.calibrator, values, lookup)[here]
            free &= ~here
    return Ragged(told, column.offsets) if isinstance(column, Ragged) else told


def _by_formula(calibrator: Calibrator, values: NDArray[Any], lookup: Callable[[str], Known | None]) -> NDArray[Any]:
    """Return values by a calibrator whose formula may ask for other parameters, masked where ``values`` are."""
    raw = np.ma.getdata(values)
    told = apply_calibrator(calibrator, raw, lambda instance: value_beside(instance, lookup))
    return np.ma.MaskedArray(told, values.mask) if isinstance(values, np.ma.MaskedArray) else told


def value_beside(instance: Instance, lookup: Callable[[str], Known | None]) -> NDArray[Any] | None:
    """Return the values of an operand, by its default calibrator if it is to be calibrated; None if there are none."""
    known = lookup(instance.parameter)
    if known is None:
        return None
    values = calibrate(known.type, known.raw) if instance.use_calibrated and not known.type.labels else known.raw
    return values if known.present is None else np.ma.MaskedArray(values, ~known.present)


def lookup_beside(column: Column, columns: Mapping[str, Column], field_of: FieldOf) -> Callable[[str], Known | None]:
    """Return a lookup of the other parameters at the values of ``column``."""

    def lookup(parameter: str) -> Known | None:
        field = field_of(parameter)
        if field is None:
            return None
        raw = _beside(column, columns[field.name])
        if raw is None:
            return None
        if isinstance(raw, np.ma.MaskedArray):
            return Known(field.type, raw.data, ~np.ma.getmaskarray(raw))
        return Known(field.type, raw)

    return lookup


def _beside(column: Column, other: Column) -> NDArray[Any] | None:
    """Return the values of ``other`` at each value of ``column``; None where the two do not run side by side."""
    if isinstance(column, Ragged):
        if not isinstance(other, Ragged):
            return other[np.repeat(np.arange(other.shape[0]), np.diff(column.offsets))] if other.ndim == 1 else None
        return other.values if np.array_equal(other.offsets, column.offsets) else None
    return None if isinstance(other, Ragged) or other.ndim != 1 else other
