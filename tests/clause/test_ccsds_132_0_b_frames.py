"""CCSDS 132.0-B-3 clause 4.1: TM transfer frames, by hand-made headers and what follows from them."""

from __future__ import annotations

import binascii

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames import (
    FrameLayout,
    FrameReader,
    encode_data,
    encode_frames,
    encode_units,
    idle_frames,
    read_frames,
)

Octets = NDArray[np.uint8]
LAYOUT = FrameLayout("tm", 64, error_control=True)


def _rows(*frames: bytes) -> Octets:
    return np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)


def _packet(length: int, apid: int = 5, count: int = 0) -> bytes:
    header = bytes([8 | apid >> 8, apid & 0xFF, 0xC0 | count >> 8, count & 0xFF]) + (length - 7).to_bytes(2, "big")
    return header + bytes(index % 251 for index in range(length - 6))


def _read(layout: FrameLayout, frames: Octets) -> tuple[list[bytes], FrameReader]:
    reader = FrameReader(layout)
    stream = encode_units(frames, layout).tobytes()
    packets = [one for batch in reader.packets([stream]) for one in batch.packets()]
    assert reader.account().is_balanced
    assert reader.account().pending_bytes == 0
    return packets, reader


def test_4_1_2_primary_header_fields() -> None:
    # 00 1010101011 110 1 | 7F | 81 | 1 0 0 11 00000010011
    header = bytes([0b00101010, 0b10111101, 0x7F, 0x81, 0b10011000, 0b00010011])
    frame = header + bytes([3, 1, 2, 3]) + bytes(48) + bytes.fromhex("01020304") + b"\0\0"
    table = read_frames(_rows(frame), LAYOUT)
    assert (table.version[0], table.spacecraft[0], table.channel[0]) == (0, 0b1010101011, 6)
    assert (table.frame_count[0], table.modulo[0], table.pointer[0]) == (0x81, 256, 19)
    assert (table.start[0], table.stop[0]) == (6 + 4, 64 - 2 - 4)
    assert table.operational_control[0] == 0x01020304


def test_4_1_encoder_writes_the_fields() -> None:
    frames = encode_frames(
        [_packet(60)],
        LAYOUT,
        spacecraft=0b1010101011,
        channel=6,
        first_count=0x81,
        master_count=0x7F,
        operational_control=0x01020304,
        secondary_header=b"\x01\x02\x03",
    )
    assert frames[0, :10].tobytes().hex() == "2abd7f819800" + "03010203"
    assert frames[0, 58:62].tobytes().hex() == "01020304"
    assert [int(status) & 7 for status in frames[:, 4]] == [0, 0]
    assert frames[1, 5] == 60 - 48


def test_4_1_6_error_control_covers_the_whole_frame() -> None:
    frames = encode_frames([_packet(100)], LAYOUT, spacecraft=1, channel=2)
    assert [binascii.crc_hqx(frame.tobytes(), 0xFFFF) for frame in frames] == [0, 0]
    frames[1, 20] ^= 1
    packets, reader = _read(LAYOUT, frames)
    assert packets == []
    assert reader.account().failed["frame error control"] == 1
    assert reader.account().rejected == (
        (10, 66, "packet unfinished at the end"),
        (68, 136, "frame error control"),
    )


def test_4_1_2_7_6_no_packet_starts() -> None:
    frames = encode_frames([_packet(200)], LAYOUT, spacecraft=1, channel=2)
    pointers = [(int(high) & 7) << 8 | int(low) for high, low in frames[:, 4:6]]
    assert pointers == [0, 0x7FF, 0x7FF, 200 - 3 * 56]
    assert _read(LAYOUT, frames)[0] == [_packet(200)]


