"""CCSDS 660.0-B-2 (XTCE 1.2): conditions, repeats, places, arrays, aggregates and calibrators, packets by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telemus.packets import DecodedTable, Ragged, decode_bytes, parse_definition, to_arrow

TYPES = """
<IntegerParameterType name="U48"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>
<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="U16"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
<AggregateParameterType name="G"><MemberList><Member name="a" typeRef="U8"/><Member name="b" typeRef="U16"/>
</MemberList></AggregateParameterType>
<ArrayParameterType name="AG" arrayTypeRef="G"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue>
</StartingIndex><EndingIndex><DynamicValue><ParameterInstanceRef parameterRef="N"/>
<LinearAdjustment intercept="-1"/></DynamicValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>
<ArrayParameterType name="A" arrayTypeRef="U8" numberOfDimensions="2"/>
"""
FIXED = "<FixedValue>{}</FixedValue>"
DYNAMIC = '<DynamicValue><ParameterInstanceRef parameterRef="N"/></DynamicValue>'


def decode(entries: str, parameters: dict[str, str], *bodies: str, types: str = "", more: str = "") -> DecodedTable:
    declared = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in parameters.items())
    text = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet>{TYPES}{types}</ParameterTypeSet><ParameterSet><Parameter name="H" parameterTypeRef="U48"/>{declared}
</ParameterSet><ContainerSet><SequenceContainer name="P" abstract="true"><EntryList>
<ParameterRefEntry parameterRef="H"/></EntryList></SequenceContainer>{more}
<SequenceContainer name="C"><EntryList>{entries}</EntryList><BaseContainer containerRef="P"/></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""
    octets = b""
    for count, body in enumerate(bodies):
        data = bytes.fromhex(body)
        octets += bytes([0, 1, 0xC0, count, 0, len(data) - 1]) + data
    definition = parse_definition(text.encode())
    assert definition.unsupported == ()
    (table,) = decode_bytes(octets, definition).tables
    return table


def entry(name: str, inside: str = "") -> str:
    return f'<ParameterRefEntry parameterRef="{name}">{inside}</ParameterRefEntry>'


def repeat(count: str, offset: str = "") -> str:
    gap = f"<Offset>{offset}</Offset>" if offset else ""
    return f"<RepeatEntry><Count>{count}</Count>{gap}</RepeatEntry>"


def rows(column: Any) -> list[list[Any]]:
    assert isinstance(column, Ragged)
    return [column.row(row).tolist() for row in range(column.offsets.size - 1)]


def test_include_condition_leaves_null_and_moves_what_follows() -> None:
    when = '<IncludeCondition><Comparison parameterRef="N" value="1"/></IncludeCondition>'
    table = decode(
        entry("N") + entry("X", when) + entry("Y"), {"N": "U8", "X": "U16", "Y": "U8"}, "01 0203 04", "00 05"
    )
    arrow = to_arrow(table)
    assert arrow["X"].to_pylist() == [0x0203, None]
    assert arrow["Y"].to_pylist() == [4, 5]
    assert "X_raw" not in arrow.column_names


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("<ORedConditions>{a}{b}</ORedConditions>", [1, 2, None, 4]),
        ("<ANDedConditions>{a}{b}</ANDedConditions>", [None, None, None, 4]),
        ("<ORedConditions>{a}<ANDedConditions>{b}{b}</ANDedConditions></ORedConditions>", [1, 2, None, 4]),
    ],
)
def test_boolean_expressions(condition: str, expected: list[int | None]) -> None:
    one = """<Condition><ParameterInstanceRef parameterRef="{}"/><ComparisonOperator>==</ComparisonOperator>
<Value>1</Value></Condition>"""
    text = condition.format(a=one.format("N"), b=one.format("M"))
    when = f"<IncludeCondition><BooleanExpression>{text}</BooleanExpression></IncludeCondition>"
    table = decode(
        entry("N") + entry("M") + entry("X", when),
        {"N": "U8", "M": "U8", "X": "U8"},
        "010001",
        "000102",
        "0000",
        "010104",
    )
    assert to_arrow(table)["X"].to_pylist() == expected


def test_condition_between_two_parameters() -> None:
    when = """<IncludeCondition><BooleanExpression><Condition><ParameterInstanceRef parameterRef="N"/>
<ComparisonOperator>&lt;</ComparisonOperator><ParameterInstanceRef parameterRef="M"/></Condition></BooleanExpression>
</IncludeCondition>"""
    parameters = {"N": "U8", "M": "U8", "X": "U8"}
    table = decode(entry("N") + entry("M") + entry("X", when), parameters, "010207", "0201")
    assert to_arrow(table)["X"].to_pylist() == [7, None]


def test_fixed_repeat_with_an_offset_between() -> None:
    table = decode(entry("X", repeat(FIXED.format(3), FIXED.format(8))), {"X": "U8"}, "01ff02ff03")
    assert rows(table.columns["X"]) == [[1, 2, 3]]


def test_dynamic_repeat_of_a_container() -> None:
    inner = f"<SequenceContainer name='I'><EntryList>{entry('X')}{entry('Y')}</EntryList></SequenceContainer>"
    entries = entry("N") + f'<ContainerRefEntry containerRef="I">{repeat(DYNAMIC)}</ContainerRefEntry>' + entry("Z")
    parameters = {"N": "U8", "X": "U8", "Y": "U16", "Z": "U8"}
    table = decode(entries, parameters, "02 010002 030004 09", "00 08", more=inner)
    assert rows(table.columns["X"]) == [[1, 3], []]
    assert rows(table.columns["Y"]) == [[2, 4], []]
    assert to_arrow(table)["Z"].to_pylist() == [9, 8]


def test_a_repeat_beyond_the_packet_gives_no_row() -> None:
    table = decode(entry("N") + entry("X", repeat(DYNAMIC)), {"N": "U8", "X": "U8"}, "ff01", "0101")
    assert rows(table.columns["X"]) == [[1]]


def test_place_from_the_container_end_and_dynamic_place() -> None:
    end = """<LocationInContainerInBits referenceLocation="containerEnd"><FixedValue>{}</FixedValue>
