"""Compile a definition into what decoding needs: a layout per container, the tree of choices, the walker's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from telemus.errors import DefinitionError, Fault
from telemus.packets.ccsds import MAX_PACKET_BYTES, MIN_PACKET_BYTES
from telemus.packets.derived import Derivation, derivations
from telemus.packets.layout import Field, Layout, lay_out
from telemus.packets.matching import parameters_of
from telemus.packets.steps import Program, compile_steps
from telemus.packets.walk import ApidRule
from telemus.packets.xtce import Comparison, Container, Definition
from telemus.packets.xtce.model import Match

_APID_BIT, _APID_BITS = 5, 11
"""133.0-B-2 clause 4.1.3.3.4."""
TIME_MARK = "on-board time"
"""Name of the AncillaryData that marks the parameters of the on-board clock: ``CUC coarse`` and ``CUC fine``."""


@dataclass(frozen=True)
class TimeFields:
    """The columns of the on-board clock in CUC, and the octets of its fine part."""

    coarse: str
    fine: str = ""
    fine_octets: int = 0


@dataclass(frozen=True)
class ContainerPlan:
    """How the packets of one container become columns.

    ``fixed_bytes`` is the packet length if every packet of the container has the same, else None. ``apid`` is None
    where the definition does not choose by APID. ``undecodable`` says, if not empty, what stops decoding.
    ``steps`` are there where the layout differs from packet to packet beyond the length of arrays. ``derived`` are the
    columns that algorithms add. ``digest`` is the SHA-256 of the definition.
    """

    name: str
    container: Container
    fields: tuple[Field, ...]
    criteria: tuple[Match, ...]
    apid: int | None
    shortest_bytes: int
    fixed_bytes: int | None
    has_checksum: bool
    time: TimeFields | None
    undecodable: str = ""
    steps: Program | None = None
    derived: tuple[Derivation, ...] = ()
    digest: str = ""
    children: tuple[ContainerPlan, ...] = ()

    def field(self, name: str) -> Field:
        """Return the field of that column name.

        Raises KeyError with the names there are.
        """
        known = (*self.fields, *(one.field for one in self.derived))
        for one in known:
            if one.name == name:
                return one
        raise KeyError(f"container {self.name}: got column {name}, wanted one of {[one.name for one in known]}")

    def field_of(self, parameter: str) -> Field | None:
        """Return the last field of that parameter (qualified name), None if there is none."""
        known = (*(one.field for one in self.derived), *self.fields)
        return next((one for one in reversed(known) if one.parameter == parameter), None)

    def walk(self) -> Iterator[ContainerPlan]:
        """Yield this plan and all below it."""
        yield self
        for one in self.children:
            yield from one.walk()


@dataclass(frozen=True)
class Plan:
    """A whole definition compiled: the root of the tree of containers, and what the walker needs to know."""

    definition: Definition
    root: ContainerPlan
    rules: dict[int, ApidRule]

    @property
    def containers(self) -> dict[str, ContainerPlan]:
        """All containers that a packet can be, by name."""
        return {one.name: one for one in self.root.walk() if not one.container.abstract}

    @property
    def apids(self) -> dict[int, tuple[str, ...]]:
        """The containers of each APID that the definition names."""
        result: dict[int, tuple[str, ...]] = {}
        for one in self.containers.values():
            if one.apid is not None:
                result[one.apid] = (*result.get(one.apid, ()), one.name)
        return result


def compile_plan(definition: Definition, root: str | None = None) -> Plan:
    """Compile a definition.

    ``root`` names the container that every packet begins with; by default the one that the most containers inherit
    from. Raises DefinitionError if there is no such container.
    """
    children: dict[str, list[Container]] = {}
    for one in definition.containers.values():
        children.setdefault(one.base, []).append(one)
    chosen = _choose_root(definition, children, root)
    same = Counter(one.short_name for one in definition.containers.values())
    names = {
        one.name: one.short_name if same[one.short_name] == 1 else one.name for one in definition.containers.values()
    }
    tree = _compile(definition, chosen, children, names, ())
    return Plan(definition, tree, _rules(tree))


def _choose_root(definition: Definition, children: dict[str, list[Container]], root: str | None) -> Container:
    roots = children.get("", [])
    if root is not None:
        named = [one for one in definition.containers.values() if root in (one.name, one.short_name)]
        if len(named) != 1:
            known = ", ".join(one.short_name for one in roots)
            raise DefinitionError(definition.source, (Fault("root container", root, f"one of {known}"),))
        return named[0]
    if not roots:
        fault = Fault("ContainerSet", "no container without a base", "a container that every packet begins with")
        raise DefinitionError(definition.source, (fault,))
    return max(roots, key=lambda one: _descendants(one, children))


def _descendants(container: Container, children: dict[str, list[Container]]) -> int:
    below = children.get(container.name, [])
    return len(below) + sum(_descendants(one, children) for one in below)


def _compile(
    definition: Definition,
    container: Container,
    children: dict[str, list[Container]],
    names: dict[str, str],
    inherited: tuple[Match, ...],
) -> ContainerPlan:
    layout = lay_out(definition, container)
    criteria = inherited + container.criteria
    below = tuple(_compile(definition, one, children, names, criteria) for one in children.get(container.name, []))
    steps = compile_steps(definition, container, layout.fields) if layout.varies and not layout.undecodable else None
    fields = layout.fields if steps is None else steps.fields
    trouble = layout.undecodable or (steps.trouble if steps else "") or _unanswerable(fields, criteria, steps)
    shortest = max(MIN_PACKET_BYTES, _shortest_bytes(layout))
    fixed = layout.end.anchor == 0 and steps is None and not trouble
    return ContainerPlan(
        name=names[container.name],
        container=container,
        fields=fields,
        criteria=criteria,
        apid=_apid(fields, criteria),
        shortest_bytes=shortest,
        fixed_bytes=shortest if fixed else None,
        has_checksum=steps is None and _has_checksum(layout),
        time=_time(definition, fields),
        undecodable=trouble,
        steps=steps,
        derived=derivations(definition, container, fields),
        digest=definition.digest,
        children=below,
    )


def _shortest_bytes(layout: Layout) -> int:
    """Return the octets that every packet of the layout has: all of its fields of known size."""
    ends = [one.place.bit + (one.total_bits or 0) for one in layout.fields if one.place.anchor == 0]
    behind = 0 if layout.end.anchor == 0 else layout.end.bit
    return (max(ends, default=0) + behind + 7) // 8


def _unanswerable(fields: tuple[Field, ...], criteria: tuple[Match, ...], steps: Program | None) -> str:
    """Return what is wrong if a criterion asks for a parameter that has no fixed place, else nothing."""
    known = {one.parameter for one in fields if one.is_scalar and (steps is not None or one.place.anchor == 0)}
    missing = [name for match in criteria for name in parameters_of(match) if name not in known]
    return f"restricted by {missing[0]}, which has no fixed place in the packet" if missing else ""


def _apid(fields: tuple[Field, ...], criteria: tuple[Match, ...]) -> int | None:
    for one in fields:
        if one.place == (0, _APID_BIT) and one.bits == _APID_BITS:
            plain = [match for match in criteria if isinstance(match, Comparison)]
            values = {match.value for match in plain if match.parameter == one.parameter and match.operator == "=="}
            texts = [value for value in values if value.strip().isdigit()]
            return int(texts[0]) if len(texts) == 1 else None
    return None


def _has_checksum(layout: Layout) -> bool:
    """Return whether the last field is a checksum over everything before it."""
    last = layout.fields[-1] if layout.fields else None
    return (
        last is not None
        and not layout.undecodable
        and last.encoding.is_checksum
        and (last.place.anchor, last.place.bit + 16) == layout.end
    )


def _time(definition: Definition, fields: tuple[Field, ...]) -> TimeFields | None:
    marked: dict[str, Field] = {}
    for one in fields:
        parameter = definition.parameters.get(one.parameter)
        if parameter is not None and TIME_MARK in parameter.ancillary:
            marked.setdefault(parameter.ancillary[TIME_MARK], one)
    coarse, fine = marked.get("CUC coarse"), marked.get("CUC fine")
    if coarse is None:
        return None
    if fine is None or not isinstance(fine.bits, int):
        return TimeFields(coarse.name)
    return TimeFields(coarse.name, fine.name, fine.bits // 8)


def _rules(root: ContainerPlan) -> dict[int, ApidRule]:
    rules: dict[int, ApidRule] = {}
    for one in root.walk():
        if one.apid is None or one.container.abstract:
            continue
        longest = one.fixed_bytes if one.has_checksum and one.fixed_bytes else MAX_PACKET_BYTES
        before = rules.get(one.apid)
        rule = ApidRule(one.shortest_bytes, longest, one.has_checksum)
        if before is not None:
            rule = ApidRule(
                min(before.shortest, rule.shortest),
                max(before.longest, rule.longest),
                before.checksum and rule.checksum,
            )
        rules[one.apid] = rule
    return rules