def test_4_1_2_7_6_idle_frames_stand_between_the_halves_of_a_packet() -> None:
    frames = encode_frames([_packet(100)], LAYOUT, spacecraft=1, channel=2)
    idle = idle_frames(1, LAYOUT, spacecraft=1, channel=2, first_count=1)
    frames[1, 3] = 2
    last = frames[1:].copy()
    last[0, -2:] = np.frombuffer(binascii.crc_hqx(last[0, :-2].tobytes(), 0xFFFF).to_bytes(2, "big"), np.uint8)
    packets, reader = _read(LAYOUT, np.concatenate([frames[:1], idle, last]))
    assert packets == [_packet(100)]
    account = reader.account().channels[1, 2]
    assert (account.idle_frames, account.idle_packets, account.missing) == (1, 1, 0)
    assert account.idle_bytes == 56 + (2 * 56 - 100)


def test_4_1_2_6_gaps_are_counted_across_the_rollover() -> None:
    sent = [_packet(50, count=number) for number in range(400)]
    frames = encode_frames(sent, LAYOUT, spacecraft=1, channel=0, first_count=200)
    packets, reader = _read(LAYOUT, np.delete(frames, [50, 51, 52, 300], axis=0))
    account = reader.account().channels[1, 0]
    assert account.missing == 4
    assert [tuple(gap) for gap in account.gaps] == [(249, 253, 3), (243, 245, 1)]
    lost = {index for index in range(400) for frame in (50, 51, 52, 300) if _overlap(50 * index, 50, 56 * frame, 56)}
    assert packets == [packet for index, packet in enumerate(sent) if index not in lost]


def _overlap(start: int, length: int, other: int, width: int) -> bool:
    return start < other + width and other < start + length


def test_a_frame_that_comes_twice_counts_once() -> None:
    frames = encode_frames([_packet(300)], LAYOUT, spacecraft=1, channel=2)
    packets, reader = _read(LAYOUT, np.repeat(frames, 2, axis=0))
    account = reader.account().channels[1, 2]
    assert packets == [_packet(300)]
    assert (account.duplicates, account.duplicate_bytes, account.missing) == (6, 6 * 68, 0)


def test_an_old_frame_that_comes_again_does_not_disturb() -> None:
    sent = [_packet(50, count=number) for number in range(60)]
    frames = encode_frames(sent, LAYOUT, spacecraft=1, channel=2)
    packets, reader = _read(LAYOUT, np.concatenate([frames[:20], frames[10:15], frames[20:40], frames[25:]]))
    account = reader.account().channels[1, 2]
    assert packets == sent
    assert (account.duplicates, account.missing, account.restarts) == (5 + 15, 0, 0)


@pytest.mark.parametrize("block", [1, 100, 700, 100_000])
def test_old_frames_are_remembered_whatever_the_blocks(block: int) -> None:
    """Ten frames, then the first of them again: they are found among few in memory and few in the block."""
    frames = encode_frames([_packet(50, count=number) for number in range(40)], LAYOUT, spacecraft=1, channel=2)
    stream = encode_units(np.concatenate([frames[:10], frames[2:5], frames[10:]]), LAYOUT).tobytes()
    reader = FrameReader(LAYOUT)
    for start in range(0, len(stream), block):
        reader.feed(stream[start : start + block])
    reader.feed(b"", final=True)
    account = reader.account().channels[1, 2]
    assert (account.duplicates, account.restarts, account.missing) == (3, 0, 0)


def test_4_1_2_5_master_channel_counts_tell_of_losses_on_every_channel() -> None:
    frames = encode_frames([_packet(500)], LAYOUT, spacecraft=1, channel=2, master_count=250)
    _, reader = _read(LAYOUT, np.delete(frames, [2, 3, 7], axis=0))
    assert reader.account().master_missing == {1: 3}


