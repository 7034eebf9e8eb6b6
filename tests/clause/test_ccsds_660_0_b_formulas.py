"""CCSDS 660.0-B-2 (XTCE 1.2): calibrators by spline and formula, math algorithms, and exact times."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telemus.packets import DecodedTable, time_ns, to_arrow
from telemus.packets.times import NO_TIME
from telemus.packets.xtce.formula import OPERATORS, check_formula, run_formula

Decode = Callable[..., DecodedTable]


def calibrated(decode: Decode, calibrator: str, *bodies: str, reported: int = 0) -> list[float]:
    types = f"""<FloatParameterType name="T"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator>{calibrator}
</DefaultCalibrator></IntegerDataEncoding></FloatParameterType>"""
    told: Any = decode({"N": "U8", "X": "T"}, "N X", *bodies, types=types, reported=reported).calibrated("X")
    values: list[float] = told.tolist()
    return values


def spline(*points: tuple[float, float], attributes: str = "") -> str:
    listed = "".join(f'<SplinePoint raw="{raw}" calibrated="{value}"/>' for raw, value in points)
    return f"<SplineCalibrator {attributes}>{listed}</SplineCalibrator>"


POINTS = ((0, 10), (2, 20), (4, 0))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('order="0"', [10, 10, 20, 20, 0, math.nan]),
        ('order="0" extrapolate="true"', [10, 10, 20, 20, 0, 0]),
        ("", [10, 15, 20, 10, 0, math.nan]),
        ('order="1" extrapolate="true"', [10, 15, 20, 10, 0, -10]),
        ('order="2" extrapolate="true"', [10, 18.75, 20, 13.75, 0, -21.25]),
    ],
)
def test_splines_of_every_order(decode: Decode, attributes: str, expected: list[float]) -> None:
    """Of order 2: the parabola through the three points, 10 + 12.5 x - 3.75 x^2."""
    got = calibrated(decode, spline(*POINTS, attributes=attributes), *(f"00{raw:02x}" for raw in range(6)))
    np.testing.assert_allclose(got, expected)


def test_an_order_of_one_point_comes_before_that_of_the_spline(decode: Decode) -> None:
    points = """<SplineCalibrator order="0"><SplinePoint raw="0" calibrated="10" order="1"/>
<SplinePoint raw="2" calibrated="20"/><SplinePoint raw="4" calibrated="0"/></SplineCalibrator>"""
    assert calibrated(decode, points, "0001", "0003") == [15, 20]


def test_a_spline_with_too_few_points_for_its_order_is_reported(decode: Decode) -> None:
    assert np.isnan(calibrated(decode, spline((0, 1), (1, 2), attributes='order="2"'), "0000", reported=1)).all()


def test_a_polynomial_of_a_degree_that_nobody_means_is_reported(decode: Decode) -> None:
    term = '<PolynomialCalibrator><Term coefficient="1" exponent="33"/></PolynomialCalibrator>'
    assert np.isnan(calibrated(decode, term, "0001", reported=1)).all()


def test_a_formula_with_another_parameter_calibrated_and_raw(decode: Decode) -> None:
    formula = """<MathOperationCalibrator><ThisParameterOperand/><ParameterInstanceRefOperand parameterRef="N"/>
