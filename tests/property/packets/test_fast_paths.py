"""Every fast path gives what the plain path gives."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telemus.packets import (
    ApidRule,
    compile_plan,
    crc,
    decode_bytes,
    encode,
    parse_definition,
    read_definition,
    seal_kernel,
    walk,
    walk_kernel,
)
from telemus.packets.columns import pieces_at, rows_at
from telemus.packets.crc import TABLES, seal_rows

PLAN = compile_plan(read_definition(Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml"))
RULES = {48: ApidRule(20, 60), 49: ApidRule(24, 24, True)}


def like_packets(apid: int, size: int, count: int, filling: int) -> np.ndarray:
    """Packets of one APID and length, sealed; one octet fills them."""
    rows = np.full((count, size), filling, np.uint8)
    rows[:, :6] = [8 | apid >> 8, apid & 255, 0xC0, 0, 0, size - 7]
    rows[:, 3] = np.arange(count)
    seal_rows(rows, TABLES)
    return rows


@st.composite
def runs(draw: st.DrawFn) -> bytes:
    """Runs of like packets; in some a header or a whole sealed packet lies; octets are overwritten or left out."""
    octets = b""
    for _ in range(draw(st.integers(1, 5))):
        apid, size = draw(st.sampled_from([(48, 20), (48, 60), (49, 24), (7, 12), (7, 50), (2047, 60)]))
        octets += like_packets(apid, size, draw(st.integers(1, 8)), draw(st.integers(0, 255))).tobytes()
    damaged = bytearray(octets)
    inside = like_packets(49, 24, 1, 85).tobytes()
    for at, size in draw(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from([2, 6, 24])), max_size=2)):
        damaged[at % len(octets) : at % len(octets) + size] = inside[:size]
    for at, value in draw(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4)):
        damaged[at % len(damaged)] = value
    for at in draw(st.lists(st.integers(0, 2000), max_size=2)):
        del damaged[at % len(damaged)]
    return bytes(damaged)


def next_head(octets: np.ndarray, start: int, stop: int, _: np.ndarray) -> int:
    """The first place where the header of a packet with a checksum may begin: APID 49 of ``RULES``."""
    first = (at for at in range(start, stop) if octets[at] in (0, 8) and octets[at + 1] == 49)
    return next(first, stop)


@contextmanager
def plain() -> Generator[None]:
    """Run the kernels as they are written, and packet by packet."""
    with pytest.MonkeyPatch.context() as patch:
        for room in (crc, seal_kernel, walk_kernel, sys.modules[walk.__module__]):
            for name, one in list(vars(room).items()):
                if hasattr(one, "py_func"):
                    patch.setattr(room, name, one.py_func)
        patch.setattr(walk_kernel, "_run", lambda *_: None)
        patch.setattr(seal_kernel, "_next_head", next_head)
        patch.setattr(
            seal_kernel, "holds", lambda octets, start, stop, *_: crc.crc16(octets[start:stop].tobytes()) == 0
        )
        yield


def nested() -> bytes:
    """A run of packets without a checksum; in the third lies one whose checksum holds."""
    rows = like_packets(48, 60, 5, 1)
    rows[2, 20:44] = like_packets(49, 24, 1, 85)
    return rows.tobytes()


@settings(max_examples=200, deadline=None)
@given(runs(), st.sampled_from([None, RULES]))
@example(nested(), RULES)
def test_walk_of_runs(octets: bytes, rules: dict[int, ApidRule] | None) -> None:
    fast = walk(octets, rules)
    with plain():
        slow = walk(octets, rules)
    for ours, theirs in zip(fast.table, slow.table, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(fast.rejected, slow.rejected)


@settings(deadline=None)
@given(st.lists(st.integers(0, 90), max_size=20), st.integers(0, 10))
def test_rows_and_pieces(starts: list[int], width: int) -> None:
    buffer = np.random.default_rng(0).integers(0, 256, 100, dtype=np.uint8)
    where = np.array(starts, np.int64)
    np.testing.assert_array_equal(rows_at(buffer, where, width), buffer[where[:, None] + np.arange(width)])
    widths = where % 7
    plain = [buffer[start : start + size] for start, size in zip(where, widths, strict=True)]
    np.testing.assert_array_equal(pieces_at(buffer, where, widths), np.concatenate([*plain, buffer[:0]]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["Waveform", "SealedWaveform"]), min_size=1, max_size=12), st.integers(0, 1000))
def test_interleaved_kinds_equal_each_kind_alone(order: list[str], seed: int) -> None:
    """Evenly spaced packets are read in place, others are gathered first: both give the same columns."""
    rng = np.random.default_rng(seed)
    counts = {name: order.count(name) for name in set(order)}
    alone = {
        name: encode(
            PLAN.containers[name],
            {"OBT_COARSE": np.arange(count), "OBT_FINE": 0, "WAVE": rng.integers(0, 65536, (count, 100))},
        )
        for name, count in counts.items()
    }
    taken = dict.fromkeys(counts, 0)
    mixed = b""
    for name in order:
        mixed += alone[name][taken[name]].tobytes()
        taken[name] += 1
    for table in decode_bytes(mixed, PLAN).tables:
        (single,) = decode_bytes(alone[table.container].tobytes(), PLAN).tables
        for column in table.columns:
            np.testing.assert_array_equal(table.columns[column], single.columns[column])


ODD = b"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet>
<IntegerParameterType name="H48"><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>
<IntegerParameterType name="U4"><IntegerDataEncoding sizeInBits="4"/></IntegerParameterType>
<IntegerParameterType name="U11"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
<IntegerParameterType name="I7"><IntegerDataEncoding sizeInBits="7" encoding="twosComplement"/></IntegerParameterType>
<ArrayParameterType name="A" arrayTypeRef="I7"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue>
</StartingIndex><EndingIndex><DynamicValue><ParameterInstanceRef parameterRef="N"/><LinearAdjustment intercept="-1"/>
</DynamicValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>
<ArrayParameterType name="F" arrayTypeRef="U11"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue>
</StartingIndex><EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>
</ParameterTypeSet><ParameterSet><Parameter name="HEAD" parameterTypeRef="H48"/>
<Parameter name="N" parameterTypeRef="U4"/>
<Parameter name="X" parameterTypeRef="A"/><Parameter name="Y" parameterTypeRef="U11"/>
<Parameter name="Z" parameterTypeRef="F"/></ParameterSet><ContainerSet><SequenceContainer name="C"><EntryList>
<ParameterRefEntry parameterRef="HEAD"/><ParameterRefEntry parameterRef="N"/><ArrayParameterRefEntry parameterRef="X"/>
<ParameterRefEntry parameterRef="Y"/><ArrayParameterRefEntry parameterRef="Z"/>
</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-64, 63), max_size=15), min_size=1, max_size=8), st.integers(0, 2047))
def test_dynamic_arrays_at_any_bit(arrays: list[list[int]], after: int) -> None:
    """Elements of 7 bits, as many as a 4-bit count says: everything behind them begins at another bit each time."""
    octets = b""
    for count, values in enumerate(arrays):
        bits = f"{len(values):04b}" + "".join(f"{value & 127:07b}" for value in values)
        bits += f"{after:011b}{after ^ 2047:011b}{count:011b}"
        bits += "0" * (-len(bits) % 8)
        body = int(bits, 2).to_bytes(len(bits) // 8, "big")
        octets += bytes([0, 1, 0xC0, count, 0, len(body) - 1]) + body
    (table,) = decode_bytes(octets, parse_definition(ODD)).tables
    column, behind = table.columns["X"], table.columns["Z"]
    assert [column.row(row).tolist() for row in range(len(arrays))] == arrays  # type: ignore[union-attr]
    assert table.columns["Y"].tolist() == [after] * len(arrays)  # type: ignore[union-attr]
    assert behind.tolist() == [[after ^ 2047, count] for count in range(len(arrays))]  # type: ignore[union-attr]
