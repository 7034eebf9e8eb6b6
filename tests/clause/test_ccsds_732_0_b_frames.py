"""CCSDS 732.0-B-4 clause 4.1: AOS transfer frames, by hand-made headers and what follows from them."""

from __future__ import annotations

from dataclasses import replace

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
LAYOUT = FrameLayout("aos", 80)


def _packet(length: int, count: int = 0) -> bytes:
    return bytes([8, 9, 0xC0, count]) + (length - 7).to_bytes(2, "big") + bytes(range(length - 6))


def _read(layout: FrameLayout, frames: Octets) -> tuple[list[bytes], FrameReader]:
    reader = FrameReader(layout)
    packets = [one for batch in reader.packets([encode_units(frames, layout)]) for one in batch.packets()]
    assert reader.account().is_balanced
    return packets, reader


def test_4_1_2_primary_header_fields() -> None:
    # 01 10011101 010000 | 963 07C | 0 1 00 0011 | 00000 00000000101
    frame = bytes([0b01100111, 0b01010000, 0x96, 0x30, 0x7C, 0b01000011, 0, 5]) + bytes(72)
    table = read_frames(np.frombuffer(frame, np.uint8)[None], LAYOUT)
    assert (table.version[0], table.spacecraft[0], table.channel[0]) == (1, 157, 16)
    assert (table.frame_count[0], table.modulo[0]) == (0x396307C, 1 << 28)
    assert (table.pointer[0], table.start[0], table.stop[0]) == (5, 8, 80)
    assert table.operational_control[0] == -1


def test_4_1_2_issue_5_has_two_bits_more_of_spacecraft() -> None:
    """Derived elsewhere from figures 4-1 and 4-2 of 732.0-B-5: 0x321, channel 5, count A0B0C0, replay, cycle 9."""
    frame = np.frombuffer(bytes.fromhex("4845a0b0c0f9aabb") + bytes(72), np.uint8)[None]
    new, old = (read_frames(frame, FrameLayout("aos", 80, spacecraft_bits=bits)) for bits in (10, 8))
    assert (new.spacecraft[0], old.spacecraft[0], new.channel[0]) == (0x321, 0x21, 5)
    assert (new.frame_count[0], new.modulo[0]) == (0x9A0B0C0, 1 << 28)
    layout = FrameLayout("aos", 80, spacecraft_bits=10)
    frames = encode_frames([_packet(20)], layout, spacecraft=0x321, channel=5, first_count=0xA0B0C0)
    assert frames[0, :6].tobytes().hex() == "4845a0b0c030"


def test_4_1_4_3_a_bitstream_is_given_out_up_to_its_pointer() -> None:
    """Derived elsewhere from figure 4-4: 2 reserved bits, 14 bits that point to the last valid bit."""
    layout = FrameLayout("aos", 80, bitstream_channels=frozenset({7}))
    octets = bytes(range(100))
    frames = encode_data([octets], layout, protocol=4, spacecraft=1, channel=7)
    assert [frame[6:8].tobytes().hex() for frame in frames] == ["3fff", f"{8 * 28 - 1:04x}"]
    reader = FrameReader(layout)
    handed = reader.feed_all(encode_units(frames, layout), final=True)
    assert b"".join(unit for one in handed.data for unit in one.units()) == octets
    account = reader.account()
    assert (account.data_bytes, account.idle_bytes, account.is_balanced) == (100, 44, True)


def test_3_5_a_channel_of_private_units_has_no_pointer() -> None:
    layout = FrameLayout("aos", 80, packet_channels=frozenset({1}))
    units = [bytes([count]) * 74 for count in range(3)]
    reader = FrameReader(layout)
    handed = reader.feed_all(encode_units(encode_data(units, layout, spacecraft=1, channel=2), layout), final=True)
    assert [unit for one in handed.data for unit in one.units()] == units
    assert reader.account().channels[1, 2].header_bytes == 3 * 6


def test_4_1_2_without_the_usage_flag_the_cycle_does_not_count() -> None:
    frame = bytes([0b01100111, 0b01010000, 0x96, 0x30, 0x7C, 0b00000011, 0, 5]) + bytes(72)
    table = read_frames(np.frombuffer(frame, np.uint8)[None], LAYOUT)
    assert (table.frame_count[0], table.modulo[0]) == (0x96307C, 1 << 24)


def test_4_1_encoder_writes_the_fields() -> None:
    layout = FrameLayout("aos", 80, insert_bytes=3, operational_control=True, error_control=True)
    frames = encode_frames(
        [_packet(100)],
        layout,
        spacecraft=157,
        channel=16,
        first_count=0x396307C,
        count_cycles=True,
        insert_zone=b"abc",
        operational_control=0xA1B2C3D4,
    )
    assert frames[0, :11].tobytes() == bytes([0b01100111, 0b01010000, 0x96, 0x30, 0x7C, 0x43]) + b"abc" + b"\0\0"
    assert frames[0, 74:78].tobytes().hex() == "a1b2c3d4"
    assert frames[1, 9:11].tobytes() == (100 - 63).to_bytes(2, "big")
    table = read_frames(frames, layout)
    assert table.operational_control.tolist() == [0xA1B2C3D4] * 2
    packets, _ = _read(layout, frames)
    assert packets == [_packet(100)]


