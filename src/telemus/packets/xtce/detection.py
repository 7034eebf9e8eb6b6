"""Read error detection: the one cyclic redundancy check that is checked, and a note of every other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.document import child, elements

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.findings import Findings

_CRC_CCITT = (0x1021, 0xFFFF, 0)
"""Polynomial, first remainder and final exclusive or (CCSDS 132.0-B-3 clause 4.1.6.2; also of many packets)."""


def seals(holder: etree._Element | None, findings: Findings) -> bool:
    """Return whether an ErrorDetectCorrect is the CRC-16 over everything before it; a CRC of another kind is noted."""
    crc = child(holder, "CRC")
    if crc is None:
        return False
    parts = tuple(_hexadecimal(crc, name, findings) for name in ("Polynomial", "InitRemainder", "FinalXOR"))
    from_start = crc.get("reference", "start") == "start" and findings.integer(crc, crc.get("bitsFromReference")) == 0
    if parts == _CRC_CCITT and from_start and not _reflects(crc, findings):
        return True
    findings.not_supported(crc, "an error detection other than CRC 1021, FFFF from the packet's start")
    return False


def _reflects(crc: etree._Element, findings: Findings) -> bool:
    lowest_first = crc.get("direction", "mostSignificantBitFirst") != "mostSignificantBitFirst"
    return lowest_first or findings.flag(crc, "reflectData", False) or findings.flag(crc, "reflectRemainder", False)


def _hexadecimal(crc: etree._Element, name: str, findings: Findings) -> int:
    one = child(crc, name)
    if one is None or elements(one):  # XTCE 1.1 wrote the polynomial as terms
        return 0
    try:
        return int((one.text or "").strip(), 16)
    except ValueError:
        findings.fault(one, repr(one.text), "hexadecimal digits")
        return 0
