"""CCSDS 660.0-B-2 (XTCE 1.2), FloatEncodingType and StringEncodingType: octets by hand from each definition."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telemus.packets import DecodedTable

Decode = Callable[..., DecodedTable]


def floats(decode: Decode, attributes: str, *bodies: str) -> list[Any]:
    types = f'<FloatParameterType name="T"><FloatDataEncoding {attributes}/></FloatParameterType>'
    values: list[Any] = np.asarray(decode({"X": "T"}, "X", *bodies, types=types).columns["X"]).tolist()
    return values


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("40800000", 1.0),  # exponent 129, fraction 0: 0.1 binary x 2^1
        ("c0800000", -1.0),
        ("40000000", 0.5),
        ("41480000", 3.125),  # exponent 130: 0.78125 x 2^2
        ("00000000", 0.0),
        ("7fffffff", (1 - 2.0**-24) * 2.0**127),
    ],
)
def test_dec_f_floating(decode: Decode, octets: str, value: float) -> None:
    """VAX Architecture Reference Manual 2.2.4: sign, excess-128 exponent, hidden bit below the binary point."""
    assert floats(decode, 'sizeInBits="32" encoding="DEC"', octets) == [value]


def test_dec_reserved_operand_is_nan_and_memory_order_is_a_byte_order(decode: Decode) -> None:
    assert np.isnan(floats(decode, 'sizeInBits="32" encoding="DEC"', "80000000")).all()
    # As a VAX has 3.125 in memory: words of 16 bits, the one with the sign first, each least significant octet first.
    assert floats(decode, 'sizeInBits="32" encoding="DEC" byteOrder="2,3,0,1"', "48410000") == [3.125]


def test_dec_d_floating(decode: Decode) -> None:
    assert floats(decode, 'sizeInBits="64" encoding="DEC"', "4080000000000000", "c148000000000000") == [1.0, -3.125]
    # 0.1 in D_floating: 0.8 x 2^-3, fraction 100...1100110...
    octets = f"{(125 << 55) | round(0.8 * 2**56) - (1 << 55):016x}"
    assert floats(decode, 'sizeInBits="64" encoding="DEC"', octets) == [0.1]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("41100000", 1.0),
        ("c276a000", -118.625),  # the example of the encyclopaedias: 0.76A hexadecimal x 16^2
        ("00000000", 0.0),
        ("42640000", 100.0),
        ("40800000", 0.5),
        ("7fffffff", (1 - 16.0**-6) * 16.0**63),
    ],
)
def test_ibm_of_32_bits(decode: Decode, octets: str, value: float) -> None:
    assert floats(decode, 'sizeInBits="32" encoding="IBM"', octets) == [value]


def test_ibm_of_64_bits(decode: Decode) -> None:
    assert floats(decode, 'sizeInBits="64" encoding="IBM"', "4110000000000000", "c276a00000000000") == [1.0, -118.625]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("00000000", 1.0),
        ("80000000", 0.0),
        ("ff800000", -1.0),  # -2 x 2^-1
        ("00800000", -2.0),
        ("01400000", 3.0),
        ("7f7fffff", (2 - 2.0**-23) * 2.0**127),
        ("7f800000", -(2.0**128)),
        ("81000000", 2.0**-127),
    ],
)
def test_ti_of_32_bits(decode: Decode, octets: str, value: float) -> None:
    """TMS320C3x User's Guide (SPRU031) 5.3.2: 0 is the exponent -128, the extremes as listed there."""
    assert floats(decode, 'sizeInBits="32" encoding="TI"', octets) == [value]


def test_ti_of_40_bits(decode: Decode) -> None:
    assert floats(decode, 'sizeInBits="40" encoding="TI"', "0140000000", "ff80000000") == [3.0, -1.0]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("3fff8000000000000000", 1.0),
        ("c000c000000000000000", -3.0),
        ("7fff8000000000000000", float("inf")),
        ("00000000000000000000", 0.0),
        ("3ffbcccccccccccccccd", 0.1),
    ],
)
def test_ieee_extended_of_80_bits(decode: Decode, octets: str, value: float) -> None:
    assert floats(decode, 'sizeInBits="80"', octets) == [value]


