"""One damaged packet among checksummed ones costs itself: all others return, and nothing that is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telemus.packets import Account, ApidRule, Decoder, Walker, walk
from telemus.packets.ccsds import IDLE_APID, PacketTable, primary_headers
from telemus.packets.crc import TABLES, crc16, crc16_of_sums, seal_rows

RULES = {48: ApidRule(20, 20, True), 49: ApidRule(12, 60, True)}
FLAT, NOISE, COUNTING, SMALL = range(4)


def sealed(apid: int, count: int, size: int, filling: int = NOISE) -> bytes:
    """One packet of APID 48 or 49 with its checksum."""
    row = np.random.default_rng(count).integers(0, 256, (1, size), dtype=np.uint8)
    if filling == FLAT:
        row[:] = 0
    elif filling == COUNTING:
        row[:] = np.arange(size) % 2  # the octets 00 01 read as headers of APID 1 with 2 octets of data
    elif filling == SMALL:
        row[:, ::2], row[:, 1::2] = 7, 255  # 0x07FF is where an idle packet may begin
    row[:, :6] = primary_headers(apid, np.array([count]), size)
    seal_rows(row, TABLES)
    return row.tobytes()


def idle(count: int, size: int) -> bytes:
    """One idle packet, which has no checksum."""
    return primary_headers(IDLE_APID, np.array([count]), size, secondary_header=False).tobytes() + bytes(size - 6)


def flipped(octets: bytes, bits: list[int]) -> bytes:
    """Return the octets with these bits changed."""
    damaged = np.frombuffer(octets, np.uint8).copy()
    for bit in set(bits):
        damaged[bit // 8] ^= 0x80 >> (bit % 8)
    return damaged.tobytes()


def known(table: PacketTable) -> list[tuple[int, int]]:
    """Place and APID of the packets that the definition knows."""
    return [(int(at), int(apid)) for at, apid in zip(table.offset, table.apid, strict=True) if apid in RULES]


def check(packets: list[bytes], hit: int, bits: list[int]) -> PacketTable:
    """Damage packet ``hit``; insist on every other known packet, on idle packets, and on every byte."""
    damaged = [*packets[:hit], flipped(packets[hit], bits), *packets[hit + 1 :]]
    octets = b"".join(damaged)
    starts = np.cumsum([0, *map(len, packets)])[:-1].tolist()
    apids = [int.from_bytes(packet[:2], "big") & 2047 for packet in packets]
    wanted = [(at, apid) for row, (at, apid) in enumerate(zip(starts, apids, strict=True)) if row != hit]
    found = walk(octets, RULES)
    table = found.table
    assert known(table) == [(at, apid) for at, apid in wanted if apid in RULES]
    assert table.verified[np.isin(table.apid, list(RULES))].all()
    there = set(zip(table.offset.tolist(), table.apid.tolist(), table.length.tolist(), strict=True))
    ends = dict(zip(starts, [*starts[1:], len(octets)], strict=True))
    assert {(at, apid, ends[at] - at) for at, apid in wanted} <= there
    lost = found.rejected[:, 1] - found.rejected[:, 0]
    assert int(table.length.sum()) + int(lost.sum()) == found.consumed == len(octets)
    return table


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Sealed packets of two APIDs with idle packets between them."""
    packets: list[bytes] = []
    for count in range(draw(st.integers(3, 14))):
        kind = draw(st.sampled_from([48, 48, 49, 49, IDLE_APID]))
        size = 20 if kind == 48 else draw(st.integers(12, 60))
        filling = draw(st.sampled_from([FLAT, NOISE, COUNTING, SMALL]))
        packets.append(idle(count, size) if kind == IDLE_APID else sealed(kind, count, size, filling))
    return packets


@settings(max_examples=500, deadline=None)
@given(streams(), st.data())
def test_any_bits_of_any_sealed_packet(packets: list[bytes], data: st.DataObject) -> None:
    rows = [row for row, packet in enumerate(packets) if packet[0] & 7 != 7]
    if not rows:
        return
    hit = data.draw(st.sampled_from(rows))
    header = st.integers(0, 47)
    anywhere = st.integers(0, 8 * len(packets[hit]) - 1)
    bits = data.draw(st.lists(header | anywhere, min_size=1, max_size=5))
    check(packets, hit, bits)


