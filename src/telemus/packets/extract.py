"""Extract the columns of one container from its packets, by the places of its plan."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Octets, Ragged, array_at, calibrate, rows_at, unsigned_dtype
from telemus.packets.derived import derive
from telemus.packets.floating import elements_at, numbers_at, offsets_of
from telemus.packets.layout import Field
from telemus.packets.numbers import value_at
from telemus.packets.plan import ContainerPlan
from telemus.packets.run_steps import columns_of, run_steps
from telemus.packets.text import cut_text
from telemus.packets.xtce import Encoding, Reference
from telemus.packets.xtce.model import Size

Column = NDArray[Any] | Ragged
Bits = NDArray[np.int64]

_ROWS_AT_ONCE = 4096
"""Packets per pass over the scalars of a layout: their octets stay in the cache while each column takes its share."""


class _Anchors(NamedTuple):
    """Bit positions in the buffer of each anchor (list of (n,)), element counts of sized fields, and rows that fit."""

    bits: list[Bits]
    counts: dict[str, NDArray[np.int64]]
    fits: NDArray[np.bool_]


def read_rows(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> tuple[NDArray[np.bool_], dict[str, Column]]:
    """Return (n,) which packets have room for every field, and the columns of those, in one pass where all have."""
    enough = table.length >= plan.shortest_bytes
    if plan.steps is not None and enough.all():
        run = run_steps(plan.steps, buffer, table)
        if run.fits.all():
            return run.fits, _with_derived(plan, columns_of(plan.steps, run))
    fits = rows_that_fit(plan, buffer, table)
    if not fits.any():
        return fits, {}
    return fits, extract(plan, buffer, table if fits.all() else table.take(fits))


def rows_that_fit(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> NDArray[np.bool_]:
    """Return (n,) True where a packet has room for every field of its container."""
    enough = table.length >= plan.shortest_bytes
    if plan.fixed_bytes is not None or not enough.any():
        return enough
    inside = np.flatnonzero(enough)
    if plan.steps is not None:
        result = np.zeros(table.size, np.bool_)
        result[inside[run_steps(plan.steps, buffer, table.take(inside)).fits]] = True
        return result
    anchors = _anchors(plan, buffer, table.take(inside))
    result = np.zeros(table.size, np.bool_)
    result[inside[anchors.fits]] = True
    return result


def extract(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> dict[str, Column]:
    """Return the columns, in order of the packet; the caller has made sure that the rows fit."""
    if plan.steps is not None:
        return _with_derived(plan, columns_of(plan.steps, run_steps(plan.steps, buffer, table)))
    fixed = [one for one in plan.fields if one.place.anchor == 0 and one.total_bits is not None]
    columns: dict[str, Column] = {}
    columns.update(_fixed_scalars([one for one in fixed if one.is_scalar], buffer, table))
    columns.update({one.name: _fixed_array(one, buffer, table) for one in fixed if not one.is_scalar})
    if len(fixed) < len(plan.fields):
        anchors = _anchors(plan, buffer, table)
        for one in plan.fields:
            if one.name not in columns:
                columns[one.name] = _floating(one, buffer, anchors)
    return _with_derived(plan, {one.name: columns[one.name] for one in plan.fields})


def _with_derived(plan: ContainerPlan, columns: dict[str, Column]) -> dict[str, Column]:
    """Return the columns and behind them those that algorithms give."""
    return {**columns, **derive(plan.derived, plan.fields, columns)} if plan.derived else columns


def _fixed_scalars(fields: list[Field], buffer: Octets, table: PacketTable) -> dict[str, Column]:
    """Decode scalars at fixed places, some thousand packets at a time."""
    if not fields:
        return {}
    known: dict[str, Column] = {name: column for one in fields for name, column in _from_header(one, table)}
    fields = [one for one in fields if one.name not in known]
    pieces: dict[str, list[NDArray[Any]]] = {one.name: [] for one in fields}
    spans = _spans(fields)
    for start in range(0, table.size if fields else 0, _ROWS_AT_ONCE):
        offsets = table.offset[start : start + _ROWS_AT_ONCE]
        for first, stop, inside in spans:
            rows = rows_at(buffer, offsets + first, stop - first)
            for one in inside:
                bit, bits = one.place.bit - 8 * first, _fixed(one.bits)
                pieces[one.name].append(value_at(rows, bit, bits, one.encoding))
    known.update((name, np.concatenate(parts)) for name, parts in pieces.items())
    return known


def _from_header(one: Field, table: PacketTable) -> list[tuple[str, NDArray[Any]]]:
    """Return the column from what the walk has read already of the primary header (133.0-B-2 clause 4.1.3)."""
    if one.encoding.scheme != "unsigned" or not one.encoding.is_plain or one.encoding.little:
        return []
    found: NDArray[Any] | None = None
    match (one.place.bit, one.bits):
        case (4, 1):
            found = table.has_secondary_header.view(np.uint8)
        case (5, 11):
            found = table.apid
        case (16, 2):
            found = table.sequence_flags
        case (18, 14):
            found = table.sequence_count
    return [] if found is None else [(one.name, found)]


def _spans(fields: list[Field]) -> list[tuple[int, int, list[Field]]]:
    """Group fields into stretches of octets (first, stop, fields): a long hole (an array) begins a new one."""
    spans: list[tuple[int, int, list[Field]]] = []
    for one in sorted(fields, key=lambda field: field.place.bit):
        first, stop = one.place.bit // 8, (one.place.bit + _fixed(one.bits) + 7) // 8
        if spans and first - spans[-1][1] <= 16:
            begin, end, inside = spans[-1]
            spans[-1] = (begin, max(end, stop), [*inside, one])
        else:
            spans.append((first, stop, [one]))
    return spans


def _fixed_array(one: Field, buffer: Octets, table: PacketTable) -> Column:
    first = one.place.bit // 8
    stop = (one.place.bit + (one.total_bits or 0) + 7) // 8
    rows = rows_at(buffer, table.offset + first, stop - first)
    bit, bits = one.place.bit - 8 * first, _fixed(one.bits)
    if one.encoding.scheme == "binary":
        return rows.copy()
    if one.encoding.scheme == "string":
        return cut_text(rows, one.encoding)
    shape = tuple(_fixed(count) for count in one.counts)
    values = _array(rows, bit, bits, math.prod(shape), one.encoding)
    return values if len(shape) == 1 else values.reshape(-1, *shape)


def _array(rows: Octets, bit: int, bits: int, count: int, encoding: Encoding) -> NDArray[Any]:
    """Return (n, count) numbers that lie one behind the other, whatever their encoding."""
    if encoding.is_plain:
        return array_at(rows, bit, bits, count, encoding.scheme, encoding.little)
    columns = [value_at(rows, bit + index * bits, bits, encoding) for index in range(count)]
    return np.stack(columns, axis=1) if columns else np.empty((len(rows), 0), unsigned_dtype(min(bits, 64)))


def _anchors(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> _Anchors:
    """Find where each anchor lies in each packet, by reading the sizes before it.

    Rows that turn out not to fit keep a harmless place (their packet's start) and are marked.
    """
    start = table.offset * 8
    stop = start + table.length.astype(np.int64) * 8
    anchors = _Anchors([start], {}, np.ones(table.size, np.bool_))
    fits = anchors.fits
    for one in plan.fields:
        begin = anchors.bits[one.place.anchor] + one.place.bit
        width = _width(plan, one, buffer, anchors, begin)
        outside = (width < 0) | (begin + width > stop)
        fits &= ~outside
        if one.total_bits is None:
            anchors.bits.append(np.where(fits, begin + width, start))
            anchors.counts[one.name] = np.where(fits, anchors.counts[one.name], 0)
    return _Anchors(anchors.bits, anchors.counts, fits)


def _width(plan: ContainerPlan, one: Field, buffer: Octets, anchors: _Anchors, begin: Bits) -> Any:
    """Return the bits of the field in each packet, and note how many elements it has there."""
    is_text = one.encoding.scheme in ("string", "binary")
    if one.total_bits is not None:
        return np.where(begin % 8 == 0, one.total_bits, -1) if is_text else one.total_bits
    elements: Any = 1
    for count in one.counts:
        elements = elements * _read_size(plan, count, buffer, anchors)
    bits = _read_size(plan, one.bits, buffer, anchors)
    # Text and binary are counted in octets; a size that is not whole octets, or does not begin on one, cannot fit.
    width = np.broadcast_to(np.asarray(elements * bits, np.int64), begin.shape)
    whole = (width % 8 == 0) & (begin % 8 == 0) if is_text else np.True_
    anchors.counts[one.name] = width // 8 if is_text else np.broadcast_to(np.asarray(elements, np.int64), begin.shape)
    return np.where(whole, width, -1)


def _read_size(plan: ContainerPlan, size: Size, buffer: Octets, anchors: _Anchors) -> Any:
    if not isinstance(size, Reference):
        return size
    source = plan.field(size.parameter)
    values = _floating_scalar(source, buffer, anchors)
    if size.use_calibrated:
        values = calibrate(source.type, values) if not source.type.labels else values
    # A garbled count must stay a number that fits int64; anything beyond a packet is refused anyway.
    number = np.clip(values.astype(np.float64) * size.slope + size.intercept, -1, 1 << 24)
    return np.rint(np.nan_to_num(number, nan=-1.0)).astype(np.int64)


def _floating_scalar(one: Field, buffer: Octets, anchors: _Anchors) -> NDArray[Any]:
    begin = np.where(anchors.fits, anchors.bits[one.place.anchor] + one.place.bit, anchors.bits[0])
    return numbers_at(buffer, begin, _fixed(one.bits), one.encoding)


def _floating(one: Field, buffer: Octets, anchors: _Anchors) -> Column:
    """Decode a field behind an anchor: like a fixed one if its own size is fixed, else Ragged."""
    begin = anchors.bits[one.place.anchor] + one.place.bit
    if one.is_scalar:
        return numbers_at(buffer, begin, _fixed(one.bits), one.encoding)
    if one.total_bits is None:
        counts = anchors.counts[one.name]
        return Ragged(elements_at(buffer, begin, counts, _fixed(one.bits), one.encoding), offsets_of(counts))
    if one.encoding.scheme in ("string", "binary"):
        octets = one.total_bits // 8
        values = elements_at(buffer, begin, np.full(begin.size, octets, np.int64), 8, one.encoding).reshape(-1, octets)
        return cut_text(values, one.encoding) if one.encoding.scheme == "string" else values
    shape = tuple(_fixed(count) for count in one.counts)
    counts = np.full(begin.size, math.prod(shape), np.int64)
    return elements_at(buffer, begin, counts, _fixed(one.bits), one.encoding).reshape(begin.size, *shape)


def _fixed(size: Size) -> int:
    """Return a size that the plan knows to be a number."""
    return size if isinstance(size, int) else 0
