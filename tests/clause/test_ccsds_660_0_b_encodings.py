"""CCSDS 660.0-B-2 (XTCE 1.2), data encodings: each with octets written by hand."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from telemus.packets import DecodedTable, decode_bytes, parse_definition, to_arrow


def decode(types: str, parameters: dict[str, str], entries: str, *bodies: str) -> DecodedTable:
    """Decode packets of one container whose data fields are given in hexadecimal."""
    declared = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in parameters.items())
    text = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet><BinaryParameterType name="H"><BinaryDataEncoding><SizeInBits><FixedValue>48</FixedValue></SizeInBits>
</BinaryDataEncoding></BinaryParameterType>
<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="U4"><IntegerDataEncoding sizeInBits="4"/></IntegerParameterType>{types}</ParameterTypeSet>
<ParameterSet><Parameter name="H" parameterTypeRef="H"/>{declared}</ParameterSet><ContainerSet>
<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="H"/>{entries}</EntryList></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""
    octets = b""
    for count, body in enumerate(bodies):
        data = bytes.fromhex(body)
        octets += bytes([0, 1, 0xC0, count, 0, len(data) - 1]) + data
    (table,) = decode_bytes(octets, parse_definition(text.encode())).tables
    return table


def entry(*names: str) -> str:
    return "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in names)


def number(attributes: str, *bodies: str, kind: str = "Integer", lead: bool = False) -> list[Any]:
    """Return the raw values of one number in packets of its own, or behind four bits."""
    tag = f"{kind}DataEncoding"
    types = f'<{kind}ParameterType name="T"><{tag} {attributes}/></{kind}ParameterType>'
    names = ("L", "X") if lead else ("X",)
    values: list[Any] = np.asarray(decode(types, {"L": "U4", "X": "T"}, entry(*names), *bodies).columns["X"]).tolist()
    return values


@pytest.mark.parametrize(
    ("encoding", "bits", "octets", "value"),
    [
        ("unsigned", 24, "010203", 0x010203),
        ("twosComplement", 16, "fffe", -2),
        ("twosCompliment", 16, "fffe", -2),
        ("onesComplement", 16, "fffe", -1),
        ("onesComplement", 16, "0001", 1),
        ("onesComplement", 8, "80", -127),
        ("signMagnitude", 16, "8005", -5),
        ("signMagnitude", 16, "0005", 5),
        ("signMagnitude", 64, "8000000000000007", -7),
        ("BCD", 24, "010203", 123),
        ("BCD", 16, "0a01", -1),
        ("packedBCD", 24, "123456", 123456),
        ("packedBCD", 16, "123d", -123),
        ("packedBCD", 16, "123c", 123),
        ("packedBCD", 16, "1a23", -1),
        ("unsigned", 72, "010000000000000000", 1 << 64),
        ("twosComplement", 72, "ff" * 9, -1),
        ("onesComplement", 72, "ff" * 8 + "fe", -1),
        ("signMagnitude", 72, "80" + "00" * 7 + "05", -5),
        ("packedBCD", 80, "00" * 4 + "123456789012", 123456789012),
    ],
)
def test_integer_encodings(encoding: str, bits: int, octets: str, value: int) -> None:
    assert number(f'sizeInBits="{bits}" encoding="{encoding}"', octets) == [value]


@pytest.mark.parametrize("bits", range(1, 71))
@pytest.mark.parametrize("encoding", ["unsigned", "twosComplement", "onesComplement", "signMagnitude"])
def test_integers_of_any_width_at_any_bit(encoding: str, bits: int) -> None:
    code = 0x5A5A5A5A5A5A5A5A5A | 1 << (bits - 1)
    code &= (1 << bits) - 1
    top = 1 << (bits - 1)
    wanted = {
        "unsigned": code,
        "twosComplement": code - 2 * top,
        "onesComplement": code - 2 * top + 1,
        "signMagnitude": top - code,
    }[encoding]
    width = (4 + bits + 7) // 8
    octets = (code << (8 * width - 4 - bits)).to_bytes(width, "big").hex()
    assert number(f'sizeInBits="{bits}" encoding="{encoding}"', octets, lead=True) == [wanted]


def test_bit_order() -> None:
    assert number('sizeInBits="8" bitOrder="leastSignificantBitFirst"', "01", "c0") == [128, 3]
    assert number('sizeInBits="3" bitOrder="leastSignificantBitFirst"', "20", "80") == [4, 1]


def test_byte_order_list_of_1_1_and_1_2() -> None:
    assert number('sizeInBits="32" byteOrder="2,3,0,1"', "01020304") == [0x02010403]
    types = """<IntegerParameterType name="T"><IntegerDataEncoding sizeInBits="24"><ByteOrderList>
