"""Read an XTCE document (CCSDS 660.0-B-2; namespaces of XTCE 1.0 to 1.3) into a Definition."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from telemus.errors import Fault
from telemus.packets.xtce.algorithms import read_algorithm
from telemus.packets.xtce.conditions import read_match
from telemus.packets.xtce.containers import read_container
from telemus.packets.xtce.document import child, line_of, local_name, named, parse_document, read_octets
from telemus.packets.xtce.findings import Findings
from telemus.packets.xtce.model import Algorithm, Container, Definition, Parameter, ParameterType
from telemus.packets.xtce.names import Names
from telemus.packets.xtce.types import read_type
from telemus.packets.xtce.vocabulary import check_vocabulary

if TYPE_CHECKING:
    from lxml import etree

MAX_CHAIN = 64
"""Containers or types that refer to each other in a row; real definitions have up to about 6."""
OPEN = -1


def read_definition(path: Path | str) -> Definition:
    """Read an XTCE file.

    Raises DefinitionError with every fault at once (file, line, what was got and wanted), OSError if the file cannot
    be read. Elements that are not supported do not raise: they stand in ``Definition.unsupported`` with their line.
    """
    return parse_definition(read_octets(Path(path)), str(path))


def parse_definition(text: bytes, source: str = "definition") -> Definition:
    """Read XTCE from memory, as ``read_definition`` does from a file."""
    return _Reading(parse_document(text, source), source).run(hashlib.sha256(text).hexdigest())


class _Reading:
    """One reading of one document: what it names, and what has been made of that."""

    def __init__(self, root: etree._Element, source: str) -> None:
        self._root = root
        self._findings = Findings(source)
        self._types: dict[str, ParameterType] = {}
        self._open: list[str] = []
        self._loose: dict[str, Fault] = {}

    def run(self, digest: str) -> Definition:
        if local_name(self._root) != "SpaceSystem":
            self._findings.fault(self._root, f"the root element {local_name(self._root)}", "SpaceSystem")
            self._findings.raise_if_faulty()
        check_vocabulary(self._root, self._findings)
        self._names = Names(self._root, self._findings)
        self._found = self._names.found
        self._names.check_lent()
        for name in self._found["type"]:
            self._type(name)
        resolve, findings = self._names.resolve, self._findings
        parameters = {name: self._parameter(name, one) for name, one in self._found["parameter"].items()}
        containers = {
            name: read_container(one, name, resolve, findings) for name, one in self._found["container"].items()
        }
        algorithms = self._algorithms(parameters)
        self._check_chains(containers)
        self._check_entries(containers, parameters)
        self._judge_loose(containers)
        findings.raise_if_faulty()
        return Definition(
            name=self._root.get("name", ""),
            parameters={name: one for name, one in parameters.items() if one is not None},
            containers=containers,
            algorithms=algorithms,
            unsupported=tuple(findings.unsupported),
            source=findings.source,
            digest=digest,
        )

    def _type(self, name: str) -> ParameterType | None:
        if name in self._types:
            return self._types[name]
        element = self._found["type"][name]
        if name in self._open:
            self._findings.fault(element, f"a type that refers to itself: {name}", "a chain with an end")
            return None
        if len(self._open) > MAX_CHAIN:
            self._findings.fault(element, f"a chain of more than {MAX_CHAIN} types", "a shorter one")
            return None
        self._open.append(name)
        self._types[name] = read_type(element, self._lookup_type, self._names.resolve, self._findings)
        self._open.pop()
        return self._types[name]

    def _lookup_type(self, element: etree._Element, reference: str) -> ParameterType | None:
        name = self._names.resolve(element, "type", reference)
        return self._type(name) if name else None

    def _judge_loose(self, containers: dict[str, Container]) -> None:
        """A parameter without a type is a fault if a container holds it, else something to report."""
        used = {entry.parameter for one in containers.values() for entry in one.entries}
        for name, fault in self._loose.items():
            (self._findings.faults if name in used else self._findings.unsupported).append(fault)

    def _parameter(self, name: str, element: etree._Element) -> Parameter | None:
        reference = element.get("parameterTypeRef", "")
        if not self._names.find(element, "type", reference):
            self._loose[name] = Fault(
                self._findings.place(element), f"the type {reference!r}", "a type that the definition has"
            )
            return None
        kind = self._lookup_type(element, reference)
        if kind is None:
            return None
        text = child(element, "LongDescription")
        notes = named(child(element, "AncillaryDataSet"), "AncillaryData")
        aliases = named(child(element, "AliasSet"), "Alias")
        properties = child(element, "ParameterProperties")
        return Parameter(
            name=name,
            type=self._with_validity(kind, properties),
            description=element.get("shortDescription", "") or ((text.text or "").strip() if text is not None else ""),
            ancillary={one.get("name", ""): (one.text or "").strip() for one in notes},
            aliases=tuple((one.get("nameSpace", ""), one.get("alias", "")) for one in aliases),
            source="" if properties is None else properties.get("dataSource", ""),
            initial_value=element.get("initialValue", kind.initial_value),
            line=line_of(element),
        )

    def _algorithms(self, parameters: dict[str, Parameter | None]) -> tuple[Algorithm, ...]:
        """Return the algorithms that give a whole parameter; another output is noted."""
        found: list[Algorithm] = []
        for name, element in self._found["algorithm"].items():
            one = read_algorithm(element, name, self._names.resolve, self._findings)
            if one is not None and parameters.get(one.output) is None:
                self._findings.not_supported(element, f"an algorithm whose output is {one.output}")
            elif one is not None:
                found.append(one)
        return tuple(found)

    def _with_validity(self, kind: ParameterType, properties: etree._Element | None) -> ParameterType:
        holder = child(properties, "ValidityCondition")
        if holder is None:
            return kind
        return replace(kind, valid_if=read_match(holder, self._names.resolve, self._findings)[0])

    def _check_entries(self, containers: dict[str, Container], parameters: dict[str, Parameter | None]) -> None:
        """Note members that an aggregate does not have, and segments that are not the whole of a parameter."""
        for name, container in containers.items():
            segments: dict[str, int] = {}
            for entry in container.entries:
                whole, *steps = entry.parameter.split(".")
                parameter = parameters.get(whole)
                kind = None if parameter is None else parameter.type
                for step in steps if kind is not None else ():
                    kind = None if kind is None else dict(kind.members).get(step)
                    if kind is None:
                        got, wanted = f"line {entry.line}: the member {step!r} of {whole}", "one that it has"
                        self._findings.fault(self._found["container"][name], got, wanted)
                if entry.segment_bits and kind is not None:
                    segments[entry.parameter] = segments.get(entry.parameter, 0) + entry.segment_bits
            for parameter_name, bits in segments.items():
                kind = parameters[parameter_name.split(".")[0]].type  # type: ignore[union-attr]
                size = None if kind.encoding is None else kind.encoding.bits
                if bits != size:
                    what = f"segments of {bits} of {size} bits of {parameter_name}: kept apart, not joined"
                    self._findings.not_supported(self._found["container"][name], what)

    def _check_chains(self, containers: dict[str, Container]) -> None:
        """Note containers that inherit from or include themselves, or chains deeper than MAX_CHAIN, in linear time."""
        depth: dict[str, int] = {}
        for first in containers:
            waiting = [(first, False)]
            while waiting:
                name, done = waiting.pop()
                below = [target for target in _targets(containers[name]) if target in containers]
                if done:
                    depth[name] = 1 + max((depth.get(target, 0) for target in below), default=0)
                    if depth[name] == MAX_CHAIN + 1:
                        self._fault_chain(name, f"a chain of more than {MAX_CHAIN} containers", "a shorter one")
                elif name not in depth:
                    depth[name] = OPEN
                    waiting.append((name, True))
                    for target in below:
                        if depth.get(target) == OPEN:
                            self._fault_chain(target, "a container that reaches itself", "a chain with an end")
                        elif target not in depth:
                            waiting.append((target, False))

    def _fault_chain(self, name: str, got: str, wanted: str) -> None:
        self._findings.fault(self._found["container"][name], got, wanted)


def _targets(container: Container) -> tuple[str, ...]:
    return (container.base, *(entry.container for entry in container.entries))
