"""CCSDS 660.0-B-2 (XTCE 1.2), entries of containers: segments, names by value, lookup tables, places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telemus.packets import DecodedTable, compile_plan, parse_definition, to_arrow

Decode = Callable[..., DecodedTable]


def entry(name: str, inside: str = "") -> str:
    return f'<ParameterRefEntry parameterRef="{name}">{inside}</ParameterRefEntry>'


def segment(name: str, bits: int, order: str = "") -> str:
    attribute = f' order="{order}"' if order else ""
    return f'<ParameterSegmentRefEntry parameterRef="{name}" sizeInBits="{bits}"{attribute}/>'


def place(origin: str, shift: int) -> str:
    return f"""<LocationInContainerInBits referenceLocation="{origin}"><FixedValue>{shift}</FixedValue>
</LocationInContainerInBits>"""


def column(table: DecodedTable, name: str) -> Any:
    values: Any = np.ma.asarray(table.columns[name]).tolist()
    return values


def test_segments_of_a_parameter_are_joined_in_order_of_the_packet(decode: Decode) -> None:
    table = decode({"X": "I16", "Y": "U8"}, segment("X", 8) + entry("Y") + segment("X", 8), "ff 07 fe", "00 08 01")
    assert column(table, "X") == [-2, 1]
    assert column(table, "Y") == [7, 8]
    assert column(table, "X.segment0") == [0xFF, 0]


def test_segments_of_a_parameter_are_joined_by_their_order(decode: Decode) -> None:
    pieces = segment("X", 4, "2") + segment("X", 4, "0") + segment("X", 8, "1")
    assert column(decode({"X": "U16"}, pieces, "1234"), "X") == [0x2341]


def test_segments_of_text(decode: Decode) -> None:
    types = """<StringParameterType name="T"><StringDataEncoding><SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed>
</SizeInBits></StringDataEncoding></StringParameterType>"""
    table = decode({"X": "T", "Y": "U8"}, segment("X", 8) + entry("Y") + segment("X", 8), "61 00 62", types=types)
    assert table.calibrated("X").tolist() == ["ab"]  # type: ignore[union-attr]


def test_segments_that_are_not_the_whole_are_kept_apart_and_reported(decode: Decode) -> None:
    table = decode({"X": "U16", "Y": "U8"}, segment("X", 8) + entry("Y"), "1234", reported=1)
    assert column(table, "X.segment0") == [0x12]
    assert "X" not in table.columns
    assert column(table, "Y") == [0x34]


def test_segments_of_streams_and_containers_are_reported_and_kept_as_binary(decode: Decode) -> None:
    more = '<SequenceContainer name="I"><EntryList/></SequenceContainer>'
    sets = '<StreamSet><VariableFrameStream name="W"/></StreamSet>'
    entries = '<StreamSegmentEntry streamRef="W" sizeInBits="16"/><ContainerSegmentRefEntry containerRef="I" '
    entries += 'sizeInBits="8"/>' + entry("Y")
    table = decode({"Y": "U8"}, entries, "01020304", more=more, sets=sets, reported=3)
    assert to_arrow(table)["W"].to_pylist() == [b"\1\2"]
    assert to_arrow(table)["I"].to_pylist() == [b"\3"]
    assert column(table, "Y") == [4]


INDIRECT = """<IndirectParameterRefEntry{}><ParameterInstance parameterRef="N"/></IndirectParameterRefEntry>"""
ALIASED = """<Parameter name="A" parameterTypeRef="U8"><AliasSet><Alias nameSpace="ids" alias="1"/></AliasSet>
</Parameter><Parameter name="B" parameterTypeRef="U16"><AliasSet><Alias nameSpace="ids" alias="2"/></AliasSet>
</Parameter>"""


def test_a_parameter_named_by_the_alias_in_another_one(decode: Decode) -> None:
    entries = entry("N") + INDIRECT.format(' aliasNameSpace="ids"') + entry("Y")
    table = decode({"N": "U8", "Y": "U8"}, entries, "01 aa 07", "02 1234 08", declared=ALIASED)
    assert column(table, "A") == [0xAA, None]
    assert column(table, "B") == [None, 0x1234]
    assert column(table, "Y") == [7, 8]


def test_a_packet_that_names_no_parameter_is_rejected_whole(decode: Decode) -> None:
    entries = entry("N") + INDIRECT.format(' aliasNameSpace="ids"') + entry("Y")
    table = decode({"N": "U8", "Y": "U8"}, entries, "01 aa 07", "03 1234 08", declared=ALIASED)
    assert (table.count, column(table, "A")) == (1, [0xAA])


def test_a_parameter_named_by_its_own_name(decode: Decode) -> None:
    types = """<EnumeratedParameterType name="E"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="5" label="A"/><Enumeration value="6" label="B"/></EnumerationList></EnumeratedParameterType>"""
    entries = entry("N") + INDIRECT.format("")
    table = decode({"N": "E", "A": "U8", "B": "U16"}, entries, "05 aa", "06 1234", types=types)
    assert column(table, "A") == [0xAA, None]
    assert column(table, "B") == [None, 0x1234]


def table_of_sizes(*rows: tuple[int, int]) -> str:
    listed = "".join(
        f'<DiscreteLookup value="{size}"><Comparison parameterRef="N" value="{key}"/></DiscreteLookup>'
        for key, size in rows
    )
    return f'<DiscreteLookupList defaultValue="8">{listed}</DiscreteLookupList>'


def test_a_size_from_a_lookup_table_the_first_row_that_holds(decode: Decode) -> None:
    types = f"""<BinaryParameterType name="B"><BinaryDataEncoding><SizeInBits>{table_of_sizes((1, 16), (2, 0), (1, 24))}
