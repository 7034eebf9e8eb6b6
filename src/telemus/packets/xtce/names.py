"""Collect what a document names, and find what a reference means (660.0-B-2 clause 4.3.2.1).

Names are qualified by their space systems. A reference that begins with a slash is a path from the root; another one is
looked up in the system it stands in, then outwards. What comes after a name is a member of an aggregate (``P.member``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.document import elements, line_of, local_name
from telemus.packets.xtce.types import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from telemus.packets.xtce.findings import Findings

_SETS = {
    "ParameterTypeSet": ("type", frozenset(KINDS)),
    "ParameterSet": ("parameter", frozenset(["Parameter"])),
    "ContainerSet": ("container", frozenset(["SequenceContainer"])),
    "AlgorithmSet": ("algorithm", frozenset(["MathAlgorithm"])),
}
"""The sets that are read: what a name in each is, and the elements that have one."""
_SHARED_SETS = ("type", "parameter")
"""What telemetry may use of the command part."""


class Names:
    """The elements of one document by kind and qualified name; it lives as long as one reading."""

    def __init__(self, root: etree._Element, findings: Findings) -> None:
        self._findings = findings
        self.found: dict[str, dict[str, etree._Element]] = {kind: {} for kind, _ in _SETS.values()}
        self._system_of: dict[etree._Element, str] = {}
        self._lent: dict[str, etree._Element] = {}
        self._collect(root, "")

    def _collect(self, system: etree._Element, outer: str) -> None:
        name = system.get("name", "")
        if not name or "/" in name:
            self._findings.fault(system, f"the name {name!r}", "a name without slashes")
        path = f"{outer}/{name}"
        for one in elements(system):
            if local_name(one) in ("TelemetryMetaData", "CommandMetaData"):
                for holder in elements(one):
                    kind, wanted = _SETS.get(local_name(holder), ("", frozenset()))
                    if kind in _SHARED_SETS or (kind and local_name(one) == "TelemetryMetaData"):
                        self._collect_set(holder, kind, wanted, path)
            elif local_name(one) == "SpaceSystem":
                self._collect(one, path)

    def _collect_set(self, holder: etree._Element, kind: str, wanted: frozenset[str], path: str) -> None:
        for one in elements(holder):
            name = f"{path}/{one.get('name', '')}"
            if local_name(one) == "ParameterRef":
                self._system_of[one] = path
                self._lent[f"{path}/{one.get('parameterRef', '').rpartition('/')[2]}"] = one
            elif local_name(one) not in wanted:  # noted by the walk over the vocabulary
                continue
            elif not one.get("name"):
                self._findings.fault(one, "no name", "a name")
            elif name in self.found[kind]:
                first = line_of(self.found[kind][name])
                self._findings.fault(one, f"{name} a second time (first on line {first})", "each name once")
            else:
                self.found[kind][name] = one
                self._system_of[one] = path

    def check_lent(self) -> None:
        """Note a fault for every parameter that a system takes from another one which does not have it."""
        for one in self._lent.values():
            self.resolve(one, "parameter", one.get("parameterRef", ""))

    def resolve(self, element: etree._Element, kind: str, reference: str) -> str:
        """Return the qualified name of a reference; a fault, and nothing, if it names nothing.

        An element of an array (``P[0]``) is noted as not supported, and is nothing too.
        """
        name = self.find(element, kind, reference)
        if not name and kind == "parameter":
            whole = reference.partition("[")[0]
            if whole != reference and (self.find(element, kind, whole) or self._find_member(element, whole)):
                self._findings.not_supported(element, f"the element {reference} of an array")
                return ""
            name = self._find_member(element, reference)
        if not name:
            self._findings.fault(element, f"the {kind} {reference!r}", f"a {kind} that the definition has")
        return name

    def find(self, element: etree._Element, kind: str, reference: str) -> str:
        """Return the qualified name of a reference from where it stands, nothing if it names nothing."""
        for path in self._paths(element, reference):
            if path in self.found[kind]:
                return path
            lent = self._lent.get(path) if kind == "parameter" else None
            if lent is not None and lent is not element:
                target = lent.get("parameterRef", "")
                return next((one for one in self._paths(lent, target) if one in self.found[kind]), "")
        return ""

    def _paths(self, element: etree._Element, reference: str) -> Iterator[str]:
        """Yield the qualified names that a reference can mean, the innermost system first."""
        if reference.startswith("/"):
            yield _normal(reference)
            return
        system = self._system(element)
        while True:
            yield _normal(f"{system}/{reference}")
            if not system:
                return
            system = system.rpartition("/")[0]

    def _system(self, element: etree._Element) -> str:
        """Return the space system that an element inside a type, parameter or container stands in."""
        at: etree._Element | None = element
        while at is not None and at not in self._system_of:
            at = at.getparent()
        return self._system_of[at] if at is not None else ""

    def _find_member(self, element: etree._Element, reference: str) -> str:
        """Return the name of an aggregate's member: ``P.member``, as files also write ``P/member``; '' if none."""
        steps = reference.replace(".", "/").split("/") if not reference.startswith(".") else []
        for count in range(len(steps) - 1, 0, -1):
            whole = self.find(element, "parameter", "/".join(steps[:count]))
            if whole:
                return ".".join([whole, *steps[count:]])
        return ""


def _normal(path: str) -> str:
    """Return a path without ``.`` and ``..`` steps; a step above the root stays at the root."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "/" + "/".join(steps)
