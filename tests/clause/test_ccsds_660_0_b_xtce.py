"""CCSDS 660.0-B-2 (XTCE 1.2): what the elements mean for the bits, each with a packet written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import telemus
from telemus.packets import DecodedTable, compile_plan, decode_bytes, parse_definition, read_definition

MISSIONS = Path(telemus.__file__).parent / "missions"

TYPES = """
<IntegerParameterType name="U3"><IntegerDataEncoding sizeInBits="3"/></IntegerParameterType>
<IntegerParameterType name="U5"><IntegerDataEncoding sizeInBits="5"/></IntegerParameterType>
<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="U11"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
<IntegerParameterType name="U16"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
<IntegerParameterType name="U32"><IntegerDataEncoding sizeInBits="32"/></IntegerParameterType>
<IntegerParameterType name="I5"><IntegerDataEncoding sizeInBits="5" encoding="twosComplement"/></IntegerParameterType>
<IntegerParameterType name="L24"><IntegerDataEncoding sizeInBits="24" byteOrder="leastSignificantByteFirst"/>
</IntegerParameterType>
<EnumeratedParameterType name="E8"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="1" label="ONE"/><Enumeration value="2" label="TWO"/></EnumerationList></EnumeratedParameterType>
<FloatParameterType name="C8"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="1" exponent="0"/><Term coefficient="0.5" exponent="2"/></PolynomialCalibrator></DefaultCalibrator>
</IntegerDataEncoding></FloatParameterType>
<FloatParameterType name="F16"><FloatDataEncoding sizeInBits="16"/></FloatParameterType>
<BinaryParameterType name="B"><BinaryDataEncoding><SizeInBits><DynamicValue><ParameterInstanceRef parameterRef="N"/>
<LinearAdjustment slope="8" intercept="8"/></DynamicValue></SizeInBits></BinaryDataEncoding></BinaryParameterType>
<ArrayParameterType name="A" arrayTypeRef="U3"><DimensionList>
<Dimension><StartingIndex><FixedValue>1</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue>
</EndingIndex></Dimension>
<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>3</FixedValue>
</EndingIndex></Dimension></DimensionList></ArrayParameterType>
"""
HEAD = """<SequenceContainer name="P" abstract="true"><EntryList><ParameterRefEntry parameterRef="H"/>
<ParameterRefEntry parameterRef="APID"/><ParameterRefEntry parameterRef="REST"/></EntryList></SequenceContainer>"""


def decode(containers: str, parameters: dict[str, str], *bodies: str) -> list[DecodedTable]:
    """Decode packets of APID 1 whose data fields are given in hexadecimal."""
    names = {"H": "U5", "APID": "U11", "REST": "U32", **parameters}
    declared = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in names.items())
    text = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet>{TYPES}</ParameterTypeSet><ParameterSet>{declared}</ParameterSet>
<ContainerSet>{HEAD}{containers}</ContainerSet></TelemetryMetaData></SpaceSystem>"""
    octets = b""
    for count, body in enumerate(bodies):
        data = bytes.fromhex(body)
        octets += bytes([0, 1, 0xC0, count, 0, len(data) - 1]) + data
    return decode_bytes(octets, parse_definition(text.encode())).tables


def container(name: str, entries: str, base: str = "P", criteria: str = "") -> str:
    restriction = f"<RestrictionCriteria>{criteria}</RestrictionCriteria>" if criteria else ""
    return f"""<SequenceContainer name="{name}"><EntryList>{entries}</EntryList>
<BaseContainer containerRef="{base}">{restriction}</BaseContainer></SequenceContainer>"""


def entry(*names: str) -> str:
    return "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in names)


def values(table: DecodedTable, *names: str) -> list[Any]:
    return [table.columns[name].tolist() for name in names]  # type: ignore[union-attr]


def test_entries_follow_each_other_most_significant_bit_first() -> None:
    (table,) = decode(container("C", entry("X", "Y", "Z")), {"X": "U3", "Y": "U5", "Z": "U16"}, "a1 1234")
    assert values(table, "X", "Y", "Z") == [[5], [1], [0x1234]]


