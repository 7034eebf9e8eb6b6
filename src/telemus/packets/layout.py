"""Lay out one container: inheritance and inclusion flattened into fields, each at a place in the packet.

A place is a bit count from an anchor. Anchor 0 is the packet's first bit; after every field whose size is read from
another parameter a new anchor begins at that field's end, so that the places behind it are again plain numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from telemus.packets.ccsds import MAX_PACKET_BYTES
from telemus.packets.xtce import Container, Definition, Encoding, Entry, ParameterType, Reference
from telemus.packets.xtce.model import LookupTable, Size

MAX_STEPS = 100_000
"""Containers and members drawn for one layout: inclusion can double at every level, and a definition is not trusted."""


class Place(NamedTuple):
    """A bit position: so many bits after an anchor."""

    anchor: int
    bit: int


@dataclass(frozen=True)
class Field:
    """One column-to-be: a parameter (or member of an aggregate) at a place.

    ``bits`` is the width of one element; ``counts`` the elements per axis, empty for a scalar. A size that is a
    Reference was resolved to the column name of the field that carries it.
    """

    name: str
    parameter: str
    type: ParameterType
    encoding: Encoding
    place: Place
    bits: Size
    counts: tuple[Size, ...] = ()

    @property
    def total_bits(self) -> int | None:
        """All bits of the field, None if that is read from the packet."""
        if not isinstance(self.bits, int) or not all(isinstance(count, int) for count in self.counts):
            return None
        return self.bits * math.prod(count for count in self.counts if isinstance(count, int))

    @property
    def is_scalar(self) -> bool:
        """True for one number per packet."""
        return not self.counts and self.encoding.scheme not in ("string", "binary")


@dataclass(frozen=True)
class Layout:
    """Fields in order of the packet, and, if something stops the layout, why nothing can be decoded.

    ``varies`` is True where the layout ends at an entry that is not in every packet, that repeats, or whose place is
    not fixed: the rest is read by steps (``steps.compile_steps``).
    """

    fields: tuple[Field, ...]
    end: Place
    undecodable: str = ""
    varies: bool = False


@dataclass
class _Pen:
    """The state of one laying out: fields so far and where the next one begins."""

    definition: Definition
    fields: list[Field] = field(default_factory=list)
    at: Place = field(default_factory=lambda: Place(0, 0))
    furthest: int = 0
    anchors: int = 0
    steps: int = 0
    names: dict[str, int] = field(default_factory=dict)
    trouble: str = ""
    varies: bool = False

    @property
    def stopped(self) -> bool:
        """True where the layout goes no further."""
        return self.varies or bool(self.trouble)


def lay_out(definition: Definition, container: Container) -> Layout:
    """Return the layout of a container with everything it inherits and includes."""
    pen = _Pen(definition)
    _draw(pen, container, Place(0, 0))
    end = pen.at if pen.at.anchor else Place(0, max(pen.furthest, pen.at.bit))
    return Layout(_sealed(definition, container, pen.fields), end, pen.trouble, pen.varies)


def _sealed(definition: Definition, container: Container, fields: list[Field]) -> tuple[Field, ...]:
    """Return the fields, the last of them as the checksum if the container or one of its bases says that it is one."""
    one: Container | None = container
    while one is not None and not one.sealed:
        one = definition.containers.get(one.base)
    last = fields[-1] if fields else None
    if one is None or last is None or not last.encoding.is_plain or last.bits != 16 or last.counts:
        return tuple(fields)
    return (*fields[:-1], replace(last, encoding=replace(last.encoding, is_checksum=True)))


def _draw(pen: _Pen, container: Container, start: Place) -> None:
    _count_step(pen, container.line)
    if container.base:
        _draw(pen, pen.definition.containers[container.base], start)
    if container.unsupported:
        _stop(pen, container.unsupported)
    for entry in container.entries if not pen.stopped else ():
        _draw_entry(pen, entry, start)


def _draw_entry(pen: _Pen, entry: Entry, start: Place) -> None:
    if pen.stopped:
        return
    if entry.unsupported:
        _stop(pen, entry.unsupported)
        return
    shift = entry.shift_bits
    sized = entry.container and pen.definition.containers[entry.container].size_bits
    moved = entry.origin in ("containerEnd", "nextEntry") or entry.segment_bits or entry.named_by
    if entry.condition is not None or entry.repeat is not None or moved or sized:
        pen.varies = True
    elif isinstance(shift, int):
        _draw_at(pen, entry, start, shift)
    else:
        pen.varies = True


def _draw_at(pen: _Pen, entry: Entry, start: Place, shift: int) -> None:
    origin = start if entry.origin == "containerStart" else pen.at
    pen.at = Place(origin.anchor, origin.bit + shift)
    if pen.at.bit < 0:
        _stop(pen, f"line {entry.line}: a place before the packet's start")
    elif entry.container:
        _draw(pen, pen.definition.containers[entry.container], pen.at)
    elif entry.parameter not in pen.definition.parameters:  # a member of an aggregate
        pen.varies = True
    else:
        parameter = pen.definition.parameters[entry.parameter]
        _draw_parameter(pen, parameter.short_name, parameter.name, parameter.type, entry)


def _draw_parameter(pen: _Pen, name: str, parameter: str, kind: ParameterType, entry: Entry) -> None:
    _count_step(pen, entry.line)
    if kind.unsupported:
        _stop(pen, kind.unsupported)
    elif kind.kind == "aggregate":
        for member, member_type in kind.members if not pen.stopped else ():
            _draw_parameter(pen, f"{name}.{member}", f"{parameter}.{member}", member_type, entry)
    elif kind.kind == "array" and kind.element is not None:
        if kind.element.kind in ("array", "aggregate"):
            pen.varies = True
            return
        dimensions = entry.dimensions or kind.dimensions
        if not dimensions:
            _stop(pen, f"line {entry.line}: {name} is an array without dimensions")
            return
        _append(pen, name, parameter, kind.element, dimensions, entry.line)
    else:
        _append(pen, name, parameter, kind, (), entry.line)


def _append(pen: _Pen, name: str, parameter: str, kind: ParameterType, dimensions: tuple[Size, ...], line: int) -> None:
    if kind.encoding is None:
        _stop(pen, f"line {line}: {name} has no data encoding")
        return
    if pen.stopped:
        return
    if _is_for_steps(pen, kind.encoding, dimensions):
        pen.varies = True
        return
    bits = _resolve(pen, kind.encoding.bits, line)
    counts = tuple(_resolve(pen, size, line) for size in dimensions)
    one = Field(_unused(pen, name), parameter, kind, kind.encoding, pen.at, bits, counts)
    if pen.trouble:
        return
    pen.fields.append(one)
    if pen.at.bit + (one.total_bits or 0) > 8 * MAX_PACKET_BYTES:
        _stop(pen, f"line {line}: {name} ends beyond the longest packet")
        return
    if one.total_bits is None:
        pen.anchors += 1
        pen.at = Place(pen.anchors, 0)
    else:
        pen.at = Place(pen.at.anchor, pen.at.bit + one.total_bits)
        if pen.at.anchor == 0:
            pen.furthest = max(pen.furthest, pen.at.bit)


def _is_for_steps(pen: _Pen, encoding: Encoding, dimensions: tuple[Size, ...]) -> bool:
    """Return whether a field has a size or a place that only steps can find."""
    if encoding.measures_itself or any(isinstance(size, LookupTable) for size in (encoding.bits, *dimensions)):
        return True
    if encoding.scheme == "string" and (encoding.leading_bits or not isinstance(encoding.bits, int)):
        return True
    is_octets = encoding.scheme in ("string", "binary")
    return is_octets and (bool(dimensions) or _off_octets(pen, encoding))


def _off_octets(pen: _Pen, encoding: Encoding) -> bool:
    return bool(pen.at.bit % 8 or (isinstance(encoding.bits, int) and encoding.bits % 8))


def _resolve(pen: _Pen, size: Size, line: int) -> Size:
    """Return the size with its reference turned into the name of the latest field that carries the parameter."""
    if not isinstance(size, Reference):
        return size
    for one in reversed(pen.fields):
        if one.is_scalar and (one.parameter == size.parameter or one.parameter.endswith(tail_of(size.parameter))):
            return Reference(one.name, size.slope, size.intercept, size.use_calibrated)
    _stop(pen, f"line {line}: a size is read from {size.parameter}, which does not come before")
    return 0


def tail_of(reference: str) -> str:
    """Return how the qualified name of a referred parameter must end."""
    return "/" + reference.lstrip("./")


def _unused(pen: _Pen, name: str) -> str:
    """Return the name, with a running number if the packet already has a field of that name."""
    number = pen.names.get(name, 0) + 1
    pen.names[name] = number
    return name if number == 1 else f"{name}#{number}"


def _count_step(pen: _Pen, line: int) -> None:
    pen.steps += 1
    if pen.steps > MAX_STEPS:
        _stop(pen, f"line {line}: more than {MAX_STEPS} containers and members in one packet")


def _stop(pen: _Pen, why: str) -> None:
    pen.trouble = pen.trouble or why
