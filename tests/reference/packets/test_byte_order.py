"""Fourteen byte orders, 800 numbers each, against the numbers that were written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from telemus.packets import PacketTable, compile_plan, decode_table, parse_definition

ORDERS = [
    "1",
    "12",
    "21",
    "123",
    "321",
    "1234",
    "2143",
    "3412",
    "4321",
    "123456",
    "1234567",
    "12345678",
    "78563412",
    "87654321",
]
PER_PACKET = 80


def significances(order: str) -> str:
    """Return the XTCE list for an order whose digits say, most significant octet first, where in the stream it is."""
    count = len(order)
    listed = {int(digit) - 1: count - 1 - place for place, digit in enumerate(order)}
    return ",".join(str(listed[place]) for place in range(count))


def records(octets: np.ndarray[tuple[int], np.dtype[np.uint8]], width: int) -> PacketTable:
    """Return the files' records of one size; their headers say version 2, which no space packet has."""
    count = octets.size // width
    zeros = np.zeros(count, np.uint16)
    offset = np.arange(count, dtype=np.int64) * width
    return PacketTable(offset, np.full(count, width, np.int32), zeros, zeros, zeros.astype(np.uint8))


@pytest.mark.parametrize("as_array", [True, False], ids=["array", "scalars"])
@pytest.mark.parametrize("order", ORDERS)
def test_byte_order(shared_data: Path, order: str, as_array: bool) -> None:
    folder = shared_data / "packets" / "byte_order"
    names = ["A"] if as_array else [f"P{index}" for index in range(PER_PACKET)]
    kind = "A" if as_array else "U"
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name in names)
    entries = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in names)
    text = f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>
<ParameterTypeSet><IntegerParameterType name="U"><IntegerDataEncoding sizeInBits="{8 * len(order)}"
byteOrder="{significances(order)}"/></IntegerParameterType><IntegerParameterType name="H">
<IntegerDataEncoding sizeInBits="48"/></IntegerParameterType><ArrayParameterType name="A" arrayTypeRef="U">
<DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex>
<FixedValue>{PER_PACKET - 1}</FixedValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>
</ParameterTypeSet><ParameterSet><Parameter name="H" parameterTypeRef="H"/>{parameters}</ParameterSet>
<ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="H"/>{entries}</EntryList>
</SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    octets = np.fromfile(folder / f"byteorder_{order}.bin", np.uint8)
    table = records(octets, 6 + PER_PACKET * len(order))
    decoded = decode_table(compile_plan(parse_definition(text.encode())).root, octets, table)
    with (folder / f"byteorder_{order}.csv").open(newline="") as file:
        wanted = np.array([[int(value) for value in line] for line in csv.reader(file)], np.uint64)
    columns = [np.asarray(decoded[name]) for name in names]
    ours = columns[0] if as_array else np.stack(columns, axis=1)
    assert ours.shape == wanted.shape == (10, PER_PACKET)
    np.testing.assert_array_equal(ours.astype(np.uint64), wanted)
