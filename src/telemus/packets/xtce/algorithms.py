"""Read math algorithms: a postfix formula, the parameter that it gives, and what triggers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.calibrators import read_formula
from telemus.packets.xtce.document import child, line_of, named
from telemus.packets.xtce.model import Algorithm

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings


def read_algorithm(element: etree._Element, name: str, resolve: NameLookup, findings: Findings) -> Algorithm | None:
    """Return one math algorithm; None, and a note or fault, if it cannot be run.

    It is run for every packet that triggers it: the greatest rate of its trigger set (by default once a second) is a
    limit for machines that cannot keep up, and leaving values out is no part of the formula.
    """
    operation = child(element, "MathOperation")
    if operation is None:
        findings.fault(element, "no MathOperation", "the formula")
        return None
    formula = read_formula(operation, resolve, findings)
    output = resolve(operation, "parameter", operation.get("outputParameterRef", ""))
    triggers = child(operation, "TriggerSet")
    containers = tuple(
        resolve(one, "container", one.get("containerRef", "")) for one in named(triggers, "OnContainerUpdateTrigger")
    )
    parameters = tuple(
        resolve(one, "parameter", one.get("parameterRef", "")) for one in named(triggers, "OnParameterUpdateTrigger")
    )
    if formula is None or not output:
        return None
    if not containers and not parameters:
        findings.not_supported(element, "an algorithm that no container and no parameter triggers")
        return None
    if "x" in formula.steps:
        findings.not_supported(element, "an algorithm with ThisParameterOperand, which only a calibrator has")
        return None
    return Algorithm(name, output, formula, containers, parameters, line_of(element))
