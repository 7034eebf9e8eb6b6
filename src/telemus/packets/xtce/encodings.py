"""Read data encodings: bits, signs, byte order, sizes and calibrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.document import child, elements, local_name
from telemus.packets.xtce.model import Encoding, Reference, Size

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.findings import Findings

_INTEGER_SCHEMES = {
    "unsigned": "unsigned",
    "twosComplement": "twosComplement",
    "twosCompliment": "twosComplement",  # how XTCE 1.1 misspelt it; real files carry it
    "signed": "twosComplement",  # in no schema, but what several mission tools write
}
_FLOAT_SCHEMES = {"IEEE754_1985", "IEEE754", "IEEE-754"}
_DEFAULT_BITS = {"IntegerDataEncoding": 8, "FloatDataEncoding": 32}
"""Of the schema's attribute sizeInBits."""
_CRC_CCITT = (0x1021, 0xFFFF, 0)

Read = tuple[Encoding | None, tuple[float, ...], str]


def read_encoding(holder: etree._Element | None, element: etree._Element, kind: str, findings: Findings) -> Read:
    """Return (encoding, polynomial calibration, why not supported) of the one data encoding below ``holder``."""
    found = [one for one in elements(holder) if local_name(one).endswith("DataEncoding")]
    if not found:
        return None, (), ""
    one = found[0]
    readers = {"IntegerDataEncoding": _integer, "FloatDataEncoding": _float, "StringDataEncoding": _string}
    encoding, why = readers.get(local_name(one), _binary)(one, findings)
    calibration, other = _calibration(one, kind, findings)
    if one.get("bitOrder", "mostSignificantBitFirst") != "mostSignificantBitFirst":
        why = why or findings.not_supported(one, f"bitOrder {one.get('bitOrder')}")
    return encoding, calibration, why or other


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


def _is_little(one: etree._Element, bits: int, findings: Findings) -> tuple[bool, str]:
    order = one.get("byteOrder", "mostSignificantByteFirst")
    if order in ("mostSignificantByteFirst", "leastSignificantByteFirst"):
        little = order == "leastSignificantByteFirst"
        if little and bits % 8:
            return little, findings.not_supported(one, f"least significant byte first in {bits} bits")
        return little, ""
    return False, findings.not_supported(one, f"byteOrder {order}")


def _integer(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    bits = _bits(one, findings)
    little, why = _is_little(one, bits, findings)
    scheme = _INTEGER_SCHEMES.get(one.get("encoding", "unsigned"), "")
    if not scheme:
        why = findings.not_supported(one, f"integer encoding {one.get('encoding')}")
    if bits > 64:
        why = findings.not_supported(one, f"an integer of {bits} bits")
    return Encoding(scheme or "unsigned", bits, little, is_checksum=_is_checksum(one, bits, findings)), why


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
    little, why = _is_little(one, bits, findings)
    if one.get("encoding", "IEEE754_1985") not in _FLOAT_SCHEMES:
        why = findings.not_supported(one, f"float encoding {one.get('encoding')}")
    elif bits not in (16, 32, 64):
        why = findings.not_supported(one, f"a float of {bits} bits")
    return Encoding("IEEE754", bits, little), why


def _string(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    charset = one.get("encoding", "UTF-8")
    holder = child(one, "SizeInBits")
    if child(holder, "Fixed") is None and child(holder, "FixedValue") is None:
        why = findings.not_supported(one, "a string whose size is not SizeInBits/Fixed")
        return Encoding("string", 0, charset=charset), why
    size = read_size(holder, findings, one)
    why = ""
    for extra in elements(holder):
        if local_name(extra) in ("TerminationChar", "LeadingSize"):
            why = findings.not_supported(extra, f"{local_name(extra)} of a string")
    return Encoding("string", size, charset=charset), why


def _binary(one: etree._Element, findings: Findings) -> tuple[Encoding, str]:
    why = ""
    for extra in elements(one):
        if local_name(extra) in ("FromBinaryTransformAlgorithm", "ToBinaryTransformAlgorithm"):
            why = findings.not_supported(extra, local_name(extra))
    return Encoding("binary", read_size(child(one, "SizeInBits"), findings, one)), why


def _calibration(one: etree._Element, kind: str, findings: Findings) -> tuple[tuple[float, ...], str]:
    if child(one, "ContextCalibratorList") is not None:
        findings.not_supported(one, "ContextCalibratorList")
    holder = child(one, "DefaultCalibrator")
    if holder is None:
        return (), ""
    polynomial = child(holder, "PolynomialCalibrator")
    if polynomial is None:
        names = ", ".join(local_name(extra) for extra in elements(holder))
        findings.not_supported(holder, f"the calibrator {names or 'without content'}")
        return (), ""
    terms: dict[int, float] = {}
    for term in elements(polynomial):
        exponent = findings.integer(term, term.get("exponent"))
        if not 0 <= exponent <= 32:
            findings.fault(term, f"exponent {exponent}", "0 to 32")
            continue
        terms[exponent] = terms.get(exponent, 0.0) + findings.number(term, term.get("coefficient"))
    return tuple(terms.get(power, 0.0) for power in range(max(terms, default=-1) + 1)), ""
