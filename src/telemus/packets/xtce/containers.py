"""Read sequence containers: entries, places, inheritance and restriction criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.conditions import conjunction, read_match
from telemus.packets.xtce.document import child, elements, line_of, local_name
from telemus.packets.xtce.encodings import read_size
from telemus.packets.xtce.model import Container, Entry, Match, Size
from telemus.packets.xtce.types import read_dimensions

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

_ENTRY_KINDS = {
    "ParameterRefEntry": ("parameter", "parameterRef"),
    "ArrayParameterRefEntry": ("parameter", "parameterRef"),
    "ContainerRefEntry": ("container", "containerRef"),
}
_HANDLED = frozenset(
    ["LocationInContainerInBits", "DimensionList", "IncludeCondition", "RepeatEntry", "LongDescription"]
)
_KNOWN = frozenset(
    [
        "LongDescription",
        "ShortDescription",
        "AliasSet",
        "AncillaryDataSet",
        "EntryList",
        "BaseContainer",
        "BinaryEncoding",
        "DefaultRateInStream",
        "RateInStreamSet",
    ]
)
_ORIGINS = ("previousEntry", "containerStart", "containerEnd")


def read_container(element: etree._Element, name: str, resolve: NameLookup, findings: Findings) -> Container:
    """Return one sequence container; what is wrong or not supported goes to ``findings``."""
    findings.report_others(element, _KNOWN)
    base, criteria, why = _read_base(child(element, "BaseContainer"), resolve, findings)
    entries = tuple(_read_entry(one, resolve, findings) for one in elements(child(element, "EntryList")))
    text = child(element, "LongDescription")
    return Container(
        name=name,
        entries=entries,
        base=base,
        criteria=criteria,
        abstract=findings.flag(element, "abstract", False),
        size_bits=_read_fixed_size(child(element, "BinaryEncoding"), findings),
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
        if local_name(extra) not in _HANDLED:
            why = findings.not_supported(extra, f"{local_name(extra)} of an entry")
    including, repeating = child(one, "IncludeCondition"), child(one, "RepeatEntry")
    condition, trouble = (None, "") if including is None else read_match(including, resolve, findings)
    repeat, gap = _read_repeat(repeating, findings)
    return Entry(
        parameter=target if kind == "parameter" else "",
        container=target if kind == "container" else "",
        origin=origin,
        shift_bits=shift,
        dimensions=read_dimensions(one, findings) if kind == "parameter" else (),
        condition=condition,
        repeat=repeat,
        repeat_gap_bits=gap,
        unsupported=why or trouble,
        line=line,
    )


def _read_place(holder: etree._Element | None, findings: Findings) -> tuple[str, Size, str]:
    if holder is None:
        return "previousEntry", 0, ""
    origin = holder.get("referenceLocation", "previousEntry")
    if origin not in _ORIGINS:
        return "previousEntry", 0, findings.not_supported(holder, f"a place counted from {origin}")
    if child(holder, "FixedValue") is None and child(holder, "DynamicValue") is None:
        return "previousEntry", 0, findings.not_supported(holder, "a place neither fixed nor read from a parameter")
    return origin, read_size(holder, findings, holder), ""


def _read_repeat(holder: etree._Element | None, findings: Findings) -> tuple[Size | None, Size]:
    if holder is None:
        return None, 0
    count, offset = child(holder, "Count"), child(holder, "Offset")
    if count is None:
        findings.fault(holder, "no Count", "how often the entry is there")
        return None, 0
    return read_size(count, findings, count), 0 if offset is None else read_size(offset, findings, offset)


def _read_fixed_size(holder: etree._Element | None, findings: Findings) -> int:
    """Return the bits that a container's own encoding gives it, 0 if that is not given."""
    fixed = child(child(holder, "SizeInBits"), "FixedValue")
    return 0 if fixed is None else findings.integer(fixed, fixed.text)


def _read_base(
    holder: etree._Element | None, resolve: NameLookup, findings: Findings
) -> tuple[str, tuple[Match, ...], str]:
    if holder is None:
        return "", (), ""
    base = resolve(holder, "container", holder.get("containerRef", ""))
    criteria = child(holder, "RestrictionCriteria")
    if criteria is None:
        return base, (), ""
    match, why = read_match(criteria, resolve, findings)
    return base, conjunction(match), why
