"""A stream in any blocks gives the rows, their order and the account of the stream decoded whole, damaged or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import (
    FrameLayout,
    StreamAccount,
    compile_plan,
    encode,
    encode_frames,
    encode_units,
    read_definition,
    stream,
)

PLAN = compile_plan(read_definition(Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml"))
LAYOUT = FrameLayout("tm", 256, randomiser="short", error_control=True)


def recorder_packets(rng: np.random.Generator, count: int) -> list[bytes]:
    """Return packets of two containers, one with a checksum."""
    found = []
    for index in range(count):
        columns = {"OBT_COARSE": [index], "OBT_FINE": [0], "WAVE": rng.integers(0, 65536, (1, 100))}
        name = "SealedWaveform" if rng.random() < 0.5 else "Waveform"
        found.append(encode(PLAN.containers[name], columns, sequence_start=index).tobytes())
    return found


def damaged(octets: bytes, rng: np.random.Generator, hits: int) -> bytes:
    """Return a stream with bytes lost, added and changed."""
    result = bytearray(octets)
    for _ in range(hits):
        place = int(rng.integers(0, max(len(result) - 8, 1)))
        kind = rng.integers(0, 4)
        if kind == 0:
            del result[place : place + int(rng.integers(1, 300))]
        elif kind == 1:
            result[place:place] = rng.integers(0, 256, int(rng.integers(1, 60)), np.uint8).tobytes()
        elif kind == 2:
            result[place] ^= 0xFF
        else:
            result[place:place] = bytes(result[place : place + 212])
    return bytes(result)


def cut(octets: bytes, cuts: list[int]) -> list[bytes]:
    """Return the stream in blocks whose lengths are those of ``cuts``, again and again."""
    blocks, at = [], 0
    while at < len(octets):
        size = cuts[len(blocks) % len(cuts)]
        blocks.append(octets[at : at + size])
        at += size
    return blocks


def everything(blocks: list[bytes], **options: int | FrameLayout) -> tuple[dict[str, pa.Table], StreamAccount]:
    run = stream(blocks, PLAN, **options)  # type: ignore[arg-type]
    parts: dict[str, list[pa.RecordBatch]] = {}
    for container, rows in run:
        assert rows.schema.equals(run.schema(container), check_metadata=True)
        parts.setdefault(container, []).append(rows)
    tables = {name: pa.Table.from_batches(some).combine_chunks() for name, some in parts.items()}
    return tables, run.account()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 6), st.lists(st.integers(1, 900), min_size=1, max_size=5), st.booleans())
def test_any_blocks_of_packets_give_the_whole(seed: int, hits: int, cuts: list[int], wrapped: bool) -> None:
    rng = np.random.default_rng(seed)
    parts = recorder_packets(rng, 25)
    options = {"prefix_bytes": 5, "suffix_bytes": 3} if wrapped else {}
    octets = damaged(b"".join(b"MARK:" + one + b"end" if wrapped else one for one in parts), rng, hits)
    whole = everything([octets], **options)
    pieces = everything(cut(octets, cuts), **options)
    assert pieces == whole
    account = whole[1]
    assert account.is_balanced
    assert account.received_bytes == len(octets)
    if not hits:
        assert account.packets.packets == 25
        assert account.packets.framing_bytes == 8 * 25 * wrapped
        assert account.packets.rejected_bytes == 0


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 9), st.integers(0, 9), st.integers(1, 20))
def test_wrapped_noise_is_accounted_for(octets: bytes, prefix: int, suffix: int, block: int) -> None:
    _, account = everything(cut(octets, [block]), prefix_bytes=prefix, suffix_bytes=suffix)
    assert account.is_balanced
    assert account.received_bytes == len(octets)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3), st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_any_blocks_of_frames_give_the_whole_of_each_channel(seed: int, hits: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    units = []
    for channel in (1, 2):
        packets = recorder_packets(rng, 12)
        frames = encode_frames(packets, LAYOUT, spacecraft=7, channel=channel)
        units.append(encode_units(frames, LAYOUT))
    octets = damaged(b"".join(one.tobytes() for pair in zip(*units, strict=False) for one in pair), rng, hits)
    whole, account = everything([octets], frames=LAYOUT)
    pieces, again = everything(cut(octets, cuts), frames=LAYOUT)
    assert again == account
    assert account.is_balanced
    assert account.frames is not None
    assert account.frames.packet_bytes == account.packets.received_bytes
    order = [("virtual_channel", "ascending"), ("packet_offset", "ascending")]
    assert {name: table.sort_by(order) for name, table in pieces.items()} == {
        name: table.sort_by(order) for name, table in whole.items()
    }
    assert set(whole) <= {"Waveform", "SealedWaveform"}
