"""Resolve rows of samples that may overlap: late files, the same pass received twice with different losses.

A sample time is taken once. Where two rows have it, the verified one wins, then the one that starts first; within half
a sample it is the same time. Which samples of a row are taken depends on the rows around them alone, never on the span
that is asked for. Rows that follow on one another within half a sample become one segment, so that nothing downstream
sees where rows were cut.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.series import Quality, Samples, Segment

_UNTRUSTED = int(Quality.CHECKSUM_FAILED | Quality.UNVERIFIED)
_SAME_RATE = Fraction(1, 1000)


class Piece(NamedTuple):
    """Samples ``first`` to ``last`` of one row: its place in the list of rows, and its segment."""

    row: int
    segment: Segment
    first: int
    last: int

    @property
    def whole(self) -> bool:
        """Return whether it is the whole row."""
        return self.first == 0 and self.last == self.segment.count

    @property
    def part(self) -> Segment:
        """Return the segment of the samples taken."""
        if self.whole:
            return self.segment
        return Segment(self._time_of(self.first), self.segment.period_ns, self.last - self.first)

    def _time_of(self, index: int) -> int:
        return int(self.segment.time_at(np.array([index]))[0])

    def between(self, start_ns: int, stop_ns: int) -> Piece | None:
        """Return what of it lies in a span [ns TAI], None where nothing does."""
        first = max(self.segment.index_at(start_ns), self.first)
        last = min(self.segment.index_at(stop_ns), self.last)
        return self._replace(first=first, last=last) if last > first else None


class Run(NamedTuple):
    """Samples without a hole as read: segment, values (n,), quality (n,) uint32."""

    segment: Segment
    values: NDArray[Any]
    quality: NDArray[np.uint32]


def untrusted(quality_union: int) -> bool:
    """Return whether a row of that union of quality gives way to a row that was verified."""
    return bool(quality_union & _UNTRUSTED)


def resolved(rows: Sequence[Segment], trust_lost: Sequence[bool]) -> list[Piece]:
    """Return what is taken of rows in any order, in order of time; ``trust_lost`` says which are not verified."""
    order = sorted(range(len(rows)), key=lambda row: rows[row].start_ns)
    pieces = [Piece(row, rows[row], 0, rows[row].count) for row in order]
    if not any(_overlap(one.segment, other.segment) for one, other in pairwise(pieces)):
        return pieces
    kept: list[tuple[int, Piece]] = []
    covered: list[tuple[int, int]] = []
    for piece in sorted(pieces, key=lambda piece: trust_lost[piece.row]):  # stable: then by start
        for free in _uncovered(piece, covered):
            part = free.part
            kept.append((part.start_ns, free))
            insort(covered, (part.start_ns, part.stop_ns))
    return [piece for _, piece in sorted(kept, key=lambda one: one[0])]


def as_samples(runs: Sequence[Run]) -> Samples:
    """Return runs in order of time, none of which overlap, as Samples of raw counts."""
    if not runs:
        return Samples((), np.zeros(0, np.int64), np.zeros(0, np.uint32), "count")
    values = np.concatenate([run.values for run in runs]) if len(runs) > 1 else runs[0].values
    quality = np.concatenate([run.quality for run in runs]) if len(runs) > 1 else runs[0].quality
    return Samples(_segments([run.segment for run in runs]), values, quality, "count")


def follows(before: Segment, after: Segment) -> bool:
    """Return whether a segment goes on, at the same rate and within half a sample, where another stops."""
    same_rate = abs(after.period_ns / before.period_ns - 1) < _SAME_RATE
    return same_rate and abs(after.start_ns - before.stop_ns) * 2 < before.period_ns


def _overlap(one: Segment, other: Segment) -> bool:
    return other.start_ns < one.stop_ns - round(one.period_ns / 2)


def _uncovered(piece: Piece, covered: list[tuple[int, int]]) -> list[Piece]:
    """Return the parts of a row outside sorted disjoint intervals; within half a sample counts as the same sample."""
    segment = piece.segment
    half_ns = round(segment.period_ns / 2)
    place = max(bisect_left(covered, (segment.start_ns, segment.start_ns)) - 1, 0)
    found, first = [], 0
    for begin, end in covered[place:]:
        if begin >= segment.stop_ns:
            break
        low = min(max(segment.index_at(begin - half_ns), first), segment.count)
        high = min(max(segment.index_at(end - half_ns), low), segment.count)
        if high == low:
            continue
        if low > first:
            found.append(piece._replace(first=first, last=low))
        first = high
    if first < segment.count:
        found.append(piece._replace(first=first, last=segment.count))
    return found


def _segments(parts: list[Segment]) -> tuple[Segment, ...]:
    """Join segments that follow on one another; the joined one keeps first start, last stop and the whole count."""
    joined: list[Segment] = []
    for part in parts:
        if joined and follows(joined[-1], part):
            before = joined[-1]
            count = before.count + part.count
            joined[-1] = Segment(before.start_ns, Fraction(part.stop_ns - before.start_ns, count), count)
        else:
            start = max(part.start_ns, joined[-1].stop_ns) if joined else part.start_ns
            joined.append(Segment(start, part.period_ns, part.count))
    return tuple(joined)
