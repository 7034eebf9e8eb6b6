"""Build transfer frames from packets and channel access data units from frames: the flight side of ``reader``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.ccsds import IDLE_APID, MIN_PACKET_BYTES, PRIMARY_HEADER_BYTES, primary_headers
from telemus.packets.frames import aos, tm, uslp
from telemus.packets.frames.frame_layout import AOS_POINTER_BYTES, TM_HEADER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import (
    IDLE,
    NO_PACKET_STARTS,
    ONLY_IDLE,
    PACKETS,
    PRIVATE,
    REST_OF_UNIT,
    SPANNING,
    START_OF_UNIT,
)
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


@dataclass(frozen=True)
class Sender:
    """What the headers of one virtual channel's frames say.

    ``operational_control`` is 4 bytes as a number, the same in all frames; ``secondary_header`` (TM) what follows its
    first octet, at most 63 bytes; ``insert_zone`` (AOS, USLP) as many bytes as the layout says; ``count_cycles`` (AOS)
    uses the cycle of 28 bits; ``map_id``, ``count_bytes`` and ``expedited`` are of USLP.
    """

    spacecraft: int
    channel: int
    first_count: int = 0
    master_count: int = 0
    operational_control: int | None = None
    secondary_header: bytes = b""
    insert_zone: bytes = b""
    count_cycles: bool = False
    map_id: int = 0
    count_bytes: int = 3
    expedited: bool = False

    def check(self, layout: FrameLayout) -> None:
        """Raise SignalError for what a header of this layout cannot hold."""
        crafts = {"tm": tm.SPACECRAFT, "aos": 1 << layout.spacecraft_bits, "uslp": uslp.SPACECRAFT}[layout.kind]
        channels = {"tm": tm.CHANNELS, "aos": aos.CHANNELS, "uslp": uslp.CHANNELS}[layout.kind]
        if not 0 <= self.spacecraft < crafts or not 0 <= self.channel < channels:
            raise SignalError(
                f"frames: got spacecraft {self.spacecraft} and channel {self.channel}, "
                f"wanted 0 to {crafts - 1} and 0 to {channels - 1}"
            )
        if len(self.secondary_header) > 63 or (self.secondary_header and layout.kind != "tm"):
            raise SignalError(
                f"frames: got a secondary header of {len(self.secondary_header)} bytes, wanted at most 63, in TM only"
            )
        if self.insert_zone and len(self.insert_zone) != layout.insert_bytes:
            raise SignalError(
                f"frames: got an insert zone of {len(self.insert_zone)} bytes, wanted {layout.insert_bytes}"
            )
        if layout.kind == "aos" and (self.operational_control is not None) != layout.operational_control:
            raise SignalError(
                "frames: got an operational control field that the AOS layout does not say, or none that it says"
            )
        if self.operational_control is not None and not 0 <= self.operational_control < 1 << 32:
            raise SignalError(f"frames: got operational control {self.operational_control}, wanted 32 bits")
        if not 0 <= self.map_id < uslp.MAPS or not 0 <= self.count_bytes <= uslp.MAX_COUNT_BYTES:
            raise SignalError(
                f"frames: got MAP {self.map_id} and {self.count_bytes} octets of count, wanted 0 to 15 and 0 to 7"
            )


def encode_frames(packets: Sequence[bytes], layout: FrameLayout, **sender: Any) -> Octets:
    """Return the frames (n, frame bytes) of one virtual channel that carry ``packets``.

    An idle packet fills the last one. ``sender`` are the fields of Sender. Raises SignalError for what a header cannot
    hold.

    >>> encode_frames([bytes(300)], FrameLayout("tm", 256), spacecraft=1, channel=0).shape
    (2, 256)
    """
    who = Sender(**sender)
    who.check(layout)
    start, stop = zone_bounds(layout, who, rule=SPANNING, protocol=PACKETS)
    zone = stop - start
    if zone < MIN_PACKET_BYTES:
        raise SignalError(f"frames: got {layout.frame_bytes} bytes, which leave {zone} for packets, wanted 7 at least")
    filled = [*packets, *_fill(sum(map(len, packets)), zone)]
    data = np.frombuffer(b"".join(filled), np.uint8).reshape(-1, zone)
    rows = np.zeros((len(data), layout.frame_bytes), np.uint8)
    rows[:, start:stop] = data
    pointers = _pointers(np.array([len(one) for one in filled], np.int64), zone, len(data))
    write_headers(rows, pointers, layout, who, rule=SPANNING, protocol=PACKETS)
    return rows


def idle_frames(count: int, layout: FrameLayout, **sender: Any) -> Octets:
    """Return frames (n, frame bytes) of only idle data: clauses 4.1.4.6 (132.0-B-3), 4.1.4.1.5 (732.0-B-4), 4.1.4.1.10
    (732.1-B-3).

    The data are those that the standards recommend. Frames of AOS and USLP go on channel 63, those of TM on any.
    """
    who = Sender(**({"channel": aos.IDLE_CHANNEL} | sender))
    who.check(layout)
    rows = np.zeros((count, layout.frame_bytes), np.uint8)
    start, stop = zone_bounds(layout, who, rule=START_OF_UNIT, protocol=IDLE)
    rows[:, start:stop] = pseudo_random_octets("idle", stop - start)
    last = stop - start - 1 if layout.kind == "uslp" else ONLY_IDLE
    write_headers(rows, np.full(count, last, np.int64), layout, who, rule=START_OF_UNIT, protocol=IDLE)
    return rows


def zone_bounds(layout: FrameLayout, who: Sender, *, rule: int, protocol: int) -> tuple[int, int]:
    """Return where the data zone of a frame of full length begins and ends."""
    start = layout.header_bytes
    if layout.kind == "tm":
        start += len(who.secondary_header) + 1 if who.secondary_header else 0
    elif layout.kind == "uslp":
        start += who.count_bytes + uslp.POINTER_BYTES * (rule <= REST_OF_UNIT)
    elif protocol == PRIVATE:
        start -= AOS_POINTER_BYTES
    return start, layout.frame_bytes - layout.trailer_bytes(who.operational_control is not None)


def write_headers(
    rows: Octets, pointers: NDArray[np.int64], layout: FrameLayout, who: Sender, *, rule: int, protocol: int
) -> None:
    """Write headers, insert zones and trailers into frames (n, bytes) whose data zones are filled."""
    has_control = who.operational_control is not None
    insert = layout.header_bytes - layout.insert_bytes
    if layout.kind == "tm":
        secondary = len(who.secondary_header) + 1 if who.secondary_header else 0
        tm.write_tm(
            rows,
            pointers,
            spacecraft=who.spacecraft,
            channel=who.channel,
            first_count=who.first_count,
            master_count=who.master_count,
            operational_control=has_control,
            secondary_bytes=secondary,
            private=protocol == PRIVATE,
        )
        rows[:, TM_HEADER_BYTES + 1 : TM_HEADER_BYTES + secondary] = np.frombuffer(who.secondary_header, np.uint8)
    elif layout.kind == "aos":
        aos.write_aos(
            rows,
            pointers,
            layout,
            spacecraft=who.spacecraft,
            channel=who.channel,
            first_count=who.first_count,
            count_cycles=who.count_cycles,
            protocol=protocol,
        )
        insert -= AOS_POINTER_BYTES
    else:
        uslp.write_uslp(
            rows,
            pointers,
            layout,
            spacecraft=who.spacecraft,
            channel=who.channel,
            map_id=who.map_id,
            first_count=who.first_count,
            count_bytes=who.count_bytes,
            rule=rule,
            protocol=protocol,
            expedited=who.expedited,
            operational_control=has_control,
        )
        insert += who.count_bytes - 1
    zone = who.insert_zone or bytes(layout.insert_bytes)
    rows[:, insert : insert + layout.insert_bytes] = np.frombuffer(zone, np.uint8)
    stop = rows.shape[1] - layout.trailer_bytes(False)
    if who.operational_control is not None:
        rows[:, stop - 4 : stop] = np.frombuffer(who.operational_control.to_bytes(4, "big"), np.uint8)
    if layout.error_control:
        from telemus.packets.frames.error_control import seal

        seal(rows, layout.error_control_bits)


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
