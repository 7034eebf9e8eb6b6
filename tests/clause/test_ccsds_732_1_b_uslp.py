"""CCSDS 732.1-B-3 clause 4.1: USLP transfer frames, by vectors derived from its figures and what follows from them.

Vectors marked "derived elsewhere" are those of an independent implementation, which cites the same figures.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames import (
    ChannelData,
    FrameLayout,
    FrameReader,
    encode_data,
    encode_frames,
    encode_units,
    idle_frames,
    read_frames,
)
from telemus.packets.frames.error_control import crc32, remainders

Octets = NDArray[np.uint8]
LAYOUT = FrameLayout("uslp", 80, error_control=True)


def _packet(length: int, count: int = 0) -> bytes:
    return bytes([8, 9, 0xC0, count]) + (length - 7).to_bytes(2, "big") + bytes(range(length - 6))


def _read(layout: FrameLayout, stream: bytes) -> tuple[list[bytes], list[ChannelData], FrameReader]:
    reader = FrameReader(layout)
    handed = reader.feed_all(stream, final=True)
    assert reader.account().is_balanced
    assert reader.account().pending_bytes == 0
    return [one for batch in handed.packets for one in batch.packets()], handed.data, reader


def test_4_1_2_header_of_a_vector_derived_elsewhere() -> None:
    """Spacecraft 0x1234 as destination, VC 0x15, MAP 10, count 0xBEEF of 2 octets, rule 111, protocol 5, data AA BB."""
    frame = np.frombuffer(bytes.fromhex("c1234ab4000b02beefe5aabb"), np.uint8)[None]
    table = read_frames(frame, FrameLayout("uslp", 12))
    assert (table.version[0], table.spacecraft[0], table.channel[0], table.map_id[0]) == (12, 0x1234, 0x15, 10)
    assert (table.frame_count[0], table.modulo[0], table.length[0]) == (0xBEEF, 65536, 12)
    assert (table.rule[0], table.protocol[0], table.start[0], table.stop[0]) == (7, 5, 10, 12)
    assert not table.expedited[0]


def test_4_1_encoder_writes_the_fields() -> None:
    layout = FrameLayout("uslp", 40, error_control=True, insert_bytes=3)
    frames = encode_frames(
        [_packet(50)],
        layout,
        spacecraft=0xABCD,
        channel=0x2A,
        map_id=9,
        first_count=0x0102,
        count_bytes=2,
        expedited=True,
        insert_zone=b"xyz",
        operational_control=0xA1B2C3D4,
    )
    word = 12 << 28 | 0xABCD << 12 | 0x2A << 5 | 9 << 1
    assert frames[0, :4].tobytes() == word.to_bytes(4, "big")
    assert frames[0, 4:15].tobytes() == bytes([0, 39, 0x8A, 1, 2]) + b"xyz" + bytes([0, 0, 0])
    assert frames[1, 13:15].tobytes() == (50 - 19 - 0).to_bytes(2, "big") if len(frames) == 2 else True
    assert frames[0, 34:38].tobytes().hex() == "a1b2c3d4"
    assert (remainders(frames) == 0).all()
    table = read_frames(frames, layout)
    assert table.operational_control.tolist() == [0xA1B2C3D4] * len(frames)
    assert table.expedited.all()


@pytest.mark.parametrize("octets", range(8))
def test_4_1_2_11_frame_count_of_0_to_7_octets(octets: int) -> None:
    """The count rolls over; where it has no octets, no loss is noticed by it."""
    first = max((1 << 8 * octets) - 3, 0)
    sent = [_packet(60, count) for count in range(12)]
    frames = encode_frames(sent, LAYOUT, spacecraft=1, channel=2, first_count=first, count_bytes=octets)
    packets, _, reader = _read(LAYOUT, encode_units(frames, LAYOUT).tobytes())
    account = reader.account().channels[1, 2]
    assert packets == sent
    assert (account.missing, account.rollovers) == (0, 1 if octets else 0)
    packets, _, reader = _read(LAYOUT, encode_units(np.delete(frames, 3, axis=0), LAYOUT).tobytes())
    assert reader.account().missing == (1 if octets else 0)
    assert set(packets) < set(sent)


def test_4_1_2_counts_of_expedited_and_controlled_frames_are_apart() -> None:
    controlled = encode_frames([_packet(180)], LAYOUT, spacecraft=1, channel=2, first_count=100)
    expedited = encode_frames([_packet(180, 1)], LAYOUT, spacecraft=1, channel=2, first_count=7, expedited=True)
    mixed = np.stack([controlled, expedited], axis=1).reshape(-1, 80)
    packets, _, reader = _read(LAYOUT, encode_units(mixed, LAYOUT).tobytes())
    assert sorted(packets) == sorted([_packet(180), _packet(180, 1)])
    assert reader.account().missing == reader.account().channels[1, 2].restarts == 0


def test_4_1_2_5_maps_of_one_channel_are_taken_apart() -> None:
    rows = [encode_frames([_packet(180, one)], LAYOUT, spacecraft=1, channel=2, map_id=one) for one in (0, 15)]
    mixed = np.stack(rows, axis=1).reshape(-1, 80)
    mixed[:, 9] = np.arange(len(mixed))
    mixed[:, -2:] = 0
    mixed[:, -2:] = remainders(mixed[:, :-2]).astype(">u2")[:, None].view(np.uint8)
    reader = FrameReader(LAYOUT)
    batches = reader.feed(encode_units(mixed, LAYOUT), final=True)
    assert [(one.map_id, list(one.packets())) for one in batches] == [(0, [_packet(180)]), (15, [_packet(180, 15)])]
    assert reader.account().missing == 0


def test_4_1_4_2_4_no_packet_starts() -> None:
    frames = encode_frames([_packet(200)], LAYOUT, spacecraft=1, channel=2)
    pointers = [int(high) << 8 | int(low) for high, low in frames[:, 11:13]]
    assert pointers == [0, 0xFFFF, 0xFFFF, 200 - 3 * 65]
    assert _read(LAYOUT, encode_units(frames, LAYOUT).tobytes())[0] == [_packet(200)]


@pytest.mark.parametrize("size", [1, 64, 65, 66, 130, 131, 400])
def test_4_1_4_2_2_rules_001_and_010_carry_data_units_across_frames(size: int) -> None:
    units = [bytes(index % 251 for index in range(size)), b"next"]
    frames = encode_data(units, LAYOUT, spacecraft=1, channel=2, map_id=3)
    rules = (frames[:, 10] >> 5).tolist()
    assert rules == [1] + [2] * (-(-size // 65) - 1) + [1]
    packets, data, reader = _read(LAYOUT, encode_units(frames, LAYOUT).tobytes())
    assert [unit for one in data for unit in one.units()] == units
    assert {(one.map_id, one.protocol) for one in data} == {(3, 5)}
    account = reader.account()
    assert (packets, account.data_bytes, account.idle_bytes) == ([], size + 4, 65 * len(frames) - size - 4)


def test_4_1_4_2_2_a_data_unit_that_lost_a_frame_is_given_up_with_its_ranges() -> None:
    units = [bytes(200), b"next"]
    frames = encode_data(units, LAYOUT, spacecraft=1, channel=2)
    _, data, reader = _read(LAYOUT, encode_units(np.delete(frames, 1, axis=0), LAYOUT).tobytes())
    assert [unit for one in data for unit in one.units()] == [b"next"]
    reasons = reader.account().channels[1, 2].rejected_by_reason
    assert reasons == {"data unit cut by lost frames": 65, "data unit whose beginning was lost": 65 + 5}
    assert reader.account().rejected[0] == (4 + 13, 84 - 2, "data unit cut by lost frames")


def test_4_1_4_1_10_channel_63_is_idle_and_holds_the_published_octets() -> None:
    """Annex H begins FF FF FF FF 6D B6 D8 61 45 1F 11 F1 97 16 72 3C BE 7E 00 B1."""
    idle = idle_frames(3, LAYOUT, spacecraft=1)
    assert idle[0, 13:33].tobytes().hex() == "ffffffff6db6d861451f11f19716723cbe7e00b1"
    assert idle[0, 10:13].tobytes().hex() == "3f0040"
    packets, data, reader = _read(LAYOUT, encode_units(idle, LAYOUT).tobytes())
    account = reader.account()
    assert (packets, data, account.idle_bytes) == ([], [], 3 * 65)
    assert account.channels[1, 63].idle_frames == 3


def test_annex_b_crc_of_32_bits() -> None:
    """The value of 80 00 00 04 00 is one that two other implementations of 211.2-B-3 annex C agree on."""
    assert crc32(bytes.fromhex("8000000400")) == 0xBCC004E7
    message = bytes(range(37))
    register = 0
    for octet in message:
        for bit in range(7, -1, -1):
            feedback = (register >> 31) ^ (octet >> bit & 1)
            register = (register << 1 & 0xFFFFFFFF) ^ (sum(1 << one for one in (23, 21, 11, 2, 0)) if feedback else 0)
    assert crc32(message) == register


def test_4_1_6_error_control_of_32_bits_covers_the_whole_frame() -> None:
    layout = FrameLayout("uslp", 80, error_control=True, error_control_bits=32)
    frames = encode_frames([_packet(100)], layout, spacecraft=1, channel=2)
    assert [crc32(frame) for frame in frames] == [0, 0]
    frames[0, 30] ^= 1
    packets, _, reader = _read(layout, encode_units(frames, layout).tobytes())
    assert (packets, reader.account().failed) == ([], {"frame error control": 1})


def test_a_length_that_contradicts_the_frame_is_refused() -> None:
    layout = FrameLayout("uslp", 80)
    frames = encode_frames([_packet(60)], layout, spacecraft=1, channel=2)
    frames[0, 5] ^= 1
    packets, _, reader = _read(layout, encode_units(frames, layout).tobytes())
    assert (packets, reader.account().failed) == ([], {"not such a frame": 1})


def test_what_a_header_cannot_hold_is_refused() -> None:
    for arguments in ({"spacecraft": 65536}, {"channel": 64}, {"map_id": 16}, {"count_bytes": 8}):
        with pytest.raises(SignalError):
            encode_frames([], LAYOUT, **({"spacecraft": 1, "channel": 0} | arguments))
    with pytest.raises(SignalError, match="32 bits"):
        FrameLayout("aos", 80, error_control=True, error_control_bits=32)
