"""Alarms over columns: ranges with open and closed limits, labels, contexts."""

from __future__ import annotations

from typing import Any

import numpy as np

from telemus.packets import DecodedTable, decode_bytes, parse_definition
from telemus.packets.alarms import alarm_levels, outside_valid_range

TYPES = """<IntegerParameterType name="H"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>
<EnumeratedParameterType name="M"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/><Enumeration value="2" label="FAILED"/>
</EnumerationList><DefaultAlarm><EnumerationAlarmList>
<EnumerationAlarm enumerationLabel="FAILED" alarmLevel="critical"/></EnumerationAlarmList></DefaultAlarm>
</EnumeratedParameterType>
<FloatParameterType name="V"><IntegerDataEncoding sizeInBits="8"/>
<ValidRange minInclusive="5" maxInclusive="60"/>
<DefaultAlarm><StaticAlarmRanges><CriticalRange minExclusive="10" maxExclusive="50"/>
<WarningRange minInclusive="20" maxInclusive="40"/></StaticAlarmRanges></DefaultAlarm>
<ContextAlarmList><ContextAlarm><StaticAlarmRanges><SevereRange maxInclusive="15"/></StaticAlarmRanges>
<ContextMatch><Comparison parameterRef="MODE" value="OFF"/></ContextMatch></ContextAlarm></ContextAlarmList>
</FloatParameterType>"""
TEXT = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet>{TYPES}</ParameterTypeSet><ParameterSet><Parameter name="HEAD" parameterTypeRef="H"/>
<Parameter name="MODE" parameterTypeRef="M"/><Parameter name="VOLTS" parameterTypeRef="V"/></ParameterSet><ContainerSet>
<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="HEAD"/><ParameterRefEntry parameterRef="MODE"/>
<ParameterRefEntry parameterRef="VOLTS"/></EntryList></SequenceContainer></ContainerSet></TelemetryMetaData>
</SpaceSystem>"""


def table(*rows: tuple[int, int]) -> DecodedTable:
    octets = b"".join(bytes([0, 1, 0xC0, count, 0, 1, *row]) for count, row in enumerate(rows))
    definition = parse_definition(TEXT.encode())
    assert definition.unsupported == ()
    (decoded,) = decode_bytes(octets, definition).tables
    return decoded


def levels(decoded: DecodedTable, name: str) -> Any:
    return alarm_levels(decoded.plan.field(name), decoded.columns, decoded.plan.field_of)


def test_ranges_open_and_closed_and_the_highest_level_wins() -> None:
    decoded = table((1, 30), (1, 20), (1, 19), (1, 11), (1, 10), (1, 50), (1, 40))
    assert levels(decoded, "VOLTS").tolist() == [0, 0, 2, 2, 4, 4, 0]


def test_context_alarm_comes_before_the_default_one() -> None:
    assert levels(table((0, 15), (0, 16), (1, 15)), "VOLTS").tolist() == [0, 5, 2]


def test_labels() -> None:
    assert levels(table((0, 1), (1, 1), (2, 1)), "MODE").tolist() == [0, 0, 4]


def test_valid_range() -> None:
    decoded = table((1, 4), (1, 5), (1, 60), (1, 61))
    outside = outside_valid_range(decoded.plan.field("VOLTS"), decoded.columns, decoded.plan.field_of)
    np.testing.assert_array_equal(outside, [True, False, False, True])
