"""Each new step equals the plain reading of the same bits, and each judge of alarms the plain rule value by value."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import DecodedTable, decode_bytes, parse_definition
from telemus.packets.alarm_watch import _State
from telemus.packets.alarms import Judged, changes
from telemus.packets.columns import apply_calibrator
from telemus.packets.numbers import value_at
from telemus.packets.timestamps import TimeRule, timestamps_of
from telemus.packets.xtce import Encoding
from telemus.packets.xtce.model import Alarm, ChangeAlarm, Spline


def decoded(entries: str, bits: int, bodies: list[bytes]) -> DecodedTable:
    text = f"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><BinaryParameterType name="H">
<BinaryDataEncoding><SizeInBits><FixedValue>48</FixedValue></SizeInBits></BinaryDataEncoding></BinaryParameterType>
<IntegerParameterType name="T"><IntegerDataEncoding sizeInBits="{bits}" encoding="twosComplement"/>
</IntegerParameterType></ParameterTypeSet><ParameterSet><Parameter name="H" parameterTypeRef="H"/>
<Parameter name="X" parameterTypeRef="T"/><Parameter name="Y" parameterTypeRef="T"/></ParameterSet><ContainerSet>
<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="H"/>{entries}</EntryList></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""
    octets = b"".join(bytes([0, 1, 0xC0, at, 0, len(one) - 1]) + one for at, one in enumerate(bodies))
    return decode_bytes(octets, parse_definition(text.encode())).tables[0]


PLAIN = '<ParameterRefEntry parameterRef="X"/>'
BODIES = st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=4)


def same(one: DecodedTable, other: DecodedTable) -> bool:
    return bool(np.array_equal(np.ma.getdata(one.columns["X"]), np.ma.getdata(other.columns["X"])))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), BODIES)
def test_segments_that_touch_equal_the_whole(widths: list[int], bodies: list[bytes]) -> None:
    pieces = "".join(f'<ParameterSegmentRefEntry parameterRef="X" sizeInBits="{bits}"/>' for bits in widths)
    assert same(decoded(pieces, sum(widths), bodies), decoded(PLAIN, sum(widths), bodies))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 40), st.integers(80, 90), BODIES)
def test_a_place_before_the_next_entry_equals_one_from_the_start(
    bits: int, gap: int, place: int, bodies: list[bytes]
) -> None:
    at = '<LocationInContainerInBits referenceLocation="{}"><FixedValue>{}</FixedValue></LocationInContainerInBits>'
    follower = f'<ParameterRefEntry parameterRef="Y">{at.format("containerStart", 48 + place)}</ParameterRefEntry>'
    back = f'<ParameterRefEntry parameterRef="X">{at.format("nextEntry", gap)}</ParameterRefEntry>{follower}'
    start = at.format("containerStart", 48 + place - gap - bits)
    assert same(
        decoded(back, bits, bodies),
        decoded(f'<ParameterRefEntry parameterRef="X">{start}</ParameterRefEntry>{follower}', bits, bodies),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), BODIES)
def test_a_lookup_table_with_one_answer_equals_the_number(shift: int, bodies: list[bytes]) -> None:
    table = f"""<LocationInContainerInBits><DiscreteLookupList defaultValue="{shift}"><DiscreteLookup value="99">
