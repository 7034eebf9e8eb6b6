"""Put together what the data zones of one access point hold: packets that span frames, and other data units."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import MIN_PACKET_BYTES, PRIMARY_HEADER_BYTES
from telemus.packets.frames.data_units import ChannelData, ChannelPackets
from telemus.packets.frames.frame_table import PACKETS, SPANNING, WHOLE, FrameTable
from telemus.packets.frames.pieces import NO_PIECES
from telemus.packets.frames.rejections import Rejections
from telemus.packets.frames.unit_builder import UnitBuilder

_REASONS = (
    "",
    "",
    "packet whose beginning was lost",
    "packet cut by lost frames",
    "packet against the first header pointer",
)
UNFINISHED = "packet unfinished at the end"
NO_PACKET = "segments that are no packet"

Octets = NDArray[np.uint8]


class Handed(NamedTuple):
    """What is whole now."""

    packets: list[ChannelPackets]
    data: list[ChannelData]


class AccessPoint:
    """The state of one access point between blocks: the packet or data unit under way.

    Sums go into ``books``, what is given up into ``rejections``.
    """

    def __init__(
        self, names: tuple[int, int, int], *, verified: bool, books: Counter[str], rejections: Rejections
    ) -> None:
        self._names, self._verified = names, verified
        self._books, self._rejections = books, rejections
        self._held, self._pieces = np.empty(0, np.uint8), NO_PIECES
        self._under_way = False
        self._builder = UnitBuilder(books, rejections)

    def add(self, rows: Octets, table: FrameTable, origin: NDArray[np.int64], fresh: NDArray[np.bool_]) -> Handed:
        """Take the zones of good frames (n, bytes) that begin at bytes ``origin`` (n,) of the input.

        ``fresh`` (n,) where frames were lost before. Runs of frames with spanning packets are walked together.
        """
        handed = Handed([], [])
        walked = ((table.rule == SPANNING) | (table.rule == WHOLE)) & (table.protocol == PACKETS)
        bounds = [0, *(np.flatnonzero(np.diff(walked)) + 1).tolist(), len(rows)]
        for first, stop in pairwise(bounds):
            part = slice(first, stop)
            if first == stop:
                continue
            if walked[first]:
                self._stitch(rows[part], table.take(part), origin[part], fresh[part], handed)
            else:
                self._build(rows[part], table.take(part), origin[part], fresh[part], handed)
        return handed

    def finish(self) -> None:
        """Give up what is still under way."""
        self._pieces.reject(self._rejections, 0, self._held.size, UNFINISHED)
        self._held, self._pieces, self._under_way = np.empty(0, np.uint8), NO_PIECES, False
        self._builder.give_up("data unit unfinished at the end")

    @property
    def held_bytes(self) -> int:
        """Bytes of what is under way."""
        return int(self._held.size) + self._builder.held_bytes

    def _stitch(
        self,
        rows: Octets,
        table: FrameTable,
        origin: NDArray[np.int64],
        fresh: NDArray[np.bool_],
        handed: Handed,
    ) -> None:
        """Put packets together across the zones of these frames and what was left of the last ones."""
        from telemus.packets.frames import stitch_kernel as kernel

        held, widths = self._held.size, table.stop - table.start
        zones = np.concatenate([self._held, zones_of(rows, table)])
        ends = held + np.cumsum(widths)
        pieces = self._pieces.extended(ends - widths, origin)
        out, lengths = np.empty(zones.size, np.uint8), np.empty(zones.size // 2 + 1, np.int64)
        losses = np.empty((3 * len(rows), 3), np.int64)
        state = np.zeros(kernel.STATE_SIZE, np.int64)
        state[kernel.AT] = 0 if self._under_way else -1
        kernel.stitch(zones, held, ends, table.pointer, fresh, out, lengths, losses, state)
        for kind, start, stop in losses[: state[kernel.LOSSES]].tolist():
            pieces.reject(self._rejections, start, stop, _REASONS[kind])
        at = int(state[kernel.AT])
        self._under_way = at >= 0
        self._held = zones[at:].copy() if at >= 0 else np.empty(0, np.uint8)
        self._pieces = pieces.behind(at) if self._held.size else NO_PIECES
        self._books["idle_bytes"] += int(state[kernel.IDLE])
        self._books["idle_packets"] += int(state[kernel.IDLE_PACKETS])
        self._hand_out(out[: state[kernel.WRITTEN]], lengths[: state[kernel.PACKETS]], handed)

    def _build(
        self,
        rows: Octets,
        table: FrameTable,
        origin: NDArray[np.int64],
        fresh: NDArray[np.bool_],
        handed: Handed,
    ) -> None:
        """Hand out the data units of these frames; a packet that came in segments is a packet again."""
        for protocol, octets, lengths, pieces in self._builder.add(rows, table, origin, fresh):
            if protocol != PACKETS:
                self._give_data(protocol, octets, lengths, handed)
                continue
            size = _packet_bytes(octets)
            if size != octets.size:
                pieces.reject(self._rejections, 0, octets.size, NO_PACKET)
            elif octets[0] >> 5 == 0 and octets[0] & 7 == 7 and octets[1] == 255:
                self._books["idle_bytes"] += size
                self._books["idle_packets"] += 1
            else:
                self._hand_out(octets, lengths if octets[0] >> 5 == 0 else -lengths, handed)

    def _hand_out(self, octets: Octets, lengths: NDArray[np.int64], handed: Handed) -> None:
        """Tell packets from encapsulation packets, whose length is negative."""
        foreign = lengths < 0
        if foreign.any():
            which = np.repeat(foreign, np.abs(lengths))
            self._give_data(PACKETS, octets[which], -lengths[foreign], handed)
            octets, lengths = octets[~which], lengths[~foreign]
        if lengths.size:
            self._books["packets"] += lengths.size
            self._books["packet_bytes"] += octets.size
            spacecraft, channel, map_id = self._names
            handed.packets.append(ChannelPackets(spacecraft, channel, octets, lengths, map_id, self._verified))

    def _give_data(self, protocol: int, octets: Octets, lengths: NDArray[np.int64], handed: Handed) -> None:
        self._books["data_units"] += lengths.size
        self._books["data_bytes"] += octets.size
        handed.data.append(ChannelData(*self._names, protocol, octets, lengths, self._verified))


def zones_of(rows: Octets, table: FrameTable) -> Octets:
    """Return the data zones of frames, one after another (m,)."""
    start, stop = int(table.start[0]), int(table.stop[0])
    if (table.start == start).all() and (table.stop == stop).all():
        return rows[:, start:stop].reshape(-1)
    parts = [row[a:b] for row, a, b in zip(rows, table.start.tolist(), table.stop.tolist(), strict=True)]
    return np.concatenate(parts)


def _packet_bytes(octets: Octets) -> int:
    """Return how long the space or encapsulation packet says that it is, 0 if it is none."""
    head = octets[:8].tobytes()
    if not head or head[0] >> 5 not in (0, 7):
        return 0
    if head[0] >> 5 == 0:
        return int.from_bytes(head[4:6], "big") + MIN_PACKET_BYTES if len(head) > PRIMARY_HEADER_BYTES else 0
    size = 1 << (head[0] & 3)
    if size == 1:
        return 0
    return int.from_bytes(head[size // 2 : size], "big")
