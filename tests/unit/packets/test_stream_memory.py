"""Memory of a stream: constant whatever its length, and beside the rows of a block no more than they take."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from telemus.packets import ContainerPlan, StreamDecoder, compile_plan, encode, read_definition

PACKETS = 20_000


def block_of(plan: ContainerPlan, place: int) -> bytes:
    """Return the packets of one block of a long stream: 4 MB."""
    index = np.arange(place * PACKETS, (place + 1) * PACKETS)
    columns = {"OBT_COARSE": index, "OBT_FINE": np.zeros(PACKETS, int), "WAVE": np.zeros((PACKETS, 100), int)}
    return encode(plan, columns, sequence_start=place * PACKETS % 16384).tobytes()


@pytest.fixture(scope="module")
def peaks() -> list[tuple[int, int, int]]:
    """Return (memory kept before, peak beyond it, bytes of the rows) for each of a row of blocks."""
    plan = compile_plan(read_definition(Path(__file__).parent / "recorder.xml"))
    decoder = StreamDecoder(plan)
    found = []
    for place in range(5):
        block = block_of(plan.containers["Waveform"], place)
        tracemalloc.start()
        batches = decoder.feed(block)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        rows = sum(one.rows.nbytes for one in batches)
        del batches
        tracemalloc.start()
        decoder.account()
        found.append((tracemalloc.get_traced_memory()[0], peak, rows))
        tracemalloc.stop()
    return found


def test_peak_is_at_most_twice_the_rows_of_the_block(peaks: list[tuple[int, int, int]]) -> None:
    for _, peak, rows in peaks[1:]:  # the first loads what is compiled
        assert rows > 4_000_000
        assert peak < 2 * rows


def test_peak_does_not_grow_with_the_stream(peaks: list[tuple[int, int, int]]) -> None:
    second, last = peaks[1][1], peaks[-1][1]
    assert abs(last - second) < 0.02 * second