def test_twos_complement() -> None:
    (table,) = decode(container("C", entry("X", "Y")), {"X": "U3", "Y": "I5"}, "1f", "10", "0f")
    assert values(table, "Y") == [[-1, -16, 15]]


def test_least_significant_byte_first() -> None:
    (table,) = decode(container("C", entry("X")), {"X": "L24"}, "010203")
    assert values(table, "X") == [[0x030201]]


def test_half_precision_float() -> None:
    (table,) = decode(container("C", entry("X")), {"X": "F16"}, "3c00", "c000", "7c00")
    assert values(table, "X") == [[1.0, -2.0, float("inf")]]


def test_dimensions_include_both_indices_and_the_last_varies_fastest() -> None:
    body = f"{0b000_001_010_011_100_101_110_111:06x}"
    (table,) = decode(container("C", '<ArrayParameterRefEntry parameterRef="X"/>'), {"X": "A"}, body)
    assert values(table, "X") == [[[[0, 1, 2, 3], [4, 5, 6, 7]]]]


def test_location_from_container_start_and_from_previous_entry() -> None:
    place = '<LocationInContainerInBits referenceLocation="{}"><FixedValue>{}</FixedValue></LocationInContainerInBits>'
    entries = (
        f'<ParameterRefEntry parameterRef="X">{place.format("containerStart", 64)}</ParameterRefEntry>'
        f'<ParameterRefEntry parameterRef="Y">{place.format("previousEntry", 8)}</ParameterRefEntry>'
        f'<ParameterRefEntry parameterRef="Z">{place.format("containerStart", 48)}</ParameterRefEntry>'
    )
    (table,) = decode(container("C", entries), {"X": "U8", "Y": "U8", "Z": "U16"}, "0102030405")
    assert values(table, "X", "Y", "Z") == [[3], [5], [0x0102]]


def test_included_container_counts_from_its_own_start() -> None:
    place = '<LocationInContainerInBits referenceLocation="containerStart"><FixedValue>8</FixedValue>'
    inner = f"""<SequenceContainer name="I"><EntryList><ParameterRefEntry parameterRef="Y">{place}
</LocationInContainerInBits></ParameterRefEntry></EntryList></SequenceContainer>"""
    whole = inner + container("C", entry("X") + '<ContainerRefEntry containerRef="I"/>' + entry("Z"))
    (table,) = decode(whole, {"X": "U8", "Y": "U8", "Z": "U8"}, "01020304")
    assert values(table, "X", "Y", "Z") == [[1], [3], [4]]


def test_binary_of_dynamic_size_and_linear_adjustment() -> None:
    (table,) = decode(container("C", entry("N", "X", "Y")), {"N": "U8", "X": "B", "Y": "U8"}, "01 aabb 07", "00 cc 08")
    column: Any = table.columns["X"]
    assert [bytes(column.row(row)) for row in (0, 1)] == [b"\xaa\xbb", b"\xcc"]
    assert values(table, "Y") == [[7, 8]]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("==", [2]), ("!=", [1, 3]), ("&lt;", [1]), ("&lt;=", [1, 2]), ("&gt;", [3]), ("&gt;=", [2, 3])],
)
def test_comparison_operators(operator: str, expected: list[int]) -> None:
    base = container("Q", entry("X"))
    criteria = f'<Comparison parameterRef="X" comparisonOperator="{operator}" value="2"/>'
    tables = decode(base + container("C", "", "Q", criteria), {"X": "U8"}, "01", "02", "03")
    assert [values(table, "X")[0] for table in tables if table.container == "C"] == [expected]


def test_comparison_list_is_a_conjunction() -> None:
    criteria = """<ComparisonList><Comparison parameterRef="X" value="1"/><Comparison parameterRef="Y" value="2"/>
</ComparisonList>"""
    base = container("Q", entry("X", "Y"))
    tables = decode(base + container("C", "", "Q", criteria), {"X": "U8", "Y": "U8"}, "0102", "0103", "0202")
    assert {table.container: table.count for table in tables} == {"C": 1, "Q": 2}


