"""Read match criteria: comparisons, lists of them and boolean expressions, into one tree of conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.document import child, elements, local_name
from telemus.packets.xtce.model import AllOf, AnyOf, Comparison, Match

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from telemus.packets.xtce.findings import Findings

    NameLookup = Callable[[etree._Element, str, str], str]
    """Resolves (where, 'parameter' or 'container', reference) to a qualified name; '' if there is none."""

OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
"""XTCE ComparisonOperatorsType."""
_GROUPS: dict[str, type[AllOf] | type[AnyOf]] = {
    "ComparisonList": AllOf,
    "ANDedConditions": AllOf,
    "ORedConditions": AnyOf,
}


def read_match(holder: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Match | None, str]:
    """Return the condition below an element (RestrictionCriteria, IncludeCondition, ContextMatch).

    The second value says, if not empty, what in it is not supported. An element without content gives None.
    """
    parts: list[Match] = []
    why = ""
    for one in elements(holder):
        part, trouble = _read(one, resolve, findings)
        why = why or trouble
        if part is not None:
            parts.append(part)
    if len(parts) == 1:
        return parts[0], why
    return (AllOf(tuple(parts)) if parts else None), why


def conjunction(match: Match | None) -> tuple[Match, ...]:
    """Return the conditions that must all hold, one level of them laid open."""
    if match is None:
        return ()
    return match.parts if isinstance(match, AllOf) else (match,)


def _read(one: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Match | None, str]:
    tag = local_name(one)
    if tag == "Comparison":
        return _comparison(one, resolve, findings)
    if tag == "Condition":
        return _condition(one, resolve, findings)
    if tag == "BooleanExpression":
        return read_match(one, resolve, findings)
    if tag in _GROUPS:
        parts = [_read(inner, resolve, findings) for inner in elements(one)]
        why = next((trouble for _, trouble in parts if trouble), "")
        return _GROUPS[tag](tuple(part for part, _ in parts if part is not None)), why
    return None, findings.not_supported(one, f"the restriction {tag}")


def _condition(one: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Match | None, str]:
    instances = [inner for inner in elements(one) if local_name(inner) == "ParameterInstanceRef"]
    operator, value = child(one, "ComparisonOperator"), child(one, "Value")
    if not instances:
        findings.fault(one, "no ParameterInstanceRef", "the parameter to compare")
        return None, ""
    names = [resolve(inner, "parameter", inner.get("parameterRef", "")) for inner in instances]
    flags = [findings.flag(inner, "useCalibratedValue", True) for inner in instances]
    text = "==" if operator is None else (operator.text or "").strip()
    _check_operator(one, text, findings)
    why = next((trouble for inner in instances if (trouble := _earlier(inner, findings))), "")
    if value is not None:
        return Comparison(names[0], text, (value.text or "").strip(), flags[0]), why
    if len(instances) != 2:
        findings.fault(one, "no Value and no second ParameterInstanceRef", "what to compare with")
        return None, ""
    return Comparison(names[0], text, "", flags[0], names[1], flags[1]), why


def _comparison(one: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Match | None, str]:
    operator = one.get("comparisonOperator", "==")
    _check_operator(one, operator, findings)
    if one.get("value") is None:
        findings.fault(one, "no value", "the value to compare with")
    parameter = resolve(one, "parameter", one.get("parameterRef", ""))
    calibrated = findings.flag(one, "useCalibratedValue", True)
    return Comparison(parameter, operator, one.get("value", ""), calibrated), _earlier(one, findings)


def _earlier(one: etree._Element, findings: Findings) -> str:
    """Return what is not supported if the value of an earlier packet is asked for, else nothing."""
    if findings.integer(one, one.get("instance"), 0) == 0:
        return ""
    return findings.not_supported(one, f"instance {one.get('instance')}: a value of an earlier packet")


def _check_operator(one: etree._Element, operator: str, findings: Findings) -> None:
    if operator not in OPERATORS:
        findings.fault(one, f"the operator {operator!r}", "one of " + " ".join(OPERATORS))