<Byte byteSignificance="1"/><Byte byteSignificance="0"/><Byte byteSignificance="2"/></ByteOrderList>
</IntegerDataEncoding></IntegerParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "010203")
    assert np.asarray(table.columns["X"]).tolist() == [0x030102]


@pytest.mark.parametrize(
    ("bits", "octets", "value"),
    [(16, "c000", -2.0), (32, struct.pack(">f", 1.5).hex(), 1.5), (64, struct.pack(">d", -0.1).hex(), -0.1)],
)
def test_ieee_754(bits: int, octets: str, value: float) -> None:
    assert number(f'sizeInBits="{bits}"', octets, kind="Float") == [value]


@pytest.mark.parametrize(
    ("octets", "value"),
    [("3fff" + "00" * 14, 1.0), ("c000" + "80" + "00" * 13, -3.0), ("7fff" + "00" * 14, float("inf"))],
)
def test_ieee_754_of_128_bits(octets: str, value: float) -> None:
    assert number('sizeInBits="128"', octets, kind="Float") == [value]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("7fffff7f", 0.9999998807907104 * 2.0**127),
        ("40000000", 0.5),
        ("400000ff", 0.25),
        ("80000000", -1.0),
        ("bfffff80", -0.5000001192092896 * 2.0**-128),
        ("00000000", 0.0),
    ],
)
def test_mil_std_1750a_of_32_bits(octets: str, value: float) -> None:
    """MIL-STD-1750A table of floating point examples: mantissa of 24 bits, exponent of 8."""
    assert number('sizeInBits="32" encoding="MILSTD_1750A"', octets, kind="Float") == [value]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("4000007f0000", 0.5 * 2.0**127),
        ("800000ff0000", -0.5),
        ("a00000ff0000", -0.75 * 0.5),
        ("400000000001", 0.5 + 2.0**-39),
    ],
)
def test_mil_std_1750a_of_48_bits(octets: str, value: float) -> None:
    assert number('sizeInBits="48" encoding="MILSTD_1750A"', octets, kind="Float") == [value]


def string(encoding: str, *bodies: str, charset: str = "UTF-8") -> tuple[list[str], list[int]]:
    """Return the texts, and the octet behind each."""
    types = f"""<StringParameterType name="T"><StringDataEncoding encoding="{charset}">{encoding}</StringDataEncoding>
</StringParameterType>"""
    table = decode(types, {"N": "U8", "X": "T", "Y": "U8"}, entry("N", "X", "Y"), *bodies)
    texts: Any = table.calibrated("X")
    return texts.tolist(), np.asarray(table.columns["Y"]).tolist()


FIXED = "<Fixed><FixedValue>32</FixedValue></Fixed>"
DYNAMIC = """<DynamicValue><ParameterInstanceRef parameterRef="N"/><LinearAdjustment slope="8"/></DynamicValue>"""


def test_string_of_fixed_size() -> None:
    assert string(f"<SizeInBits>{FIXED}</SizeInBits>", "00 61626364 07") == (["abcd"], [7])


