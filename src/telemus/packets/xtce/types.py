"""Read parameter types: what kind of value each is and how it lies in the packet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telemus.packets.xtce.alarms import read_alarms
from telemus.packets.xtce.document import child, elements, line_of, local_name
from telemus.packets.xtce.encodings import read_encoding, read_size
from telemus.packets.xtce.model import ParameterType, Polynomial, Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

    Lookup = Callable[[etree._Element, str], ParameterType | None]
    """Resolves a reference to another type from where it stands."""

KINDS = {
    "IntegerParameterType": "integer",
    "FloatParameterType": "float",
    "EnumeratedParameterType": "enumerated",
    "BooleanParameterType": "boolean",
    "StringParameterType": "string",
    "BinaryParameterType": "binary",
    "AbsoluteTimeParameterType": "absolute time",
    "RelativeTimeParameterType": "relative time",
    "ArrayParameterType": "array",
    "AggregateParameterType": "aggregate",
}
"""XTCE 1.2 ParameterTypeSetType (660.0-B-2)."""
_TIME_UNITS = {"seconds": "s", "picoSeconds": "ps", "days": "d", "months": "months", "years": "years"}
"""XTCE 1.2 TimeUnitsType."""

_DECLARATIVE = frozenset(
    [
        "LongDescription",
        "AliasSet",
        "AncillaryDataSet",
        "UnitSet",
        "EnumerationList",
        "ValidRange",
        "ValidRangeSet",
        "ToString",
        "SizeRangeInCharacters",
        "DimensionList",
        "MemberList",
        "Encoding",
        "ReferenceTime",
        "IntegerDataEncoding",
        "FloatDataEncoding",
        "StringDataEncoding",
        "BinaryDataEncoding",
        "ShortDescription",
        "DefaultAlarm",
        "ContextAlarmList",
    ]
)
"""Children that this reader acts on or that do not bear on the value."""


def read_type(element: etree._Element, lookup: Lookup, resolve: NameLookup, findings: Findings) -> ParameterType:
    """Return one parameter type; what is wrong or not supported goes to ``findings``."""
    kind = KINDS[local_name(element)]
    result = ParameterType(element.get("name", ""), kind, line=line_of(element))
    if element.get("baseType"):
        base = lookup(element, element.get("baseType", ""))
        if base is not None:
            result = replace(base, name=result.name, line=result.line)
    if kind == "array":
        return _read_array(element, result, lookup, findings)
    if kind == "aggregate":
        return _read_aggregate(element, result, lookup, findings)
    return _read_scalar(element, result, resolve, findings)


def _read_scalar(
    element: etree._Element, start: ParameterType, resolve: NameLookup, findings: Findings
) -> ParameterType:
    is_time = "time" in start.kind
    holder = child(element, "Encoding") if is_time else element
    read = read_encoding(holder, resolve, findings)
    for one in elements(element):
        if local_name(one) not in _DECLARATIVE:
            findings.not_supported(one, f"{local_name(one)} in {local_name(element)}")
    default = read.calibration.default
    calibration = default.coefficients if isinstance(default, Polynomial) else ()
    if is_time and default is None and holder is not None:
        calibration = _time_scale(holder, findings)
    default_alarm, context_alarms = read_alarms(element, resolve, findings)
    labels, label_ranges = _read_labels(element, start.kind, findings)
    encoding = read.encoding or start.encoding
    if (
        start.kind == "boolean"
        and encoding is not None
        and encoding.scheme == "binary"
        and encoding.bits in range(1, 65)
    ):
        encoding = replace(encoding, scheme="unsigned")  # its octets are false or true as a number is
    return replace(
        start,
        encoding=encoding,
        unit=_read_unit(element) or (_time_unit(holder, findings) if is_time else start.unit),
        calibration=calibration or (() if default else start.calibration),
        calibrator=start.calibrator if default is None else (None if isinstance(default, Polynomial) else default),
        contexts=read.calibration.contexts or start.contexts,
        labels=labels or start.labels,
        label_ranges=label_ranges or start.label_ranges,
        valid_range=_read_range(element, findings) or start.valid_range,
        alarm=default_alarm or start.alarm,
        context_alarms=context_alarms or start.context_alarms,
        epoch=_read_epoch(element, findings) or start.epoch,
        unsupported=read.unsupported or ("" if read.encoding else start.unsupported),
    )


def _read_epoch(element: etree._Element, findings: Findings) -> str:
    """Return the epoch as written, or ``offset from`` and a parameter's name."""
    holder = child(element, "ReferenceTime")
    for one in elements(holder):
        if local_name(one) == "Epoch":
            clock = one.get("timeOfDay", "")  # XTCE 1.1
            return (one.text or "").strip() + (f"T{clock}" if clock else "")
        if local_name(one) == "OffsetFrom":
            return f"offset from {one.get('parameterRef', '')}"
        findings.not_supported(one, f"{local_name(one)} of a reference time")
    return ""


