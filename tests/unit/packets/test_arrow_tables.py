"""Arrow tables of decoded packets: names, types, metadata, and the same schema whatever the packets hold."""

from __future__ import annotations

import datetime
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from telemus.packets import DecodedTable, decode_bytes, parse_definition, to_arrow
from telemus.packets.arrow import ArrowTables
from telemus.packets.timestamps import TimeRule, timestamps_of

HEADER = '<IntegerParameterType name="H"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>'
U8 = '<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>'


def definition(types: str, entries: dict[str, str], more: str = "") -> Any:
    """Return a definition of one container: a header, then the entries (name to type)."""
    parameters = "".join(
        f'<Parameter name="{name}" parameterTypeRef="{kind}" shortDescription="what {name} is"/>'
        for name, kind in entries.items()
    )
    listed = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in entries)
    text = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet>{HEADER}{U8}{types}</ParameterTypeSet><ParameterSet><Parameter name="HEAD" parameterTypeRef="H"/>
{parameters}</ParameterSet><ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="HEAD"/>
{listed}{more}</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    return parse_definition(text.encode())


def packet(data: bytes, count: int = 0) -> bytes:
    return struct.pack(">HHH", 0x0801, 0xC000 | count, len(data) - 1) + data


def decoded(read: Any, *contents: bytes) -> DecodedTable:
    stream = b"".join(packet(data, count) for count, data in enumerate(contents))
    (table,) = decode_bytes(stream, read).tables
    return table


def enumeration(name: str) -> str:
    return f"""<EnumeratedParameterType name="{name}"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="1" label="ON"/><Enumeration value="0" label="OFF"/></EnumerationList></EnumeratedParameterType>"""


def axis(size: int) -> str:
    first, last = (f"<FixedValue>{index}</FixedValue>" for index in (0, size - 1))
    return f"<Dimension><StartingIndex>{first}</StartingIndex><EndingIndex>{last}</EndingIndex></Dimension>"


def test_labels_are_a_dictionary_and_a_value_without_one_is_null() -> None:
    arrow = to_arrow(decoded(definition(enumeration("E"), {"MODE": "E"}), b"\1", b"\7", b"\0"))
    assert arrow.schema.field("MODE").type == pa.dictionary(pa.int8(), pa.string())
    assert arrow["MODE"].to_pylist() == ["ON", None, "OFF"]
    assert arrow["MODE_raw"].to_pylist() == [1, 7, 0]
    assert arrow["MODE"].chunk(0).dictionary.to_pylist() == ["ON", "OFF"]


def test_aggregates_are_structs_and_arrays_of_them_lists_of_structs() -> None:
    members = '<Member name="mode" typeRef="E"/><Member name="n" typeRef="U8"/>'
    types = (
        f'{enumeration("E")}<AggregateParameterType name="A"><MemberList>{members}</MemberList>'
        f"</AggregateParameterType>"
        f'<ArrayParameterType name="AA" arrayTypeRef="A"><DimensionList>{axis(2)}</DimensionList></ArrayParameterType>'
    )
    arrow = to_arrow(decoded(definition(types, {"ONE": "A", "TWO": "AA"}), bytes([1, 5, 0, 6, 1, 7])))
    assert arrow["ONE"].to_pylist() == [{"mode": "ON", "mode_raw": 1, "n": 5}]
    assert arrow["TWO"].to_pylist() == [[{"mode": "OFF", "mode_raw": 0, "n": 6}, {"mode": "ON", "mode_raw": 1, "n": 7}]]
    assert pa.types.is_struct(arrow.schema.field("TWO").type.value_type)


def test_arrays_of_two_dimensions_are_nested_lists_of_fixed_size() -> None:
    axes = axis(2) + axis(3)
    types = f'<ArrayParameterType name="M" arrayTypeRef="U8"><DimensionList>{axes}</DimensionList></ArrayParameterType>'
    arrow = to_arrow(decoded(definition(types, {"GRID": "M"}), bytes(range(6))))
    assert arrow.schema.field("GRID").type == pa.list_(pa.list_(pa.uint8(), 3), 2)
    assert arrow["GRID"].to_pylist() == [[[0, 1, 2], [3, 4, 5]]]


