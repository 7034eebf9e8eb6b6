"""CCSDS 133.0-B-2 clause 4.1.3.4.2: segmented packets are grouped; a broken group is kept and flagged."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import PacketGroup, PacketGrouper

CONTINUATION, FIRST, LAST, ALONE = range(4)


def _packet(flags: int, count: int, data: bytes, apid: int = 5, secondary: bool = False) -> bytes:
    word = (secondary << 11 | apid).to_bytes(2, "big") + (flags << 14 | count).to_bytes(2, "big")
    return word + (len(data) - 1).to_bytes(2, "big") + data


def _all(*packets: bytes, header: int = 0) -> list[PacketGroup]:
    grouper = PacketGrouper(secondary_header_bytes=header)
    return grouper.add(packets) + grouper.finish()


def test_4_1_3_4_2_2_a_group_across_the_rollover_of_the_count() -> None:
    groups = _all(_packet(FIRST, 16382, b"ab"), _packet(CONTINUATION, 16383, b"cd"), _packet(LAST, 0, b"e"))
    assert groups == [PacketGroup(5, 16382, 0, 3, b"abcde", True)]


def test_unsegmented_packets_are_groups_of_their_own() -> None:
    assert _all(_packet(ALONE, 1, b"x"), _packet(ALONE, 9, b"y")) == [
        PacketGroup(5, 1, 1, 1, b"x", True),
        PacketGroup(5, 9, 9, 1, b"y", True),
    ]


def test_a_missing_segment_breaks_the_group_and_nothing_is_thrown_away() -> None:
    packets = [
        _packet(FIRST, 0, b"a"),
        _packet(CONTINUATION, 1, b"b"),
        _packet(CONTINUATION, 2, b"c"),
        _packet(LAST, 3, b"d"),
    ]
    expected = {
        0: [(b"bcd", False)],
        1: [(b"a", False), (b"cd", False)],
        2: [(b"ab", False), (b"d", False)],
        3: [(b"abc", False)],
    }
    for lost, wanted in expected.items():
        groups = _all(*(packet for place, packet in enumerate(packets) if place != lost))
        assert [(group.octets, group.complete) for group in groups] == wanted


def test_a_group_without_its_end_does_not_swallow_the_next() -> None:
    flags = (FIRST, FIRST, LAST, FIRST, ALONE)
    groups = _all(*(_packet(flag, count, b"abcde"[count : count + 1]) for count, flag in enumerate(flags)))
    assert [(group.octets, group.complete) for group in groups] == [
        (b"a", False),
        (b"bc", True),
        (b"d", False),
        (b"e", True),
    ]


def test_groups_of_different_apids_overlap() -> None:
    first = [_packet(FIRST, 0, b"a", apid=5), _packet(FIRST, 7, b"x", apid=6)]
    last = [_packet(LAST, 1, b"b", apid=5), _packet(LAST, 8, b"y", apid=6)]
    groups = _all(*first, *last)
    assert [(group.apid, group.octets, group.complete) for group in groups] == [(5, b"ab", True), (6, b"xy", True)]


def test_secondary_headers_are_taken_off() -> None:
    groups = _all(_packet(FIRST, 0, b"HHa", secondary=True), _packet(LAST, 1, b"b"), header=2)
    assert groups[0].octets == b"ab"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.integers(1, 7), st.data())
def test_every_octet_is_in_one_group_and_complete_ones_are_right(
    sent: list[bytes], size: int, data: st.DataObject
) -> None:
    packets: list[bytes] = []
    for octets in sent:
        parts = [octets[at : at + size] for at in range(0, len(octets), size)]
        flags = [ALONE] if len(parts) == 1 else [FIRST, *[CONTINUATION] * (len(parts) - 2), LAST]
        for flag, part in zip(flags, parts, strict=True):
            packets.append(_packet(flag, len(packets), part))
    lost = data.draw(st.sets(st.integers(0, max(len(packets) - 1, 0)), max_size=3))
    kept = [packet for place, packet in enumerate(packets) if place not in lost]
    groups = _all(*kept)
    assert b"".join(group.octets for group in groups) == b"".join(packet[6:] for packet in kept)
    assert all(group.octets in sent for group in groups if group.complete)
    if not lost:
        assert [group.octets for group in groups] == sent
