"""CCSDS 660.0-B-2 (XTCE 1.2), alarms and valid ranges: levels by hand from the words of the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telemus.packets import (
    AlarmWatch,
    DecodedTable,
    Ragged,
    alarm_events,
    alarm_levels,
    alarm_table,
    outside_valid_range,
)
from telemus.packets.xtce.alarms import LEVELS

Decode = Callable[..., DecodedTable]


def levels(table: DecodedTable, name: str = "X", times_ns: Any = None) -> list[str]:
    found = alarm_levels(table.plan.field(name), table.columns, table.plan.field_of, times_ns)
    flat = found.values if isinstance(found, Ragged) else found
    return [LEVELS[level] for level in flat.tolist()]


def integer(alarm: str, bits: int = 8, attributes: str = "", contexts: str = "", more: str = "") -> str:
    return f"""<IntegerParameterType name="T"><IntegerDataEncoding sizeInBits="{bits}"/>{more}
<DefaultAlarm {attributes}>{alarm}</DefaultAlarm><ContextAlarmList>{contexts}</ContextAlarmList>
</IntegerParameterType>"""


def octets(*values: int) -> list[str]:
    return [f"{value:02x}" for value in values]


def judged(decode: Decode, types: str, *values: int, reported: int = 0, times_ns: Any = None) -> list[str]:
    return levels(decode({"X": "T"}, "X", *octets(*values), types=types, reported=reported), times_ns=times_ns)


def test_static_ranges_of_the_form_inside(decode: Decode) -> None:
    alarm = """<StaticAlarmRanges rangeForm="inside"><WatchRange minInclusive="10" maxExclusive="50"/>
<SevereRange minInclusive="20" maxInclusive="30"/></StaticAlarmRanges>"""
    assert judged(decode, integer(alarm), 9, 10, 20, 30, 31, 50) == [
        "normal",
        "watch",
        "severe",
        "severe",
        "watch",
        "normal",
    ]


def test_several_ranges_may_overlap_and_the_most_severe_counts(decode: Decode) -> None:
    alarm = """<AlarmMultiRanges><Range level="critical" rangeForm="inside" minInclusive="5" maxInclusive="6"/>
<Range level="watch" rangeForm="inside" minInclusive="4" maxInclusive="10"/>
<Range level="distress" minInclusive="0" maxInclusive="100"/></AlarmMultiRanges>"""
    assert judged(decode, integer(alarm), 3, 4, 5, 7, 101) == ["normal", "watch", "critical", "watch", "distress"]


CHANGE = "<ChangeAlarmRanges {}><WarningRange maxInclusive='5'/><CriticalRange maxInclusive='20'/></ChangeAlarmRanges>"


@pytest.mark.parametrize(
    ("attributes", "values", "expected"),
    [
        ('changeType="changePerSample"', (10, 15, 21, 0, 0), "nnwcn"),
        ('changeType="changePerSample" spanOfInterestInSamples="2"', (0, 5, 5, 11, 30), "nnnwc"),
        ('changeType="changePerSample" changeBasis="percentageChange"', (100, 105, 112, 140, 140), "nnwcn"),
        ("", (0, 10, 21, 100, 100), "nnwcn"),  # packets are 2 s apart
        ('spanOfInterestInSeconds="4"', (0, 0, 21, 21, 21), "nnwwn"),
    ],
)
def test_change_alarms(decode: Decode, attributes: str, values: tuple[int, ...], expected: str) -> None:
    times_ns = np.arange(len(values), dtype=np.int64) * 2 * 10**9
    got = judged(decode, integer(CHANGE.format(attributes)), *values, times_ns=times_ns)
    assert "".join(level[0] for level in got) == expected


def test_a_change_per_second_without_times_is_not_judged(decode: Decode) -> None:
    assert judged(decode, integer(CHANGE.format("")), 0, 255) == ["normal", "normal"]


def test_conditions_raise_the_highest_level_that_holds(decode: Decode) -> None:
    alarm = """<AlarmConditions><WatchAlarm><Comparison parameterRef="X" comparisonOperator="&gt;" value="1"/>
