"""Tables that come back from Arrow are what was decoded, and are judged by the definition that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from telemus.errors import SignalError
from telemus.packets import (
    Ragged,
    alarm_events,
    as_plan,
    compile_plan,
    decode_bytes,
    from_arrow,
    parse_definition,
    read_definition,
    stream,
)

TEXT = """<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><BinaryParameterType name="H"><BinaryDataEncoding>
<SizeInBits><FixedValue>48</FixedValue></SizeInBits></BinaryDataEncoding></BinaryParameterType>
<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="2" exponent="1"/></PolynomialCalibrator></DefaultCalibrator></IntegerDataEncoding><DefaultAlarm>
<StaticAlarmRanges><WarningRange maxInclusive="{limit}"/></StaticAlarmRanges></DefaultAlarm></IntegerParameterType>
<IntegerParameterType name="W"><IntegerDataEncoding sizeInBits="72"/></IntegerParameterType>
<EnumeratedParameterType name="E"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="1" label="ON"/></EnumerationList></EnumeratedParameterType>
<StringParameterType name="T"><StringDataEncoding><SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed></SizeInBits>
</StringDataEncoding><DefaultAlarm>
<StringAlarmList><StringAlarm matchPattern="b." alarmLevel="watch"/></StringAlarmList>
</DefaultAlarm></StringParameterType><AggregateParameterType name="G"><MemberList><Member name="a" typeRef="U8"/>
<Member name="b" typeRef="E"/></MemberList></AggregateParameterType><ArrayParameterType name="A" arrayTypeRef="U8">
<DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>1</FixedValue>
</EndingIndex></Dimension></DimensionList></ArrayParameterType></ParameterTypeSet><ParameterSet>
<Parameter name="H" parameterTypeRef="H"/><Parameter name="X" parameterTypeRef="U8"/>
<Parameter name="WIDE" parameterTypeRef="W"/><Parameter name="TEXT" parameterTypeRef="T"/>
<Parameter name="PAIR" parameterTypeRef="G"/><Parameter name="ROW" parameterTypeRef="A"/>
<Parameter name="apid" parameterTypeRef="U8"/></ParameterSet><ContainerSet><SequenceContainer name="C"><EntryList>
<ParameterRefEntry parameterRef="H"/><ParameterRefEntry parameterRef="X"/><ParameterRefEntry parameterRef="WIDE"/>
<ParameterRefEntry parameterRef="TEXT"/><ParameterRefEntry parameterRef="PAIR"/><ParameterRefEntry parameterRef="ROW"/>
<ParameterRefEntry parameterRef="apid"><IncludeCondition><Comparison parameterRef="X" value="3"
useCalibratedValue="false"/></IncludeCondition></ParameterRefEntry><ParameterRefEntry parameterRef="PAIR"><RepeatEntry>
<Count><FixedValue>2</FixedValue></Count></RepeatEntry></ParameterRefEntry></EntryList></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""
BODIES = [
    "03" + "01" * 9 + "6263" + "0701" + "0809" + "05" + "0a010b02",
    "04" + "00" * 9 + "6100" + "0901" + "0102" + "01010202",
]


def packets() -> bytes:
    octets = b""
    for count, body in enumerate(BODIES):
        data = bytes.fromhex(body)
        octets += bytes([0, 1, 0xC0, count, 0, len(data) - 1]) + data
    return octets


def archived(octets: bytes, definition: Any) -> list[pa.Table]:
    return [pa.Table.from_batches([rows]) for _, rows in stream([octets], definition)]


def same(one: Any, other: Any) -> None:
    if isinstance(one, Ragged):
        np.testing.assert_array_equal(one.offsets, other.offsets)
        one, other = one.values, other.values
    if one.dtype.kind == "S":
        assert [text.decode() for text in one.tolist()] == other.tolist()
    elif isinstance(one, np.ma.MaskedArray):
        assert one.tolist() == other.tolist()
    elif one.dtype == np.uint8 and other.dtype == object:
        assert [row.tobytes() for row in one] == other.tolist()
    else:
        np.testing.assert_array_equal(one, other)


def test_every_kind_of_column_comes_back() -> None:
    plan = compile_plan(parse_definition(TEXT.format(limit=9).encode()))
    (decoded,) = decode_bytes(packets(), plan).tables
    assert decoded.count == 2
    (table,) = archived(packets(), plan)
    back = from_arrow(table, plan)
    for name, column in decoded.columns.items():
        same(column, back.columns[name])
    np.testing.assert_array_equal(back.packet_offset, decoded.packet_offset)
    assert alarm_events([back]) == alarm_events([decoded]) != []


def test_a_recording_of_every_kind_of_packet_comes_back(shared_data: Path) -> None:
    """BogusSAT: tables from Arrow give the very events that the decoded ones give."""
    folder = shared_data / "packets" / "bogussat"
    plan = as_plan(read_definition(folder / "BogusSAT-2.xml"))
    octets = next(folder.glob("*.bin"), folder / "missing").read_bytes()[: 1 << 18]
    tables = decode_bytes(octets, plan).tables
    arrow = archived(octets, plan)
    assert len(tables) == len(arrow) > 0
    for decoded, table in zip(tables, arrow, strict=True):
        back = from_arrow(table, plan)
        for name, column in decoded.columns.items():
            same(column, back.columns[name])
    assert alarm_events([from_arrow(table, plan) for table in arrow]) == alarm_events(tables)


def test_old_tables_are_judged_by_the_definition_that_made_them() -> None:
    then, now = (compile_plan(parse_definition(TEXT.format(limit=limit).encode())) for limit in (7, 100))
    (table,) = archived(packets(), then)
    assert [one.number for one in alarm_events([from_arrow(table, then)]) if one.parameter == "X"] == [8.0]
    with pytest.raises(SignalError, match="wanted " + now.definition.digest):
        from_arrow(table, now)
    again = from_arrow(table, now, other_definition=True)
    assert [one for one in alarm_events([again]) if one.parameter == "X"] == []


def test_a_foreign_table_is_refused() -> None:
    plan = compile_plan(parse_definition(TEXT.format(limit=9).encode()))
    with pytest.raises(SignalError, match="no container"):
        from_arrow(pa.table({"X": [1]}), plan)
    (table,) = archived(packets(), plan)
    with pytest.raises(SignalError, match="no column X"):
        from_arrow(table.drop_columns(["X", "X_raw"]), plan)
