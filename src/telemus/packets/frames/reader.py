"""Turn a stream of transfer frames into packets per virtual channel, with every byte accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import MAX_LISTED
from telemus.packets.ccsds import Block
from telemus.packets.frames.access_point import Handed
from telemus.packets.frames.channel import VirtualChannel
from telemus.packets.frames.data_units import ChannelPackets
from telemus.packets.frames.frame_account import FrameAccount
from telemus.packets.frames.frame_decoder import BOOKS, FrameDecoder, Frames
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import FrameTable


class Demultiplexer:
    """Takes good frames of any channels to their virtual channels, and keeps the account."""

    def __init__(self, layout: FrameLayout) -> None:
        self._layout = layout
        self._channels: dict[tuple[int, int], VirtualChannel] = {}
        self._master: dict[int, int] = {}
        self._master_missing: Counter[int] = Counter()

    def add(self, frames: Frames) -> Handed:
        """Take good frames in the order in which they came."""
        handed = Handed([], [])
        if not len(frames.rows):
            return handed
        self._follow_master(frames.table)
        for names, mine in channels_of(frames):
            one = self.channel(names).add(frames.take(mine))
            handed.packets.extend(one.packets)
            handed.data.extend(one.data)
        return handed

    def channel(self, names: tuple[int, int]) -> VirtualChannel:
        """Return the virtual channel of a spacecraft and a channel number."""
        if names not in self._channels:
            self._channels[names] = VirtualChannel(*names, self._layout)
        return self._channels[names]

    def finish(self) -> None:
        """Give up the packets that are still under way."""
        for channel in self._channels.values():
            channel.finish()

    def account(self, decoders: Sequence[FrameDecoder]) -> FrameAccount:
        """Return the account as it stands, of what these decoders read."""
        channels = {names: one.account() for names, one in self._channels.items()}
        received = sum(one.received_bytes for one in decoders)
        reasons: Counter[str] = sum((one.rejections.bytes_by_reason for one in decoders), Counter())
        failed: Counter[str] = sum((one.failed for one in decoders), Counter())
        sums: Counter[str] = sum((one.sums for one in decoders), Counter())
        decided = sum(one.received_bytes for one in channels.values()) + reasons.total()
        lists = [(one.rejections.ranges, one.rejections.omitted) for one in decoders]
        lists += [one.rejected for one in self._channels.values()]
        ranges = sorted(entry for listed, _ in lists for entry in listed)
        return FrameAccount(
            received_bytes=received,
            pending_bytes=received - decided,
            rejected_by_reason=dict(reasons),
            rejected=tuple(ranges[:MAX_LISTED]),
            rejected_omitted=sum(omitted for _, omitted in lists) + len(ranges[MAX_LISTED:]),
            failed=dict(failed),
            channels=channels,
            master_missing=dict(self._master_missing),
            **{name: sums[name] for name in BOOKS},
        )

    def _follow_master(self, table: FrameTable) -> None:
        """Count what the master channel counts of TM leave out (132.0-B-3 clause 4.1.2.5)."""
        for spacecraft in np.unique(table.spacecraft).tolist():
            counts = table.master_count[(table.spacecraft == spacecraft) & (table.master_count >= 0)]
            if not counts.size:
                continue
            before = np.concatenate([[self._master.get(spacecraft, int(counts[0]) - 1)], counts[:-1]])
            step = (counts - before) % 256
            self._master_missing[spacecraft] += int((step - 1)[(step > 1) & (step <= 128)].sum())
            self._master[spacecraft] = int(counts[-1])


def channels_of(frames: Frames) -> Iterator[tuple[tuple[int, int], NDArray[np.bool_]]]:
    """Yield spacecraft and channel, and which frames (n,) are theirs, in the order of their numbers."""
    names = frames.table.spacecraft.astype(np.int64) << 8 | frames.table.channel
    for name in np.unique(names).tolist():
        yield (name >> 8, name & 0xFF), names == name


class FrameReader:
    """Reads successive blocks of one physical channel; the packets do not depend on where the blocks end.

    Memory: a few times the block, and at most one packet per access point.
    """

    def __init__(self, layout: FrameLayout, *, workers: int = 2) -> None:
        self._decoder = FrameDecoder(layout, workers=workers)
        self._channels = Demultiplexer(layout)

    def feed(self, block: Block, *, final: bool = False) -> list[ChannelPackets]:
        """Return the packets that this block completes; with ``final`` nothing is left over.

        One entry for each access point of a virtual channel that has any, in the order of their numbers. Raises nothing
        on any bytes.
        """
        return self.feed_all(block, final=final).packets

    def feed_all(self, block: Block, *, final: bool = False) -> Handed:
        """Return the packets and the data units of other services that this block completes."""
        handed = Handed([], [])
        for frames in self._decoder.feed(block, final=final):
            one = self._channels.add(frames)
            handed.packets.extend(one.packets)
            handed.data.extend(one.data)
        if final:
            self._channels.finish()
        return handed

    def packets(self, blocks: Iterable[Block]) -> Iterator[ChannelPackets]:
        """Yield the packets of a whole stream; the account is complete when the iterator is."""
        for block in blocks:
            yield from self.feed(block)
        yield from self.feed(b"", final=True)

    def account(self) -> FrameAccount:
        """Return the account as it stands."""
        return self._channels.account([self._decoder])


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
