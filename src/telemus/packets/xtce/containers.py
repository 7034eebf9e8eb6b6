"""Read sequence containers: entries, places, inheritance and restriction criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.document import child, elements, line_of, local_name
from telemus.packets.xtce.model import Comparison, Container, Entry
from telemus.packets.xtce.types import read_dimensions

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from telemus.packets.xtce.findings import Findings

    NameLookup = Callable[[etree._Element, str, str], str]
    """Resolves (where, 'parameter' or 'container', reference) to a qualified name; '' if there is none."""

OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
"""XTCE ComparisonOperatorsType."""
_ENTRY_KINDS = {
    "ParameterRefEntry": ("parameter", "parameterRef"),
    "ArrayParameterRefEntry": ("parameter", "parameterRef"),
    "ContainerRefEntry": ("container", "containerRef"),
}
_PLACE = frozenset(["LocationInContainerInBits", "DimensionList"])


def read_container(element: etree._Element, name: str, resolve: NameLookup, findings: Findings) -> Container:
    """Return one sequence container; what is wrong or not supported goes to ``findings``."""
    base, criteria, why = _read_base(child(element, "BaseContainer"), resolve, findings)
    entries = tuple(_read_entry(one, resolve, findings) for one in elements(child(element, "EntryList")))
    text = child(element, "LongDescription")
    return Container(
        name=name,
        entries=entries,
        base=base,
        criteria=criteria,
        abstract=findings.flag(element, "abstract", False),
        description=element.get("shortDescription", "") or ((text.text or "").strip() if text is not None else ""),
        unsupported=why,
        line=line_of(element),
    )


def _read_entry(one: etree._Element, resolve: NameLookup, findings: Findings) -> Entry:
    line = line_of(one)
    if local_name(one) not in _ENTRY_KINDS:
        return Entry(unsupported=findings.not_supported(one, f"the entry {local_name(one)}"), line=line)
    kind, attribute = _ENTRY_KINDS[local_name(one)]
    target = resolve(one, kind, one.get(attribute, ""))
    origin, shift, why = _read_place(child(one, "LocationInContainerInBits"), findings)
    for extra in elements(one):
        if local_name(extra) not in _PLACE:
            why = findings.not_supported(extra, f"{local_name(extra)} of an entry")
    dimensions = read_dimensions(one, findings)
    if kind == "parameter":
        return Entry(target, "", origin, shift, dimensions, why, line)
    return Entry("", target, origin, shift, (), why, line)


def _read_place(holder: etree._Element | None, findings: Findings) -> tuple[str, int, str]:
    if holder is None:
        return "previousEntry", 0, ""
    origin = holder.get("referenceLocation", "previousEntry")
    fixed = child(holder, "FixedValue")
    if fixed is None or origin not in ("previousEntry", "containerStart"):
        return "previousEntry", 0, findings.not_supported(holder, f"a place counted from {origin}, or not fixed")
    return origin, findings.integer(fixed, fixed.text), ""


def _read_base(
    holder: etree._Element | None, resolve: NameLookup, findings: Findings
) -> tuple[str, tuple[Comparison, ...], str]:
    if holder is None:
        return "", (), ""
    base = resolve(holder, "container", holder.get("containerRef", ""))
    comparisons: list[Comparison] = []
    why = ""
    for one in elements(child(holder, "RestrictionCriteria")):
        tag = local_name(one)
        if tag == "Comparison":
            comparisons.append(_comparison(one, resolve, findings))
        elif tag == "ComparisonList":
            comparisons.extend(_comparison(inner, resolve, findings) for inner in elements(one))
        elif tag == "BooleanExpression" and (anded := _anded(one)):
            comparisons.extend(_condition(inner, resolve, findings) for inner in anded)
        else:
            why = findings.not_supported(one, f"the restriction {tag}")
    return base, tuple(comparisons), why


def _anded(expression: etree._Element) -> list[etree._Element]:
    """Return the conditions of an expression that is one condition or a plain conjunction; none if it is more."""
    conditions = elements(child(expression, "ANDedConditions")) or elements(expression)
    plain = all(local_name(one) == "Condition" and child(one, "Value") is not None for one in conditions)
    return conditions if plain else []


def _condition(one: etree._Element, resolve: NameLookup, findings: Findings) -> Comparison:
    instance, operator, value = (child(one, name) for name in ("ParameterInstanceRef", "ComparisonOperator", "Value"))
    if instance is None:
        findings.fault(one, "no ParameterInstanceRef", "the parameter to compare")
        return Comparison("", "==", "")
    parameter = resolve(instance, "parameter", instance.get("parameterRef", ""))
    text = "==" if operator is None else (operator.text or "").strip()
    _check_operator(one, text, findings)
    calibrated = findings.flag(instance, "useCalibratedValue", True)
    return Comparison(parameter, text, (value.text or "").strip() if value is not None else "", calibrated)


def _comparison(one: etree._Element, resolve: NameLookup, findings: Findings) -> Comparison:
    operator = one.get("comparisonOperator", "==")
    _check_operator(one, operator, findings)
    if one.get("value") is None:
        findings.fault(one, "no value", "the value to compare with")
    if findings.integer(one, one.get("instance"), 0) != 0:
        findings.not_supported(one, f"instance {one.get('instance')}: a value of an earlier packet")
    parameter = resolve(one, "parameter", one.get("parameterRef", ""))
    return Comparison(parameter, operator, one.get("value", ""), findings.flag(one, "useCalibratedValue", True))


def _check_operator(one: etree._Element, operator: str, findings: Findings) -> None:
    if operator not in OPERATORS:
        findings.fault(one, f"the operator {operator!r}", "one of " + " ".join(OPERATORS))
