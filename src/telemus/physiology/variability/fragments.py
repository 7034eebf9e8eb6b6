"""Fragmentation of the heart rate: how often it turns round from one beat to the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.physiology.variability.time_statistics import series


class Fragmentation(NamedTuple):
    """``pip_percent``: intervals at which the rate turns round; ``ials``: one over the mean length of the segments
    between turns; ``pss_percent``: intervals in segments of fewer than three; ``pas_percent``: intervals in stretches
    of at least four that turn round at every beat.
    """

    pip_percent: float
    ials: float
    pss_percent: float
    pas_percent: float


def fragmentation(intervals: ArrayLike) -> Fragmentation:
    """Compute PIP, IALS, PSS and PAS of successive intervals (n,); NaN breaks the series.

    Costa et al. 2017, doi 10.3389/fphys.2017.00255, counted as PhysioZoo counts: a turn is where two successive
    differences have opposite signs (a difference of zero turns nothing), a segment is a row of differences without a
    turn, its length their number, and shares are of all intervals. A break ends a segment and is no turn. NaN below
    three differences in all.

    >>> fragmentation([100.0, 104.0, 101.0, 103.0, 100.0, 102.0])
    Fragmentation(pip_percent=66.66666666666667, ials=1.0, pss_percent=83.33333333333333, pas_percent=100.0)
    """
    x = series(intervals)
    step = np.diff(x)
    known = np.isfinite(step)
    if int(known.sum()) < 3:
        return Fragmentation(*[float("nan")] * 4)
    turn = np.r_[False, step[1:] * step[:-1] < 0]  # between this difference and the one before; NaN compares false
    begins = known & (turn | ~np.r_[False, known[:-1]])
    lengths = np.bincount(np.cumsum(begins)[known] - 1)
    n = int(np.isfinite(x).sum())
    after_turn = turn[begins]
    return Fragmentation(
        100.0 * int(turn.sum()) / n,
        1.0 / float(lengths.mean()),
        100.0 * int(lengths[lengths < 3].sum()) / n,
        100.0 * _alternating(lengths, after_turn) / n,
    )


def _alternating(lengths: NDArray[np.int64], after_turn: NDArray[np.bool_]) -> int:
    """Return the intervals in stretches of at least four of which every difference turns round.

    k segments of one difference in a row, in one run, hold k + 1 intervals.
    """
    single = lengths == 1
    starts = single & ~(after_turn & np.r_[False, single[:-1]])
    counts = np.bincount(np.cumsum(starts)[single]) + 1
    return int(counts[counts > 3].sum())