@pytest.mark.parametrize("value", [0.0, 1.0, -1.5, 1e-30, -3.4e38])
def test_little_endian_floats(decode: Decode, value: float) -> None:
    exact = struct.unpack("<f", struct.pack("<f", value))[0]
    octets = struct.pack("<f", value).hex()
    assert floats(decode, 'sizeInBits="32" byteOrder="leastSignificantByteFirst"', octets) == [exact]


def text(decode: Decode, charset: str, size: str, *bodies: str) -> list[str]:
    types = f"""<StringParameterType name="T"><StringDataEncoding encoding="{charset}">{size}</StringDataEncoding>
</StringParameterType>"""
    told: Any = decode({"X": "T", "Y": "U8"}, "X Y", *bodies, types=types).calibrated("X")
    values: list[str] = told.tolist()
    return values


FIXED = "<SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed></SizeInBits>"


@pytest.mark.parametrize(
    ("charset", "octets", "wanted"),
    [
        ("US-ASCII", b"abcd    ", "abcd    "),
        ("ISO-8859-1", b"\xe9\xff\0\0\0\0\0\0", "éÿ"),
        ("Windows-1252", b"\x80\x93a\0\0\0\0\0", "€“a"),
        ("UTF-8", "aé€".encode() + bytes(2), "aé€"),
        ("UTF-8", b"\xef\xbb\xbfab\0\0\0", "ab"),
        ("UTF-16", b"\xff\xfea\0\xe9\0\0\0", "aé"),
        ("UTF-16", b"\xfe\xff\0a\0\xe9\0\0", "aé"),
        ("UTF-16", b"\0a\0b\0\0\0\0", "ab"),
        ("UTF-16LE", b"a\0b\0c\0d\0", "abcd"),
        ("UTF-16BE", b"\x01\0\0b\0\0\0\0", "\u0100b"),
        ("UTF-32", b"\xff\xfe\0\0a\0\0\0", "a"),
        ("UTF-32", b"\0\0\xfe\xff\0\0\0a", "a"),
        ("UTF-32LE", b"a\0\0\0b\0\0\0", "ab"),
        ("UTF-32BE", b"\0\0\0a\0\0\0b", "ab"),
    ],
)
def test_character_sets(decode: Decode, charset: str, octets: bytes, wanted: str) -> None:
    assert text(decode, charset, FIXED, (octets + b"\7").hex()) == [wanted]


def test_a_terminator_of_two_octets_stands_at_a_whole_character(decode: Decode) -> None:
    """In U+0100 U+0061 least significant octet first, 00 01 61 00, two zeros never meet; in 61 00 00 01 they do."""
    ended = "<SizeInBits><TerminationChar>0000</TerminationChar></SizeInBits>"
    assert text(decode, "UTF-16LE", ended, "6100 0001 0000 07") == ["a\u0100"]


def test_an_empty_terminator_element_is_a_zero(decode: Decode) -> None:
    ended = "<SizeInBits><TerminationChar/></SizeInBits>"
    assert text(decode, "UTF-8", ended, "6162 00 07") == ["ab"]


def test_a_leading_size_of_24_bits(decode: Decode) -> None:
    led = '<Variable maxSizeInBits="64"><LeadingSize sizeInBitsOfSizeTag="24"/></Variable>'
    assert text(decode, "UTF-8", led, "000002 6162 07") == ["ab"]


def test_text_at_any_bit(decode: Decode) -> None:
    """Behind four bits: of fixed size, ended by a terminator, and led by its own size."""
    ended = "<SizeInBits><TerminationChar>00</TerminationChar></SizeInBits>"
    led = '<Variable maxSizeInBits="64"><LeadingSize sizeInBitsOfSizeTag="8"/></Variable>'
    for size, body in ((FIXED, "f 6162000000000000 7"), (ended, "f 616200 7"), (led, "f 026162 7")):
        types = f"""<StringParameterType name="T"><StringDataEncoding>{size}</StringDataEncoding>
</StringParameterType>"""
        table = decode({"L": "U4", "X": "T", "Y": "U4"}, "L X Y", body.replace(" ", ""), types=types)
        assert table.calibrated("X").tolist() == ["ab"]  # type: ignore[union-attr]
        assert np.asarray(table.columns["Y"]).tolist() == [7]