def test_ecss_extended_count_in_the_secondary_header() -> None:
    """ECSS-E-ST-50-03C clause 5.3: the upper 24 bits of a count of 32; 300 lost frames are then no riddle."""
    layout = FrameLayout("tm", 64, error_control=True, extended_count=True)
    parts = []
    for upper in range(4):
        first = 256 * upper
        sent = [_packet(52, count=number % 256) for number in range(first, first + 256)]
        header = (upper + 0x010000 - 1).to_bytes(3, "big")
        parts.append(encode_frames(sent, layout, spacecraft=1, channel=2, secondary_header=header))
    frames = np.concatenate(parts)
    table = read_frames(frames, layout)
    assert table.frame_count[0] == 0x00FFFF00
    assert (np.diff(table.frame_count) == 1).all()
    _, reader = _read(layout, np.delete(frames, np.arange(100, 400), axis=0))
    assert reader.account().channels[1, 2].missing == 300


def test_4_1_4_6_idle_frames_hold_the_octets_of_annex_d() -> None:
    idle = idle_frames(1, LAYOUT, spacecraft=1, channel=2)
    assert idle[0, 6:26].tobytes().hex() == "ffffffff6db6d861451f11f19716723cbe7e00b1"
    assert idle[0, 4:6].tobytes().hex() == "1ffe"


def test_a_packet_whose_length_lies_costs_itself() -> None:
    sent = [_packet(50, count=number) for number in range(20)]
    spoilt = sent.copy()
    spoilt[8] = spoilt[8][:4] + b"\x7f\xff" + spoilt[8][6:]
    layout = FrameLayout("tm", 64)
    frames = encode_frames(sent, layout, spacecraft=1, channel=2)
    damaged = np.frombuffer(b"".join(spoilt), np.uint8)
    zone = 58
    for row in range(len(frames) - 1):
        frames[row, 6:] = damaged[zone * row : zone * (row + 1)]
    packets, reader = _read(layout, frames)
    assert set(packets) <= set(sent)
    assert len(packets) >= 18
    assert reader.account().channels[1, 2].rejected_by_reason["packet against the first header pointer"] > 0


def test_4_1_2_7_3_the_synchronisation_flag_marks_a_private_data_unit() -> None:
    layout = FrameLayout("tm", 64)
    units = [bytes(range(first, first + 58)) for first in (0, 60)]
    frames = encode_data(units, layout, spacecraft=1, channel=2)
    assert [int(status) & 0x40 for status in frames[:, 4]] == [0x40, 0x40]
    reader = FrameReader(layout)
    handed = reader.feed_all(encode_units(frames, layout), final=True)
    assert [unit for one in handed.data for unit in one.units()] == units
    assert (handed.packets, handed.data[0].protocol, reader.account().data_bytes) == ([], 5, 116)
    assert reader.account().is_balanced


def test_virtual_channels_are_taken_apart() -> None:
    layout = FrameLayout("tm", 64, packet_channels=frozenset({0, 1}))
    frames = [
        encode_frames([_packet(150, apid=10 + channel)], layout, spacecraft=1, channel=channel) for channel in range(3)
    ]
    packets, reader = _read(layout, np.stack(frames, axis=1).reshape(-1, 64))
    assert packets == [_packet(150, apid=10), _packet(150, apid=11)]
    assert {name: one.packets for name, one in reader.account().channels.items()} == {(1, 0): 1, (1, 1): 1, (1, 2): 0}


def test_another_version_is_no_tm_frame() -> None:
    layout = FrameLayout("tm", 64)
    frames = encode_frames([_packet(58)], layout, spacecraft=1, channel=2)
    frames[0, 0] |= 0x40
    packets, reader = _read(layout, frames)
    assert packets == []
    assert reader.account().rejected_by_reason["not such a frame"] == 68


def test_what_a_header_cannot_hold_is_refused() -> None:
    for arguments in ({"spacecraft": 1024, "channel": 0}, {"spacecraft": 1, "channel": 8}):
        with pytest.raises(SignalError):
            encode_frames([], LAYOUT, **arguments)
    for layout in ({"frame_bytes": 6}, {"frame_bytes": 70_000}, {"frame_bytes": 892, "reed_solomon": 200}):
        with pytest.raises(SignalError):
            FrameLayout("tm", **layout)  # type: ignore[arg-type]