def test_anded_conditions() -> None:
    condition = """<Condition><ParameterInstanceRef parameterRef="{}"/><ComparisonOperator>==</ComparisonOperator>
<Value>{}</Value></Condition>"""
    both = condition.format("X", 1) + condition.format("Y", 2)
    criteria = f"<BooleanExpression><ANDedConditions>{both}</ANDedConditions></BooleanExpression>"
    base = container("Q", entry("X", "Y"))
    tables = decode(base + container("C", "", "Q", criteria), {"X": "U8", "Y": "U8"}, "0102", "0103")
    assert {table.container: table.count for table in tables} == {"C": 1, "Q": 1}


def test_comparison_with_a_label_and_with_a_raw_value() -> None:
    base = container("Q", entry("X"))
    named = container("C", "", "Q", '<Comparison parameterRef="X" value="TWO"/>')
    raw = container("D", "", "Q", '<Comparison parameterRef="X" value="1" useCalibratedValue="false"/>')
    tables = decode(base + named + raw, {"X": "E8"}, "01", "02", "03")
    assert {table.container: table.columns["X"].tolist() for table in tables} == {  # type: ignore[union-attr]
        "C": [2],
        "D": [1],
        "Q": [3],
    }


def test_comparison_with_a_calibrated_value() -> None:
    base = container("Q", entry("X"))
    tables = decode(base + container("C", "", "Q", '<Comparison parameterRef="X" value="9"/>'), {"X": "C8"}, "04", "09")
    assert {table.container: table.columns["X"].tolist() for table in tables} == {  # type: ignore[union-attr]
        "C": [4],
        "Q": [9],
    }


def test_polynomial_calibrator() -> None:
    (table,) = decode(container("C", entry("X")), {"X": "C8"}, "00", "04", "ff")
    assert table.calibrated("X").tolist() == [1.0, 9.0, 1 + 255**2 / 2]  # type: ignore[union-attr]


def test_inheritance_without_criteria_takes_what_others_leave() -> None:
    base = container("Q", entry("X"))
    plain = container("C", entry("Y"), "Q")
    chosen = container("D", entry("Y"), "Q", '<Comparison parameterRef="X" value="2"/>')
    tables = decode(base + plain + chosen, {"X": "U8", "Y": "U8"}, "0101", "0202", "0303")
    assert {table.container: table.columns["X"].tolist() for table in tables} == {  # type: ignore[union-attr]
        "C": [1, 3],
        "D": [2],
    }


def test_a_restriction_that_is_not_supported_takes_nothing() -> None:
    base = container("Q", entry("X"))
    odd = container("C", entry("Y"), "Q", '<CustomAlgorithm name="A"/>')
    tables = decode(base + odd, {"X": "U8", "Y": "U8"}, "0101")
    assert [table.container for table in tables] == ["Q"]


@pytest.mark.parametrize("path", sorted(MISSIONS.glob("*/packets.xml")), ids=lambda path: path.parent.name)
def test_missions_use_only_what_is_supported(path: Path) -> None:
    definition = read_definition(path)
    assert definition.unsupported == ()
    assert not [one.name for one in compile_plan(definition).containers.values() if one.undecodable]


@pytest.mark.parametrize("path", sorted(MISSIONS.glob("*/packets.xml")), ids=lambda path: path.parent.name)
def test_missions_are_valid_by_the_schema(path: Path, shared_data: Path) -> None:
    folder = shared_data / "packets" / "xtce" / "schema"
    text = (folder / "SpaceSystem-1.2.xsd").read_text()
    text = text.replace("http://www.w3.org/2001/03/xml.xsd", (folder / "xml.xsd").as_uri())
    schema = etree.XMLSchema(etree.fromstring(text.encode()))
    schema.assertValid(etree.parse(path))
