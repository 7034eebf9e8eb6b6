"""CCSDS 732.1-B-3: USLP frames of variable length, their construction rules (clause 4.1.4.2.2) and truncated frames."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.packets.crc import TABLES
from telemus.packets.frames import FrameLayout, FrameReader, Handed, encode_stream, encode_variable, truncated_frame
from telemus.packets.frames.error_control import TABLES_32
from telemus.packets.frames.variable_kernel import chain

WHO = {"spacecraft": 0x1234, "channel": 5, "map_id": 6}
LAYOUT = FrameLayout("uslp", 120, error_control=True, variable_length=True, truncated_bytes=8)
BARE = FrameLayout("uslp", 120, marker=b"", error_control=True, variable_length=True)


def _packet(length: int, count: int = 0) -> bytes:
    return (
        bytes([8, 9, 0xC0, count]) + (length - 7).to_bytes(2, "big") + bytes(index % 251 for index in range(length - 6))
    )


def _read(layout: FrameLayout, stream: bytes, block: int = 0) -> tuple[Handed, FrameReader]:
    reader, handed = FrameReader(layout), Handed([], [])
    step = block or max(len(stream), 1)
    for start in range(0, len(stream), step):
        one = reader.feed_all(stream[start : start + step])
        handed.packets.extend(one.packets)
        handed.data.extend(one.data)
    one = reader.feed_all(b"", final=True)
    account = reader.account()
    assert account.is_balanced
    assert account.pending_bytes == 0
    assert sum(stop - start for start, stop, _ in account.rejected) == account.rejected_bytes
    return Handed(handed.packets + one.packets, handed.data + one.data), reader


def _packets(handed: Handed) -> list[bytes]:
    return [one for batch in handed.packets for one in batch.packets()]


def _units(handed: Handed) -> list[bytes]:
    return [one for batch in handed.data for one in batch.units()]


def test_rule_111_carries_whole_packets_one_or_several() -> None:
    sent = [_packet(30), _packet(100, 1), _packet(10, 2)]
    frames = encode_variable(sent, LAYOUT, protocol=0, **WHO)
    assert [frame[10] >> 5 for frame in frames] == [7, 7, 7]
    together = encode_variable([sent[0] + sent[2]], LAYOUT, protocol=0, first_count=3, **WHO)
    handed, reader = _read(LAYOUT, encode_stream(frames + together, LAYOUT))
    assert _packets(handed) == [*sent, sent[0], sent[2]]
    assert reader.account().rejected_bytes == 0


@pytest.mark.parametrize("size", [108, 200, 1000])
@pytest.mark.parametrize("protocol", [0, 5, 7])
def test_rules_100_101_110_carry_segments(size: int, protocol: int) -> None:
    frames = encode_variable([_packet(size)], LAYOUT, protocol=protocol, **WHO)
    assert [frame[10] >> 5 for frame in frames] == [4] + [5] * (len(frames) - 2) + [6]
    handed, _ = _read(LAYOUT, encode_stream(frames, LAYOUT))
    assert (_packets(handed), _units(handed)) == (([_packet(size)], []) if protocol == 0 else ([], [_packet(size)]))


def test_a_segmented_packet_that_lost_a_segment_is_given_up() -> None:
    frames = encode_variable([_packet(400), _packet(20, 1)], LAYOUT, protocol=0, **WHO)
    handed, reader = _read(LAYOUT, encode_stream(frames[:1] + frames[2:], LAYOUT))
    assert _packets(handed) == [_packet(20, 1)]
    reasons = reader.account().channels[0x1234, 5].rejected_by_reason
    assert set(reasons) == {"data unit cut by lost frames", "data unit whose beginning was lost"}
    assert sum(reasons.values()) == 400 - 107


def test_segments_that_make_no_packet_are_rejected() -> None:
    frames = encode_variable([_packet(400)[:-1]], LAYOUT, protocol=0, **WHO)
    handed, reader = _read(LAYOUT, encode_stream(frames, LAYOUT))
    assert _packets(handed) == []
    assert reader.account().channels[0x1234, 5].rejected_by_reason == {"segments that are no packet": 399}


def test_rule_011_carries_a_stream_of_octets() -> None:
    octets = bytes(range(256)) * 3
    frames = encode_variable([octets], LAYOUT, protocol=4, **WHO)
    assert {frame[10] >> 5 for frame in frames} == {3}
    handed, _ = _read(LAYOUT, encode_stream(frames, LAYOUT))
    assert b"".join(_units(handed)) == octets
    assert {one.protocol for one in handed.data} == {4}


def test_annex_d_truncated_frame_of_a_vector_derived_elsewhere() -> None:
    frame = truncated_frame(bytes([1, 2, 3]), LAYOUT, **WHO)
    assert frame.hex() == "c12340ade5010203"
    others = encode_variable([_packet(30), _packet(40, 1)], LAYOUT, protocol=0, **WHO)
    handed, reader = _read(LAYOUT, encode_stream([others[0], frame, others[1]], LAYOUT))
    assert (_packets(handed), _units(handed)) == ([_packet(30), _packet(40, 1)], [bytes([1, 2, 3])])
    assert reader.account().missing == 0


@pytest.mark.parametrize("layout", [LAYOUT, BARE])
@pytest.mark.parametrize("randomiser", [None, "short", "long"])
@pytest.mark.parametrize("block", [0, 1, 13, 500])
def test_lengths_vary_and_blocks_do_not_matter(layout: FrameLayout, randomiser: str | None, block: int) -> None:
    noise = np.random.default_rng(3)
    layout = FrameLayout(**({**layout.__dict__, "randomiser": randomiser}))
    sent = [_packet(int(size), count) for count, size in enumerate(noise.integers(7, 300, 40))]
    stream = encode_stream(encode_variable(sent, layout, protocol=0, **WHO), layout)
    handed, reader = _read(layout, stream, block)
    assert _packets(handed) == sent
    assert reader.account().missing == 0


@pytest.mark.parametrize("layout", [LAYOUT, BARE])
@pytest.mark.parametrize("damage", ["junk", "lost", "flip", "length"])
def test_damage_costs_the_frame_that_it_hits(layout: FrameLayout, damage: str) -> None:
    sent = [_packet(50, count) for count in range(30)]
    stream = bytearray(encode_stream(encode_variable(sent, layout, protocol=0, **WHO), layout))
    step = len(stream) // 30
    place = 10 * step + 40
    if damage == "junk":
        stream[10 * step : 10 * step] = b"junk!"
    elif damage == "lost":
        del stream[place : place + 3]
    elif damage == "flip":
        stream[place] ^= 0x18
    else:
        stream[10 * step + len(layout.marker) + 5] ^= 0x40
    handed, reader = _read(layout, bytes(stream))
    hit = [] if damage == "junk" else [10]
    assert _packets(handed) == [packet for count, packet in enumerate(sent) if count not in hit]
    assert reader.account().missing == len(hit)


def test_frames_of_very_different_lengths_do_not_take_memory_for_the_longest() -> None:
    layout = FrameLayout("uslp", 65536, variable_length=True, error_control=True)
    sent = [_packet(20, count % 256) for count in range(3000)]
    sent.insert(1500, _packet(60_000))
    handed, _ = _read(layout, encode_stream(encode_variable(sent, layout, protocol=0, **WHO), layout))
    assert _packets(handed) == sent


def test_a_stream_that_looks_like_frames_everywhere_is_read_in_time_that_its_length_bounds() -> None:
    """A marker and a plausible header of 60 000 octets every 11 octets, none of them confirmed by the next."""
    lure = LAYOUT.marker + (12 << 28).to_bytes(4, "big") + (59_999).to_bytes(2, "big") + b"\0"
    data = np.frombuffer(lure * 30_000, np.uint8).copy()
    tables, places = np.stack([TABLES[0], TABLES_32[0]]), np.empty((2, 40_000), np.int64)
    marker, whitening = np.frombuffer(LAYOUT.marker, np.uint8), np.zeros(65536, np.uint8)
    count, _, spent = chain(data, marker, whitening, (2, 65536, 0, 16, 1), tables, *places, 0, 0)
    assert count == 0
    assert 1 << 20 < spent < 17 * data.size + (2 << 20)


def test_a_unit_of_very_many_segments_is_given_up_before_it_fills_the_memory() -> None:
    layout = FrameLayout("uslp", 60_013, marker=b"", variable_length=True)
    frames = encode_variable([bytes(60_000) * 281], layout, protocol=5, **WHO)
    handed, reader = _read(layout, encode_stream(frames, layout))
    assert _units(handed) == []
    assert reader.account().channels[0x1234, 5].rejected_by_reason["data unit longer than 16 MiB"] > 1 << 23


def test_a_layout_that_cannot_be_is_refused() -> None:
    for other in ({"reed_solomon": 223}, {"kind": "tm"}, {"truncated_bytes": 5}):
        with pytest.raises(SignalError):
            FrameLayout(**({"kind": "uslp", "frame_bytes": 120, "variable_length": True} | other))  # type: ignore[arg-type]
