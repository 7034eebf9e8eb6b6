"""Statistics of beat intervals, and the rejection of intervals that can be undone: a bit per reason, never a deletion.

An interval belongs to the time of its first beat. Everything is computed on whole nanoseconds, because a difference of
exactly the threshold must not count: in float seconds 0.115 - 0.110 > 0.005 is true.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import true_runs


class Rejection(enum.IntFlag):
    """Why an interval is kept out of the statistics; 0 is kept."""

    KEPT = 0
    MISSING = 1 << 0
    """No interval: a gap, a bad mark or the border follows the beat."""
    QUALITY = 1 << 1
    """The beat carries a quality bit that the caller rejects."""
    AVERAGE = 1 << 2
    """It differs from the moving average of its neighbourhood by more than the allowed share."""
    NEIGHBOUR = 1 << 3
    """It differs from either neighbour by more than the allowed share of that neighbour."""
    RANGE = 1 << 4
    """It lies outside the range given."""


class IntervalStatistics(NamedTuple):
    """Time-domain statistics of normal intervals.

    ``n``: intervals kept; ``mean_ms`` (AVNN); ``sdnn_ms`` (ddof 1); ``rmssd_ms``: root of the mean squared successive
    difference; ``pnn_percent``: share of successive differences above the threshold, strictly; ``n_differences``.
    ``hr_bpm`` = 60 / mean interval, the time-weighted mean rate; ``hr_beat_bpm`` = mean of 60 / interval, the
    beat-weighted one, never the lower. NaN where there is too little to compute.
    """

    n: int
    mean_ms: float
    sdnn_ms: float
    rmssd_ms: float
    pnn_percent: float
    n_differences: int
    hr_bpm: float
    hr_beat_bpm: float


def whole_ns(interval_s: ArrayLike) -> NDArray[np.int64]:
    """Return intervals (n,) [s] as whole nanoseconds; NaN and infinity become -1, which means missing.

    >>> whole_ns([0.105, np.nan]).tolist()
    [105000000, -1]
    """
    interval = np.asarray(interval_s, np.float64)
    known = np.isfinite(interval)
    return np.where(known, np.rint(np.where(known, interval, 0.0) * 1e9), -1).astype(np.int64)


def interval_statistics(
    interval_ns: ArrayLike,
    rejected: ArrayLike | None = None,
    threshold_ns: int = 5_000_000,
    close_up: bool = False,
) -> IntervalStatistics:
    """Compute AVNN, SDNN, RMSSD, pNN and both mean rates of successive intervals (n,) int64 [ns]; below 1 is missing.

    ``rejected`` (n,): any nonzero word keeps the interval out. Successive differences are taken between intervals
    that touch: never across a missing or rejected one. ``close_up=True`` takes the row of kept intervals as if it had
    no holes, as PhysioZoo and others do; it is there to compare with them. ``threshold_ns``: 5 ms for mice; 50 ms
    (pNN50) is the human one.

    Raises SignalError where shapes differ.

    >>> s = interval_statistics([100_000_000, 105_000_000, 111_000_000, 105_000_000])
    >>> s.mean_ms, round(s.rmssd_ms, 4), round(s.pnn_percent, 2)
    (105.25, 5.6862, 66.67)
    """
    interval, words = _checked("interval_statistics", interval_ns, rejected)
    kept = (interval > 0) & (words == 0)
    x = interval[kept]
    nan = float("nan")
    if x.size == 0:
        return IntervalStatistics(0, nan, nan, nan, nan, 0, nan, nan)
    difference = np.diff(x) if close_up else np.diff(interval)[kept[1:] & kept[:-1]]
    mean_ns = float(x.mean())
    return IntervalStatistics(
        x.size,
        mean_ns / 1e6,
        float(x.std(ddof=1)) / 1e6 if x.size > 1 else float("nan"),
        float(np.sqrt(np.mean((difference / 1e6) ** 2))) if difference.size else float("nan"),
        100.0 * float(np.mean(np.abs(difference) > threshold_ns)) if difference.size else float("nan"),
        difference.size,
        60e9 / mean_ns,
        float(np.mean(60e9 / x)),
    )


def reject_missing(interval_ns: ArrayLike) -> NDArray[np.uint32]:
    """Return MISSING (n,) where there is no interval.

    >>> reject_missing([100_000_000, -1]).tolist()
    [0, 1]
    """
    interval, _ = _checked("reject_missing", interval_ns, None)
    return np.where(interval > 0, 0, np.uint32(Rejection.MISSING)).astype(np.uint32)


def reject_range(interval_ns: ArrayLike, shortest_ns: int, longest_ns: int) -> NDArray[np.uint32]:
    """Return RANGE (n,) where an interval is shorter or longer than a norm [ns]; the bounds themselves are inside.

    >>> reject_range([40_000_000, 100_000_000], 50_000_000, 240_000_000).tolist()
    [16, 0]
    """
    interval, _ = _checked("reject_range", interval_ns, None)
    outside = (interval > 0) & ((interval < shortest_ns) | (interval > longest_ns))
    return np.where(outside, np.uint32(Rejection.RANGE), 0).astype(np.uint32)


def reject_neighbour(interval_ns: ArrayLike, share: float = 0.2) -> NDArray[np.uint32]:
    """Return NEIGHBOUR (n,) where an interval differs from either neighbour by more than ``share`` of that neighbour.

    A missing neighbour is no neighbour: nothing is compared across a gap. A threshold between 10 and 20 % is usual
    (doi 10.3389/fphys.2019.00693). Real ectopic beats are rejected too: the bit says why, and can be ignored.

    >>> reject_neighbour([100_000_000, 101_000_000, 150_000_000, -1]).tolist()
    [0, 8, 8, 0]
    """
    interval, _ = _checked("reject_neighbour", interval_ns, None)
    mark = np.zeros(interval.size, np.bool_)
    both = (interval[1:] > 0) & (interval[:-1] > 0)
    apart = np.abs(np.diff(interval))
    mark[1:] |= both & (apart > share * interval[:-1])
    mark[:-1] |= both & (apart > share * interval[1:])
    return np.where(mark, np.uint32(Rejection.NEIGHBOUR), 0).astype(np.uint32)


_HALF_KERNEL = np.r_[np.ones(10), 0.0, np.ones(10)] / 20.0
_KERNEL = np.convolve(_HALF_KERNEL, _HALF_KERNEL)  # forward and backward at once: 41 taps, symmetrical


def moving_average_ns(interval_ns: ArrayLike) -> NDArray[np.float64]:
    """Return the zero-phase moving average (n,) [ns] within each run of intervals that touch; NaN where missing.

    The kernel of 21 taps (ten ones, zero, ten ones, over 20) is applied forward and backward; a run is continued at its
    ends by reflection through its last point. This is the average of PhysioZoo's filter (doi 10.3389/fphys.2018.01390).

    >>> moving_average_ns([100, 100, 100, -1, 90]).round(6).tolist()
    [100.0, 100.0, 100.0, nan, 90.0]
    """
    interval, _ = _checked("moving_average_ns", interval_ns, None)
    average = np.full(interval.size, np.nan)
    for start, stop in true_runs(interval > 0).tolist():
        run = interval[start:stop].astype(np.float64)
        padded = np.pad(run, 20, mode="reflect", reflect_type="odd") if run.size > 1 else np.full(41, run[0])
        average[start:stop] = np.convolve(padded, _KERNEL, "valid")
    return average


def reject_average(interval_ns: ArrayLike, share: float = 0.2) -> NDArray[np.uint32]:
    """Return AVERAGE (n,) where an interval differs from `moving_average_ns` by more than ``share`` of that average.

    >>> reject_average([100] * 30 + [140] + [100] * 30).nonzero()[0].tolist()
    [30]
    """
    interval, _ = _checked("reject_average", interval_ns, None)
    average = moving_average_ns(interval)
    apart = np.abs(interval - average) > share * average  # NaN compares false
    return np.where(apart, np.uint32(Rejection.AVERAGE), 0).astype(np.uint32)


def reject_quality(interval_ns: ArrayLike, quality: ArrayLike, bits: int) -> NDArray[np.uint32]:
    """Return QUALITY (n,) where the beat that opens the interval, or the one that closes it, carries any of ``bits``.

    ``quality`` (n,): one word per beat, beat i opens interval i.

    >>> reject_quality([100, 100, 100], [0, 4, 0], 4).tolist()
    [2, 2, 0]
    """
    interval, words = _checked("reject_quality", interval_ns, quality)
    bad = (words & np.uint32(bits)) != 0
    bad[:-1] |= bad[1:] & (interval[:-1] > 0)
    return np.where(bad, np.uint32(Rejection.QUALITY), 0).astype(np.uint32)


def rejected_shares(rejected: ArrayLike) -> dict[str, float]:
    """Return the share of rows with each reason and with any, 0 to 1; a row may have several, NaN without rows.

    >>> rejected_shares(np.array([0, 1, 12, 0]))["any"], rejected_shares([8, 0])["neighbour"]
    (0.5, 0.5)
    """
    words = np.asarray(rejected, np.uint32)
    shares = {"any": words != 0} | {str(r.name).lower(): (words & np.uint32(r)) != 0 for r in Rejection if r}
    return {name: float(mark.mean()) if words.size else float("nan") for name, mark in shares.items()}


def _checked(
    where: str, interval_ns: ArrayLike, words: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    interval = np.asarray(interval_ns)
    if interval.dtype.kind not in "iu" and interval.size:
        raise SignalError(f"{where}: got intervals of type {interval.dtype}, wanted whole nanoseconds (see whole_ns)")
    interval = interval.astype(np.int64, copy=False)
    marks = np.zeros(interval.shape, np.uint32) if words is None else np.asarray(words).astype(np.uint32)
    if interval.ndim != 1 or marks.shape != interval.shape:
        raise SignalError(f"{where}: got intervals {interval.shape} and words {marks.shape}, wanted two arrays (n,)")
    return interval, marks
