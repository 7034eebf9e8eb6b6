"""What is encoded decodes to the same values: every kind of field, at any bit, and the clock both ways."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import (
    Definition,
    compile_plan,
    cuc_to_ns,
    decode_bytes,
    encode,
    ns_to_cuc,
    parse_definition,
    read_definition,
)
from telemus.packets.columns import number_at, unsigned_at

DEFINITION = Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml"
RECORDER = compile_plan(read_definition(DEFINITION))
HEAD = """<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="T"><TelemetryMetaData><ParameterTypeSet>
<IntegerParameterType name="H5"><IntegerDataEncoding sizeInBits="5"/></IntegerParameterType>
<IntegerParameterType name="H11"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
<IntegerParameterType name="H32"><IntegerDataEncoding sizeInBits="32"/></IntegerParameterType>
{types}</ParameterTypeSet><ParameterSet>
<Parameter name="HEAD" parameterTypeRef="H5"/><Parameter name="APID" parameterTypeRef="H11"/>
<Parameter name="REST" parameterTypeRef="H32"/>{parameters}</ParameterSet><ContainerSet>
<SequenceContainer name="P" abstract="true"><EntryList><ParameterRefEntry parameterRef="HEAD"/>
<ParameterRefEntry parameterRef="APID"/><ParameterRefEntry parameterRef="REST"/></EntryList></SequenceContainer>
<SequenceContainer name="C"><EntryList>{entries}</EntryList><BaseContainer containerRef="P"><RestrictionCriteria>
<Comparison parameterRef="APID" value="7"/></RestrictionCriteria></BaseContainer></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""

Spec = tuple[int, bool, bool, int]
"""Bits, signed, little-endian, array elements (0 for a scalar)."""

specs = st.tuples(st.integers(1, 64), st.booleans(), st.booleans(), st.sampled_from([0, 0, 0, 1, 3])).map(
    lambda spec: (spec[0], spec[1], spec[2] and spec[0] % 8 == 0, spec[3])
)


def definition(fields: list[Spec]) -> Definition:
    """An XTCE definition of one container with these fields and padding to a whole octet."""
    types, parameters, entries = "", "", ""
    padding = -sum(bits * max(elements, 1) for bits, _, _, elements in fields) % 8
    for index, (bits, signed, little, elements) in enumerate(
        [*fields, *([(padding, False, False, 0)] if padding else [])]
    ):
        scheme = "twosComplement" if signed else "unsigned"
        order = "leastSignificantByteFirst" if little else "mostSignificantByteFirst"
        types += (
            f'<IntegerParameterType name="T{index}"><IntegerDataEncoding sizeInBits="{bits}" encoding="{scheme}" '
            f'byteOrder="{order}"/></IntegerParameterType>'
        )
        if elements:
            types += (
                f'<ArrayParameterType name="A{index}" arrayTypeRef="T{index}"><DimensionList><Dimension>'
                f"<StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>{elements - 1}"
                "</FixedValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>"
            )
        parameters += f'<Parameter name="F{index}" parameterTypeRef="{"A" if elements else "T"}{index}"/>'
        entries += f'<{"Array" if elements else ""}ParameterRefEntry parameterRef="F{index}"/>'
    return parse_definition(HEAD.format(types=types, parameters=parameters, entries=entries).encode())


@settings(max_examples=150, deadline=None)
@given(st.lists(specs, min_size=1, max_size=8), st.integers(1, 6), st.randoms(use_true_random=False))
def test_any_fields_round_trip(fields: list[Spec], count: int, random: Any) -> None:
    plan = compile_plan(definition(fields))
    columns: dict[str, Any] = {}
    for index, (bits, signed, _, elements) in enumerate(fields):
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        draws = [random.choice([low, high, random.randint(low, high)]) for _ in range(count * max(elements, 1))]
        array = np.array(draws, np.int64 if signed else np.uint64)
        columns[f"F{index}"] = array.reshape(count, elements) if elements else array
    padded = dict(columns)
    if f"F{len(fields)}" in [one.name for one in plan.containers["C"].fields]:
        padded[f"F{len(fields)}"] = np.zeros(count, np.uint8)
    packets = encode(plan.containers["C"], padded)
    (table,) = decode_bytes(packets.tobytes(), plan).tables
    for name, wanted in columns.items():
        np.testing.assert_array_equal(table.columns[name], wanted)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=12, max_size=12), st.integers(0, 31), st.integers(1, 64))
def test_bits_equal_python_integers(octets: bytes, bit: int, bits: int) -> None:
    """The plain path: the packet as one big integer, shifted and masked."""
    rows = np.frombuffer(octets * 3, np.uint8).reshape(3, 12)
    wanted = (int.from_bytes(octets, "big") >> (96 - bit - bits)) & ((1 << bits) - 1)
    assert unsigned_at(rows, bit, bits).tolist() == [wanted] * 3
    signed = wanted - (1 << bits) if wanted >> (bits - 1) else wanted
    assert number_at(rows, bit, bits, "twosComplement", False).tolist() == [signed] * 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_dynamic_arrays(lengths: list[int], random: Any) -> None:
    octets, wanted = b"", []
    for count, length in enumerate(lengths):
        values = [random.randint(-32768, 32767) for _ in range(length)]
        body = bytes(6) + bytes([length]) + np.array(values, ">i2").tobytes() + (1000 + count).to_bytes(2, "big")
        octets += bytes([8, 51, 0xC0, count, 0, len(body) - 1]) + body
        wanted.append(values)
    (table,) = decode_bytes(octets, RECORDER).tables
    burst = table.columns["BURST"]
    assert [burst.row(index).tolist() for index in range(len(lengths))] == wanted  # type: ignore[union-attr]
    assert table.columns["AFTER"].tolist() == [1000 + count for count in range(len(lengths))]  # type: ignore[union-attr]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, (1 << 32) - 1), st.integers(0, 7), st.data())
def test_cuc_is_the_nearest_nanosecond(coarse: int, octets: int, data: st.DataObject) -> None:
    fine = data.draw(st.integers(0, (1 << (8 * octets)) - 1))
    exact = (coarse + Fraction(fine, 1 << (8 * octets))) * 10**9
    got = int(cuc_to_ns(coarse, fine, octets))
    assert got == round(exact)  # half to even


@settings(max_examples=300, deadline=None)
@given(st.integers(0, (10**9 << 32) - 1), st.integers(0, 7))
def test_cuc_truncates_like_a_counter(time_ns: int, octets: int) -> None:
    coarse, fine = (int(part) for part in ns_to_cuc(time_ns, octets))
    code = (coarse << (8 * octets)) + fine
    assert code == time_ns * (1 << (8 * octets)) // 10**9
    if octets >= 4:
        assert int(cuc_to_ns(coarse, fine, octets)) == time_ns