<Operator>*</Operator><ValueOperand>0.5</ValueOperand><Operator>+</Operator></MathOperationCalibrator>"""
    assert calibrated(decode, formula, "0203", "0a0a") == [6.5, 100.5]


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ((2.0, 3.0, "y^x"), 9.0),
        ((2.0, 3.0, "^"), 8.0),
        ((0.0, -1.0, "atan2"), math.atan2(-1.0, 0.0)),
        ((7.0, 2.0, "div"), 3.0),
        ((-7.0, 2.0, "div"), -4.0),
        ((-7.0, -2.0, "div"), 4.0),
        ((-2.7, "int"), -2.0),
        ((7.0, 4.0, "%"), 3.0),
        ((5.0, "x!"), 120.0),
        ((100.0, "log"), 2.0),
        ((6.0, 3.0, "xor"), 5.0),
        ((1.0, 4.0, "<<"), 16.0),
        ((1.0, 2.0, "swap", "-"), 1.0),
        ((1.0, 2.0, "over", "+", "+"), 4.0),
        ((3.0, "dup", "*"), 9.0),
        ((3.0, 9.0, "drop"), 3.0),
        ((1.0, 0.0, "&&"), 0.0),
        ((0.0, "!"), 1.0),
        ((4.0, "1/x"), 0.25),
        ((2.0, 9.0, "min"), 2.0),
    ],
)
def test_operators(steps: tuple[float | str, ...], value: float) -> None:
    """MathOperatorsType, before and after as the schema writes them: (x1 x2 -- x2**x1) for y^x, and so on."""
    assert check_formula(steps) == ""
    assert run_formula(steps, np.zeros(1)).tolist() == [value]


def test_every_operator_of_the_schema_is_there() -> None:
    """XTCE 1.3 MathOperatorsType has 49 operators; those of 1.1 and 1.2 are among them."""
    schema = """+ - * / % ^ y^x ln log e^x 1/x x! tan cos sin atan atan2 acos asin tanh cosh sinh atanh acosh asinh swap
drop dup over << >> & | && || ! abs div int > >= < <= == != min max xor ~"""
    assert set(OPERATORS) == set(schema.split())


@pytest.mark.parametrize("steps", [[1.0] * 1001, [1.0] * 65 + ["drop"] * 64, ["+"], ["exec"], []])
def test_a_formula_that_is_too_large_too_deep_or_unknown_is_refused(steps: list[Any]) -> None:
    assert check_formula(steps)


def algorithm(name: str, output: str, steps: str, trigger: str) -> str:
    return f"""<MathAlgorithm name="{name}"><MathOperation outputParameterRef="{output}">{steps}<TriggerSet>{trigger}
</TriggerSet></MathOperation></MathAlgorithm>"""


def operand(name: str) -> str:
    return f'<ParameterInstanceRefOperand parameterRef="{name}"/>'


ON_C = '<OnContainerUpdateTrigger containerRef="C"/>'
DERIVED = """<Parameter name="{}" parameterTypeRef="F32"><ParameterProperties dataSource="derived"/></Parameter>"""


def test_a_math_algorithm_gives_a_column_and_one_may_need_another(decode: Decode) -> None:
    twice = algorithm("B", "TWICE", operand("SUM") + "<ValueOperand>2</ValueOperand><Operator>*</Operator>", ON_C)
    total = algorithm(
        "A",
        "SUM",
        operand("X") + operand("Y") + "<Operator>+</Operator>",
        '<OnParameterUpdateTrigger parameterRef="X"/>',
    )
    declared = DERIVED.format("SUM") + DERIVED.format("TWICE")
    table = decode(
        {"X": "U8", "Y": "U8"},
        "X Y",
        "0102",
        "0a14",
        declared=declared,
        sets=f"<AlgorithmSet>{twice}{total}</AlgorithmSet>",
    )
    assert table.calibrated("SUM").tolist() == [3.0, 30.0]  # type: ignore[union-attr]
    assert to_arrow(table)["TWICE"].to_pylist() == [6.0, 60.0]


def test_an_algorithm_reads_constants_and_does_not_know_other_packets(decode: Decode) -> None:
    declared = DERIVED.format("OUT") + DERIVED.format("LOST")
    declared += (
        '<Parameter name="K" parameterTypeRef="F32" initialValue="2.5"><ParameterProperties dataSource="constant"/>'
    )
    declared += '</Parameter><Parameter name="FAR" parameterTypeRef="U8"/>'
    sets = f"""<AlgorithmSet>{algorithm("A", "OUT", operand("X") + operand("K") + "<Operator>*</Operator>", ON_C)}
{algorithm("B", "LOST", operand("FAR"), ON_C)}</AlgorithmSet>"""
    table = decode({"X": "U8"}, "X", "04", declared=declared, sets=sets)
    assert table.columns["OUT"].tolist() == [10.0]  # type: ignore[union-attr]
    assert np.isnan(table.columns["LOST"]).all()


def test_an_algorithm_of_another_container_does_not_run(decode: Decode) -> None:
    more = '<SequenceContainer name="D"><EntryList/></SequenceContainer>'
    trigger = '<OnContainerUpdateTrigger containerRef="D"/>'
    sets = f"<AlgorithmSet>{algorithm('A', 'OUT', operand('X'), trigger)}</AlgorithmSet>"
    table = decode({"X": "U8"}, "X", "04", declared=DERIVED.format("OUT"), sets=sets, more=more)
    assert "OUT" not in table.columns


def test_algorithms_in_a_circle_give_nan_and_end(decode: Decode) -> None:
    sets = f"""<AlgorithmSet>{algorithm("A", "P", operand("Q"), ON_C)}{algorithm("B", "Q", operand("P"), ON_C)}
