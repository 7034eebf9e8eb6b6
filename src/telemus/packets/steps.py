"""Compile a container whose layout differs from packet to packet into steps: read this, if that, so many times.

Every container can be compiled to steps; those of a plain layout (``layout.lay_out``) do not need to be, and are read
faster without. The steps are the plain specification of the fast path, and a property test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from telemus.packets.layout import MAX_STEPS, Field, Place, tail_of
from telemus.packets.xtce import Container, Definition, Encoding, Entry, ParameterType, Reference
from telemus.packets.xtce.model import Match, Size

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


Step = Read | Block


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
        for entry in one.entries:
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
    if element.kind != "aggregate":
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
    if counts and kind.encoding.scheme in ("string", "binary"):
        draft.stop(f"line {entry.line}: {name} is an array of text or binary")
        return Block(())
    slot = len(draft.fields)
    bits = _resolve(draft, kind.encoding.bits, entry.line)
    number = draft.names.get(name, 0) + 1
    draft.names[name] = number
    unused = name if number == 1 else f"{name}#{number}"
    draft.fields.append(Field(unused, parameter, kind, kind.encoding, NOWHERE, bits, counts))
    if inside.optional:
        draft.optional.add(slot)
    if inside.repeated:
        draft.repeated.add(slot)
    return Read(slot, parameter, kind, kind.encoding, bits, counts)


def _resolve(draft: _Draft, size: Size, line: int) -> Size:
    """Return the size with its reference turned into the qualified name of the latest such parameter before it."""
    if isinstance(size, int):
        return size
    for one in reversed(draft.fields):
        if one.is_scalar and tail_of(size.parameter) in (one.parameter[-len(tail_of(size.parameter)) :],):
            return Reference(one.parameter, size.slope, size.intercept, size.use_calibrated)
    draft.stop(f"line {line}: a size is read from {size.parameter}, which does not come before")
    return 0
