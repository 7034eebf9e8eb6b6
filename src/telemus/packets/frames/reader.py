"""Turn a stream of transfer frames into packets per virtual channel, with every byte accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import MAX_LISTED, RejectedRange
from telemus.packets.ccsds import Block, octets_of
from telemus.packets.frames.aos import read_aos
from telemus.packets.frames.channel import ChannelPackets, VirtualChannel
from telemus.packets.frames.frame_account import FrameAccount
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import FrameTable
from telemus.packets.frames.randomiser import randomise
from telemus.packets.frames.sync import Synchroniser, Units
from telemus.packets.frames.tm import read_tm

UNCORRECTABLE, ERROR_CONTROL, VERSION = "uncorrectable code word", "frame error control", "not such a frame"
_VERSIONS = {"tm": 0, "aos": 1}

Octets = NDArray[np.uint8]


def read_frames(rows: Octets, layout: FrameLayout) -> FrameTable:
    """Return the headers of bare transfer frames (n, frame bytes), whatever they hold."""
    return read_tm(rows, layout) if layout.kind == "tm" else read_aos(rows, layout)


class FrameReader:
    """Reads successive blocks of one physical channel; the packets do not depend on where the blocks end.

    Memory: a few times the block, and at most one packet per virtual channel.
    """

    def __init__(self, layout: FrameLayout, *, workers: int = 2) -> None:
        self._layout, self._workers = layout, workers
        self._sync = Synchroniser(layout.unit_bytes, marker=layout.marker, tolerance=layout.marker_tolerance)
        self._unit = layout.unit_bytes + len(layout.marker)
        self._channels: dict[tuple[int, int], VirtualChannel] = {}
        self._received = 0
        self._reasons: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._between: list[RejectedRange] = []
        self._lost: list[RejectedRange] = []
        self._omitted = 0
        self._marker_errors = 0

    def feed(self, block: Block, *, final: bool = False) -> list[ChannelPackets]:
        """Return the packets that this block completes; with ``final`` nothing is left over.

        One entry for each virtual channel that has any, in the order of their numbers. Raises nothing on any bytes.
        """
        octets = octets_of(block)
        self._received += octets.size
        units = self._sync.feed(octets, final=final)
        for one in units.rejected:
            self._pass_over(one)
        self._marker_errors += int(units.marker_errors.sum()) if self._layout.marker else 0
        found = self._demultiplex(units)
        if final:
            for channel in self._channels.values():
                channel.finish()
        return found

    def packets(self, blocks: Iterable[Block]) -> Iterator[ChannelPackets]:
        """Yield the packets of a whole stream; the account is complete when the iterator is."""
        for block in blocks:
            yield from self.feed(block)
        yield from self.feed(b"", final=True)

    def account(self) -> FrameAccount:
        """Return the account as it stands."""
        channels = {names: one.account() for names, one in self._channels.items()}
        decided = sum(one.received_bytes for one in channels.values()) + sum(self._reasons.values())
        return FrameAccount(
            received_bytes=self._received,
            pending_bytes=self._received - decided,
            rejected_by_reason=dict(self._reasons),
            rejected=tuple(sorted(self._between + self._lost)),
            rejected_omitted=self._omitted,
            failed=dict(self._failed),
            marker_errors=self._marker_errors,
            channels=channels,
        )

    def _demultiplex(self, units: Units) -> list[ChannelPackets]:
        if not len(units.rows):
            return []
        rows, symbols, bits, ok = self._decode(units.rows)
        table = read_frames(rows, self._layout)
        failed = self._check(rows, table, ok)
        for reason, which in failed.items():
            self._fail(reason, units.start_bit[which])
            ok = ok & ~which
        found = []
        names = (table.spacecraft.astype(np.int64) << 8) | table.channel
        for name in np.unique(names[ok]).tolist():
            mine = ok & (names == name)
            one = self._channel(name >> 8, name & 0xFF).add(rows[mine], table.take(mine), symbols[mine], bits[mine])
            if one.lengths.size:
                found.append(one)
        return found

    def _decode(self, rows: Octets) -> tuple[Octets, NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
        """Take off randomiser and Reed-Solomon; return frames, symbols and bits corrected, and which are good."""
        if self._layout.randomiser is not None:
            rows = randomise(rows, self._layout.randomiser)
        code = self._layout.code
        if code is not None:
            return code.decode(rows, workers=self._workers)
        none = np.zeros(len(rows), np.int32)
        return rows, none, none, np.ones(len(rows), np.bool_)

    def _check(self, rows: Octets, table: FrameTable, ok: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
        """Return which units are no good frames, by the first reason that holds."""
        failed = {UNCORRECTABLE: ~ok}
        if self._layout.error_control:
            from telemus.packets.frames.error_control import remainders

            failed[ERROR_CONTROL] = ok & (remainders(rows) != 0)
            ok = ok & ~failed[ERROR_CONTROL]
        failed[VERSION] = ok & (table.version != _VERSIONS[self._layout.kind])
        return failed

    def _fail(self, reason: str, start_bits: NDArray[np.int64]) -> None:
        self._failed[reason] += start_bits.size
        for start in (start_bits // 8).tolist():
            self._reasons[reason] += self._unit
            self._list(self._lost, RejectedRange(start, start + self._unit, reason))

    def _pass_over(self, one: RejectedRange) -> None:
        """Note bytes between units; what touches and has one reason is one range, however the blocks cut it."""
        self._reasons[one.reason] += one.stop - one.start
        last = self._between[-1] if self._between else None
        if last is not None and (last.stop, last.reason) == (one.start, one.reason):
            self._between[-1] = RejectedRange(last.start, one.stop, one.reason)
        else:
            self._list(self._between, one)

    def _list(self, ranges: list[RejectedRange], one: RejectedRange) -> None:
        if len(ranges) < MAX_LISTED:
            ranges.append(one)
        else:
            self._omitted += 1

    def _channel(self, spacecraft: int, channel: int) -> VirtualChannel:
        names = (spacecraft, channel)
        if names not in self._channels:
            wanted = self._layout.packet_channels
            carries = wanted is None or channel in wanted
            self._channels[names] = VirtualChannel(*names, carries_packets=carries, unit_bytes=self._unit)
        return self._channels[names]


def frames_to_packets(
    blocks: Iterable[Block], layout: FrameLayout, *, reader: FrameReader | None = None
) -> Iterator[ChannelPackets]:
    """Yield the packets of a stream of frames, in batches of one virtual channel each.

    ``octets`` of each batch are whole packets one after another, without idle packets: what a packet decoder takes.
    Give a ``reader`` to ask it for the account afterwards.

    >>> list(frames_to_packets([b""], FrameLayout("tm", 256)))
    []
    """
    return (reader or FrameReader(layout)).packets(blocks)