</WatchAlarm><SevereAlarm><Comparison parameterRef="N" value="9"/></SevereAlarm></AlarmConditions>"""
    table = decode({"N": "U8", "X": "T"}, "N X", "0001", "0002", "0902", types=integer(alarm))
    assert levels(table) == ["normal", "watch", "severe"]


TEXT = """<StringParameterType name="T"><StringDataEncoding><SizeInBits><Fixed><FixedValue>24</FixedValue></Fixed>
</SizeInBits></StringDataEncoding><DefaultAlarm defaultAlarmLevel="{}"><StringAlarmList>{}</StringAlarmList>
</DefaultAlarm></StringParameterType>"""


def test_patterns_match_the_whole_text(decode: Decode) -> None:
    patterns = (
        '<StringAlarm alarmLevel="watch" matchPattern="E[0-9]+"/><StringAlarm alarmLevel="severe" matchPattern="E99"/>'
    )
    bodies = [text.encode().hex() for text in ("E12", "E99", "xE1", "ok ")]
    table = decode({"X": "T"}, "X", *bodies, types=TEXT.format("normal", patterns))
    assert levels(table) == ["watch", "severe", "normal", "normal"]
    table = decode({"X": "T"}, "X", *bodies, types=TEXT.format("warning", patterns.partition("/>")[0] + "/>"))
    assert levels(table) == ["watch", "watch", "warning", "warning"]


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)b", "a{99999}"])
def test_patterns_that_need_backtracking_or_too_much_room_are_reported(decode: Decode, pattern: str) -> None:
    types = TEXT.format("normal", f'<StringAlarm alarmLevel="watch" matchPattern="{pattern}"/>')
    assert levels(decode({"X": "T"}, "X", "616161", types=types, reported=1)) == ["normal"]


def test_labels_and_the_level_of_all_others(decode: Decode) -> None:
    types = """<EnumeratedParameterType name="T"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="0" label="OK"/><Enumeration value="1" label="BAD"/><Enumeration value="2" label="ODD"/>
</EnumerationList><DefaultAlarm defaultAlarmLevel="watch"><EnumerationAlarmList>
<EnumerationAlarm enumerationLabel="OK" alarmLevel="normal"/>
<EnumerationAlarm enumerationLabel="BAD" alarmLevel="severe"/>
</EnumerationAlarmList></DefaultAlarm></EnumeratedParameterType>"""
    assert judged(decode, types, 0, 1, 2) == ["normal", "severe", "watch"]


RANGE = '<StaticAlarmRanges><WatchRange maxInclusive="10"/></StaticAlarmRanges>'


def test_a_disabled_context_alarm_takes_its_values_from_the_default_one(decode: Decode) -> None:
    context = """<ContextAlarm disabled="true"><ContextMatch><Comparison parameterRef="N" value="1"/></ContextMatch>
</ContextAlarm>"""
    table = decode({"N": "U8", "X": "T"}, "N X", "010b", "000b", types=integer(RANGE, contexts=context))
    assert levels(table) == ["normal", "watch"]


def test_violations_and_conformances_in_a_row_across_tables(decode: Decode) -> None:
    types = integer(RANGE, attributes='minViolations="2" minConformance="3"')
    watch = AlarmWatch()
    seen = []
    for part in ((0, 11, 0, 11), (11, 11, 0), (0, 11, 0), (0, 0)):
        table = decode({"X": "T"}, "X", *octets(*part), types=types)
        seen += [(one.packet_offset // 7, one.before, one.level) for one in watch.follow(table)]
    assert seen == [(0, "normal", "watch"), (1, "watch", "normal")]
    assert watch.level("C", "X") == "normal"


def test_conformance_is_as_many_as_violations_if_not_said(decode: Decode) -> None:
    table = decode({"X": "T"}, "X", *octets(11, 11, 0, 0), types=integer(RANGE, attributes='minViolations="2"'))
    assert [one.level for one in alarm_events([table])] == ["watch", "normal"]
    assert [one.packet_offset for one in alarm_events([table])] == [7, 21]


def test_a_change_is_counted_across_tables(decode: Decode) -> None:
    types = integer(CHANGE.format('changeType="changePerSample"'))
    first, second = (decode({"X": "T"}, "X", *octets(*part), types=types) for part in ((0, 1), (30, 31)))
    assert [(one.level, one.number) for one in alarm_events([first, second])] == [("critical", 30.0), ("normal", 31.0)]


def test_events_say_value_limit_place_and_definition(decode: Decode) -> None:
    alarm = '<StaticAlarmRanges><WatchRange minExclusive="2" maxInclusive="10"/></StaticAlarmRanges>'
    table = decode({"X": "T"}, "X", *octets(5, 11, 2), types=integer(alarm))
    (event,) = alarm_events([table])
    assert event[:9] == ("C", "X", 7, None, "normal", "watch", "11", 11.0, "outside (2, 10]")
    assert event.definition_sha256 == table.plan.digest
    assert len(event.definition_sha256) == 64
    rows = alarm_table([event]).to_pylist()
    assert (rows[0]["level"], rows[0]["time_ns"], rows[0]["limit"]) == ("watch", None, "outside (2, 10]")
    assert alarm_table([]).num_rows == 0


def test_alarms_of_the_elements_of_arrays_in_their_order(decode: Decode) -> None:
    types = (
        integer(RANGE)
        + """<ArrayParameterType name="A" arrayTypeRef="T"><DimensionList><Dimension><StartingIndex>
<FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex></Dimension>
</DimensionList></ArrayParameterType>"""
    )
    table = decode({"X": "A"}, "X", "0b0b00", "00000b", types=types)
    assert levels_of_rows(table) == [["watch", "watch", "normal"], ["normal", "normal", "watch"]]
    assert [(one.packet_offset, one.level) for one in alarm_events([table])] == [
        (0, "watch"),
        (0, "normal"),
        (9, "watch"),
    ]


def levels_of_rows(table: DecodedTable) -> list[list[str]]:
    found: Any = alarm_levels(table.plan.field("X"), table.columns, table.plan.field_of)
    return [[LEVELS[one] for one in row] for row in found.tolist()]


def test_a_value_that_is_not_in_the_packet_changes_nothing(decode: Decode) -> None:
    when = '<IncludeCondition><Comparison parameterRef="N" value="1"/></IncludeCondition>'
    entries = f'<ParameterRefEntry parameterRef="N"/><ParameterRefEntry parameterRef="X">{when}</ParameterRefEntry>'
    types = integer(RANGE, attributes='minViolations="2"')
    table = decode({"N": "U8", "X": "T"}, entries, "010b", "00", "010b", types=types)
    assert levels(table) == ["watch", "normal", "watch"]
    assert [one.packet_offset for one in alarm_events([table])] == [8 + 7]


def test_alarms_by_algorithms_are_reported(decode: Decode) -> None:
    alarm = '<CustomAlarm name="Odd"><InputAlgorithm name="A"/></CustomAlarm>'
    assert judged(decode, integer(alarm), 1, reported=1) == ["normal"]


def test_a_context_that_is_not_supported_leaves_out_what_comes_behind_it(decode: Decode) -> None:
    context = f"<ContextAlarm>{RANGE}<ContextMatch><CustomAlgorithm name='A'/></ContextMatch></ContextAlarm>"
    assert judged(decode, integer(RANGE, contexts=context), 99, reported=1) == ["normal"]


def test_time_alarms_in_their_units(decode: Decode) -> None:
    types = """<RelativeTimeParameterType name="T"><Encoding units="milliseconds"><IntegerDataEncoding sizeInBits="16"/>
</Encoding><DefaultAlarm><StaticAlarmRanges timeUnits="minutes"><WarningRange maxInclusive="1"/></StaticAlarmRanges>
<ChangePerSecondAlarmRanges><SevereRange maxInclusive="10"/></ChangePerSecondAlarmRanges></DefaultAlarm>
</RelativeTimeParameterType>"""
    table = decode({"X": "T"}, "X", "ea60", "ea61", "0000", types=types)
    assert levels(table) == ["normal", "warning", "normal"]
    assert levels(table, times_ns=np.arange(3) * 10**9) == ["normal", "warning", "severe"]


VALID = "<ValidRange {}/>"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('minInclusive="10" maxInclusive="20"', [True, False, False, True]),  # calibrated 8, 10, 20, 22
        ('minExclusive="10" maxExclusive="20"', [True, True, True, True]),
        ('minInclusive="5" maxExclusive="11" validRangeAppliesToCalibrated="false"', [True, False, False, True]),
    ],
)
def test_valid_ranges_of_calibrated_and_of_raw_values(decode: Decode, attributes: str, expected: list[bool]) -> None:
    types = f"""<FloatParameterType name="T"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator>
<PolynomialCalibrator><Term coefficient="2" exponent="1"/></PolynomialCalibrator></DefaultCalibrator>
</IntegerDataEncoding>{VALID.format(attributes)}</FloatParameterType>"""
    table = decode({"X": "T"}, "X", "04", "05", "0a", "0b", types=types)
    outside = outside_valid_range(table.plan.field("X"), table.columns, table.plan.field_of)
    assert outside.tolist() == expected


def test_a_validity_condition(decode: Decode) -> None:
    declared = """<Parameter name="X" parameterTypeRef="U8"><ParameterProperties><ValidityCondition>
<Comparison parameterRef="N" value="1"/></ValidityCondition></ParameterProperties></Parameter>"""
    table = decode({"N": "U8"}, "N X", "0105", "0005", declared=declared)
    field = table.plan.field("X")
    assert outside_valid_range(field, table.columns, table.plan.field_of).tolist() == [False, True]
