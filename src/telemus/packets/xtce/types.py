"""Read parameter types: what kind of value each is and how it lies in the packet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telemus.packets.xtce.alarms import read_alarms
from telemus.packets.xtce.document import child, elements, line_of, local_name, named
from telemus.packets.xtce.encodings import read_encoding, read_size
from telemus.packets.xtce.intervals import read_interval
from telemus.packets.xtce.model import LookupTable, ParameterType, Polynomial, Reference, Size, ValidRange
from telemus.packets.xtce.times import read_time, seconds_of

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

_ONE = ("1", "1.0")


def read_type(element: etree._Element, lookup: Lookup, resolve: NameLookup, findings: Findings) -> ParameterType:
    """Return one parameter type; what is wrong or not supported goes to ``findings``."""
    kind = KINDS[local_name(element)]
    result = ParameterType(element.get("name", ""), kind, line=line_of(element))
    if element.get("baseType"):
        base = lookup(element, element.get("baseType", ""))
        if base is not None:
            result = replace(base, name=result.name, line=result.line)
    if kind == "array":
        return _read_array(element, result, lookup, resolve, findings)
    if kind == "aggregate":
        return _read_aggregate(element, result, lookup, findings)
    return _read_scalar(element, result, resolve, findings)


def _read_scalar(
    element: etree._Element, start: ParameterType, resolve: NameLookup, findings: Findings
) -> ParameterType:
    is_time = "time" in start.kind
    holder = child(element, "Encoding") if is_time else element
    read = read_encoding(holder, resolve, findings)
    default = read.calibration.default
    calibration = default.coefficients if isinstance(default, Polynomial) else ()
    time = read_time(element, start.time, read.calibration, resolve, findings) if is_time else None
    if time is not None:
        calibration = seconds_of(time)
    alarms = read_alarms(element, resolve, findings)
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
        unit=_read_unit(element) or ("s" if is_time else start.unit),
        calibration=calibration or (() if default else start.calibration),
        calibrator=start.calibrator if default is None else (None if isinstance(default, Polynomial) else default),
        contexts=read.calibration.contexts or start.contexts,
        labels=labels or start.labels,
        label_ranges=label_ranges or start.label_ranges,
        valid_ranges=_read_ranges(element, findings) or start.valid_ranges,
        alarm=alarms.default or start.alarm,
        context_alarms=alarms.contexts or start.context_alarms,
        time=time,
        initial_value=element.get("initialValue", start.initial_value),
        unsupported=read.unsupported or ("" if read.encoding else start.unsupported),
    )


def _read_unit(element: etree._Element) -> str:
    """Return the unit of calibrated values: each with its factor and power, as ``2*m^2``."""
    found = []
    for one in named(child(element, "UnitSet"), "Unit"):
        text, factor, power = (one.text or "").strip(), one.get("factor", "1"), one.get("power", "1")
        if text and one.get("form", "calibrated") == "calibrated":
            found.append(("" if factor in _ONE else f"{factor}*") + text + ("" if power in _ONE else f"^{power}"))
    return " ".join(found)


def _read_labels(
    element: etree._Element, kind: str, findings: Findings
) -> tuple[dict[int, str], tuple[tuple[int, int, str], ...]]:
    """Return labels of single values, and those of ranges of values (first, last, label)."""
    if kind == "boolean":
        false, true = element.get("zeroStringValue", "False"), element.get("oneStringValue", "True")
        return {0: false, 1: true}, ((-(2**63), -1, true), (2, 2**63 - 1, true))
    labels: dict[int, str] = {}
    ranges: list[tuple[int, int, str]] = []
    for one in named(child(element, "EnumerationList"), "Enumeration"):
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


def _read_ranges(element: etree._Element, findings: Findings) -> tuple[ValidRange, ...]:
    """Return the valid ranges; of several (as 1.2 lets arguments have) a value lies in one."""
    several = child(element, "ValidRangeSet")
    outer = several if several is not None else element
    by_default = findings.flag(outer, "validRangeAppliesToCalibrated", True)
    found: list[ValidRange] = []
    for one in named(outer, "ValidRange"):
        interval = read_interval(one, findings)
        if interval is not None:
            calibrated = findings.flag(one, "rangeAppliesToCalibrated", by_default)  # as some files of 1.1 have it
            calibrated = findings.flag(one, "validRangeAppliesToCalibrated", calibrated)
            found.append(ValidRange(interval, calibrated))
    return tuple(found)


def _read_array(
    element: etree._Element, start: ParameterType, lookup: Lookup, resolve: NameLookup, findings: Findings
) -> ParameterType:
    reference = element.get("arrayTypeRef")
    if reference is None:
        findings.fault(element, "no arrayTypeRef", "the type of the elements")
        return start
    item = lookup(element, reference)
    dimensions = read_dimensions(element, resolve, findings)
    return replace(start, element=item, dimensions=dimensions, unsupported=item.unsupported if item else "")


def read_dimensions(element: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Size, ...]:
    """Return the element counts of a DimensionList, one per axis (starting and ending index are both included)."""
    counts: list[Size] = []
    for one in elements(child(element, "DimensionList")):
        if local_name(one) == "Size":  # XTCE 1.1: the count itself
            counts.append(read_size(one, resolve, findings))
            continue
        if local_name(one) != "Dimension":  # noted as not known; how many elements there are is not either
            return ()
        first = read_size(child(one, "StartingIndex"), resolve, findings, one)
        last = read_size(child(one, "EndingIndex"), resolve, findings, one)
        if not isinstance(first, int):
            findings.not_supported(one, "a starting index that is not fixed")
            first, last = 0, LookupTable((), -1)  # not known, so that no packet fits
        if isinstance(last, int):
            if last < first:
                findings.fault(one, f"indices {first} to {last}", "an ending index not before the starting index")
            counts.append(max(0, last - first + 1))
        elif isinstance(last, Reference):
            counts.append(last._replace(intercept=last.intercept + 1 - first))
        else:
            rows = tuple((condition, value + 1 - first) for condition, value in last.rows)
            counts.append(LookupTable(rows, last.default + 1 - first if last.default >= 0 else -1))
    return tuple(counts)


def _read_aggregate(element: etree._Element, start: ParameterType, lookup: Lookup, findings: Findings) -> ParameterType:
    members: list[tuple[str, ParameterType]] = []
    for one in named(child(element, "MemberList"), "Member"):
        member = lookup(one, one.get("typeRef", ""))
        if member is not None:
            members.append((one.get("name", ""), member))
    why = next((member.unsupported for _, member in members if member.unsupported), "")
    return replace(start, members=tuple(members), unsupported=why)
