"""Turns a column of times into segments: an exact period, a start, and a gap wherever time leaps.

Rules, stated because they decide what counts as a gap. The period p is the median advance over up to 1000 rows. Two
rows that lie more than 1.5 p apart (or p and the resolution of the times, where that is coarser) have a gap between
them. Inside a run every row may deviate from even spacing by at most half a period plus the resolution; else the column
is no time axis of a sampled signal. A rate that is a whole number of hertz, or a period that is a whole number of
microseconds, is taken where it fits to within a fiftieth of a period or the resolution, so that printed and rounded
times give back the rate that was meant.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.series import NS_PER_S, Segment

_STRIDE = 1000
_GAP = 1.5
_JITTER = 0.5
_SNAP = 0.02


class Axis(NamedTuple):
    """Segments over all rows, and the largest deviation of a row from its segment's even spacing [s]."""

    segments: tuple[Segment, ...]
    jitter_s: float


def segments_of(times_ns: NDArray[np.int64]) -> Axis:
    """Return the segments that times (n,) [ns] fall into.

    A single row has no period and is given one of 1 s. Raises SignalError, with the row from 1, where times go back or
    are too uneven.

    >>> segments_of(np.array([0, 2, 4, 100, 102]) * 1_000_000).segments[1].start_ns
    100000000
    """
    if len(times_ns) == 0:
        return Axis((), 0.0)
    if len(times_ns) == 1:
        return Axis((Segment(int(times_ns[0]), Fraction(NS_PER_S), 1),), 0.0)
    steps = np.diff(times_ns)
    back = np.flatnonzero(steps < 0)
    if len(back):
        row = int(back[0]) + 2
        raise SignalError(
            f"row {row}: got a time {-int(steps[back[0]]) / 1e9:g} s before the one ahead, wanted rising times"
        )
    period = _period(times_ns)
    if period <= 0:
        raise SignalError("got times that stand still, wanted rising times")
    resolution = _rounding(times_ns, period)
    edges = np.flatnonzero(steps > max(_GAP * period, period + 1.01 * resolution)) + 1
    bounds = [0, *edges.tolist(), len(times_ns)]
    segments, worst = [], 0.0
    for first, stop in pairwise(bounds):
        segment, jitter = _fit(times_ns[first:stop], period, resolution)
        if jitter > _JITTER * period + resolution:
            raise SignalError(
                f"rows {first + 1} to {stop}: got times up to {jitter / 1e9:.3g} s away from even spacing by "
                f"{period / 1e9:.6g} s, "
                f"wanted at most {(_JITTER * period + resolution) / 1e9:.3g} s"
            )
        segments.append(segment)
        worst = max(worst, jitter)
    return Axis(_in_order(segments), worst / 1e9)


def _period(times_ns: NDArray[np.int64]) -> float:
    """Return the median advance per row [ns], over strides long enough to average rounded times out."""
    stride = max(1, min(_STRIDE, len(times_ns) // 20))
    advance = (times_ns[stride:] - times_ns[:-stride]) / stride
    return float(np.median(advance))


def _rounding(times_ns: NDArray[np.int64], period: float) -> int:
    """Return the power of ten [ns] to which the times are rounded, told from the first 1000.

    Where the period is a multiple of it, rounding shifts no time against another: then it is 1.
    """
    head = times_ns[:1000]
    for resolution in (1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10):
        if not np.any(head % resolution):
            multiple = period / resolution
            return 1 if multiple > 0.5 and abs(multiple - round(multiple)) < 1e-3 else resolution
    return 1


def _fit(times_ns: NDArray[np.int64], period: float, resolution: int) -> tuple[Segment, float]:
    """Return the even spacing that fits a run best, and the largest deviation from it [ns]."""
    count = len(times_ns)
    since = (times_ns - times_ns[0]).astype(np.float64)
    index = np.arange(count, dtype=np.float64)
    tolerance = max(_SNAP * period, resolution * 0.51)
    for round_period in _round_periods(period):
        deviation = since - index * float(round_period)
        middle = (float(deviation.max()) + float(deviation.min())) / 2
        if float(np.abs(deviation - middle).max()) <= tolerance:
            # rounded times lie on both sides of the true ones; a first time of 0 is exact whatever the rounding
            shift = 0 if times_ns[0] == 0 or abs(middle) <= 1 else round(middle)
            return Segment(int(times_ns[0]) + shift, round_period, count), float(np.abs(deviation - middle).max())
    slope = period
    if count > 2:
        centred = index - index.mean()
        slope = float(centred @ (since - since.mean())) / float(centred @ centred)
    start = float(since.mean() - slope * index.mean())
    exact = Fraction(slope).limit_denominator(10**6) if slope > 0 else Fraction(period)
    worst = float(np.abs(since - start - index * slope).max())
    return Segment(int(times_ns[0]) + round(start), exact, count), worst


def _round_periods(period: float) -> list[Fraction]:
    """Return the periods [ns] a designer would have chosen near this one: whole hertz, whole microseconds, whole
    seconds.
    """
    candidates = []
    rate = NS_PER_S / period
    if rate >= 0.75:
        candidates.append(Fraction(NS_PER_S, round(rate)))
    if period >= 750:
        candidates.append(Fraction(round(period / 1000) * 1000))
    return [candidate for candidate in candidates if abs(float(candidate) - period) <= 0.01 * period]


def _in_order(segments: list[Segment]) -> tuple[Segment, ...]:
    """Return segments that do not overlap by the fraction of a period that a fit may leave."""
    ordered = segments[:1]
    for segment in segments[1:]:
        start = max(segment.start_ns, ordered[-1].stop_ns)
        ordered.append(Segment(start, segment.period_ns, segment.count))
    return tuple(ordered)
