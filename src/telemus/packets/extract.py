"""Extract the columns of one container from its packets, by the places of its plan."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Octets, Ragged, array_at, calibrate, number_at, pieces_at, rows_at
from telemus.packets.layout import Field
from telemus.packets.plan import ContainerPlan
from telemus.packets.xtce import Reference
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


def rows_that_fit(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> NDArray[np.bool_]:
    """Return (n,) True where a packet has room for every field of its container."""
    enough = table.length >= plan.shortest_bytes
    if plan.fixed_bytes is not None or not enough.any():
        return enough
    inside = np.flatnonzero(enough)
    anchors = _anchors(plan, buffer, table.take(inside))
    result = np.zeros(table.size, np.bool_)
    result[inside[anchors.fits]] = True
    return result


def extract(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> dict[str, Column]:
    """Return the columns, in order of the packet; the caller has made sure that the rows fit."""
    fixed = [one for one in plan.fields if one.place.anchor == 0 and one.total_bits is not None]
    columns: dict[str, Column] = {}
    columns.update(_fixed_scalars([one for one in fixed if one.is_scalar], buffer, table))
    columns.update({one.name: _fixed_array(one, buffer, table) for one in fixed if not one.is_scalar})
    if len(fixed) < len(plan.fields):
        anchors = _anchors(plan, buffer, table)
        for one in plan.fields:
            if one.name not in columns:
                columns[one.name] = _floating(one, buffer, anchors)
    return {one.name: columns[one.name] for one in plan.fields}


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
                encoding = one.encoding
                bit, bits = one.place.bit - 8 * first, _fixed(one.bits)
                pieces[one.name].append(number_at(rows, bit, bits, encoding.scheme, encoding.little))
    known.update((name, np.concatenate(parts)) for name, parts in pieces.items())
    return known


def _from_header(one: Field, table: PacketTable) -> list[tuple[str, NDArray[Any]]]:
    """Return the column from what the walk has read already: APID and sequence count (133.0-B-2 clause 4.1.3)."""
    if one.encoding.scheme == "unsigned" and (one.place.bit, one.bits) == (5, 11):
        return [(one.name, table.apid)]
    if one.encoding.scheme == "unsigned" and (one.place.bit, one.bits) == (18, 14):
        return [(one.name, table.sequence_count)]
    return []


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
        return _text(rows, bits // 8)
    shape = tuple(_fixed(count) for count in one.counts)
    values = array_at(rows, bit, bits, math.prod(shape), one.encoding.scheme, one.encoding.little)
    return values if len(shape) == 1 else values.reshape(-1, *shape)


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
        values = calibrate(source.type, values) if source.type.calibration else values
    # A garbled count must stay a number that fits int64; anything beyond a packet is refused anyway.
    number = np.clip(values.astype(np.float64) * size.slope + size.intercept, -1, 1 << 24)
    return np.rint(np.nan_to_num(number, nan=-1.0)).astype(np.int64)


def _floating_scalar(one: Field, buffer: Octets, anchors: _Anchors) -> NDArray[Any]:
    begin = np.where(anchors.fits, anchors.bits[one.place.anchor] + one.place.bit, anchors.bits[0])
    return _numbers_at(buffer, begin, _fixed(one.bits), one)


def _numbers_at(buffer: Octets, begin: Bits, bits: int, one: Field) -> NDArray[Any]:
    """Return (n,) numbers of one width at any bit positions: one pass per alignment within the octet (at most 8)."""
    scheme, little = one.encoding.scheme, one.encoding.little
    shifts = np.unique(begin & 7)
    if shifts.size == 0:
        return number_at(np.empty((0, 9), np.uint8), 0, bits, scheme, little)
    parts = []
    for shift in shifts.tolist():
        rows = np.flatnonzero((begin & 7) == shift)
        octets = rows_at(buffer, begin[rows] >> 3, (shift + bits + 7) // 8)
        parts.append((rows, number_at(octets, shift, bits, scheme, little)))
    if len(parts) == 1:
        return parts[0][1]
    result = np.empty(begin.size, parts[0][1].dtype)
    for rows, values in parts:
        result[rows] = values
    return result


def _floating(one: Field, buffer: Octets, anchors: _Anchors) -> Column:
    """Decode a field behind an anchor: like a fixed one if its own size is fixed, else Ragged."""
    begin = anchors.bits[one.place.anchor] + one.place.bit
    if one.is_scalar:
        return _numbers_at(buffer, begin, _fixed(one.bits), one)
    if one.total_bits is None:
        counts = anchors.counts[one.name]
        return Ragged(_elements(one, buffer, begin, counts), _offsets(counts))
    if one.encoding.scheme in ("string", "binary"):
        octets = one.total_bits // 8
        values = _elements(one, buffer, begin, np.full(begin.size, octets, np.int64)).reshape(-1, octets)
        return _text(values, octets) if one.encoding.scheme == "string" else values
    shape = tuple(_fixed(count) for count in one.counts)
    counts = np.full(begin.size, math.prod(shape), np.int64)
    return _elements(one, buffer, begin, counts).reshape(begin.size, *shape)


def _elements(one: Field, buffer: Octets, begin: Bits, counts: NDArray[np.int64]) -> NDArray[Any]:
    """Return all elements of all packets, one behind the other; of text and binary the octets."""
    scheme, little = one.encoding.scheme, one.encoding.little
    if scheme in ("string", "binary"):
        return pieces_at(buffer, begin >> 3, counts)
    bits = _fixed(one.bits)
    if bits in (8, 16, 32, 64) and not (begin & 7).any():
        flat = pieces_at(buffer, begin >> 3, counts * (bits // 8))
        values: NDArray[Any] = array_at(flat.reshape(1, -1), 0, bits, flat.size // (bits // 8), scheme, little)[0]
        return values
    offsets = _offsets(counts)
    within = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], counts)
    return _numbers_at(buffer, np.repeat(begin, counts) + within * bits, bits, one)


def _text(rows: Octets, octets: int) -> NDArray[Any]:
    """Return (n,) byte strings of fixed size; what pads them at the end with zeros is dropped."""
    if octets == 0:
        return np.zeros(len(rows), "S1")
    text: NDArray[Any] = np.ascontiguousarray(rows).view(f"S{octets}")[:, 0].copy()
    return text


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _fixed(size: Size) -> int:
    """Return a size that the plan knows to be a number."""
    return size if isinstance(size, int) else 0
