"""Follow the frame counts of one virtual channel: what is missing, what came twice, where counting began anew."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import MAX_LISTED
from telemus.packets.frames.frame_account import FrameGap
from telemus.packets.frames.frame_table import FrameTable

REMEMBERED = 64
"""Frames among which one that comes again is looked for."""

Octets = NDArray[np.uint8]


class Followed(NamedTuple):
    """``fresh`` (n,) where frames are missing before a frame; ``kept`` (n,) False for frames that had come before."""

    fresh: NDArray[np.bool_]
    kept: NDArray[np.bool_]


class FrameCounter:
    """The counts of one virtual channel between blocks (in USLP: of one of its two qualities of service).

    A step forward by up to half the range of the count is a gap. A frame that equals, byte for byte, one of the last 64
    of the same count is a duplicate and leaves no trace. Any other step is a restart. Channels whose frames carry no
    count (USLP) are taken as complete.
    """

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.gaps: list[FrameGap] = []
        self.first: int | None = None
        self.last: int | None = None
        self._recent: list[tuple[int, Octets]] = []

    def follow(self, rows: Octets, table: FrameTable) -> Followed:
        """Follow good frames (n, bytes) in the order in which they came."""
        fresh, kept = np.zeros(len(rows), np.bool_), np.ones(len(rows), np.bool_)
        counted = table.modulo > 0
        if not counted.any():
            return Followed(fresh, kept)
        if self.last is None:
            first = int(np.argmax(counted))
            self.first = int(table.frame_count[first])
            self.last = int((self.first - 1) % int(table.modulo[first]))
        before = np.concatenate([[self.last], table.frame_count[:-1]])
        if counted.all() and ((table.frame_count - before) % table.modulo == 1).all():
            self.sums["rollovers"] += int((table.frame_count < before).sum())
            self.last = int(table.frame_count[-1])
        else:
            self._walk(rows, table, fresh, kept)
        self._remember(rows, table)
        return Followed(fresh, kept)

    def _walk(self, rows: Octets, table: FrameTable, fresh: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
        """Follow one frame after another, where something is out of order."""
        last = self.last if self.last is not None else 0
        for row, (count, modulo) in enumerate(zip(table.frame_count.tolist(), table.modulo.tolist(), strict=True)):
            if not modulo:
                continue
            step = (count - last) % modulo
            if step != 1 and self._came_before(rows, table, row):
                kept[row] = False
                continue
            if 1 < step <= modulo // 2:
                self._gap(last, count, step - 1)
            elif step != 1:
                self.sums["restarts"] += 1
            self.sums["rollovers"] += 0 < step <= modulo // 2 and count < last
            fresh[row] = step != 1
            last = count
        self.last = last

    def _gap(self, after: int, before: int, missing: int) -> None:
        self.sums["missing"] += missing
        self.sums["gaps"] += 1
        if len(self.gaps) < MAX_LISTED:
            self.gaps.append(FrameGap(after, before, missing))

    def _came_before(self, rows: Octets, table: FrameTable, row: int) -> bool:
        """Say whether one of the frames before is the same."""
        count, earliest = table.frame_count[row], max(0, row - REMEMBERED)
        near = earliest + np.flatnonzero(table.frame_count[earliest:row] == count)
        here = rows[row, : table.length[row]]
        if any(np.array_equal(rows[one, : table.length[one]], here) for one in near.tolist()):
            return True
        older = self._recent[row - REMEMBERED :] if row < REMEMBERED else []
        return any(one == count and np.array_equal(octets, here) for one, octets in older)

    def _remember(self, rows: Octets, table: FrameTable) -> None:
        """Keep the last frames for later comparison; the oldest first."""
        latest = range(max(0, len(rows) - REMEMBERED), len(rows))
        kept = [(int(table.frame_count[row]), rows[row, : table.length[row]].copy()) for row in latest]
        self._recent = [*self._recent, *kept][-REMEMBERED:]
