"""Merge passes: read several recordings of one physical channel so that the best copy of each frame is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import Block, octets_of
from telemus.packets.frames.access_point import Handed
from telemus.packets.frames.data_units import ChannelPackets
from telemus.packets.frames.frame_account import FrameAccount
from telemus.packets.frames.frame_decoder import FrameDecoder, Frames, join_frames
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.pass_index import Choice, Heard, choose, heard, join
from telemus.packets.frames.reader import Demultiplexer

_BLOCK_BYTES = 1 << 22
_SOURCE_SHIFT = 48
Name = tuple[int, int, bool]
"""Spacecraft, virtual channel, expedited."""


class PassMerger:
    """Reads recordings of one physical channel twice: first to compare them, then to hand out the best copies.

    ``passes`` are bytes or memory maps, one a recording. The account counts the copies that were not taken as
    duplicates; places in it are counted through all passes, one after another. Memory: 32 bytes a frame, a few blocks
    of each pass, and the frames that wait for one of another pass.
    """

    def __init__(self, passes: Sequence[Block], layout: FrameLayout, *, workers: int = 2) -> None:
        self._passes = [octets_of(one) for one in passes]
        self._layout, self._workers = layout, workers
        self._channels = Demultiplexer(layout)
        starts = np.cumsum([0] + [one.size for one in self._passes]).tolist()
        self._decoders = [FrameDecoder(layout, workers=workers, first_byte=start) for start in starts[:-1]]

    def packets(self) -> Iterator[ChannelPackets]:
        """Yield the packets; the account is complete when the iterator is."""
        for handed in self.handed():
            yield from handed.packets

    def handed(self) -> Iterator[Handed]:
        """Yield packets and data units of other services."""
        wanted = self._choose()
        streams = [self._frames(decoder, one) for decoder, one in zip(self._decoders, self._passes, strict=True)]
        queues = {name: _Queue(choice, len(streams)) for name, choice in wanted.items()}
        while queues:
            for name, queue in list(queues.items()):
                if (frames := queue.ready()) is not None:
                    yield self._channels.add(frames)
                if queue.is_done:
                    del queues[name]
            if queues:
                source = next(iter(queues.values())).blocked_by
                self._sort(source, next(streams[source]), queues)
        for source, stream in enumerate(streams):
            for batches in stream:
                self._sort(source, batches, queues)
        self._channels.finish()

    def account(self) -> FrameAccount:
        """Return the account of all passes."""
        return self._channels.account(self._decoders)

    def _frames(self, decoder: FrameDecoder, octets: NDArray[np.uint8]) -> Iterator[list[Frames]]:
        """Yield the good frames of a pass, block by block."""
        for start in range(0, octets.size, _BLOCK_BYTES):
            yield decoder.feed(octets[start : start + _BLOCK_BYTES])
        yield decoder.feed(b"", final=True)

    def _choose(self) -> dict[Name, Choice]:
        """Compare the passes; return the best copies of each channel."""
        index: dict[Name, list[list[Heard]]] = {}
        for source, octets in enumerate(self._passes):
            for batches in self._frames(FrameDecoder(self._layout, workers=self._workers), octets):
                for frames in batches:
                    for name, part in _by_name(frames):
                        index.setdefault(name, [[] for _ in self._passes])[source].append(heard(part))
        return {
            name: choose([join(parts) if parts else None for parts in passes]) for name, passes in sorted(index.items())
        }

    def _sort(self, source: int, batches: list[Frames], queues: dict[Name, _Queue]) -> None:
        """Put the wanted frames of a block of one pass where they wait; note the others as duplicates."""
        for frames in batches:
            for name, part in _by_name(frames):
                queue = queues.get(name)
                taken = queue.put(source, part) if queue is not None else np.zeros(len(part.rows), np.bool_)
                self._channels.channel(name[:2]).add_duplicates(part.unit_bytes[~taken])


class _Queue:
    """The wanted frames of one channel, in their order, and those that have been read and wait."""

    def __init__(self, choice: Choice, passes: int) -> None:
        self._wanted = choice.source << _SOURCE_SHIFT | choice.ordinal
        self._sorted = np.sort(self._wanted)
        self._at = 0
        self._seen = [0] * passes
        self._keys = np.empty(0, np.int64)
        self._waiting: list[Frames] = []

    @property
    def is_done(self) -> bool:
        """True when every wanted frame has been handed out."""
        return self._at == self._wanted.size

    @property
    def blocked_by(self) -> int:
        """The pass that the next frame must come from."""
        return int(self._wanted[self._at] >> _SOURCE_SHIFT)

    def put(self, source: int, frames: Frames) -> NDArray[np.bool_]:
        """Keep the wanted of the next frames (n) of a pass; return which they are (n,)."""
        keys = (source << _SOURCE_SHIFT) + self._seen[source] + np.arange(len(frames.rows))
        self._seen[source] += keys.size
        taken = self._sorted[np.minimum(np.searchsorted(self._sorted, keys), self._sorted.size - 1)] == keys
        if taken.any():
            self._keys = np.concatenate([self._keys, keys[taken]])
            self._waiting.append(frames.take(taken))
        return np.asarray(taken)

    def ready(self) -> Frames | None:
        """Return the frames that need wait no longer, None if there are none."""
        if not self._keys.size:
            return None
        order = np.argsort(self._keys)
        keys = self._keys[order]
        wanted = self._wanted[self._at : self._at + keys.size]
        place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        there = keys[place] == wanted
        count = there.size if there.all() else int(np.argmin(there))
        if not count:
            return None
        waiting = join_frames(self._waiting)
        chosen = order[place[:count]]
        rest = np.ones(keys.size, np.bool_)
        rest[chosen] = False
        self._at += count
        self._keys = self._keys[rest]
        self._waiting = [waiting.take(rest)] if rest.any() else []
        return waiting.take(chosen)


def _by_name(frames: Frames) -> Iterator[tuple[Name, Frames]]:
    """Yield the frames of each channel and quality of service."""
    table = frames.table
    names = table.spacecraft.astype(np.int64) << 9 | table.channel.astype(np.int64) << 1 | table.expedited
    for name in np.unique(names).tolist():
        yield (name >> 9, name >> 1 & 0xFF, bool(name & 1)), frames.take(names == name)
