"""Read data encodings: bits, signs, byte and bit order, sizes and calibrators."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NamedTuple

from telemus.packets.xtce.calibrators import Calibration, read_calibration
from telemus.packets.xtce.conditions import read_match
from telemus.packets.xtce.detection import seals
from telemus.packets.xtce.document import child, elements, local_name, named
from telemus.packets.xtce.model import Encoding, LookupTable, Match, Reference, Size

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

_INTEGER_SCHEMES = {
    "unsigned": "unsigned",
    "twosComplement": "twosComplement",
    "twosCompliment": "twosComplement",  # how XTCE 1.1 misspelt it; real files carry it
    "twosComplementSigned": "twosComplement",
    "signed": "twosComplement",  # in no schema, but what several mission tools write
    "onesComplement": "onesComplement",
    "onesCompliment": "onesComplement",
    "signMagnitude": "signMagnitude",
    "BCD": "BCD",
    "packedBCD": "packedBCD",
}
_FLOAT_SCHEMES = {
    "IEEE754_1985": "IEEE754",
    "IEEE754": "IEEE754",
    "IEEE-754": "IEEE754",
    "MILSTD_1750A": "MILSTD_1750A",
    "MIL-1750A": "MILSTD_1750A",
    "DEC": "DEC",
    "IBM": "IBM",
    "TI": "TI",
}
_FLOAT_BITS = {
    "IEEE754": (16, 32, 64, 80, 128),
    "MILSTD_1750A": (32, 48),
    "DEC": (32, 64),
    "IBM": (32, 64),
    "TI": (32, 40),
}
_COMMON_ORDERS = {"mostSignificantByteFirst": False, "leastSignificantByteFirst": True}
_ENCODINGS = frozenset(["IntegerDataEncoding", "FloatDataEncoding", "StringDataEncoding", "BinaryDataEncoding"])
_SIZES = frozenset(["FixedValue", "Fixed", "DynamicValue", "DiscreteLookupList"])
MAX_INTEGER_BITS = 1024
_DEFAULT_BITS = {"IntegerDataEncoding": 8, "FloatDataEncoding": 32}
"""Of the schema's attribute sizeInBits."""


class ReadEncoding(NamedTuple):
    """A data encoding, its calibrators, and, if not empty, why it cannot be decoded."""

    encoding: Encoding | None = None
    calibration: Calibration = Calibration()
    unsupported: str = ""


def read_encoding(holder: etree._Element | None, resolve: NameLookup, findings: Findings) -> ReadEncoding:
    """Return what the one data encoding below ``holder`` says, nothing if there is none."""
    found = [one for one in elements(holder) if local_name(one) in _ENCODINGS]
    if not found:
        return ReadEncoding()
    one = found[0]
    readers = {"IntegerDataEncoding": _integer, "FloatDataEncoding": _float}
    tag = local_name(one)
    if tag in readers:
        encoding, why = readers[tag](one, findings)
    else:
        read = _string if tag == "StringDataEncoding" else _binary
        encoding, why = read(one, resolve, findings)
        check_order(one, findings)
    detection = child(one, "ErrorDetectCorrect")
    if tag != "IntegerDataEncoding" and detection is not None:
        findings.not_supported(detection, f"error detection of a {tag}")
    return ReadEncoding(encoding, read_calibration(one, resolve, findings), why)


def read_size(
    holder: etree._Element | None, resolve: NameLookup, findings: Findings, element: etree._Element | None = None
) -> Size:
    """Return what FixedValue, DynamicValue, DiscreteLookupList or one of them below Fixed says below ``holder``.

    ``element`` is where a fault is noted if ``holder`` is not there.
    """
    if child(holder, "Fixed") is not None:
        holder = child(holder, "Fixed")
    fixed = child(holder, "FixedValue")
    if fixed is not None:
        return findings.integer(fixed, fixed.text)
    table = child(holder, "DiscreteLookupList")
    if table is not None:
        return _lookup_table(table, resolve, findings)
    dynamic = child(holder, "DynamicValue")
    instance = child(dynamic, "ParameterInstanceRef")
    if instance is None:
        place = holder if holder is not None else element
        if place is not None:
            findings.fault(place, "no number", "FixedValue, DynamicValue or DiscreteLookupList")
        return 0
    linear = child(dynamic, "LinearAdjustment")
    slope, intercept = 1.0, 0.0
    if linear is not None:
        slope = findings.number(linear, linear.get("slope"), 0.0 if linear.get("slope") else 1.0)
        intercept = findings.number(linear, linear.get("intercept"), 0.0)
    calibrated = findings.flag(instance, "useCalibratedValue", True)
    if findings.integer(instance, instance.get("instance"), 0):
        findings.not_supported(instance, f"instance {instance.get('instance')}: a value of an earlier packet")
        return LookupTable((), -1)  # not known, so that no packet fits
    return Reference(instance.get("parameterRef", ""), slope, intercept, calibrated)


def _lookup_table(holder: etree._Element, resolve: NameLookup, findings: Findings) -> LookupTable:
    rows: list[tuple[Match, int]] = []
    for one in named(holder, "DiscreteLookup"):
        condition, why = read_match(one, resolve, findings)
        if condition is None or why:  # which of the rows behind it would hold is not known
            return LookupTable(tuple(rows), -1)
        rows.append((condition, findings.integer(one, one.get("value"))))
    return LookupTable(tuple(rows), findings.integer(holder, holder.get("defaultValue"), -1))


def _bits(one: etree._Element, findings: Findings) -> int:
    bits = findings.integer(one, one.get("sizeInBits"), _DEFAULT_BITS[local_name(one)])
    if bits < 1:
        findings.fault(one, f"sizeInBits {bits}", "1 or more")
    return bits