</LocationInContainerInBits>"""
    shift = f'<LocationInContainerInBits referenceLocation="containerStart">{DYNAMIC}</LocationInContainerInBits>'
    entries = entry("N") + entry("E", end.format(16)) + entry("X", shift)
    table = decode(entries, {"N": "U8", "E": "U16", "X": "U8"}, "40 aa bb cc 0102", "38 aa bb cc dd 0304")
    assert to_arrow(table)["E"].to_pylist() == [0x0102, 0x0304]
    assert to_arrow(table)["X"].to_pylist() == [0xBB, 0xAA]


def test_array_of_aggregates_of_dynamic_size() -> None:
    table = decode(entry("N") + entry("X"), {"N": "U8", "X": "AG"}, "02 010002 030004", "01 050006")
    assert rows(table.columns["X.a"]) == [[1, 3], [5]]
    assert rows(table.columns["X.b"]) == [[2, 4], [6]]


def test_array_of_xtce_1_1_takes_its_dimensions_from_the_entry() -> None:
    size = (
        "<DimensionList><Size><FixedValue>2</FixedValue></Size><Size><FixedValue>3</FixedValue></Size></DimensionList>"
    )
    entries = f'<ArrayParameterRefEntry parameterRef="X">{size}</ArrayParameterRefEntry>'
    table = decode(entries, {"X": "A"}, "010203040506")
    assert np.asarray(table.columns["X"]).tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_member_as_an_entry_and_in_a_condition() -> None:
    when = '<IncludeCondition><Comparison parameterRef="G/a" value="1"/></IncludeCondition>'
    table = decode(entry("G") + entry("X", when), {"G": "G", "X": "U8"}, "01 0002 07", "00 0002")
    assert to_arrow(table)["X"].to_pylist() == [7, None]


def calibrated(calibrator: str, *bodies: str) -> list[Any]:
    kind = f"""<FloatParameterType name="K"><IntegerDataEncoding sizeInBits="8" encoding="twosComplement">{calibrator}
</IntegerDataEncoding></FloatParameterType>"""
    values: list[Any] = np.asarray(
        decode(entry("N") + entry("X"), {"N": "U8", "X": "K"}, *bodies, types=kind).calibrated("X")
    ).tolist()
    return values


POINTS = """<SplinePoint raw="0" calibrated="0"/><SplinePoint raw="10" calibrated="5"/>
<SplinePoint raw="20" calibrated="25"/>"""


def test_spline_of_order_1() -> None:
    spline = f"""<DefaultCalibrator><SplineCalibrator order="1" extrapolate="true">{POINTS}</SplineCalibrator>
</DefaultCalibrator>"""
    assert calibrated(spline, "0004", "000f", "0016", "00fe") == [2.0, 15.0, 29.0, -1.0]


def test_spline_of_order_0_and_no_extrapolation() -> None:
    spline = f'<DefaultCalibrator><SplineCalibrator order="0">{POINTS}</SplineCalibrator></DefaultCalibrator>'
    assert str(calibrated(spline, "0009", "000a", "0014", "0015", "00ff")) == "[0.0, 5.0, 25.0, nan, nan]"


def test_math_operation() -> None:
    steps = """<ValueOperand>2</ValueOperand><ThisParameterOperand/><Operator>^</Operator><Operator>dup</Operator>
<Operator>+</Operator>"""
    math = f"<DefaultCalibrator><MathOperationCalibrator>{steps}</MathOperationCalibrator></DefaultCalibrator>"
    assert calibrated(math, "0003", "00ff") == [16.0, 1.0]


def test_context_calibrators_come_before_the_default_one() -> None:
    line = '<PolynomialCalibrator><Term exponent="1" coefficient="{}"/></PolynomialCalibrator>'
    context = """<ContextCalibrator><ContextMatch><Comparison parameterRef="N" value="{}"/></ContextMatch>
<Calibrator>{}</Calibrator></ContextCalibrator>"""
    contexts = context.format(1, line.format(10)) + context.format(2, line.format(100))
    text = f"""<DefaultCalibrator>{line.format(1)}</DefaultCalibrator><ContextCalibratorList>{contexts}
</ContextCalibratorList>"""
    assert calibrated(text, "0003", "0103", "0203", "0303") == [3.0, 30.0, 300.0, 3.0]
