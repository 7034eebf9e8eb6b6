"""What must hold for any frames: round trips, blocks that do not matter, losses that cost what they touch."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from telemus.packets.frames import FrameLayout, FrameReader, encode_frames, encode_units

Octets = NDArray[np.uint8]


@st.composite
def layouts(draw: st.DrawFn) -> FrameLayout:
    kind = draw(st.sampled_from(["tm", "aos"]))
    code = draw(st.sampled_from([None, 223, 239]))
    depth = draw(st.sampled_from([1, 2, 3, 4, 5, 8])) if code else 1
    words = draw(st.integers(40 // depth + 1, code)) if code else draw(st.integers(40, 600))
    return FrameLayout(
        kind,  # type: ignore[arg-type]
        depth * words,
        randomiser=draw(st.sampled_from([None, "short", "long"])),
        reed_solomon=code,
        interleave=depth,
        dual_basis=draw(st.booleans()),
        error_control=draw(st.booleans()),
        insert_bytes=draw(st.integers(0, 4)) if kind == "aos" else 0,
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
        if layout.operational_control or (layout.kind == "tm" and draw(st.booleans())):
            options["operational_control"] = draw(st.integers(0, 2**32 - 1))
        if layout.kind == "tm":
            options["secondary_header"] = draw(st.binary(max_size=8))
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
    assert reader.account().is_balanced
    assert reader.account().pending_bytes == 0
    return found, reader


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
    if layout.reed_solomon == 223:
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
    stream = stream[: len(stream) // 2] + stream[len(stream) // 2 + cut :]
    first, reader = _read(layout, stream, small)
    second, other = _read(layout, stream, large)
    assert first == second
    assert reader.account() == other.account()
