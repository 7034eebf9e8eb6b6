"""Decide for many packets at once which container each one is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Octets, rows_at
from telemus.packets.layout import Field
from telemus.packets.matching import Known, holds
from telemus.packets.numbers import value_at
from telemus.packets.plan import ContainerPlan
from telemus.packets.run_steps import run_steps
from telemus.packets.xtce.model import Match


def select(root: ContainerPlan, buffer: Octets, table: PacketTable) -> list[tuple[ContainerPlan, NDArray[np.int64]]]:
    """Return (plan, rows of the table) for each container that has packets, most derived container first.

    A packet that matches an abstract container and nothing below it is in none of the results.
    """
    found: list[tuple[ContainerPlan, NDArray[np.int64]]] = []
    rows = np.arange(table.size)
    for match in root.container.criteria:
        rows = rows[_matches(root, match, buffer, table, rows, {})]
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
    known: dict[str, Known | None] = {}
    left = np.ones(rows.size, np.bool_)
    for child in sorted(plan.children, key=lambda one: not one.container.criteria):
        if child.container.unsupported or not left.any():
            continue
        taken = left.copy()
        for match in child.container.criteria:
            taken &= _matches(plan, match, buffer, table, rows, known)
        if taken.all():
            left = ~_descend(child, buffer, table, rows, found)
        elif taken.any():
            left[np.flatnonzero(taken)[_descend(child, buffer, table, rows[taken], found)]] = False
    if plan.container.abstract:
        return ~left
    if left.any():
        found.append((plan, rows if left.all() else rows[left]))
    return np.ones(rows.size, np.bool_)


def _matches(
    plan: ContainerPlan,
    match: Match,
    buffer: Octets,
    table: PacketTable,
    rows: NDArray[np.int64],
    known: dict[str, Known | None],
) -> NDArray[np.bool_]:
    def lookup(parameter: str) -> Known | None:
        if parameter not in known:
            known[parameter] = _look_up(plan, parameter, buffer, table, rows)
        return known[parameter]

    return holds(match, lookup, rows.size)


def _look_up(
    plan: ContainerPlan, parameter: str, buffer: Octets, table: PacketTable, rows: NDArray[np.int64]
) -> Known | None:
    """Return the raw values of a parameter and where the packet is long enough for it; None if it has no place."""
    field = next((one for one in reversed(plan.fields) if one.parameter == parameter), None)
    if field is None:
        return None
    if field.place.anchor != 0 or not field.is_scalar or not isinstance(field.bits, int):
        return None if plan.steps is None else run_steps(plan.steps, buffer, table.take(rows)).latest.get(parameter)
    reach = (field.place.bit + field.bits + 7) // 8
    inside = table.length[rows] >= reach if reach > 6 else None
    return Known(field.type, _values(field, field.bits, buffer, table, rows), inside)


def _values(field: Field, bits: int, buffer: Octets, table: PacketTable, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Return the raw values; where the packet is too short for the field, some value that is not used."""
    if (field.place.bit, bits) == (5, 11):
        return table.apid if rows.size == table.size else table.apid[rows]
    reach = (field.place.bit + bits + 7) // 8
    starts = table.offset[rows]
    if reach > 6:
        starts = np.where(table.length[rows] >= reach, starts, 0)
        if buffer.size < reach:
            return np.zeros(rows.size, np.uint8)
    first = field.place.bit // 8
    octets = rows_at(buffer, starts + first, reach - first)
    return value_at(octets, field.place.bit - 8 * first, bits, field.encoding)