def test_4_1_2_6_header_error_control_stands_before_the_insert_zone() -> None:
    layout = FrameLayout("aos", 80, header_error_control=True)
    assert layout.header_bytes == 10
    assert _read(layout, encode_frames([_packet(100)], layout, spacecraft=1, channel=2))[0] == [_packet(100)]


def test_4_1_2_3_channel_63_is_idle() -> None:
    idle = idle_frames(4, LAYOUT, spacecraft=157)
    packets, reader = _read(LAYOUT, idle)
    assert packets == []
    account = reader.account()
    assert (account.idle_bytes, account.framing_bytes, account.rejected_bytes) == (4 * 72, 4 * 12, 0)
    assert account.channels[157, 63].idle_frames == 4


@pytest.mark.parametrize("cycles", [False, True])
def test_4_1_2_4_gaps_across_the_rollover(cycles: bool) -> None:
    first = (1 << (28 if cycles else 24)) - 3
    sent = [_packet(60, count) for count in range(12)]
    frames = encode_frames(sent, LAYOUT, spacecraft=1, channel=2, first_count=first, count_cycles=cycles)
    packets, reader = _read(LAYOUT, np.delete(frames, 3, axis=0))
    assert reader.account().missing == 1
    assert packets == sent[:3] + sent[5:]


def test_uncorrectable_frames_are_lost_and_corrected_ones_are_not() -> None:
    layout = FrameLayout("aos", 892, reed_solomon=223, interleave=4, randomiser="long")
    sent = [_packet(200, count) for count in range(60)]
    units = encode_units(encode_frames(sent, layout, spacecraft=1, channel=2), layout)
    units[2, 4 : 4 + 64] ^= 0xFF
    units[5, 100:800] ^= 0x10
    reader = FrameReader(layout)
    packets = [one for batch in reader.packets([units]) for one in batch.packets()]
    account = reader.account()
    channel = account.channels[1, 2]
    assert account.failed["uncorrectable code word"] == 1
    assert (channel.corrected_frames, channel.corrected_symbols, channel.corrected_bits) == (1, 64, 512)
    assert (channel.missing, account.is_balanced) == (1, True)
    assert packets == [one for index, one in enumerate(sent) if 200 * (index + 1) <= 884 * 5 or 200 * index >= 884 * 6]


def test_an_encapsulation_packet_is_a_data_unit() -> None:
    """133.1-B-3 clause 4.1.2: version 111, protocol, length of length; one octet E0 is idle."""
    foreign = bytes([0b11101001, 12]) + bytes(10)
    sent = [_packet(30), foreign, b"\xe0" * 5, _packet(31, 1)]
    reader = FrameReader(LAYOUT)
    stream = encode_units(encode_frames(sent, LAYOUT, spacecraft=1, channel=2), LAYOUT)
    handed = reader.feed_all(stream, final=True)
    assert [one for batch in handed.packets for one in batch.packets()] == [sent[0], sent[3]]
    assert [(one.protocol, list(one.units())) for one in handed.data] == [(0, [foreign])]
    account = reader.account().channels[1, 2]
    assert (account.data_bytes, account.data_units, account.idle_packets) == (12, 1, 6)
    assert reader.account().is_balanced


def test_a_layout_that_lies_is_refused() -> None:
    with pytest.raises(SignalError, match="operational control"):
        encode_frames([], LAYOUT, spacecraft=1, channel=2, operational_control=5)
    with pytest.raises(SignalError, match="0 to 255"):
        encode_frames([], LAYOUT, spacecraft=256, channel=2)
    with pytest.raises(SignalError, match="insert zone"):
        encode_frames([], LAYOUT, spacecraft=1, channel=2, insert_zone=b"ab")
    with pytest.raises(SignalError, match="secondary header"):
        encode_frames([], LAYOUT, spacecraft=1, channel=2, secondary_header=b"ab")


def test_a_frame_that_could_not_be_corrected_passes_by_option_if_its_error_control_holds() -> None:
    """Too many wrong check symbols: the code word is lost, the frame is not."""
    layout = FrameLayout("aos", 223, reed_solomon=223, error_control=True)
    sent = [_packet(150, count) for count in range(10)]
    units = encode_units(encode_frames(sent, layout, spacecraft=1, channel=2), layout)
    units[2, 4 + 223 : 4 + 223 + 20] ^= 0x5A
    units[4, 20:60] ^= 0x5A
    for accept, failed in ((False, {"uncorrectable code word": 2}), (True, {"frame error control": 1})):
        chosen = replace(layout, accept_uncorrectable=accept)
        reader = FrameReader(chosen)
        reader.feed(units, final=True)
        account = reader.account()
        assert (account.failed, account.uncorrectable_words) == (failed, 2)
        assert (account.passed_uncorrectable, account.is_balanced) == (int(accept), True)
    with pytest.raises(SignalError, match="without error control"):
        replace(layout, error_control=False, accept_uncorrectable=True)
