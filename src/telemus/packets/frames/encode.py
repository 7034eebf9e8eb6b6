"""Build transfer frames from packets and channel access data units from frames: the flight side of ``reader``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.ccsds import IDLE_APID, MIN_PACKET_BYTES, PRIMARY_HEADER_BYTES, primary_headers
from telemus.packets.frames import aos, tm
from telemus.packets.frames.frame_layout import AOS_POINTER_BYTES, TM_HEADER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import NO_PACKET_STARTS, ONLY_IDLE
from telemus.packets.frames.randomiser import pseudo_random_octets, randomise

IDLE_OCTET = 0x55
"""What idle packets hold; the standard leaves it to the mission."""

Octets = NDArray[np.uint8]


def idle_packet(packet_bytes: int) -> bytes:
    """Return an idle packet (133.0-B-2 clause 4.1.3.3.4.4) of at least 7 bytes.

    >>> idle_packet(7).hex()
    '07ffc000000055'
    """
    header = primary_headers(IDLE_APID, np.array([0]), packet_bytes, secondary_header=False)
    return header.tobytes() + bytes([IDLE_OCTET]) * (packet_bytes - PRIMARY_HEADER_BYTES)


def encode_frames(
    packets: Sequence[bytes],
    layout: FrameLayout,
    *,
    spacecraft: int,
    channel: int,
    first_count: int = 0,
    master_count: int = 0,
    operational_control: int | None = None,
    secondary_header: bytes = b"",
    insert_zone: bytes = b"",
    count_cycles: bool = False,
) -> Octets:
    """Return the frames (n, frame bytes) of one virtual channel that carry ``packets``.

    An idle packet fills the last one. ``operational_control`` is 4 bytes as a number, the same in all frames;
    ``secondary_header`` (TM) what follows its first octet, at most 63 bytes; ``insert_zone`` (AOS) as many bytes as
    the layout says; ``count_cycles`` (AOS) uses the cycle of 28 bits. Raises SignalError for what a header cannot
    hold.

    >>> encode_frames([bytes(300)], FrameLayout("tm", 256), spacecraft=1, channel=0).shape
    (2, 256)
    """
    _check(layout, spacecraft, channel, secondary_header, insert_zone, operational_control)
    secondary_bytes = len(secondary_header) + 1 if secondary_header else 0
    start = layout.header_bytes + secondary_bytes
    zone = layout.frame_bytes - start - layout.trailer_bytes(operational_control is not None)
    if zone < MIN_PACKET_BYTES:
        raise SignalError(f"frames: got {layout.frame_bytes} bytes, which leave {zone} for packets, wanted 7 at least")
    filled = [*packets, *_fill(sum(map(len, packets)), zone)]
    data = np.frombuffer(b"".join(filled), np.uint8).reshape(-1, zone)
    rows = np.zeros((len(data), layout.frame_bytes), np.uint8)
    rows[:, start : start + zone] = data
    pointers = _pointers(np.array([len(one) for one in filled], np.int64), zone, len(data))
    if layout.kind == "tm":
        tm.write_tm(
            rows,
            pointers,
            spacecraft=spacecraft,
            channel=channel,
            first_count=first_count,
            master_count=master_count,
            operational_control=operational_control is not None,
            secondary_bytes=secondary_bytes,
        )
        rows[:, TM_HEADER_BYTES + 1 : start] = np.frombuffer(secondary_header, np.uint8)
    else:
        names = {"spacecraft": spacecraft, "channel": channel, "first_count": first_count}
        aos.write_aos(rows, pointers, layout, **names, count_cycles=count_cycles)
        insert = start - AOS_POINTER_BYTES - layout.insert_bytes
        rows[:, insert : insert + layout.insert_bytes] = np.frombuffer(
            insert_zone or bytes(layout.insert_bytes), np.uint8
        )
    _finish(rows, layout, operational_control)
    return rows


def idle_frames(
    count: int,
    layout: FrameLayout,
    *,
    spacecraft: int,
    channel: int = aos.IDLE_CHANNEL,
    first_count: int = 0,
    operational_control: int | None = None,
) -> Octets:
    """Return frames (n, frame bytes) of only idle data: 132.0-B-3 clause 4.1.4.6, 732.0-B-4 clause 4.1.4.1.5.

    An AOS frame of idle data goes on channel 63, a TM frame on any.
    """
    _check(layout, spacecraft, channel, b"", b"", operational_control)
    rows = np.zeros((count, layout.frame_bytes), np.uint8)
    start = layout.header_bytes
    rows[:, start:] = pseudo_random_octets("long", layout.frame_bytes - start)
    pointers = np.full(count, ONLY_IDLE, np.int64)
    if layout.kind == "tm":
        has_control = operational_control is not None
        names = {"spacecraft": spacecraft, "channel": channel, "first_count": first_count}
        tm.write_tm(rows, pointers, **names, operational_control=has_control)
    else:
        aos.write_aos(rows, pointers, layout, spacecraft=spacecraft, channel=channel, first_count=first_count)
    _finish(rows, layout, operational_control)
    return rows


def encode_units(frames: Octets, layout: FrameLayout) -> Octets:
    """Return channel access data units (n, bytes): marker, then frame and check symbols, randomised."""
    if frames.ndim != 2 or frames.shape[1] != layout.frame_bytes:
        raise SignalError(f"frames: got {frames.shape}, wanted (n, {layout.frame_bytes})")
    blocks = layout.code.encode(frames) if layout.code else frames
    if layout.randomiser is not None:
        blocks = randomise(blocks, layout.randomiser)
    marker = np.broadcast_to(np.frombuffer(layout.marker, np.uint8), (len(blocks), len(layout.marker)))
    return np.concatenate([marker, blocks], axis=1)


def _fill(used: int, zone: int) -> list[bytes]:
    """Return the idle packet that fills the last zone."""
    left = -used % zone
    if left == 0:
        return []
    return [idle_packet(left if left >= MIN_PACKET_BYTES else left + zone)]


def _pointers(lengths: NDArray[np.int64], zone: int, count: int) -> NDArray[np.int64]:
    """Return where the first packet begins in each zone (n,)."""
    starts = np.cumsum(lengths) - lengths
    borders = zone * np.arange(count)
    first = np.searchsorted(starts, borders)
    inside = np.append(starts, zone * count)[first] - borders
    return np.where(inside < zone, inside, NO_PACKET_STARTS)


def _finish(rows: Octets, layout: FrameLayout, operational_control: int | None) -> None:
    """Write operational control field and frame error control."""
    stop = layout.frame_bytes - layout.trailer_bytes(False)
    if operational_control is not None:
        rows[:, stop - 4 : stop] = np.frombuffer(operational_control.to_bytes(4, "big"), np.uint8)
    if layout.error_control:
        from telemus.packets.frames.error_control import seal

        seal(rows)


def _check(
    layout: FrameLayout,
    spacecraft: int,
    channel: int,
    secondary_header: bytes,
    insert_zone: bytes,
    operational_control: int | None,
) -> None:
    crafts, channels = (tm.SPACECRAFT, tm.CHANNELS) if layout.kind == "tm" else (aos.SPACECRAFT, aos.CHANNELS)
    if not 0 <= spacecraft < crafts or not 0 <= channel < channels:
        raise SignalError(
            f"frames: got spacecraft {spacecraft} and channel {channel}, "
            f"wanted 0 to {crafts - 1} and 0 to {channels - 1}"
        )
    if len(secondary_header) > 63 or (secondary_header and layout.kind != "tm"):
        raise SignalError(
            f"frames: got a secondary header of {len(secondary_header)} bytes, wanted at most 63, in TM only"
        )
    if insert_zone and len(insert_zone) != layout.insert_bytes:
        raise SignalError(f"frames: got an insert zone of {len(insert_zone)} bytes, wanted {layout.insert_bytes}")
    if layout.kind == "aos" and (operational_control is not None) != layout.operational_control:
        raise SignalError(
            "frames: got an operational control field that the AOS layout does not say, or none that it says"
        )
    if operational_control is not None and not 0 <= operational_control < 1 << 32:
        raise SignalError(f"frames: got operational control {operational_control}, wanted 32 bits")