</SizeInBits></BinaryDataEncoding></BinaryParameterType>"""
    table = decode({"N": "U8", "X": "B", "Y": "U8"}, "N X Y", "01 aabb 07", "02 08", "03 cc 09", types=types)
    assert to_arrow(table)["X"].to_pylist() == [b"\xaa\xbb", b"", b"\xcc"]
    assert column(table, "Y") == [7, 8, 9]


def test_repeats_and_places_from_a_lookup_table(decode: Decode) -> None:
    many = f"<RepeatEntry><Count>{table_of_sizes((1, 2), (2, 1))}</Count></RepeatEntry>"
    shift = f"<LocationInContainerInBits>{table_of_sizes((1, 0))}</LocationInContainerInBits>"
    entries = entry("N") + entry("X", many) + entry("Y", shift)
    arrow = to_arrow(decode({"N": "U8", "X": "U8", "Y": "U8"}, entries, "01 0a0b 07", "02 0c ee 08"))
    assert arrow["X"].to_pylist() == [[10, 11], [12]]
    assert arrow["Y"].to_pylist() == [7, 8]


def test_a_lookup_table_without_a_default_that_does_not_hold_fits_no_packet(decode: Decode) -> None:
    count = table_of_sizes((1, 1)).replace(' defaultValue="8"', "")
    entries = entry("N") + entry("X", f"<RepeatEntry><Count>{count}</Count></RepeatEntry>")
    assert column(decode({"N": "U8", "X": "U8"}, entries, "01 0a", "02 0c"), "N") == [1]


@pytest.mark.parametrize(
    ("following", "body", "expected"),
    [
        (place("containerStart", 80), "01 0203 04 05", 3),
        (place("containerEnd", 8), "01 0203 04 05", 3),
    ],
)
def test_a_place_counted_back_from_the_next_entry(decode: Decode, following: str, body: str, expected: int) -> None:
    """8 bits of X end 8 bits before Y begins: the octet of value 4 lies between."""
    table = decode(
        {"N": "U8", "X": "U8", "Y": "U8"}, entry("N") + entry("X", place("nextEntry", 8)) + entry("Y", following), body
    )
    assert (column(table, "X"), column(table, "Y")) == ([expected], [5])


def test_a_place_counted_back_from_an_entry_without_a_place_stops_the_container() -> None:
    text = f"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="U8">
<IntegerDataEncoding/></IntegerParameterType></ParameterTypeSet><ParameterSet>
<Parameter name="X" parameterTypeRef="U8"/></ParameterSet><ContainerSet><SequenceContainer name="C">
<EntryList>{entry("X", place("nextEntry", 0))}{entry("X")}
</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    assert "has none of its own" in compile_plan(parse_definition(text.encode())).root.undecodable


def test_part_of_an_array_by_its_entry(decode: Decode) -> None:
    types = """<ArrayParameterType name="A" arrayTypeRef="U8"><DimensionList><Dimension><StartingIndex>
<FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>3</FixedValue></EndingIndex></Dimension>
</DimensionList></ArrayParameterType>"""
    part = """<ArrayParameterRefEntry parameterRef="X" lastEntryForThisArrayInstance="true"><DimensionList><Dimension>
<StartingIndex><FixedValue>1</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex>
</Dimension></DimensionList></ArrayParameterRefEntry>"""
    table = decode({"X": "A", "Y": "U8"}, part + entry("Y"), "0102 07", types=types)
    assert (column(table, "X"), column(table, "Y")) == ([[1, 2]], [7])


BORROWED = """<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="U8">
<IntegerDataEncoding/></IntegerParameterType></ParameterTypeSet></TelemetryMetaData><SpaceSystem name="A">
<TelemetryMetaData><ParameterSet><Parameter name="X" parameterTypeRef="U8"/></ParameterSet></TelemetryMetaData>
</SpaceSystem><SpaceSystem name="B"><TelemetryMetaData><ParameterSet><ParameterRef parameterRef="{}"/></ParameterSet>
<ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="X"/></EntryList>
</SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem></SpaceSystem>"""


@pytest.mark.parametrize("reference", ["../A/X", "/S/A/X", "A/X"])
def test_a_parameter_taken_from_another_system(reference: str) -> None:
    definition = parse_definition(BORROWED.format(reference).encode())
    assert definition.containers["/S/B/C"].entries[0].parameter == "/S/A/X"


def test_an_element_of_an_array_is_reported(decode: Decode) -> None:
    when = '<IncludeCondition><Comparison parameterRef="A[0]" value="1"/></IncludeCondition>'
    types = """<ArrayParameterType name="A" arrayTypeRef="U8"><DimensionList><Dimension><StartingIndex>
<FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension>
</DimensionList></ArrayParameterType>"""
    entries = '<ArrayParameterRefEntry parameterRef="A"/>' + entry("Y", when)
    table = decode({"A": "A", "Y": "U8"}, entries, "0102 07", types=types, reported=1)
    assert column(table, "Y") == [None]


def test_a_comparison_with_a_boolean_as_xml_writes_it(decode: Decode) -> None:
    types = """<BooleanParameterType name="B"><IntegerDataEncoding sizeInBits="8"/></BooleanParameterType>"""
    when = '<IncludeCondition><Comparison parameterRef="N" value="true"/></IncludeCondition>'
    table = decode({"N": "B", "Y": "U8"}, entry("N") + entry("Y", when), "01 07", "00", types=types)
    assert column(table, "Y") == [7, None]


def test_a_checksum_of_the_container_is_that_of_its_last_field() -> None:
    """BinaryEncoding is where 1.3 wants error detection: CRC 1021, FFFF over the whole packet."""
    crc = """<BinaryEncoding><ErrorDetectCorrect><CRC width="16"><Polynomial>1021</Polynomial>
<InitRemainder>FFFF</InitRemainder><FinalXOR>0000</FinalXOR></CRC></ErrorDetectCorrect></BinaryEncoding>"""
    text = f"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="U16">
<IntegerDataEncoding sizeInBits="16"/></IntegerParameterType><IntegerParameterType name="U48">
<IntegerDataEncoding sizeInBits="48"/></IntegerParameterType></ParameterTypeSet><ParameterSet>
<Parameter name="H" parameterTypeRef="U48"/><Parameter name="X" parameterTypeRef="U16"/></ParameterSet><ContainerSet>
<SequenceContainer name="C">{crc}<EntryList>{entry("H")}{entry("X")}</EntryList></SequenceContainer></ContainerSet>
</TelemetryMetaData></SpaceSystem>"""
    definition = parse_definition(text.encode())
    assert definition.unsupported == ()
    assert compile_plan(definition).root.has_checksum


def test_arrays_of_text_and_of_binary(decode: Decode) -> None:
    size = "<SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed></SizeInBits>"
    count = """<DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex>
<DynamicValue><ParameterInstanceRef parameterRef="N"/><LinearAdjustment intercept="-1"/></DynamicValue></EndingIndex>
</Dimension></DimensionList>"""
    types = f"""<StringParameterType name="T"><StringDataEncoding>{size}</StringDataEncoding></StringParameterType>
<BinaryParameterType name="B"><BinaryDataEncoding><SizeInBits><FixedValue>8</FixedValue></SizeInBits>
</BinaryDataEncoding></BinaryParameterType><ArrayParameterType name="TS" arrayTypeRef="T">{count}</ArrayParameterType>
<ArrayParameterType name="BS" arrayTypeRef="B">{count}</ArrayParameterType>"""
    table = decode(
        {"N": "U8", "X": "TS", "Z": "BS", "Y": "U8"}, "N X Z Y", "02 61626364 0102 07", "01 6566 03 08", types=types
    )
    arrow = to_arrow(table)
    assert arrow["X"].to_pylist() == [["ab", "cd"], ["ef"]]
    assert arrow["Z"].to_pylist() == [[b"\1", b"\2"], [b"\3"]]
    assert column(table, "Y") == [7, 8]


def test_an_offset_in_units_of_octets_as_1_1_has_it(decode: Decode) -> None:
    again = """<RepeatEntry><Count><FixedValue>2</FixedValue></Count><Offset offsetSizeInBits="8">
<FixedValue>1</FixedValue></Offset></RepeatEntry>"""
    arrow = to_arrow(decode({"X": "U8"}, entry("X", again), "01ff02"))
    assert arrow["X"].to_pylist() == [[1, 2]]


@pytest.mark.parametrize(
    "encoding",
    [
        '<BinaryEncoding byteOrder="leastSignificantByteFirst"/>',
        '<BinaryEncoding><FromBinaryTransformAlgorithm name="unzip"/></BinaryEncoding>',
    ],
)
def test_a_container_whose_octets_are_changed_is_reported_and_not_decoded(encoding: str) -> None:
    text = f"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="U48">
<IntegerDataEncoding sizeInBits="48"/></IntegerParameterType></ParameterTypeSet><ParameterSet>
<Parameter name="H" parameterTypeRef="U48"/></ParameterSet><ContainerSet><SequenceContainer name="C">{encoding}
<EntryList>{entry("H")}</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    definition = parse_definition(text.encode())
    assert len(definition.unsupported) == 1
    assert "changed or in another order" in compile_plan(definition).root.undecodable


def test_units_with_power_and_factor_and_of_raw_values(decode: Decode) -> None:
    types = """<IntegerParameterType name="T"><UnitSet><Unit factor="2">m</Unit><Unit power="-2">s</Unit>
<Unit form="raw">DN</Unit></UnitSet><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>"""
    assert decode({"X": "T"}, "X", "01", types=types).unit("X") == "2*m s^-2"
