"""Compile a container whose layout differs from packet to packet into steps: read this, if that, so many times.

Every container can be compiled to steps; those of a plain layout (``layout.lay_out``) do not need to be, and are read
faster without. The steps are the plain specification of the fast path, and a property test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from telemus.packets.layout import MAX_STEPS, Field, Place, tail_of
from telemus.packets.xtce import (
    Comparison,
    Container,
    Definition,
    Encoding,
    Entry,
    Parameter,
    ParameterType,
    Reference,
)
from telemus.packets.xtce.model import AllOf, Match, Size

NOWHERE = Place(-1, 0)
"""The place of a field that has no fixed one."""


@dataclass(frozen=True)
class Read:
    """Read one parameter (or member) into the column of that slot."""

    slot: int
    parameter: str
    type: ParameterType
    encoding: Encoding
    bits: Size
    counts: tuple[Size, ...] = ()


@dataclass(frozen=True)
class Block:
    """Go to a place and take steps, if a condition holds, so many times.

    ``opens`` is True where places counted from a container's start are counted from here. ``size_bits`` is what the
    block takes at least.
    """

    steps: tuple[Step, ...]
    origin: str = "previousEntry"
    shift: Size = 0
    condition: Match | None = None
    repeat: Size | None = None
    gap: Size = 0
    opens: bool = False
    size_bits: int = 0


@dataclass(frozen=True)
class Join:
    """Put the segments of a parameter, which have been read as unsigned numbers, together in that order."""

    slot: int
    parameter: str
    type: ParameterType
    encoding: Encoding
    parts: tuple[tuple[int, int], ...]
    """Slot and bits of each segment, the most significant first."""

    @property
    def bits(self) -> int:
        """All bits of the parameter."""
        return sum(bits for _, bits in self.parts)

    @property
    def counts(self) -> tuple[Size, ...]:
        """No elements: the parameter is one value."""
        return ()


Step = Read | Block | Join


@dataclass(frozen=True)
class Program:
    """The steps of one container, its columns, and which of them are not in every packet or more than once."""

    steps: tuple[Step, ...]
    fields: tuple[Field, ...]
    optional: frozenset[int]
    repeated: frozenset[int]
    trouble: str = ""


@dataclass
class _Draft:
    """The state of one compilation."""

    definition: Definition
    fields: list[Field] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    optional: set[int] = field(default_factory=set)
    repeated: set[int] = field(default_factory=set)
    segments: dict[str, list[tuple[int | None, int, int]]] = field(default_factory=dict)
    trouble: str = ""
    count: int = 0

    def stop(self, why: str) -> None:
        """Remember the first thing that stops the compilation."""
        self.trouble = self.trouble or why


@dataclass(frozen=True)
class _Inside:
    """What a step lies in: a condition, a repetition, a container that another one includes."""

    optional: bool = False
    repeated: bool = False
    included: bool = False


def compile_steps(definition: Definition, container: Container, fixed: tuple[Field, ...] = ()) -> Program:
    """Return the steps of a container with everything that it inherits and includes.

    ``fixed`` are the fields before the first one that varies, whose places are known. Entries counted from the
    container's end are read last, after those of the containers that inherit.
    """
    draft = _Draft(definition)
    steps = _chain(draft, container, _Inside())
    fields = tuple(fixed) + tuple(draft.fields[len(fixed) :])
    return Program(steps, fields, frozenset(draft.optional), frozenset(draft.repeated), draft.trouble)


def _chain(draft: _Draft, container: Container, inside: _Inside) -> tuple[Step, ...]:
    """Return the steps of a container and its bases, those counted from the end behind all others."""
    bases = [container]
    while bases[0].base:
        bases.insert(0, draft.definition.containers[bases[0].base])
    first: list[Step] = []
    last: list[Step] = []
    waiting: list[Entry] = []
    for one in bases:
        draft.stop(one.unsupported)
        for entry in placed(draft.definition, one.entries):
            if entry.origin == "containerEnd":
                waiting.append(entry)
            else:
                first.append(_entry(draft, entry, inside))
    for entry in waiting:
        if inside.included and entry.shift_bits != 0:
            draft.stop(f"line {entry.line}: a place counted from the end of an included container")
        last.append(_entry(draft, entry, inside))
    return tuple(first + last)


def _entry(draft: _Draft, entry: Entry, inside: _Inside) -> Step:
    draft.count += 1
    if draft.count > MAX_STEPS:
        draft.stop(f"line {entry.line}: more than {MAX_STEPS} containers and members in one packet")
    draft.stop(entry.unsupported)
    if draft.trouble:
        return Block(())
    here = replace(
        inside,
        optional=inside.optional or entry.condition is not None,
        repeated=inside.repeated or entry.repeat is not None,
    )
    shift = _resolve(draft, entry.shift_bits, entry.line)
    repeat = None if entry.repeat is None else _resolve(draft, entry.repeat, entry.line)
    gap = _resolve(draft, entry.repeat_gap_bits, entry.line)
    if entry.container:
        target = draft.definition.containers[entry.container]
        steps, size = _chain(draft, target, replace(here, included=True)), target.size_bits
    elif entry.named_by:
        steps, size = _indirect(draft, entry, here), 0
    elif entry.segment_bits:
        steps, size = _segment(draft, entry, here), 0
    else:
        name, parameter, kind = find_parameter(draft.definition, entry.parameter)
        steps, size = _parameter(draft, name, parameter, kind, entry, here), 0
    return Block(steps, entry.origin, shift, entry.condition, repeat, gap, bool(entry.container), size)


def find_parameter(definition: Definition, name: str) -> tuple[str, str, ParameterType]:
    """Return (short name, qualified name, type) of a parameter, or of an aggregate's member ``P.member``."""
    if name in definition.parameters:
        one = definition.parameters[name]
        return one.short_name, one.name, one.type
    whole, _, member = name.rpartition(".")
    short, parameter, kind = find_parameter(definition, whole)
    return f"{short}.{member}", f"{parameter}.{member}", dict(kind.members)[member]