<Comparison parameterRef="Y" value="0"/></DiscreteLookup></DiscreteLookupList></LocationInContainerInBits>"""
    fixed = f"<LocationInContainerInBits><FixedValue>{shift}</FixedValue></LocationInContainerInBits>"
    entry = '<ParameterRefEntry parameterRef="X">{}</ParameterRefEntry>'
    assert same(decoded(entry.format(table), 12, bodies), decoded(entry.format(fixed), 12, bodies))


def plain_float(code: int, bits: int, scheme: str) -> float:
    """Return the number as the encoding's definition has it, with exact integers."""
    if scheme == "TI":
        exponent, rest = code >> (bits - 8), code & ((1 << (bits - 8)) - 1)
        exponent -= 256 if exponent > 127 else 0
        fraction = rest & ((1 << (bits - 9)) - 1)
        whole = fraction - 2 * 2 ** (bits - 9) if rest >> (bits - 9) else fraction + 2 ** (bits - 9)
        return 0.0 if exponent == -128 else float(whole) * 2.0 ** (exponent - bits + 9)
    sign = -1.0 if code >> (bits - 1) else 1.0
    if scheme == "IBM":
        exponent, fraction = (code >> (bits - 8)) & 0x7F, code & ((1 << (bits - 8)) - 1)
        return sign * float(fraction) * 2.0 ** (4 * (exponent - 64) - bits + 8)
    exponent, fraction = (code >> (bits - 9)) & 0xFF, code & ((1 << (bits - 9)) - 1)
    if exponent == 0:
        return 0.0 if sign > 0 else float("nan")
    return sign * float(fraction + 2 ** (bits - 9)) * 2.0 ** (exponent - 128 - bits + 8)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([("DEC", 32), ("DEC", 64), ("IBM", 32), ("IBM", 64), ("TI", 32), ("TI", 40)]),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8),
)
def test_floats_of_other_machines_equal_their_definitions(kind: tuple[str, int], codes: list[int]) -> None:
    scheme, bits = kind
    codes = [code >> (64 - bits) for code in codes]
    rows = np.array([list(code.to_bytes(bits // 8, "big")) for code in codes], np.uint8)
    got = value_at(rows, 0, bits, Encoding(scheme, bits))
    np.testing.assert_array_equal(got, [plain_float(code, bits, scheme) for code in codes])


@settings(max_examples=100, deadline=None)
@given(st.floats(width=64), st.booleans())
def test_extended_floats_that_hold_a_double_are_that_double(value: float, little: bool) -> None:
    (code,) = struct.unpack(">Q", struct.pack(">d", value))
    exponent, fraction = (code >> 52) & 0x7FF, code & ((1 << 52) - 1)
    if exponent in (0, 0x7FF):  # no normal number: its exponent does not carry over
        return
    wide = (code >> 63) << 79 | (exponent - 1023 + 16383) << 64 | 1 << 63 | fraction << 11
    octets = wide.to_bytes(10, "little" if little else "big")
    assert value_at(np.array([list(octets)], np.uint8), 0, 80, Encoding("IEEE754", 80, little)).tolist() == [value]


LEVELS = st.lists(st.integers(0, 5), max_size=40)


@settings(max_examples=200, deadline=None)
@given(LEVELS, st.integers(1, 4), st.integers(1, 4), st.integers(0, 40))
def test_levels_that_count_do_not_depend_on_where_tables_are_cut(
    levels: list[int], violations: int, conformances: int, cut: int
) -> None:
    alarms = (Alarm(min_violations=violations, min_conformance=conformances),)

    def settled(*parts: list[int]) -> list[int]:
        state = _State()
        found: list[int] = []
        for part in parts:
            judged = Judged(np.array(part, np.uint8), np.zeros(len(part), np.int16))
            found += state.settle(judged, alarms).tolist()
        return found

    whole = settled(levels)
    assert settled(levels[:cut], levels[cut:]) == whole
    if violations == conformances == 1:
        assert whole == levels
    for place, level in enumerate(whole):
        run = levels[max(0, place - violations + 1) : place + 1]
        if level and (place == 0 or not whole[place - 1]):  # raised here: so many in a row have been seen
            assert len(run) == violations
            assert all(run)


SAMPLES = st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 3)), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.booleans(), st.booleans(), st.integers(1, 3), st.integers(0, 4))
def test_changes_equal_the_rule_value_by_value(
    drawn: list[tuple[float, int]], per_second: bool, percent: bool, samples: int, seconds: int
) -> None:
    values = np.array([value for value, _ in drawn])
    times = np.cumsum([step for _, step in drawn]).astype(np.int64) * 10**9
    alarm = ChangeAlarm((), per_second, percent, samples, float(seconds))
    got = changes(alarm, values, times)
    for place in range(values.size):
        wanted = float("nan")
        far = [at for at in range(place - samples + 1) if times[place] - times[at] >= seconds * 10**9]
        if far:
            wanted = plain_change(alarm, values[far[-1]], values[place], int(times[place] - times[far[-1]]))
        np.testing.assert_allclose(got[place], wanted, rtol=1e-12)


def plain_change(alarm: ChangeAlarm, before: Any, now: Any, passed_ns: int) -> float:
    with np.errstate(all="ignore"):
        size = abs(now - before)
        size = 100 * size / abs(before) if alarm.percent else size
        if alarm.per_second:
            size = size / (passed_ns / 1e9) if passed_ns else float("nan")
    return float(size)


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**62), 2**62), st.integers(1, 10**6), st.integers(1, 2**20), st.integers(-(10**18), 10**18))
def test_times_are_the_nearest_nanosecond(raw: int, numerator: int, denominator: int, start: int) -> None:
    times, beyond = timestamps_of(TimeRule(start, numerator, denominator), np.array([raw], np.int64))
    exact = raw * numerator / denominator + start
    if not beyond[0]:
        assert abs(int(times[0]) - start - (2 * raw * numerator + denominator) // (2 * denominator)) == 0
    else:
        assert abs(exact) > 9e18 or abs(raw * numerator / denominator) > 9e18


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-50, 50), min_size=4, max_size=9, unique=True),
    st.lists(st.integers(0, 3), min_size=9, max_size=9),
    st.lists(st.integers(-60, 60), min_size=1, max_size=12),
)
def test_splines_equal_the_polynomials_through_their_points(raws: list[int], orders: list[int], at: list[int]) -> None:
    """By Lagrange's formula and exact fractions, point by point."""
    points = sorted(raws)
    values = [one * one % 17 - 5 for one in points]
    spline = Spline(tuple(orders[: len(points)]), tuple(map(float, points)), tuple(map(float, values)), True)
    got = apply_calibrator(spline, np.array(at))
    for place, x in enumerate(at):
        own = max([index for index, point in enumerate(points) if point <= x], default=0)
        order = orders[own]
        first = max(0, min(own, len(points) - 1 - order))
        chosen = range(first, first + order + 1)
        wanted = sum(
            values[i] * math.prod(Fraction(x - points[j], points[i] - points[j]) for j in chosen if j != i)
            for i in chosen
        )
        np.testing.assert_allclose(got[place], float(wanted), rtol=1e-9, atol=1e-9)
