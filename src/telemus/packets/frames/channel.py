"""Follow one virtual channel: its frame counts, and the packets that its frames hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import MAX_LISTED
from telemus.packets.ccsds import MIN_PACKET_BYTES
from telemus.packets.frames.frame_account import ChannelAccount, FrameGap
from telemus.packets.frames.frame_table import NOT_PACKETS, ONLY_IDLE, FrameTable

_REASONS = (
    "",
    "",
    "packet whose beginning was lost",
    "packet cut by lost frames",
    "packet against the first header pointer",
    "not a space packet",
)
UNFINISHED = "packet unfinished at the end"
NO_SERVICE = "channel without packets"

Octets = NDArray[np.uint8]


class ChannelPackets(NamedTuple):
    """Whole packets of one virtual channel, one after another in ``octets`` (m,); ``lengths`` (n,) [bytes]."""

    spacecraft: int
    channel: int
    octets: Octets
    lengths: NDArray[np.int64]

    def packets(self) -> Iterator[bytes]:
        """Yield each packet."""
        stop = 0
        for length in self.lengths.tolist():
            start, stop = stop, stop + length
            yield self.octets[start:stop].tobytes()


class VirtualChannel:
    """The state of one virtual channel between blocks: last count, the packet under way, the books."""

    def __init__(self, spacecraft: int, channel: int, *, carries_packets: bool, unit_bytes: int) -> None:
        self._names = (spacecraft, channel)
        self._carries_packets = carries_packets
        self._unit = unit_bytes
        self._last: tuple[int, Octets] | None = None
        self._first_count: int | None = None
        self._lost = True  # frames are missing between the last zone taken and the next
        self._held = np.empty(0, np.uint8)
        self._under_way = False
        self._sums: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._gaps: list[FrameGap] = []

    def add(
        self, rows: Octets, table: FrameTable, symbols: NDArray[np.int32], bits: NDArray[np.int32]
    ) -> ChannelPackets:
        """Take good frames (n, bytes) of this channel in the order in which they came; return the packets now whole."""
        fresh, kept = self._follow(rows, table)
        self._note(table, kept, symbols, bits)
        rows, table, fresh = rows[kept], table.take(kept), fresh[kept]
        idle = table.pointer == ONLY_IDLE
        packets = ~idle & (table.pointer != NOT_PACKETS) & self._carries_packets
        widths = table.stop - table.start
        self._sums["idle_frames"] += int(idle.sum())
        self._sums["idle_bytes"] += int(widths[idle].sum())
        self._reasons[NO_SERVICE] += int(widths[~idle & ~packets].sum())
        # An idle frame may stand between two halves of a packet; a loss before it is a loss before the next.
        losses = np.concatenate([[-1 if self._lost else 0], np.cumsum(fresh)[packets]])
        self._lost = bool(losses[-1] < fresh.sum()) if losses.size > 1 or fresh.any() else self._lost
        return self._stitch(rows[packets], table.take(packets), np.diff(losses) > 0)

    def _follow(self, rows: Octets, table: FrameTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Follow the frame counts; return (n,) where frames were lost before, and (n,) False for duplicates."""
        if self._last is None:
            self._first_count = int(table.frame_count[0])
            self._last = (int(table.frame_count[0] - 1) % int(table.modulo[0]), rows[0, :0])
        before = np.concatenate([[self._last[0]], table.frame_count[:-1]])
        step = (table.frame_count - before) % table.modulo
        again = step == 0
        for row in np.flatnonzero(again).tolist():
            again[row] = np.array_equal(rows[row], rows[row - 1] if row else self._last[1])
        ahead = (step > 1) & (step <= table.modulo // 2)
        for row in np.flatnonzero(ahead).tolist():
            self._sums["missing"] += int(step[row]) - 1
            self._sums["gaps"] += 1
            if len(self._gaps) < MAX_LISTED:
                self._gaps.append(FrameGap(int(before[row]), int(table.frame_count[row]), int(step[row]) - 1))
        self._sums["restarts"] += int(((step != 1) & ~again & ~ahead).sum())
        self._last = (int(table.frame_count[-1]), rows[-1].copy())
        return (step != 1) & ~again, ~again

    def _note(
        self, table: FrameTable, kept: NDArray[np.bool_], symbols: NDArray[np.int32], bits: NDArray[np.int32]
    ) -> None:
        again = int((~kept).sum())
        self._sums["duplicates"] += again
        self._sums["duplicate_bytes"] += again * self._unit
        self._sums["frames"] += int(kept.sum())
        self._sums["framing_bytes"] += int((self._unit - (table.stop - table.start))[kept].sum())
        self._sums["corrected_frames"] += int((symbols[kept] > 0).sum())
        self._sums["corrected_symbols"] += int(symbols[kept].sum())
        self._sums["corrected_bits"] += int(bits[kept].sum())

    def _stitch(self, rows: Octets, table: FrameTable, fresh: NDArray[np.bool_]) -> ChannelPackets:
        """Put packets together across the zones of these frames and what was left of the last ones."""
        from telemus.packets.frames import stitch_kernel as kernel

        if not len(rows):
            return ChannelPackets(*self._names, np.empty(0, np.uint8), np.empty(0, np.int64))
        held = self._held.size
        zones = np.concatenate([self._held, _zones(rows, table)])
        ends = held + np.cumsum(table.stop - table.start)
        out, lengths = np.empty(zones.size, np.uint8), np.empty(zones.size // MIN_PACKET_BYTES + 1, np.int64)
        state = np.zeros(kernel.STATE_SIZE, np.int64)
        state[kernel.AT] = 0 if self._under_way else -1
        kernel.stitch(zones, held, ends, table.pointer, fresh, out, lengths, state)
        for kind in range(kernel.HEADLESS, kernel.CLASSES):
            self._reasons[_REASONS[kind]] += int(state[kind])
        self._sums["packet_bytes"] += int(state[kernel.TAKEN])
        self._sums["idle_bytes"] += int(state[kernel.IDLE])
        self._sums["idle_packets"] += int(state[kernel.IDLE_PACKETS])
        self._sums["packets"] += int(state[kernel.PACKETS])
        at = int(state[kernel.AT])
        self._under_way = at >= 0
        self._held = zones[at:].copy() if at >= 0 else np.empty(0, np.uint8)
        written, packets = int(state[kernel.WRITTEN]), int(state[kernel.PACKETS])
        return ChannelPackets(*self._names, out[:written], lengths[:packets])

    def finish(self) -> None:
        """Give up the packet that is still under way."""
        self._reasons[UNFINISHED] += self._held.size
        self._held, self._under_way = np.empty(0, np.uint8), False

    @property
    def held_bytes(self) -> int:
        """Bytes of the packet that is under way."""
        return int(self._held.size)

    def account(self) -> ChannelAccount:
        """Return the books as they stand."""
        sums = {name: count for name, count in self._sums.items() if name != "gaps"}
        return ChannelAccount(
            *self._names,
            **sums,
            rejected_by_reason={reason: count for reason, count in self._reasons.items() if count},
            first_count=self._first_count,
            last_count=self._last[0] if self._last else None,
            gaps=tuple(self._gaps),
            gaps_omitted=self._sums["gaps"] - len(self._gaps),
        )


def _zones(rows: Octets, table: FrameTable) -> Octets:
    """Return the packet zones of frames, one after another (m,)."""
    start, stop = int(table.start[0]), int(table.stop[0])
    if (table.start == start).all() and (table.stop == stop).all():
        return rows[:, start:stop].reshape(-1)
    parts = [row[a:b] for row, a, b in zip(rows, table.start.tolist(), table.stop.tolist(), strict=True)]
    return np.concatenate(parts)