</AlgorithmSet>"""
    table = decode({"X": "U8"}, "X", "04", declared=DERIVED.format("P") + DERIVED.format("Q"), sets=sets)
    assert np.isnan(table.columns["P"]).all()


def test_algorithms_in_other_languages_and_triggers_by_time_are_reported(decode: Decode) -> None:
    custom = '<CustomAlgorithm name="J"><AlgorithmText language="JavaScript">x</AlgorithmText></CustomAlgorithm>'
    timed = algorithm("A", "OUT", operand("X"), '<OnPeriodicRateTrigger fireRateInSeconds="1"/>')
    sets = f"<AlgorithmSet>{custom}{timed}</AlgorithmSet>"
    table = decode({"X": "U8"}, "X", "04", declared=DERIVED.format("OUT"), sets=sets, reported=3)
    assert "OUT" not in table.columns


def times(decode: Decode, encoding: str, reference: str, *bodies: str, kind: str = "Absolute") -> list[int]:
    types = f"""<{kind}TimeParameterType name="T">{encoding}<ReferenceTime>{reference}</ReferenceTime>
</{kind}TimeParameterType>"""
    table = decode({"X": "T"}, "X", *bodies, types=types)
    found: Any = time_ns(table.plan.field("X"), table.columns, table.plan.field_of)
    values: list[int] = found.tolist()
    return values


def number(attributes: str, bits: int) -> str:
    return f'<Encoding {attributes}><IntegerDataEncoding sizeInBits="{bits}"/></Encoding>'


TAI_1958_S = -4383 * 86400


@pytest.mark.parametrize(
    ("epoch", "tai_s"),
    [
        ("TAI", TAI_1958_S),
        ("GPS", 315_964_800 + 19),  # 1980-01-06, TAI - UTC was 19 s
        ("2000-01-01", 946_684_800 + 32),
        ("2000-01-01T12:00:00", 946_728_000 + 32),
        ("2017-01-01T01:00:00+01:00", 1_483_228_800 + 37),
        ("1958-01-01", TAI_1958_S),
    ],
)
def test_epochs_in_tai(decode: Decode, epoch: str, tai_s: int) -> None:
    """The seconds since an epoch are SI seconds; TAI - UTC from the table of leap seconds."""
    got = times(decode, number("", 32), f"<Epoch>{epoch}</Epoch>", "00000000", "7fffffff")
    assert got == [tai_s * 10**9, (tai_s + 0x7FFFFFFF) * 10**9]


def test_j2000_is_terrestrial_time(decode: Decode) -> None:
    assert times(decode, number("", 32), "<Epoch>J2000</Epoch>", "00000000") == [(946_728_000 * 1000 - 32_184) * 10**6]


def test_unix_seconds_skip_leap_seconds(decode: Decode) -> None:
    """2016-12-31T23:59:59Z and 2017-01-01T00:00:00Z are two seconds apart."""
    got = times(decode, number("", 32), "<Epoch>UNIX</Epoch>", "5868467f", "58684680")
    assert got[1] - got[0] == 2 * 10**9
    assert got[1] == (0x58684680 + 37) * 10**9


@pytest.mark.parametrize(
    ("attributes", "bits", "raw", "ns"),
    [
        ('units="milliseconds"', 64, 1_705_017_600_001, 1_705_017_600_001_000_000),
        ('units="nanoseconds"', 64, (1 << 62) + 1, (1 << 62) + 1),
        ('units="picoseconds"', 64, (1 << 61) + 1, ((1 << 61) + 1 + 500) // 1000),
        ('scale="0.000015258789062500"', 48, 3, 45_776),
        ('scale="0.000015258789062500"', 48, (1 << 47) + 1, ((((1 << 47) + 1) * 10**9 * 2 + 65536) // 131072)),
        ('units="days" scale="0.5" offset="1"', 16, 3, int(2.5 * 86400 * 10**9)),
        ('units="hours"', 16, 2, 7200 * 10**9),
        ('units="minutes" offset="-1"', 16, 1, 0),
    ],
)
def test_units_scale_and_offset_without_loss(decode: Decode, attributes: str, bits: int, raw: int, ns: int) -> None:
    octets = raw.to_bytes(bits // 8, "big").hex()
    assert times(decode, number(attributes, bits), "", octets, kind="Relative") == [ns]


def test_a_time_that_counts_from_another_one(decode: Decode) -> None:
    types = f"""<AbsoluteTimeParameterType name="COARSE">{number("", 32)}<ReferenceTime><Epoch>TAI</Epoch>
