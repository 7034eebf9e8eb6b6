"""Follow one virtual channel: its frame counts, its books, and the access points that share it."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import RejectedRange
from telemus.packets.frames.access_point import AccessPoint, Handed
from telemus.packets.frames.frame_account import ChannelAccount
from telemus.packets.frames.frame_counts import FrameCounter
from telemus.packets.frames.frame_decoder import Frames
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import ONLY_IDLE
from telemus.packets.frames.rejections import Rejections


class VirtualChannel:
    """The state of one virtual channel between blocks.

    USLP counts expedited and sequence-controlled frames apart, and up to 16 access points (MAPs) share a channel; TM
    and AOS have one of each. A frame lost on the channel may have been of any access point, so all of them notice.
    """

    def __init__(self, spacecraft: int, channel: int, layout: FrameLayout) -> None:
        self._names, self._layout = (spacecraft, channel), layout
        self._counters: dict[bool, FrameCounter] = {}
        self._points: dict[tuple[int, bool], AccessPoint] = {}
        self._lost = 0  # places where frames were lost, so far
        self._noticed: dict[tuple[int, bool], int] = {}
        self._books: Counter[str] = Counter()
        self._words: Counter[int] = Counter()
        self._rejections = Rejections()

    def add(self, frames: Frames) -> Handed:
        """Take good frames (n) of this channel in the order in which they came; return what is whole now."""
        fresh, kept = self._follow(frames)
        self.add_duplicates(frames.unit_bytes[~kept])
        lost = self._lost + np.cumsum(fresh)[kept]
        self._lost += int(fresh.sum())
        frames = frames.take(kept)
        self._note(frames)
        idle = frames.table.pointer == ONLY_IDLE
        handed = Handed([], [])
        points = frames.table.map_id.astype(np.int64) << 1 | frames.table.expedited
        for name in np.unique(points[~idle]).tolist():
            mine = ~idle & (points == name)
            one = self._access(frames.take(mine), lost[mine], (name >> 1, bool(name & 1)))
            handed.packets.extend(one.packets)
            handed.data.extend(one.data)
        return handed

    def add_duplicates(self, unit_bytes: NDArray[np.int64]) -> None:
        """Note units (n,) [bytes] of frames that had come before."""
        self._books["duplicates"] += unit_bytes.size
        self._books["duplicate_bytes"] += int(unit_bytes.sum())

    def _access(self, frames: Frames, lost: NDArray[np.int64], name: tuple[int, bool]) -> Handed:
        """Give frames to their access point; ``lost`` (n,) counts the losses before each."""
        point = self._points.get(name)
        if point is None:
            names = (*self._names, name[0])
            verified = self._layout.detects_errors
            point = AccessPoint(names, verified=verified, books=self._books, rejections=self._rejections)
            self._points[name] = point
        fresh = np.diff(np.concatenate([[self._noticed.get(name, -1)], lost])) > 0
        self._noticed[name] = int(lost[-1])
        return point.add(frames.rows, frames.table, frames.origin + frames.table.start, fresh)

    def _follow(self, frames: Frames) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return (n,) where frames were lost before a frame, and (n,) False for duplicates."""
        fresh, kept = np.zeros(len(frames.rows), np.bool_), np.ones(len(frames.rows), np.bool_)
        for expedited in np.unique(frames.table.expedited).tolist():
            mine = frames.table.expedited == expedited
            counter = self._counters.setdefault(expedited, FrameCounter())
            fresh[mine], kept[mine] = counter.follow(frames.rows[mine], frames.table.take(mine))
        return fresh, kept

    def _note(self, frames: Frames) -> None:
        """Write frames that are no duplicates into the books."""
        table, books = frames.table, self._books
        idle = table.pointer == ONLY_IDLE
        books["frames"] += len(frames.rows)
        books["idle_frames"] += int(idle.sum())
        books["idle_bytes"] += int((table.stop - table.start)[idle].sum())
        books["marker_bytes"] += len(frames.rows) * len(self._layout.marker)
        books["parity_bytes"] += len(frames.rows) * self._layout.parity_bytes
        books["header_bytes"] += int(table.start.sum())
        books["trailer_bytes"] += int((table.length - table.stop).sum())
        books["operational_controls"] += int((table.operational_control >= 0).sum())
        books["corrected_frames"] += int((frames.symbols > 0).any(1).sum())
        books["corrected_symbols"] += int(np.maximum(frames.symbols, 0).sum())
        books["corrected_bits"] += int(frames.bits.sum())
        books["corrected_header_symbols"] += int(frames.header_symbols.sum())
        for symbols, words in enumerate(np.bincount(frames.symbols[frames.symbols >= 0].ravel()).tolist()):
            self._words[symbols] += words

    def finish(self) -> None:
        """Give up what is still under way."""
        for point in self._points.values():
            point.finish()

    @property
    def rejected(self) -> tuple[list[RejectedRange], int]:
        """Ranges of the input that good frames of this channel held in vain, and how many more are not listed."""
        return self._rejections.ranges, self._rejections.omitted

    @property
    def held_bytes(self) -> int:
        """Bytes of what is under way."""
        return sum(point.held_bytes for point in self._points.values())

    def account(self) -> ChannelAccount:
        """Return the books as they stand."""
        counters = list(self._counters.values())
        counts = sum((one.sums for one in counters), Counter())
        gaps = [gap for one in counters for gap in one.gaps]
        code = self._layout.code
        return ChannelAccount(
            *self._names,
            **dict(self._books),
            missing=counts["missing"],
            restarts=counts["restarts"],
            rollovers=counts["rollovers"],
            rejected_by_reason=dict(self._rejections.bytes_by_reason),
            words_by_symbols=tuple(self._words[one] for one in range(code.check_symbols // 2 + 1)) if code else (),
            first_count=counters[0].first if counters else None,
            last_count=counters[0].last if counters else None,
            gaps=tuple(gaps),
            gaps_omitted=counts["gaps"] - len(gaps),
        )
