"""Read sequence containers: entries, places, inheritance and restriction criteria."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telemus.packets.xtce.conditions import conjunction, read_match
from telemus.packets.xtce.detection import seals
from telemus.packets.xtce.document import child, elements, line_of, local_name
from telemus.packets.xtce.encodings import check_order, read_size
from telemus.packets.xtce.model import Container, Entry, LookupTable, Match, Size
from telemus.packets.xtce.types import read_dimensions
from telemus.packets.xtce.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

_ENTRY_KINDS = {
    "ParameterRefEntry": ("parameter", "parameterRef"),
    "ArrayParameterRefEntry": ("parameter", "parameterRef"),
    "ParameterSegmentRefEntry": ("parameter", "parameterRef"),
    "ContainerRefEntry": ("container", "containerRef"),
}
_SEGMENTS = {
    "ParameterSegmentRefEntry": "parameterRef",
    "ContainerSegmentRefEntry": "containerRef",
    "StreamSegmentEntry": "streamRef",
}
_HANDLED = VOCABULARY["ParameterRefEntry"].children | {"DimensionList", "ParameterInstance"}
_MOST_FIRST = ("mostSignificantByteFirst", "mostSignificantBitFirst")
_ORIGINS = ("previousEntry", "containerStart", "containerEnd", "nextEntry")


def read_container(element: etree._Element, name: str, resolve: NameLookup, findings: Findings) -> Container:
    """Return one sequence container; what is wrong or not supported goes to ``findings``."""
    base, criteria, why = _read_base(child(element, "BaseContainer"), resolve, findings)
    entries = tuple(_read_entry(one, resolve, findings) for one in elements(child(element, "EntryList")))
    binary = child(element, "BinaryEncoding")
    if binary is not None:
        entries = _changed_first(binary, findings) + entries
    text = child(element, "LongDescription")
    return Container(
        name=name,
        entries=entries,
        base=base,
        criteria=criteria,
        abstract=findings.flag(element, "abstract", False),
        size_bits=_read_fixed_size(binary, findings),
        sealed=seals(child(binary, "ErrorDetectCorrect"), findings),
        description=element.get("shortDescription", "") or ((text.text or "").strip() if text is not None else ""),
        unsupported=why,
        line=line_of(element),
    )


def _changed_first(binary: etree._Element, findings: Findings) -> tuple[Entry, ...]:
    """Return an entry that stops a container whose octets are not as the packet has them, if they are not."""
    check_order(binary, findings)
    transform = child(binary, "FromBinaryTransformAlgorithm")
    orders = (binary.get("byteOrder", _MOST_FIRST[0]), binary.get("bitOrder", _MOST_FIRST[1]))
    if transform is None and orders == _MOST_FIRST and child(binary, "ByteOrderList") is None:
        return ()
    line = line_of(binary)
    return (Entry(unsupported=f"line {line}: a container whose octets are changed or in another order", line=line),)


def _read_entry(one: etree._Element, resolve: NameLookup, findings: Findings) -> Entry:
    line, tag = line_of(one), local_name(one)
    if tag not in _ENTRY_KINDS and tag not in _SEGMENTS and tag != "IndirectParameterRefEntry":
        return Entry(unsupported=f"line {line}: the entry {tag}", line=line)
    kind, attribute = _ENTRY_KINDS.get(tag, ("", ""))
    target = resolve(one, kind, one.get(attribute, "")) if kind else ""
    why = f"line {line}: {one.get(attribute)}" if kind and not target else ""
    origin, shift, trouble = _read_place(child(one, "LocationInContainerInBits"), resolve, findings)
    why = why or trouble
    for extra in elements(one):
        if local_name(extra) not in _HANDLED:  # it may move what follows
            why = f"line {line_of(extra)}: {local_name(extra)} of an entry"
    including = child(one, "IncludeCondition")
    condition, trouble = (None, "") if including is None else read_match(including, resolve, findings)
    repeat, gap = _read_repeat(child(one, "RepeatEntry"), resolve, findings)
    entry = Entry(
        parameter=target if kind == "parameter" else "",
        container=target if kind == "container" else "",
        origin=origin,
        shift_bits=shift,
        dimensions=read_dimensions(one, resolve, findings) if kind == "parameter" else (),
        condition=condition,
        repeat=repeat,
        repeat_gap_bits=gap,
        unsupported=why or trouble,
        line=line,
    )
    if tag in _SEGMENTS:
        return _segment(one, entry, findings)
    return _indirect(one, entry, resolve, findings) if tag == "IndirectParameterRefEntry" else entry


def _segment(one: etree._Element, entry: Entry, findings: Findings) -> Entry:
    bits = findings.integer(one, one.get("sizeInBits"), 0)
    if bits < 1:
        findings.fault(one, f"sizeInBits {one.get('sizeInBits')!r}", "1 or more")
    order = None if one.get("order") is None else findings.integer(one, one.get("order"))
    name = "" if entry.parameter else one.get(_SEGMENTS[local_name(one)], "").rsplit("/", 1)[-1]
    return replace(entry, segment_bits=bits, segment_of=name, order=order)


def _indirect(one: etree._Element, entry: Entry, resolve: NameLookup, findings: Findings) -> Entry:
    instance = child(one, "ParameterInstance")
    if instance is None:
        findings.fault(one, "no ParameterInstance", "the parameter that holds the name")
        return entry
    if findings.integer(instance, instance.get("instance"), 0):
        why = findings.not_supported(instance, f"instance {instance.get('instance')}: a value of an earlier packet")
        return replace(entry, unsupported=why)
    name = resolve(instance, "parameter", instance.get("parameterRef", ""))
    return replace(entry, named_by=name, alias_space=one.get("aliasNameSpace", ""))


def _read_place(holder: etree._Element | None, resolve: NameLookup, findings: Findings) -> tuple[str, Size, str]:
    if holder is None:
        return "previousEntry", 0, ""
    origin = holder.get("referenceLocation", "previousEntry")
    if origin not in _ORIGINS:
        return "previousEntry", 0, findings.not_supported(holder, f"a place counted from {origin}")
    return origin, read_size(holder, resolve, findings), ""


def _read_repeat(holder: etree._Element | None, resolve: NameLookup, findings: Findings) -> tuple[Size | None, Size]:
    if holder is None:
        return None, 0
    count, offset = child(holder, "Count"), child(holder, "Offset")
    if count is None:
        findings.fault(holder, "no Count", "how often the entry is there")
        return None, 0
    gap = 0 if offset is None else read_size(offset, resolve, findings)
    unit = 1 if offset is None else findings.integer(offset, offset.get("offsetSizeInBits"), 1)  # XTCE 1.1
    if unit != 1 and isinstance(gap, int):
        gap *= unit
    elif unit != 1 and offset is not None:
        findings.not_supported(offset, f"an offset in units of {unit} bits that is not fixed")
        gap = LookupTable((), -1)
    return read_size(count, resolve, findings), gap


def _read_fixed_size(holder: etree._Element | None, findings: Findings) -> int:
    """Return the bits that a container's own encoding gives it, 0 if that is not given."""
    size = child(holder, "SizeInBits")
    fixed = child(size, "FixedValue")
    if size is not None and fixed is None:
        findings.not_supported(size, "a container's size that is not fixed")
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
