"""Read data encodings: bits, signs, byte and bit order, sizes and calibrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemus.packets.xtce.calibrators import Calibration, read_calibration
from telemus.packets.xtce.document import child, elements, local_name
from telemus.packets.xtce.model import Encoding, Reference, Size

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
}
_FLOAT_BITS = {"IEEE754": (16, 32, 64, 128), "MILSTD_1750A": (32, 48)}
_COMMON_ORDERS = {"mostSignificantByteFirst": False, "leastSignificantByteFirst": True}
_KNOWN = frozenset(
    [
        "ErrorDetectCorrect",
        "DefaultCalibrator",
        "ContextCalibratorList",
        "ByteOrderList",
        "SizeInBits",
        "Variable",
        "FromBinaryTransformAlgorithm",
        "ToBinaryTransformAlgorithm",
    ]
)
MAX_INTEGER_BITS = 1024
_DEFAULT_BITS = {"IntegerDataEncoding": 8, "FloatDataEncoding": 32}
"""Of the schema's attribute sizeInBits."""
_CRC_CCITT = (0x1021, 0xFFFF, 0)


class ReadEncoding(NamedTuple):
    """A data encoding, its calibrators, and, if not empty, why it cannot be decoded."""

    encoding: Encoding | None = None
    calibration: Calibration = Calibration()
    unsupported: str = ""


def read_encoding(holder: etree._Element | None, resolve: NameLookup, findings: Findings) -> ReadEncoding:
    """Return what the one data encoding below ``holder`` says, nothing if there is none."""
    found = [one for one in elements(holder) if local_name(one).endswith("DataEncoding")]
    if not found:
        return ReadEncoding()
    one = found[0]
    findings.report_others(one, _KNOWN)
    readers = {"IntegerDataEncoding": _integer, "FloatDataEncoding": _float, "StringDataEncoding": _string}
    encoding, why = readers.get(local_name(one), _binary)(one, findings)
    return ReadEncoding(encoding, read_calibration(one, resolve, findings), why)


def read_size(holder: etree._Element | None, findings: Findings, element: etree._Element) -> Size:
    """Return a fixed number or the reference of FixedValue, DynamicValue or Fixed/FixedValue below ``holder``."""
    fixed = child(holder, "FixedValue")
    if fixed is None:
        fixed = child(child(holder, "Fixed"), "FixedValue")
    if fixed is not None:
        return findings.integer(fixed, fixed.text)
    dynamic = child(holder, "DynamicValue")
    instance = child(dynamic, "ParameterInstanceRef")
    if instance is None:
        findings.fault(element, "no FixedValue and no DynamicValue", "one of them")
        return 0
    linear = child(dynamic, "LinearAdjustment")
    slope, intercept = 1.0, 0.0
    if linear is not None:
        slope = findings.number(linear, linear.get("slope"), 0.0 if linear.get("slope") else 1.0)
        intercept = findings.number(linear, linear.get("intercept"), 0.0)
    calibrated = findings.flag(instance, "useCalibratedValue", True)
    return Reference(instance.get("parameterRef", ""), slope, intercept, calibrated)


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
    listed = [findings.integer(each, each.get("byteSignificance")) for each in elements(child(one, "ByteOrderList"))]
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
    checksum = _is_checksum(one, bits, findings)
    return Encoding(
        scheme or "unsigned",
        bits,
        order.little,
        is_checksum=checksum,
        byte_order=order.octets,
        bits_reversed=order.bits_reversed,
    ), why


def _is_checksum(one: etree._Element, bits: int, findings: Findings) -> bool:
    """Return whether this integer is the CRC-16 over everything before it."""
    holder = child(one, "ErrorDetectCorrect")
    if holder is None:
        return False
    crc = child(holder, "CRC")
    if crc is not None and bits == 16:
        parts = [_hexadecimal(crc, name, findings) for name in ("Polynomial", "InitRemainder", "FinalXOR")]
        plain = crc.get("reference", "start") == "start" and findings.integer(crc, crc.get("bitsFromReference")) == 0
        if tuple(parts) == _CRC_CCITT and plain and crc.get("reflectData", "false") == "false":
            return True
    findings.not_supported(holder, "an error detection other than CRC 1021, FFFF from the packet's start")
    return False


def _hexadecimal(crc: etree._Element, name: str, findings: Findings) -> int:
    one = child(crc, name)
    if one is None or elements(one):  # XTCE 1.1 wrote the polynomial as terms
        return 0
    try:
        return int((one.text or "").strip(), 16)
    except ValueError:
        findings.fault(one, repr(one.text), "hexadecimal digits")
        return 0


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


def _string(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    charset = one.get("encoding", "UTF-8")
    holder = child(one, "SizeInBits")
    if holder is None:
        holder = child(one, "Variable")
    if holder is None:
        findings.fault(one, "no SizeInBits and no Variable", "one of them")
        return Encoding("string", 0, charset=charset), ""
    ending, leading = child(holder, "TerminationChar"), child(holder, "LeadingSize")
    terminator = b"" if ending is None else _octets(ending, findings)
    leading_bits = 0 if leading is None else findings.integer(leading, leading.get("sizeInBitsOfSizeTag"), 16)
    if leading_bits not in (0, 8, 16, 32, 64):
        why = findings.not_supported(one, f"a leading size of {leading_bits} bits")
        return Encoding("string", 0, charset=charset), why
    sized = any(child(holder, name) is not None for name in ("FixedValue", "Fixed", "DynamicValue"))
    if not sized and not terminator and not leading_bits:
        return Encoding("string", 0, charset=charset), findings.not_supported(one, "a string without a size")
    size = read_size(holder, findings, one) if sized else 0
    if isinstance(size, Reference) and size.parameter.rsplit("/", 1)[-1] == "_yamcs_ignore":
        size = 0  # the name that Yamcs puts where its schema asks for a size that there is not
    return Encoding("string", size, charset=charset, terminator=terminator, leading_bits=leading_bits), ""


def _octets(one: etree._Element, findings: Findings) -> bytes:
    try:
        return bytes.fromhex((one.text or "").strip())
    except ValueError:
        findings.fault(one, repr(one.text), "hexadecimal octets")
        return b""


def _binary(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    for extra in elements(one):  # the octets are there without it; what it makes of them is not
        if local_name(extra) in ("FromBinaryTransformAlgorithm", "ToBinaryTransformAlgorithm"):
            findings.not_supported(extra, local_name(extra))
    return Encoding("binary", read_size(child(one, "SizeInBits"), findings, one)), ""