</ReferenceTime></AbsoluteTimeParameterType><AbsoluteTimeParameterType name="FINE">{number('scale="0.00390625"', 8)}
<ReferenceTime><OffsetFrom parameterRef="S"/></ReferenceTime></AbsoluteTimeParameterType>"""
    table = decode({"S": "COARSE", "F": "FINE"}, "S F", "00000002 40", types=types)
    found: Any = time_ns(table.plan.field("F"), table.columns, table.plan.field_of)
    assert found.tolist() == [(TAI_1958_S + 2) * 10**9 + 250_000_000]


def test_a_float_time_loses_nothing_but_what_is_below_a_nanosecond(decode: Decode) -> None:
    encoding = '<Encoding><FloatDataEncoding sizeInBits="64"/></Encoding>'
    got = times(decode, encoding, "", "41d92d78c0200000", "7ff0000000000000", kind="Relative")  # 1689641728.5
    assert got == [1_689_641_728_500_000_000, NO_TIME]


def test_a_time_without_a_known_epoch_unit_or_line_is_reported_and_stays_a_number(decode: Decode) -> None:
    types = f"""<AbsoluteTimeParameterType name="A">{number("", 8)}<ReferenceTime><Epoch>Easter</Epoch></ReferenceTime>
</AbsoluteTimeParameterType><RelativeTimeParameterType name="B">{number('units="months"', 8)}
</RelativeTimeParameterType><RelativeTimeParameterType name="D"><Encoding><IntegerDataEncoding sizeInBits="8">
<DefaultCalibrator>{spline((0, 0), (9, 1))}</DefaultCalibrator></IntegerDataEncoding></Encoding>
</RelativeTimeParameterType>"""
    table = decode({"A": "A", "B": "B", "D": "D"}, "A B D", "010203", types=types, reported=3)
    for name, value in (("A", 1), ("B", 2), ("D", 1 / 3)):
        assert time_ns(table.plan.field(name), table.columns, table.plan.field_of) is None
        np.testing.assert_allclose(np.asarray(table.calibrated(name)), [value])


def test_a_linear_calibrator_of_a_time_counts_as_scale_and_offset(decode: Decode) -> None:
    encoding = """<Encoding><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="1" exponent="0"/><Term coefficient="0.1" exponent="1"/></PolynomialCalibrator></DefaultCalibrator>
</IntegerDataEncoding></Encoding>"""
    assert times(decode, encoding, "", "03", kind="Relative") == [1_300_000_000]