def _parameter(
    draft: _Draft, name: str, parameter: str, kind: ParameterType, entry: Entry, inside: _Inside
) -> tuple[Step, ...]:
    draft.stop(kind.unsupported)
    if kind.kind == "aggregate":
        members: list[Step] = []
        for member, inner in kind.members:
            members.extend(_parameter(draft, f"{name}.{member}", f"{parameter}.{member}", inner, entry, inside))
        return tuple(members)
    if kind.kind == "array":
        return _array(draft, name, parameter, kind, entry, inside)
    return (_read(draft, name, parameter, kind, (), entry, inside),)


def _array(
    draft: _Draft, name: str, parameter: str, kind: ParameterType, entry: Entry, inside: _Inside
) -> tuple[Step, ...]:
    counts = tuple(_resolve(draft, size, entry.line) for size in entry.dimensions or kind.dimensions)
    element = kind.element
    while element is not None and element.kind == "array":
        counts += tuple(_resolve(draft, size, entry.line) for size in element.dimensions)
        element = element.element
    if element is None or not counts:
        draft.stop(f"line {entry.line}: {name} is an array without dimensions or elements")
        return ()
    is_octets = element.encoding is not None and element.encoding.scheme in ("string", "binary")
    if element.kind != "aggregate" and not is_octets:
        return (_read(draft, name, parameter, element, counts, entry, inside),)
    steps = _parameter(draft, name, parameter, element, entry, replace(inside, repeated=True))
    for count in reversed(counts):
        steps = (Block(steps, repeat=count),)
    return steps


def _read(
    draft: _Draft,
    name: str,
    parameter: str,
    kind: ParameterType,
    counts: tuple[Size, ...],
    entry: Entry,
    inside: _Inside,
) -> Step:
    if kind.encoding is None:
        draft.stop(f"line {entry.line}: {name} has no data encoding")
        return Block(())
    bits = _resolve(draft, kind.encoding.bits, entry.line)
    slot = _column(draft, Field(name, parameter, kind, kind.encoding, NOWHERE, bits, counts), inside)
    return Read(slot, parameter, kind, kind.encoding, bits, counts)


def _column(draft: _Draft, one: Field, inside: _Inside) -> int:
    """Append a column, under a name with a running number if there is one of that name, and return its slot."""
    slot = len(draft.fields)
    number = draft.names.get(one.name, 0) + 1
    draft.names[one.name] = number
    draft.fields.append(one if number == 1 else replace(one, name=f"{one.name}#{number}"))
    if inside.optional:
        draft.optional.add(slot)
    if inside.repeated:
        draft.repeated.add(slot)
    return slot


def _segment(draft: _Draft, entry: Entry, inside: _Inside) -> tuple[Step, ...]:
    """Read some bits of a parameter, and join them with the others once all of them have been read.

    The bits of a stream's or a container's segment are read as binary.
    """
    if entry.segment_of:
        kind = ParameterType(entry.segment_of, "binary", Encoding("binary", entry.segment_bits))
        return (_read(draft, entry.segment_of, entry.segment_of, kind, (), entry, inside),)
    name, parameter, kind = find_parameter(draft.definition, entry.parameter)
    known = draft.segments.setdefault(parameter, [])
    raw = ParameterType(kind.name, "integer", Encoding("unsigned", entry.segment_bits))
    label = f"{name}.segment{len(known)}"
    step = _read(draft, label, f"{parameter}.segment{len(known)}", raw, (), entry, inside)
    known.append((entry.order, len(draft.fields) - 1, entry.segment_bits))
    encoding = kind.encoding
    if encoding is None or sum(bits for *_, bits in known) != encoding.bits or encoding.measures_itself:
        return (step,)
    ordered = sorted(known, key=lambda one: one[0] if one[0] is not None else known.index(one))
    slot = _column(draft, Field(name, parameter, kind, encoding, NOWHERE, encoding.bits), inside)
    draft.segments[parameter] = []
    return (step, Join(slot, parameter, kind, encoding, tuple((at, bits) for _, at, bits in ordered)))


