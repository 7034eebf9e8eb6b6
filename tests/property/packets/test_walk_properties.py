"""Whatever the bytes are: nothing is raised, every byte is accounted for once, and where blocks end does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import ApidRule, Decoder, Walker, compile_plan, encode, read_definition, walk
from telemus.packets.walk_state import REASONS

DEFINITION = Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml"
PLAN = compile_plan(read_definition(DEFINITION))
RULES = {48: ApidRule(20, 30), 49: ApidRule(24, 24, True)}


@st.composite
def pieces(draw: st.DrawFn) -> bytes:
    """Something between a clean stream and noise: packets of several APIDs, cut, repeated, with junk between."""
    parts: list[bytes] = []
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["packet", "packet", "packet", "known", "cut", "junk", "zeros", "header"]))
        apid = draw(st.sampled_from([48, 49, 5, 0, 2047]))
        size = draw(st.integers(1, 40))
        body = draw(st.binary(min_size=size, max_size=size))
        header = bytes([8 | apid >> 8, apid & 255, 0xC0, draw(st.integers(0, 255)), 0, size - 1])
        if kind == "known":
            parts.append(mixture(draw(st.integers(0, 1000))))
        elif kind == "packet":
            parts.append(header + body)
        elif kind == "cut":
            parts.append((header + body)[: draw(st.integers(0, size + 5))])
        elif kind == "junk":
            parts.append(body)
        elif kind == "zeros":
            parts.append(bytes(size))
        else:
            parts.append(header[:4] + draw(st.binary(min_size=2, max_size=2)))
    return b"".join(parts)


def mixture(seconds: int) -> bytes:
    rng = np.random.default_rng(seconds)
    columns = {
        "OBT_COARSE": [seconds],
        "OBT_FINE": [0],
        "WAVE": rng.integers(0, 65536, (1, 100)),
    }
    container = PLAN.containers["SealedWaveform" if seconds % 2 else "Waveform"]
    return encode(container, columns, sequence_start=seconds % 300).tobytes()


def coverage(found_table: object, rejected: np.ndarray, size: int, prefix: int) -> np.ndarray:
    """How often each byte is in a class: it must be once."""
    times = np.zeros(size, np.int64)
    for offset, length in zip(found_table.offset, found_table.length, strict=True):  # type: ignore[attr-defined]
        times[offset - prefix : offset + length] += 1
    for start, stop, reason in rejected:
        assert 0 <= reason < len(REASONS)
        times[start:stop] += 1
    return times


@settings(max_examples=300, deadline=None)
@given(st.one_of(pieces(), st.binary(max_size=400)), st.sampled_from([None, RULES]), st.sampled_from([0, 4]))
def test_each_byte_is_in_exactly_one_place(octets: bytes, rules: dict[int, ApidRule] | None, prefix: int) -> None:
    found = walk(octets, rules, prefix_bytes=prefix)
    assert found.consumed == len(octets)
    assert (coverage(found.table, found.rejected, len(octets), prefix) == 1).all()
    assert (np.diff(found.table.offset) > 0).all()


@settings(max_examples=300, deadline=None)
@given(pieces(), st.sampled_from([None, RULES, PLAN.rules]), st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_blocks_give_what_the_whole_gives(octets: bytes, rules: dict[int, ApidRule] | None, cuts: list[int]) -> None:
    whole = walk(octets, rules)
    walker = Walker(rules)
    offsets: list[int] = []
    flags: list[int] = []
    lost = np.full(len(octets), -1)
    tail, base, at, turn = b"", 0, 0, 0
    while True:
        step = cuts[turn % len(cuts)]
        block, at, turn = octets[at : at + step], at + step, turn + 1
        buffer = tail + block
        found = walker.walk(buffer, final=not block)
        offsets += (found.table.offset + base).tolist()
        flags += found.table.flags.tolist()
        for start, stop, reason in found.rejected:
            lost[start + base : stop + base] = reason
        tail, base = buffer[found.consumed :], base + found.consumed
        if not block:
            break
    assert offsets == whole.table.offset.tolist()
    assert flags == whole.table.flags.tolist()
    expected = np.full(len(octets), -1)
    for start, stop, reason in whole.rejected:
        expected[start:stop] = reason
    np.testing.assert_array_equal(lost, expected)


@settings(max_examples=150, deadline=None)
@given(pieces(), st.integers(1, 500))
def test_decoder_by_blocks_and_its_account(octets: bytes, step: int) -> None:
    whole, parts = Decoder(PLAN), Decoder(PLAN)
    tables = whole.feed(octets) + whole.finish().tables
    pieces_of = [table for at in range(0, len(octets), step) for table in parts.feed(octets[at : at + step])]
    pieces_of += parts.finish().tables
    assert whole.account() == parts.account()
    assert whole.account().is_balanced
    assert whole.account().received_bytes == len(octets)
    for container in PLAN.containers:
        ours = [table for table in tables if table.container == container]
        theirs = [table for table in pieces_of if table.container == container]
        assert sum(table.count for table in ours) == sum(table.count for table in theirs)
        if ours:
            for name in ("OBT_COARSE", "packet_offset"):
                column = [getattr(one, name) if name == "packet_offset" else one.columns[name] for one in ours]
                other = [getattr(one, name) if name == "packet_offset" else one.columns[name] for one in theirs]
                np.testing.assert_array_equal(np.concatenate(column), np.concatenate(other))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_decoder_survives_anything(octets: bytes) -> None:
    decoder = Decoder(PLAN)
    decoder.feed(octets)
    account = decoder.finish().account
    assert account.is_balanced
    assert account.received_bytes == len(octets)
    account.to_json()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 213), st.integers(0, 255)), max_size=30))
def test_a_sealed_packet_is_never_returned_with_a_wrong_value(changes: list[tuple[int, int, int]]) -> None:
    """However octets are overwritten, what comes back of checksummed packets is what was sent."""
    count = 60
    columns = {
        "OBT_COARSE": np.arange(count),
        "OBT_FINE": np.zeros(count, np.int64),
        "WAVE": np.random.default_rng(5).integers(0, 65536, (count, 100)),
    }
    packets = encode(PLAN.containers["SealedWaveform"], columns)
    touched = set()
    for packet, place, value in changes:
        if packets[packet % count, place] != value:
            touched.add(packet % count)
        packets[packet % count, place] = value
    decoder = Decoder(PLAN, containers=["SealedWaveform"])
    tables = decoder.feed(packets.reshape(-1)) + decoder.finish().tables
    back = np.concatenate([table.columns["OBT_COARSE"] for table in tables] or [np.empty(0, np.int64)])
    assert set(range(count)) - touched <= set(back.tolist())
    for table in tables:
        np.testing.assert_array_equal(table.columns["WAVE"], columns["WAVE"][table.columns["OBT_COARSE"]])
