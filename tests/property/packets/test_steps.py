"""The steps of a container give what its fixed layout gives: the plain path under the fast one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import PacketTable, Ragged, compile_plan, read_definition
from telemus.packets.extract import extract, rows_that_fit
from telemus.packets.run_steps import columns_of, run_steps
from telemus.packets.steps import compile_steps

DEFINITION = read_definition(Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml")
PLAN = compile_plan(DEFINITION)


def table_of(packets: list[bytes]) -> tuple[Any, PacketTable]:
    """A buffer of the packets, each with its own length in its header, and the table that a walk makes of them."""
    packets = [one[:4] + (len(one) - 7 & 0xFFFF).to_bytes(2, "big") + one[6:] for one in packets]
    lengths = np.array([len(one) for one in packets], np.int32)
    offset = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    buffer = np.frombuffer(b"".join(packets) + bytes(16), np.uint8)
    headers = np.array([list(one[:4]) for one in packets], np.uint16)
    apid, count = (headers[:, 0] & 7) << 8 | headers[:, 1], (headers[:, 2] & 0x3F) << 8 | headers[:, 3]
    flags = headers[:, 2] >> 6 | (headers[:, 0] & 8) >> 1
    return buffer, PacketTable(offset, lengths, apid, count, flags.astype(np.uint8))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(PLAN.containers)),
    st.lists(st.tuples(st.integers(6, 240), st.integers(0, 2**32)), min_size=1, max_size=6),
)
def test_steps_equal_the_layout(name: str, drawn: list[tuple[int, int]]) -> None:
    plan = PLAN.containers[name]
    packets = [np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes() for size, seed in drawn]
    buffer, table = table_of(packets)
    program = compile_steps(DEFINITION, plan.container)
    fits = run_steps(program, buffer, table).fits
    np.testing.assert_array_equal(rows_that_fit(plan, buffer, table), fits)
    table = table.take(fits)
    if not table.size:
        return
    slow = columns_of(program, run_steps(program, buffer, table))
    for column, values in extract(plan, buffer, table).items():
        same(values, slow[column])


def same(fast: Any, slow: Any) -> None:
    if isinstance(fast, Ragged) and not isinstance(slow, Ragged):  # octets of dynamic size
        assert [bytes(fast.row(row)) for row in range(fast.offsets.size - 1)] == list(slow)
    elif isinstance(fast, Ragged):
        np.testing.assert_array_equal(fast.values, slow.values)
        np.testing.assert_array_equal(fast.offsets, slow.offsets)
    elif slow.dtype == object:
        assert [bytes(row) for row in fast] == list(slow)
    elif fast.size or slow.size:
        np.testing.assert_array_equal(fast, slow)