class _Order(NamedTuple):
    little: bool = False
    octets: tuple[int, ...] = ()
    bits_reversed: bool = False
    unsupported: str = ""


def _order(one: etree._Element, bits: int, findings: Findings) -> _Order:
    """Return the byte and bit order: a common byte order, or the significance of each octet (1.1: ByteOrderList)."""
    reverse = one.get("bitOrder", "mostSignificantBitFirst") == "leastSignificantBitFirst"
    listed = [
        findings.integer(each, each.get("byteSignificance")) for each in named(child(one, "ByteOrderList"), "Byte")
    ]
    text = one.get("byteOrder", "mostSignificantByteFirst")
    if not listed and text in _COMMON_ORDERS:
        little = _COMMON_ORDERS[text] and bits > 8
        if little and bits % 8:
            return _Order(unsupported=findings.not_supported(one, f"least significant byte first in {bits} bits"))
        return _Order(little, (), reverse)
    octets = tuple(listed) or tuple(findings.integer(one, part) for part in text.split(","))
    if bits % 8 or sorted(octets) != list(range(bits // 8)):
        findings.fault(one, f"byte order {octets} of {bits} bits", "each octet's significance once, from 0")
        return _Order()
    return _Order(False, octets, reverse)


def _integer(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    bits = _bits(one, findings)
    order = _order(one, bits, findings)
    why = order.unsupported
    scheme = _INTEGER_SCHEMES.get(one.get("encoding", "unsigned"), "")
    if not scheme:
        why = findings.not_supported(one, f"integer encoding {one.get('encoding')}")
    if bits > MAX_INTEGER_BITS:
        why = findings.not_supported(one, f"an integer of {bits} bits")
    checksum = bits == 16 and seals(child(one, "ErrorDetectCorrect"), findings)
    return Encoding(
        scheme or "unsigned",
        bits,
        order.little,
        is_checksum=checksum,
        byte_order=order.octets,
        bits_reversed=order.bits_reversed,
    ), why


def _float(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    bits = _bits(one, findings)
    order = _order(one, bits, findings)
    why = order.unsupported
    scheme = _FLOAT_SCHEMES.get(one.get("encoding", "IEEE754_1985"), "")
    if not scheme:
        why = findings.not_supported(one, f"float encoding {one.get('encoding')}")
    elif bits not in _FLOAT_BITS[scheme]:
        why = findings.not_supported(one, f"a float of {bits} bits")
    return Encoding(
        scheme or "IEEE754", bits, order.little, byte_order=order.octets, bits_reversed=order.bits_reversed
    ), why


def _string(one: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Encoding, str]:
    charset = one.get("encoding", "UTF-8")
    why = "" if is_charset(charset) else findings.not_supported(one, f"the character set {charset}")
    holder = child(one, "SizeInBits")
    if holder is None:
        holder = child(one, "Variable")
    if holder is None:
        findings.fault(one, "no SizeInBits and no Variable", "one of them")
        return Encoding("string", 0, charset=charset), why
    ending, leading = child(holder, "TerminationChar"), child(holder, "LeadingSize")
    terminator = b"" if ending is None or leading is not None else _octets(ending, findings)
    leading_bits = 0 if leading is None else findings.integer(leading, leading.get("sizeInBitsOfSizeTag"), 16)
    if leading_bits % 8 or not 0 <= leading_bits <= 64:
        why = findings.not_supported(one, f"a leading size of {leading_bits} bits")
        return Encoding("string", 0, charset=charset), why
    sized = any(
        child(holder, name) is not None for name in ("FixedValue", "Fixed", "DynamicValue", "DiscreteLookupList")
    )
    if not sized and not terminator and not leading_bits:
        return Encoding("string", 0, charset=charset), findings.not_supported(one, "a string without a size")
    size = read_size(holder, resolve, findings) if sized else 0
    if isinstance(size, Reference) and size.parameter.rsplit("/", 1)[-1] == "_yamcs_ignore":
        size = 0  # the name that Yamcs puts where its schema asks for a size that there is not
    return Encoding("string", size, charset=charset, terminator=terminator, leading_bits=leading_bits), why


def is_charset(name: str) -> bool:
    """Return whether this Python can read a character set."""
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _octets(one: etree._Element, findings: Findings) -> bytes:
    try:
        return bytes.fromhex((one.text or "").strip() or "00")  # the schema's default
    except ValueError:
        findings.fault(one, repr(one.text), "hexadecimal octets")
        return b""


def _binary(one: etree._Element, resolve: NameLookup, findings: Findings) -> tuple[Encoding, str]:
    return Encoding("binary", read_size(child(one, "SizeInBits"), resolve, findings, one)), ""


def check_order(one: etree._Element, findings: Findings) -> None:
    """Note an order of text or binary, or of a container, that is not acted on: their octets stay as they came.

    The order of octets within a character is said by the character set, so that a common byte order of text, which
    real files carry, says nothing.
    """
    is_text = local_name(one) == "StringDataEncoding"
    quiet = _COMMON_ORDERS if is_text else ("mostSignificantByteFirst",)
    if one.get("byteOrder", "mostSignificantByteFirst") not in quiet:
        findings.not_supported(one, f"the byte order {one.get('byteOrder')} of text or binary")
    if one.get("bitOrder", "mostSignificantBitFirst") != "mostSignificantBitFirst" or elements(
        child(one, "ByteOrderList")
    ):
        findings.not_supported(one, "text or binary in another bit or byte order")