@pytest.mark.parametrize(
    ("attributes", "epoch", "raw", "wanted"),
    [
        ('scale="0.001"', "2000-01-01", 86_400_000, "2000-01-02T00:00:00"),
        ('units="days"', "TAI", 1, "1958-01-02T00:00:00"),
        ("", "GPS", 60, "1980-01-06T00:01:00"),
        ('units="picoSeconds"', "UNIX", 3_000_000, "1970-01-01T00:00:00.000003"),
        ('offset="-1"', "J2000", 2, "2000-01-01T12:00:01"),
        ("", "1999-12-31T23:00:00-01:00", 5, "2000-01-01T00:00:05"),
    ],
)
def test_times_with_an_epoch_are_timestamps(attributes: str, epoch: str, raw: int, wanted: str) -> None:
    types = f"""<AbsoluteTimeParameterType name="T"><Encoding {attributes}><IntegerDataEncoding sizeInBits="32"/>
</Encoding><ReferenceTime><Epoch>{epoch}</Epoch></ReferenceTime></AbsoluteTimeParameterType>"""
    arrow = to_arrow(decoded(definition(types, {"WHEN": "T"}), raw.to_bytes(4, "big")))
    assert arrow.schema.field("WHEN").type == pa.timestamp("ns")
    assert arrow["WHEN"].cast(pa.timestamp("us")).to_pylist() == [datetime.datetime.fromisoformat(wanted)]
    assert arrow["WHEN_raw"].to_pylist() == [raw]


def test_a_time_in_months_stays_a_number_and_is_reported() -> None:
    types = """<AbsoluteTimeParameterType name="T"><Encoding units="months"><IntegerDataEncoding sizeInBits="8"/>
</Encoding><ReferenceTime><Epoch>2000-01-01</Epoch></ReferenceTime></AbsoluteTimeParameterType>"""
    read = definition(types, {"WHEN": "T"})
    assert to_arrow(decoded(read, b"\3"))["WHEN"].to_pylist() == [3]


def test_timestamps_are_exact_to_the_nanosecond() -> None:
    """Milliseconds of 2024 since 1958: float64 seconds would be 200 ns off."""
    times, beyond = timestamps_of(TimeRule(-378_691_200 * 10**9, 10**6, 1), np.array([2_083_708_800_001], np.uint64))
    assert times.tolist() == [1_705_017_600_001_000_000]
    assert not beyond.any()


def test_names_that_collide_keep_both_values() -> None:
    read = definition(enumeration("E"), {"MODE": "E", "MODE_raw": "U8", "apid": "U8"})
    arrow = to_arrow(decoded(read, bytes([1, 9, 8])))
    assert arrow["MODE"].to_pylist() == ["ON"]
    assert (arrow["MODE_raw"].to_pylist(), arrow["MODE_raw#2"].to_pylist()) == ([9], [1])
    assert (arrow["apid"].to_pylist(), arrow["apid#2"].to_pylist()) == ([8], [1])


def test_metadata_name_unit_description_and_container() -> None:
    types = """<IntegerParameterType name="V"><UnitSet><Unit>mV</Unit></UnitSet><IntegerDataEncoding sizeInBits="8">
<DefaultCalibrator><PolynomialCalibrator><Term exponent="1" coefficient="2"/></PolynomialCalibrator></DefaultCalibrator>
</IntegerDataEncoding></IntegerParameterType>"""
    read = definition(types, {"BUS": "V"})
    table = decoded(read, b"\4")
    schema = ArrowTables(table.plan, read, {"definition": "x.xml"}).schema
    assert schema.field("BUS").metadata == {b"unit": b"mV", b"description": b"what BUS is"}
    assert schema.field("BUS_raw").metadata == {b"raw_of": b"BUS"}
    assert schema.metadata[b"definition"] == b"x.xml"
    assert schema.metadata[b"container"] == b"/S/C"
    assert to_arrow(table)["BUS"].to_pylist() == [8.0]


def test_an_array_of_text_is_a_list_of_texts_and_never_one_text() -> None:
    types = f"""<StringParameterType name="T"><StringDataEncoding><SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed>
</SizeInBits></StringDataEncoding></StringParameterType><ArrayParameterType name="TT" arrayTypeRef="T"><DimensionList>
{axis(2)}</DimensionList></ArrayParameterType>"""
    arrow = to_arrow(decoded(definition(types, {"NAMES": "TT"}), b"abcd"))
    assert arrow["NAMES"].to_pylist() == [["ab", "cd"]]
