"""Make one series of runs that may overlap: late files, the same pass received twice with different losses.

A sample time is taken once. Where two runs have it, the verified one wins, then the one that starts first. Runs that
follow on one another within half a sample become one segment, so that nothing downstream sees where rows were cut.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from telemus.archive.samples import Run
from telemus.series import Quality, Samples, Segment

_UNTRUSTED = int(Quality.CHECKSUM_FAILED | Quality.UNVERIFIED)
_SAME_RATE = Fraction(1, 1000)


def merge(runs: Sequence[Run], start_ns: int, stop_ns: int) -> Samples:
    """Return the runs in order of time as Samples of raw counts, cut to [``start_ns``, ``stop_ns``) [ns TAI]."""
    clipped = [piece for run in runs for piece in _clip(run, start_ns, stop_ns)]
    clipped.sort(key=lambda run: run.segment.start_ns)
    if any(_overlap(one, other) for one, other in pairwise(clipped)):
        clipped = _resolved(clipped)
    if not clipped:
        return Samples((), np.zeros(0, np.int64), np.zeros(0, np.uint32), "count")
    values = np.concatenate([run.values for run in clipped]) if len(clipped) > 1 else clipped[0].values
    quality = np.concatenate([run.quality for run in clipped]) if len(clipped) > 1 else clipped[0].quality
    return Samples(_segments([run.segment for run in clipped]), values, quality, "count")


def _part(run: Run, first: int, last: int) -> Run:
    if first == 0 and last == run.segment.count:
        return run
    start = int(run.segment.time_at(np.array([first]))[0])
    segment = Segment(start, run.segment.period_ns, last - first)
    return Run(segment, run.values[first:last], run.quality[first:last], run.quality_union)


def _clip(run: Run, start_ns: int, stop_ns: int) -> list[Run]:
    first = max(run.segment.index_at(start_ns), 0)
    last = min(run.segment.index_at(stop_ns), run.segment.count)
    return [_part(run, first, last)] if last > first else []


def _overlap(one: Run, other: Run) -> bool:
    return other.segment.start_ns < one.segment.stop_ns - round(one.segment.period_ns / 2)


def _resolved(runs: list[Run]) -> list[Run]:
    """Return parts of the runs that do not overlap: trusted runs first, each giving what is not covered yet."""
    kept: list[Run] = []
    covered: list[tuple[int, int]] = []
    for run in sorted(runs, key=lambda run: (bool(run.quality_union & _UNTRUSTED), run.segment.start_ns)):
        for piece in _uncovered(run, covered):
            kept.append(piece)
            insort(covered, (piece.segment.start_ns, piece.segment.stop_ns))
    return sorted(kept, key=lambda run: run.segment.start_ns)


def _uncovered(run: Run, covered: list[tuple[int, int]]) -> list[Run]:
    """Return the parts of a run outside sorted disjoint intervals; within half a sample counts as the same sample."""
    segment = run.segment
    half_ns = round(segment.period_ns / 2)
    place = max(bisect_left(covered, (segment.start_ns, segment.start_ns)) - 1, 0)
    pieces, first = [], 0
    for begin, end in covered[place:]:
        if begin >= segment.stop_ns:
            break
        low = min(max(segment.index_at(begin - half_ns), first), segment.count)
        high = min(max(segment.index_at(end - half_ns), low), segment.count)
        if high == low:
            continue
        if low > first:
            pieces.append(_part(run, first, low))
        first = high
    if first < segment.count:
        pieces.append(_part(run, first, segment.count))
    return pieces


def _segments(parts: list[Segment]) -> tuple[Segment, ...]:
    """Join segments that follow on one another; the joined one keeps first start, last stop and the whole count."""
    joined: list[Segment] = []
    for part in parts:
        if joined and _follows(joined[-1], part):
            before = joined[-1]
            count = before.count + part.count
            joined[-1] = Segment(before.start_ns, Fraction(part.stop_ns - before.start_ns, count), count)
        else:
            start = max(part.start_ns, joined[-1].stop_ns) if joined else part.start_ns
            joined.append(Segment(start, part.period_ns, part.count))
    return tuple(joined)


def _follows(before: Segment, after: Segment) -> bool:
    same_rate = abs(after.period_ns / before.period_ns - 1) < _SAME_RATE
    return same_rate and abs(after.start_ns - before.stop_ns) * 2 < before.period_ns
