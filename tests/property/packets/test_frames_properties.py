"""What must hold for any frames: round trips, blocks that do not matter, losses that cost what they touch."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from telemus.packets.frames import (
    FrameAccount,
    FrameLayout,
    FrameReader,
    PassMerger,
    encode_frames,
    encode_stream,
    encode_units,
    encode_variable,
)

Octets = NDArray[np.uint8]


@st.composite
def layouts(draw: st.DrawFn) -> FrameLayout:
    kind = draw(st.sampled_from(["tm", "aos", "uslp"]))
    error_control = draw(st.booleans())
    code = draw(st.sampled_from([None, 223, 239]))
    depth = draw(st.sampled_from([1, 2, 3, 4, 5, 8])) if code else 1
    words = draw(st.integers(50 // depth + 1, code)) if code else draw(st.integers(50, 600))
    return FrameLayout(
        kind,  # type: ignore[arg-type]
        depth * words,
        randomiser=draw(st.sampled_from([None, "short", "long"])),
        reed_solomon=code,
        interleave=depth,
        dual_basis=draw(st.booleans()),
        error_control=error_control,
        error_control_bits=draw(st.sampled_from([16, 32])) if kind == "uslp" else 16,
        accept_uncorrectable=error_control and draw(st.booleans()),
        spacecraft_bits=draw(st.sampled_from([8, 10])) if kind == "aos" else 8,
        insert_bytes=draw(st.integers(0, 4)) if kind != "tm" else 0,
        header_error_control=draw(st.booleans()) if kind == "aos" else False,
        operational_control=draw(st.booleans()) if kind == "aos" else False,
    )


def _packets(draw: st.DrawFn, channel: int) -> list[bytes]:
    lengths = draw(st.lists(st.integers(7, 900), max_size=30))
    noise = np.random.default_rng(draw(st.integers(0, 1000)))
    head = bytes([8, 16 + channel, 0xC0, 0])
    return [head + (one - 7).to_bytes(2, "big") + noise.bytes(one - 6) for one in lengths]


@st.composite
def missions(draw: st.DrawFn) -> tuple[FrameLayout, dict[int, list[bytes]], Octets]:
    layout = draw(layouts())
    sent, parts = {}, []
    for channel in range(draw(st.integers(1, 3))):
        sent[channel] = _packets(draw, channel)
        options: dict[str, Any] = {"first_count": draw(st.integers(0, 300))}
        if layout.operational_control or (layout.kind != "aos" and draw(st.booleans())):
            options["operational_control"] = draw(st.integers(0, 2**32 - 1))
        if layout.kind == "tm":
            options["secondary_header"] = draw(st.binary(max_size=8))
        if layout.kind == "uslp":
            options["count_bytes"] = draw(st.integers(2, 7))
            options["map_id"] = draw(st.integers(0, 15))
        frames = encode_frames(sent[channel], layout, spacecraft=9, channel=channel, **options)
        parts += [(index, channel, frame) for index, frame in enumerate(frames)]
    rows = [frame for _, _, frame in sorted(parts, key=lambda part: part[:2])]
    stacked = np.stack(rows) if rows else np.empty((0, layout.frame_bytes), np.uint8)
    return layout, sent, encode_units(stacked, layout)


def _read(layout: FrameLayout, stream: bytes, block: int) -> tuple[dict[int, list[bytes]], FrameReader]:
    reader = FrameReader(layout)
    found: dict[int, list[bytes]] = {}
    for batch in reader.packets(stream[start : start + block] for start in range(0, len(stream), block)):
        found.setdefault(batch.channel, []).extend(batch.packets())
    _check(reader.account(), len(stream))
    return found, reader


def _check(account: FrameAccount, received: int) -> None:
    """Every byte of the stream is in one class, and every rejected one in one range."""
    assert account.is_balanced
    assert (account.received_bytes, account.pending_bytes) == (received, 0)
    assert all(one.start < one.stop for one in account.rejected)
    assert all(one.stop <= other.start for one, other in pairwise(account.rejected))
    assert not account.rejected or account.rejected[-1].stop <= received
    assert sum(one.stop - one.start for one in account.rejected) == account.rejected_bytes
    by_reason = Counter(account.rejected_by_reason)
    for channel in account.channels.values():
        by_reason.update(channel.rejected_by_reason)
    listed: Counter[str] = Counter()
    for one in account.rejected:
        listed[one.reason] += one.stop - one.start
    assert listed == by_reason
    for channel in account.channels.values():
        framing = channel.marker_bytes + channel.header_bytes + channel.trailer_bytes + channel.parity_bytes
        rest = channel.data_bytes + channel.idle_bytes + channel.duplicate_bytes
        assert channel.packet_bytes + framing + rest + channel.rejected_bytes == channel.received_bytes
    assert json.loads(json.dumps(account.to_dict()))["bytes"]["received"] == received


@settings(deadline=None, max_examples=60)
@given(missions(), st.integers(100, 20_000))
def test_packets_come_back(mission: tuple[FrameLayout, dict[int, list[bytes]], Octets], block: int) -> None:
    layout, sent, units = mission
    found, reader = _read(layout, units.tobytes(), block)
    assert found == {channel: packets for channel, packets in sent.items() if packets}
    account = reader.account()
    assert account.rejected_bytes == account.duplicate_bytes == account.missing == account.corrected_bits == 0
    assert (
        account.framing_bytes + account.idle_bytes + sum(len(one) for packets in sent.values() for one in packets)
        == units.size
    )


@settings(deadline=None, max_examples=60)
@given(missions(), st.data())
def test_lost_frames_cost_the_packets_they_touch(
    mission: tuple[FrameLayout, dict[int, list[bytes]], Octets], data: st.DataObject
) -> None:
    layout, sent, units = mission
    lost = data.draw(st.sets(st.integers(0, max(len(units) - 1, 0)), max_size=5))
    found, _ = _read(layout, np.delete(units, [one for one in lost if one < len(units)], axis=0).tobytes(), 5000)
    for channel, packets in found.items():
        remaining = iter(sent[channel])
        assert all(packet in remaining for packet in packets), "a packet that was not sent, or out of order"
    if not lost:
        assert sum(map(len, found.values())) == sum(map(len, sent.values()))


@settings(deadline=None, max_examples=60)
@given(missions(), st.data())
def test_damage_gives_no_wrong_packet_where_frames_are_protected(
    mission: tuple[FrameLayout, dict[int, list[bytes]], Octets], data: st.DataObject
) -> None:
    layout, sent, units = mission
    stream = bytearray(units.tobytes())
    for _ in range(data.draw(st.integers(0, 10)) if stream else 0):
        place = data.draw(st.integers(0, len(stream) - 1))
        how = data.draw(st.sampled_from(["flip", "insert", "delete"]))
        if how == "flip":
            stream[place] ^= data.draw(st.integers(1, 255))
        elif how == "insert":
            stream[place:place] = data.draw(st.binary(min_size=1, max_size=9))
        else:
            del stream[place : place + data.draw(st.integers(1, 9))]
        if not stream:
            break
    found, _ = _read(layout, bytes(stream), 3000)
    sure = layout.reed_solomon == 223 and not layout.accept_uncorrectable
    if sure or (layout.error_control and layout.error_control_bits == 32):
        assert all(packet in sent[channel] for channel, packets in found.items() for packet in packets)


@settings(deadline=None, max_examples=60)
@given(layouts(), st.binary(max_size=5000), st.integers(50, 3000))
def test_any_bytes_are_accounted_for(layout: FrameLayout, stream: bytes, block: int) -> None:
    _, reader = _read(layout, stream, block)
    assert reader.account().received_bytes == len(stream)


@settings(deadline=None, max_examples=30)
@given(missions(), st.integers(1, 700), st.integers(701, 9000), st.integers(0, 50))
def test_blocks_do_not_matter(
    mission: tuple[FrameLayout, dict[int, list[bytes]], Octets], small: int, large: int, cut: int
) -> None:
    layout, _, units = mission
    stream = units.tobytes()
    turned = bytes(octet ^ 0xFF for octet in stream[len(stream) // 2 + cut :])
    stream = stream[: len(stream) // 2] + (turned if cut % 2 else stream[len(stream) // 2 + cut :])
    first, reader = _read(layout, stream, small)
    second, other = _read(layout, stream, large)
    assert first == second
    assert reader.account() == other.account()


@settings(deadline=None, max_examples=40)
@given(missions(), st.data())
def test_frames_in_any_copies_are_merged_to_what_was_sent(
    mission: tuple[FrameLayout, dict[int, list[bytes]], Octets], data: st.DataObject
) -> None:
    """What at least one of two passes has comes back; bytes are accounted for over both.

    The first frame of each channel is in both: counts of 8 bits alone do not say how two passes lie.
    """
    layout, sent, units = mission
    lost = data.draw(st.lists(st.integers(3, max(len(units) - 1, 3)), max_size=20, unique=True))
    cut = data.draw(st.integers(0, len(lost)))
    passes = [np.delete(units, [one for one in part if one < len(units)], axis=0) for part in (lost[:cut], lost[cut:])]
    merger = PassMerger([one.tobytes() for one in passes], layout)
    found: dict[int, list[bytes]] = {}
    for batch in merger.packets():
        found.setdefault(batch.channel, []).extend(batch.packets())
    _check(merger.account(), sum(one.size for one in passes))
    assert found == {channel: packets for channel, packets in sent.items() if packets}


@st.composite
def streams(draw: st.DrawFn) -> tuple[FrameLayout, list[bytes], bytes]:
    """Frames of variable length: packets, some in segments."""
    layout = FrameLayout(
        "uslp",
        draw(st.integers(40, 400)),
        marker=draw(st.sampled_from([b"", b"\x1a\xcf\xfc\x1d"])),
        randomiser=draw(st.sampled_from([None, "short"])),
        error_control=True,
        error_control_bits=draw(st.sampled_from([16, 32])),
        variable_length=True,
        insert_bytes=draw(st.integers(0, 3)),
    )
    packets = _packets(draw, 1)
    frames = encode_variable(packets, layout, protocol=0, spacecraft=9, channel=1, count_bytes=draw(st.integers(1, 7)))
    return layout, packets, encode_stream(frames, layout)


@settings(deadline=None, max_examples=40)
@given(streams(), st.integers(1, 3000), st.data())
def test_frames_of_variable_length_come_back_and_damage_gives_no_wrong_packet(
    mission: tuple[FrameLayout, list[bytes], bytes], block: int, data: st.DataObject
) -> None:
    layout, sent, stream = mission
    found, reader = _read(layout, stream, block)
    assert found.get(1, []) == sent
    damaged = bytearray(stream)
    for _ in range(data.draw(st.integers(1, 5)) if stream else 0):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not damaged:
            break
    first, reader = _read(layout, bytes(damaged), block)
    second, other = _read(layout, bytes(damaged), 1000)
    assert (first, reader.account()) == (second, other.account())
    if layout.error_control_bits == 32:
        assert all(packet in sent for packets in first.values() for packet in packets)