def test_every_bit_of_a_short_packet() -> None:
    for filling in (FLAT, NOISE, COUNTING, SMALL):
        for neighbour in ([idle(9, 30)], []):
            before = [sealed(48, count, 20) for count in range(4)] + neighbour
            after = neighbour + [sealed(49, count, 33) for count in range(4)]
            packets = [*before, sealed(49, 7, 24, filling), *after]
            for bit in range(8 * 24):
                check(packets, len(before), [bit])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 65535), st.sampled_from([IDLE_APID, 5, 49]), st.integers(0, 40))
@example(52229 - 6, IDLE_APID, 3)
def test_any_header_in_place_of_a_sealed_one(field: int, apid: int, place: int) -> None:
    """A false header of any length, at the front of a damaged packet or inside it, swallows no good packet."""
    packets = [sealed(49, count, 60) for count in range(1200)]
    false = primary_headers(apid, np.array([1]), field + 7).tobytes()
    broken = bytearray(packets[5])
    broken[10] ^= 1
    broken[place : place + 6] = false
    octets = b"".join([*packets[:5], bytes(broken), *packets[6:]])
    assert [at for at, _ in known(walk(octets, RULES).table)] == [60 * row for row in range(1200) if row != 5]


def test_idle_packets_of_a_clean_stream() -> None:
    """One alone, many in a row, at the front, at the end: all are idle, verified, and nothing is rejected."""
    packets = [idle(0, 7), *[sealed(48, count, 20) for count in range(3)]]
    packets += [idle(count, 7 + count) for count in range(300)]
    packets += [*[sealed(49, count, 40) for count in range(3)], idle(300, 5000)]
    found = walk(b"".join(packets), RULES)
    assert found.table.length.tolist() == [len(packet) for packet in packets]
    assert found.table.verified.all()
    assert len(found.rejected) == 0
    assert int((found.table.apid == IDLE_APID).sum()) == 302


def test_a_stream_that_the_definition_does_not_know() -> None:
    packets = [primary_headers(77, np.array([count]), 300).tobytes() + bytes(294) for count in range(500)]
    found = walk(b"".join(packets), RULES)
    assert found.table.size == 500
    assert len(found.rejected) == 0


@settings(max_examples=150, deadline=None)
@given(streams(), st.integers(0, 400), st.integers(1, 90))
def test_where_blocks_end_does_not_matter(packets: list[bytes], bit: int, step: int) -> None:
    octets = b"".join(packets)
    octets = flipped(octets, [bit % (8 * len(octets))])
    whole = walk(octets, RULES)
    walker, position, places = Walker(RULES), 0, []
    for stop in [*range(step, len(octets), step), len(octets)]:
        part = walker.walk(octets[position:stop], final=stop == len(octets))
        places += (part.table.offset + position).tolist()
        position += part.consumed
    assert places == whole.table.offset.tolist()
    assert position == len(octets)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_checksum_of_running_registers(octets: bytes, one: int, other: int) -> None:
    start, stop = sorted((one % (len(octets) + 1), other % (len(octets) + 1)))
    before, after = crc16(octets[:start]), crc16(octets[:stop])
    assert crc16_of_sums.py_func(before, after, stop - start, TABLES) == crc16(octets[start:stop])


def test_account_of_a_false_idle_packet() -> None:
    """The definition of the reference recorder of the unit tests: its account balances whatever the header claims."""
    definition = Path(__file__).parents[2] / "unit" / "packets" / "recorder.xml"
    octets = b"".join(sealed(49, count, 214) for count in range(400))
    broken = bytearray(octets)
    broken[5 * 214 + 50] ^= 1
    broken[5 * 214 + 100 : 5 * 214 + 106] = primary_headers(IDLE_APID, np.array([1]), 52_230).tobytes()
    decoder = Decoder(definition)
    decoder.feed(bytes(broken))
    account: Account = decoder.finish().account
    assert account.is_balanced
    assert (account.idle_bytes, account.rejected_by_reason) == (0, {"checksum": 214})
    assert account.apids[49].packets == 399