def _time_scale(holder: etree._Element, findings: Findings) -> tuple[float, ...]:
    if holder.get("scale") is None and holder.get("offset") is None:
        return ()
    offset = findings.number(holder, holder.get("offset"))
    return (offset, findings.number(holder, holder.get("scale"), 1.0))


def _time_unit(holder: etree._Element | None, findings: Findings) -> str:
    """Return the unit in which a time counts (XTCE 1.2 TimeUnitsType), seconds if it does not say."""
    written = "seconds" if holder is None else holder.get("units", "seconds")
    if holder is not None and written not in _TIME_UNITS:
        findings.not_supported(holder, f"times in {written}")
    return _TIME_UNITS.get(written, written)


def _read_unit(element: etree._Element) -> str:
    texts = [(unit.text or "").strip() for unit in elements(child(element, "UnitSet"))]
    return " ".join(text for text in texts if text)


def _read_labels(
    element: etree._Element, kind: str, findings: Findings
) -> tuple[dict[int, str], tuple[tuple[int, int, str], ...]]:
    """Return labels of single values, and those of ranges of values (first, last, label)."""
    if kind == "boolean":
        false, true = element.get("zeroStringValue", "False"), element.get("oneStringValue", "True")
        return {0: false, 1: true}, ((-(2**63), -1, true), (2, 2**63 - 1, true))
    labels: dict[int, str] = {}
    ranges: list[tuple[int, int, str]] = []
    for one in elements(child(element, "EnumerationList")):
        value = findings.integer(one, one.get("value"))
        last = findings.integer(one, one.get("maxValue"), value)
        if value in labels:
            findings.fault(one, f"value {value} twice", "each value once")
        if last < value:
            findings.fault(one, f"values {value} to {last}", "a last value not before the first")
        labels[value] = one.get("label", "")
        if last > value:
            ranges.append((value, last, one.get("label", "")))
    return labels, tuple(ranges)


def _read_range(element: etree._Element, findings: Findings) -> tuple[float, float] | None:
    holder = child(element, "ValidRange")
    if holder is None:
        holder = child(child(element, "ValidRangeSet"), "ValidRange")
    if holder is None:
        return None
    low = findings.number(holder, holder.get("minInclusive", holder.get("minExclusive")), float("-inf"))
    high = findings.number(holder, holder.get("maxInclusive", holder.get("maxExclusive")), float("inf"))
    return low, high


def _read_array(element: etree._Element, start: ParameterType, lookup: Lookup, findings: Findings) -> ParameterType:
    reference = element.get("arrayTypeRef")
    if reference is None:
        findings.fault(element, "no arrayTypeRef", "the type of the elements")
        return start
    item = lookup(element, reference)
    dimensions = read_dimensions(element, findings)
    return replace(start, element=item, dimensions=dimensions, unsupported=item.unsupported if item else "")


def read_dimensions(element: etree._Element, findings: Findings) -> tuple[Size, ...]:
    """Return the element counts of a DimensionList, one per axis (starting and ending index are both included)."""
    counts: list[Size] = []
    for one in elements(child(element, "DimensionList")):
        if local_name(one) == "Size":  # XTCE 1.1: the count itself
            counts.append(read_size(one, findings, one))
            continue
        if local_name(one) != "Dimension":
            findings.not_supported(one, f"{local_name(one)} of an array")
            return ()
        first = read_size(child(one, "StartingIndex"), findings, one)
        last = read_size(child(one, "EndingIndex"), findings, one)
        if not isinstance(first, int):
            findings.not_supported(one, "a starting index that is read from a parameter")
            first = 0
        if isinstance(last, int):
            if last < first:
                findings.fault(one, f"indices {first} to {last}", "an ending index not before the starting index")
            counts.append(max(0, last - first + 1))
        else:
            counts.append(last._replace(intercept=last.intercept + 1 - first))
    return tuple(counts)


def _read_aggregate(element: etree._Element, start: ParameterType, lookup: Lookup, findings: Findings) -> ParameterType:
    members: list[tuple[str, ParameterType]] = []
    for one in elements(child(element, "MemberList")):
        member = lookup(one, one.get("typeRef", ""))
        if member is not None:
            members.append((one.get("name", ""), member))
    why = next((member.unsupported for _, member in members if member.unsupported), "")
    return replace(start, members=tuple(members), unsupported=why)
