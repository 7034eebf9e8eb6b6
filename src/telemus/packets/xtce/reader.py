"""Read an XTCE document (CCSDS 660.0-B-2; namespaces of XTCE 1.0 to 1.3) into a Definition.

Names are qualified by their space systems. A reference is looked up as the standard says (4.3.2.1): as a path from the
root if it begins with a slash, else relative to the system it stands in, then outwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from telemus.errors import Fault
from telemus.packets.xtce.containers import read_container
from telemus.packets.xtce.document import child, elements, line_of, local_name, parse_document, read_document
from telemus.packets.xtce.findings import Findings
from telemus.packets.xtce.model import Container, Definition, Parameter, ParameterType
from telemus.packets.xtce.types import KINDS, read_type

if TYPE_CHECKING:
    from lxml import etree

_QUIET = frozenset(
    [
        "Header",
        "LongDescription",
        "AliasSet",
        "AncillaryDataSet",
        "TelemetryMetaData",
        "CommandMetaData",
        "SpaceSystem",
        "ServiceSet",
        "ShortDescription",
    ]
)
_PARAMETER = frozenset(["LongDescription", "ShortDescription", "AliasSet", "AncillaryDataSet", "ParameterProperties"])
_READS_MEMBERS = frozenset(["Comparison", "ParameterInstanceRef", "ParameterRefEntry"])
_SETS = {"ParameterTypeSet": "type", "ParameterSet": "parameter", "ContainerSet": "container"}


def read_definition(path: Path | str) -> Definition:
    """Read an XTCE file.

    Raises DefinitionError with every fault at once (file, line, what was got and wanted), OSError if the file cannot
    be read. Elements that are not supported do not raise: they stand in ``Definition.unsupported`` with their line.
    """
    place = Path(path)
    return _Reading(read_document(place), str(place)).run()


def parse_definition(text: bytes, source: str = "definition") -> Definition:
    """Read XTCE from memory, as ``read_definition`` does from a file."""
    return _Reading(parse_document(text, source), source).run()


MAX_CHAIN = 64
"""Containers or types that refer to each other in a row; real definitions have up to about 6."""
OPEN = -1


class _Reading:
    """One reading of one document: the tables of elements by qualified name, and what has been made of them."""

    def __init__(self, root: etree._Element, source: str) -> None:
        self._root = root
        self._findings = Findings(source)
        self._found: dict[str, dict[str, etree._Element]] = {"type": {}, "parameter": {}, "container": {}}
        self._system_of: dict[etree._Element, str] = {}
        self._types: dict[str, ParameterType] = {}
        self._open: list[str] = []
        self._loose: dict[str, Fault] = {}

    def run(self) -> Definition:
        if local_name(self._root) != "SpaceSystem":
            self._findings.fault(self._root, f"the root element {local_name(self._root)}", "SpaceSystem")
            self._findings.raise_if_faulty()
        self._collect(self._root, "")
        for name in self._found["type"]:
            self._type(name)
        parameters = {name: self._parameter(name, one) for name, one in self._found["parameter"].items()}
        containers = {
            name: read_container(one, name, self._resolve_name, self._findings)
            for name, one in self._found["container"].items()
        }
        self._check_chains(containers)
        self._judge_loose(containers)
        self._findings.raise_if_faulty()
        return Definition(
            name=self._root.get("name", ""),
            parameters={name: one for name, one in parameters.items() if one is not None},
            containers=containers,
            unsupported=tuple(self._findings.unsupported),
            source=self._findings.source,
        )

    def _collect(self, system: etree._Element, outer: str) -> None:
        name = system.get("name", "")
        if not name or "/" in name:
            self._findings.fault(system, f"the name {name!r}", "a name without slashes")
        path = f"{outer}/{name}"
        for holder in elements(system):
            if local_name(holder) in ("TelemetryMetaData", "CommandMetaData"):
                self._collect_sets(holder, path)
        for one in elements(system):
            if local_name(one) == "SpaceSystem":
                self._collect(one, path)
            elif local_name(one) not in _QUIET:
                self._findings.not_supported(one, local_name(one))

    def _collect_sets(self, holder: etree._Element, path: str) -> None:
        """Take every set of a telemetry part, and of a command part the types and parameters that telemetry may use."""
        is_telemetry = local_name(holder) == "TelemetryMetaData"
        for one in elements(holder):
            kind = _SETS.get(local_name(one), "")
            if kind and (is_telemetry or kind != "container"):
                self._collect_set(one, kind, path)
            elif is_telemetry and not kind:
                self._findings.not_supported(one, local_name(one))

    def _collect_set(self, holder: etree._Element | None, kind: str, path: str) -> None:
        wanted = {"type": frozenset(KINDS), "parameter": {"Parameter"}, "container": {"SequenceContainer"}}[kind]
        for one in elements(holder):
            name = f"{path}/{one.get('name', '')}"
            if local_name(one) not in wanted:
                self._findings.not_supported(one, local_name(one))
            elif not one.get("name"):
                self._findings.fault(one, "no name", "a name")
            elif name in self._found[kind]:
                first = line_of(self._found[kind][name])
                self._findings.fault(one, f"{name} a second time (first on line {first})", "each name once")
            else:
                self._found[kind][name] = one
                self._system_of[one] = path

    def _system(self, element: etree._Element) -> str:
        """Return the space system that an element inside a type, parameter or container stands in."""
        at: etree._Element | None = element
        while at is not None and at not in self._system_of:
            at = at.getparent()
        return self._system_of[at] if at is not None else ""

    def _find(self, element: etree._Element, kind: str, reference: str) -> str:
        table = self._found[kind]
        if reference.startswith("/"):
            return _normal(reference) if _normal(reference) in table else ""
        system = self._system(element)
        while True:
            candidate = _normal(f"{system}/{reference}")
            if candidate in table:
                return candidate
            if not system:
                return ""
            system = system.rpartition("/")[0]

    def _resolve_name(self, element: etree._Element, kind: str, reference: str) -> str:
        """Return the qualified name of a reference; a fault if it names nothing."""
        name = self._find(element, kind, reference)
        if not name and kind == "parameter" and local_name(element) in _READS_MEMBERS:
            name = self._find_member(element, reference)
        if not name:
            self._findings.fault(element, f"the {kind} {reference!r}", f"a {kind} that the definition has")
        return name

    def _find_member(self, element: etree._Element, reference: str) -> str:
        """Return the name of an aggregate's member: ``P.member``, as files also write ``P/member``; '' if none."""
        steps = reference.replace(".", "/").split("/")
        for count in range(len(steps) - 1, 0, -1):
            whole = self._find(element, "parameter", "/".join(steps[:count]))
            if whole:
                return ".".join([whole, *steps[count:]])
        return ""

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
        self._types[name] = read_type(element, self._lookup_type, self._resolve_name, self._findings)
        self._open.pop()
        return self._types[name]

    def _lookup_type(self, element: etree._Element, reference: str) -> ParameterType | None:
        name = self._resolve_name(element, "type", reference)
        return self._type(name) if name else None

    def _judge_loose(self, containers: dict[str, Container]) -> None:
        """A parameter without a type is a fault if a container holds it, else something to report."""
        used = {entry.parameter for one in containers.values() for entry in one.entries}
        for name, fault in self._loose.items():
            (self._findings.faults if name in used else self._findings.unsupported).append(fault)

    def _parameter(self, name: str, element: etree._Element) -> Parameter | None:
        reference = element.get("parameterTypeRef", "")
        if not self._find(element, "type", reference):
            self._loose[name] = Fault(
                self._findings.place(element), f"the type {reference!r}", "a type that the definition has"
            )
            return None
        kind = self._lookup_type(element, element.get("parameterTypeRef", ""))
        if kind is None:
            return None
        self._findings.report_others(element, _PARAMETER)
        text = child(element, "LongDescription")
        notes = elements(child(element, "AncillaryDataSet"))
        return Parameter(
            name=name,
            type=kind,
            description=element.get("shortDescription", "") or ((text.text or "").strip() if text is not None else ""),
            ancillary={one.get("name", ""): (one.text or "").strip() for one in notes},
            line=line_of(element),
        )

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


def _normal(path: str) -> str:
    """Return a path without ``.`` and ``..`` steps; a step above the root stays at the root."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "/" + "/".join(steps)
