"""Frames of Suomi-NPP as received, against the counts that their source states: packets, bytes, APIDs, the gap."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from telemus.packets.frames import FrameLayout, FrameReader

LAYOUT = FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4)


@pytest.mark.parametrize("block", [66_560, 7, 1000, 10_007])
def test_65_units_give_12_packets_and_one_gap(shared_data: Path, block: int) -> None:
    stream = (shared_data / "packets" / "snpp_cadus" / "snpp_synchronized_cadus.dat").read_bytes()
    blocks = [stream[start : start + block] for start in range(0, len(stream), block)]
    reader = FrameReader(LAYOUT)
    packets = [one for batch in reader.packets(blocks) for one in batch.packets()]
    apids = Counter((one[0] & 7) << 8 | one[1] for one in packets)
    account = reader.account()
    assert (len(packets), sum(map(len, packets)), apids) == (12, 53_098, {802: 1, 803: 11})
    assert list(account.channels) == [(157, 16)]
    assert (account.frames, account.missing, len(account.channels[157, 16].gaps)) == (65, 1, 1)
    assert (account.packet_bytes, account.framing_bytes, account.corrected_bits) == (53_098, 65 * 140, 0)
    assert account.is_balanced
    assert json.loads(json.dumps(account.to_dict()))["bytes"]["received"] == 66_560


def test_two_virtual_channels(shared_data: Path) -> None:
    stream = (shared_data / "packets" / "snpp_cadus" / "snpp_7cadus_2vcids.dat").read_bytes()
    reader = FrameReader(LAYOUT)
    packets = [one for batch in reader.packets([stream]) for one in batch.packets()]
    account = reader.account()
    assert {name: one.frames for name, one in account.channels.items()} == {(157, 6): 4, (157, 16): 3}
    assert [len(one) for one in packets] == [1862]
    assert account.is_balanced


def test_received_frames_with_errors_are_corrected(shared_data: Path) -> None:
    stream = bytearray((shared_data / "packets" / "snpp_cadus" / "snpp_synchronized_cadus.dat").read_bytes())
    for unit in range(65):
        for place in range(64):
            stream[1024 * unit + 4 + (7 * unit + place) % 1020] ^= 0x5A
    reader = FrameReader(LAYOUT)
    packets = [one for batch in reader.packets([stream]) for one in batch.packets()]
    assert (len(packets), sum(map(len, packets))) == (12, 53_098)
    assert reader.account().corrected_bits == 65 * 64 * 4