def _indirect(draft: _Draft, entry: Entry, inside: _Inside) -> tuple[Step, ...]:
    """Read the parameter that another one names: a block for each that can be meant, one of which holds.

    A packet that names none of them cannot be read on, and is moved beyond its end: it does not fit.
    """
    if not any(one.parameter == entry.named_by for one in draft.fields):
        draft.stop(f"line {entry.line}: a name is read from {entry.named_by}, which does not come before")
        return ()
    steps: list[Step] = []
    unmatched: list[Comparison] = []
    kind = find_parameter(draft.definition, entry.named_by)[2]
    labels = {*kind.labels.values(), *(label for *_, label in kind.label_ranges)}
    for parameter in draft.definition.parameters.values():
        for name in _names_of(parameter, entry.alias_space):
            if labels and name not in labels:
                continue
            draft.count += 1
            if draft.count > MAX_STEPS or parameter.type.unsupported or draft.trouble:
                continue
            inner = _parameter(
                draft, parameter.short_name, parameter.name, parameter.type, entry, replace(inside, optional=True)
            )
            steps.append(Block(inner, condition=Comparison(entry.named_by, "==", name)))
            unmatched.append(Comparison(entry.named_by, "!=", name))
    if draft.count > MAX_STEPS:
        draft.stop(f"line {entry.line}: more than {MAX_STEPS} parameters that can be meant")
    return (*steps, Block((), origin="containerEnd", shift=-1, condition=AllOf(tuple(unmatched))))


def _names_of(parameter: Parameter, space: str) -> tuple[str, ...]:
    if space:
        return tuple(alias for where, alias in parameter.aliases if where == space)
    return (parameter.short_name,) if parameter.type.encoding is not None else ()


def placed(definition: Definition, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return entries with those counted back from the next one placed from where that one is placed."""
    result: list[Entry] = []
    for entry in reversed(entries):
        following = result[-1] if result else None
        result.append(_placed_before(definition, entry, following) if entry.origin == "nextEntry" else entry)
    return tuple(reversed(result))


def _placed_before(definition: Definition, entry: Entry, following: Entry | None) -> Entry:
    """Return an entry that ends so many bits before the one that follows, which must have a place of its own."""
    size, shift = fixed_bits(definition, entry), entry.shift_bits
    place = None if following is None else following.shift_bits
    if following is not None and size is not None and isinstance(shift, int) and isinstance(place, int):
        if following.origin == "containerStart":
            return replace(entry, origin="containerStart", shift_bits=place - shift - size)
        if following.origin == "containerEnd" and place > 0:
            return replace(entry, origin="containerEnd", shift_bits=place + shift + size)
    return replace(entry, unsupported=f"line {entry.line}: a place counted from a next entry that has none of its own")


def fixed_bits(definition: Definition, entry: Entry) -> int | None:
    """Return the bits of a parameter's entry, None if they are not the same in every packet."""
    if entry.segment_bits:
        return entry.segment_bits
    if not entry.parameter or entry.repeat is not None:
        return None
    return _bits_of(find_parameter(definition, entry.parameter)[2], entry.dimensions)


def _bits_of(kind: ParameterType, dimensions: tuple[Size, ...] = ()) -> int | None:
    if kind.kind == "aggregate":
        sizes = [_bits_of(inner) for _, inner in kind.members]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    if kind.kind == "array":
        one = None if kind.element is None else _bits_of(kind.element)
        counts = [count for count in dimensions or kind.dimensions if isinstance(count, int)]
        whole = len(counts) == len(dimensions or kind.dimensions)
        return one * math.prod(counts) if one is not None and whole else None
    bits = 0 if kind.encoding is None or kind.encoding.measures_itself else kind.encoding.bits
    return bits if isinstance(bits, int) and bits else None


def _resolve(draft: _Draft, size: Size, line: int) -> Size:
    """Return the size with its reference turned into the qualified name of the latest such parameter before it."""
    if not isinstance(size, Reference):
        return size
    for one in reversed(draft.fields):
        if one.is_scalar and tail_of(size.parameter) in (one.parameter[-len(tail_of(size.parameter)) :],):
            return Reference(one.parameter, size.slope, size.intercept, size.use_calibrated)
    draft.stop(f"line {line}: a size is read from {size.parameter}, which does not come before")
    return 0
