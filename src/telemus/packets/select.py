"""Decide for many packets at once which container each one is."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Octets, calibrate, number_at, rows_at
from telemus.packets.layout import Field
from telemus.packets.plan import ContainerPlan
from telemus.packets.xtce import Comparison

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(root: ContainerPlan, buffer: Octets, table: PacketTable) -> list[tuple[ContainerPlan, NDArray[np.int64]]]:
    """Return (plan, rows of the table) for each container that has packets, most derived container first.

    A packet that matches an abstract container and nothing below it is in none of the results.
    """
    found: list[tuple[ContainerPlan, NDArray[np.int64]]] = []
    rows = np.arange(table.size)
    for comparison in root.container.criteria:
        rows = rows[_matches(root, comparison, buffer, table, rows, {})]
    _descend(root, buffer, table, rows, found)
    return found


def _descend(
    plan: ContainerPlan,
    buffer: Octets,
    table: PacketTable,
    rows: NDArray[np.int64],
    found: list[tuple[ContainerPlan, NDArray[np.int64]]],
) -> NDArray[np.bool_]:
    """Hand each packet to the first child that takes it, those with criteria first; the container keeps the rest.

    Returns (n,) True where a packet has found its container. A child whose criteria are not supported takes none.
    """
    known: dict[str, NDArray[Any]] = {}
    left = np.ones(rows.size, np.bool_)
    for child in sorted(plan.children, key=lambda one: not one.container.criteria):
        if child.container.unsupported or not left.any():
            continue
        holds = left.copy()
        for comparison in child.container.criteria:
            holds &= _matches(plan, comparison, buffer, table, rows, known)
        if holds.any():
            left[np.flatnonzero(holds)[_descend(child, buffer, table, rows[holds], found)]] = False
    if plan.container.abstract:
        return ~left
    if left.any():
        found.append((plan, rows if left.all() else rows[left]))
    return np.ones(rows.size, np.bool_)


def _matches(
    plan: ContainerPlan,
    comparison: Comparison,
    buffer: Octets,
    table: PacketTable,
    rows: NDArray[np.int64],
    known: dict[str, NDArray[Any]],
) -> NDArray[np.bool_]:
    field = next((one for one in reversed(plan.fields) if one.parameter == comparison.parameter), None)
    if field is None or field.place.anchor != 0 or not field.is_scalar or not isinstance(field.bits, int):
        return np.zeros(rows.size, np.bool_)
    if field.name not in known:
        known[field.name] = _values(field, field.bits, buffer, table, rows)
    values = known[field.name]
    reach = (field.place.bit + field.bits + 7) // 8
    inside = table.length[rows] >= reach if reach > 6 else np.True_
    holds: NDArray[np.bool_] = _compare(field, comparison, values) & inside
    return holds


def _values(field: Field, bits: int, buffer: Octets, table: PacketTable, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Return the raw values; where the packet is too short for the field, some value that is not used."""
    if (field.place.bit, bits) == (5, 11):
        return table.apid[rows]
    reach = (field.place.bit + bits + 7) // 8
    starts = table.offset[rows]
    if reach > 6:
        starts = np.where(table.length[rows] >= reach, starts, 0)
        if buffer.size < reach:
            return np.zeros(rows.size, np.uint8)
    first = field.place.bit // 8
    octets = rows_at(buffer, starts + first, reach - first)
    return number_at(octets, field.place.bit - 8 * first, bits, field.encoding.scheme, field.encoding.little)


def _compare(field: Field, comparison: Comparison, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Compare as numbers, or by label where the parameter has labels and the value is one of them."""
    compare = _COMPARE[comparison.operator]
    labels = {label: raw for raw, label in field.type.labels.items()}
    if comparison.use_calibrated and comparison.value in labels:
        return np.asarray(compare(values, labels[comparison.value]), np.bool_)
    wanted = _number(comparison.value)
    if wanted is None:
        return np.full(values.shape, comparison.operator == "!=", np.bool_)
    if comparison.use_calibrated and field.type.calibration:
        values = calibrate(field.type, values)
    return np.asarray(compare(values, wanted), np.bool_)


def _number(text: str) -> int | float | None:
    for convert in (lambda t: int(t, 0), int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return None