def test_string_of_fixed_size_with_a_terminator() -> None:
    ended = f"<SizeInBits>{FIXED}<TerminationChar>2c</TerminationChar></SizeInBits>"
    assert string(ended, "00 61622c64 07", "00 61626364 08") == (["ab", "abcd"], [7, 8])


def test_string_ended_by_a_terminator_only() -> None:
    ended = "<SizeInBits><TerminationChar>00</TerminationChar></SizeInBits>"
    assert string(ended, "00 616200 07", "00 6100 08", "00 00 09") == (["ab", "a", ""], [7, 8, 9])


def test_string_led_by_its_size() -> None:
    led = """<Variable maxSizeInBits="64"><LeadingSize sizeInBitsOfSizeTag="16"/></Variable>"""
    assert string(led, "00 0003616263 07", "00 0000 08") == (["abc", ""], [7, 8])


def test_string_led_by_its_size_in_a_buffer_of_dynamic_size() -> None:
    led = f"""<Variable maxSizeInBits="64">{DYNAMIC}<LeadingSize sizeInBitsOfSizeTag="8"/></Variable>"""
    assert string(led, "05 0261620000 07") == (["ab"], [7])


def test_string_of_dynamic_size_and_charsets() -> None:
    sized = f"""<Variable maxSizeInBits="64">{DYNAMIC}</Variable>"""
    assert string(sized, "04 00610062 07", charset="UTF-16BE") == (["ab"], [7])
    assert string(sized, "01 e9 07", "02 e9e8 08", charset="ISO-8859-1") == (["é", "éè"], [7, 8])


def test_string_whose_size_points_beyond_the_packet_gives_no_row() -> None:
    types = """<StringParameterType name="T"><StringDataEncoding><Variable maxSizeInBits="64">
<LeadingSize sizeInBitsOfSizeTag="8"/></Variable></StringDataEncoding></StringParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "ff61", "0161")
    assert table.count == 1


def test_boolean() -> None:
    types = """<BooleanParameterType name="T" zeroStringValue="OFF" oneStringValue="ON"><IntegerDataEncoding
sizeInBits="8"/></BooleanParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "00", "01", "05")
    assert table.calibrated("X").tolist() == ["OFF", "ON", "ON"]  # type: ignore[union-attr]


def test_boolean_of_binary_encoding() -> None:
    types = """<BooleanParameterType name="T"><BinaryDataEncoding><SizeInBits><FixedValue>16</FixedValue></SizeInBits>
</BinaryDataEncoding></BooleanParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "0000", "0100")
    assert table.calibrated("X").tolist() == ["False", "True"]  # type: ignore[union-attr]


def test_enumeration_with_a_range() -> None:
    types = """<EnumeratedParameterType name="T"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="0" label="ZERO"/><Enumeration value="2" maxValue="4" label="SOME"/></EnumerationList>
</EnumeratedParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "00", "02", "04", "05")
    assert table.calibrated("X").tolist() == ["ZERO", "SOME", "SOME", "5"]  # type: ignore[union-attr]


def test_absolute_time_with_scale_offset_and_epoch() -> None:
    types = """<AbsoluteTimeParameterType name="T"><Encoding units="seconds" scale="0.5" offset="10">
<IntegerDataEncoding sizeInBits="16"/></Encoding><ReferenceTime><Epoch>TAI</Epoch></ReferenceTime>
</AbsoluteTimeParameterType>"""
    table = decode(types, {"X": "T"}, entry("X"), "0003")
    assert table.calibrated("X").tolist() == [11.5]  # type: ignore[union-attr]
    kind = table.plan.field("X").type
    assert kind.time is not None
    assert (kind.time.epoch, kind.unit) == ("TAI", "s")


def test_wide_integers_become_text_in_arrow() -> None:
    types = '<IntegerParameterType name="T"><IntegerDataEncoding sizeInBits="72"/></IntegerParameterType>'
    table = decode(types, {"X": "T"}, entry("X"), "01" + "00" * 8)
    assert to_arrow(table)["X"].to_pylist() == [str(1 << 64)]
