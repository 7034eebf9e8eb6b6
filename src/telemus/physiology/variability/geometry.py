"""Geometry of intervals: the Poincare plot, the histogram's triangle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.variability.time_statistics import series


class Poincare(NamedTuple):
    """``sd1`` across, ``sd2`` along the line of identity [unit]; ``csi`` = SD2 / SD1, ``cvi`` = log10(16 SD1 SD2)."""

    sd1: float
    sd2: float
    csi: float
    cvi: float


def poincare(values: ArrayLike) -> Poincare:
    """Compute SD1 and SD2 of the plot of each value (n,) against the next; NaN breaks the series.

    SD1 is the standard deviation (n - 1) of (next - this) / root 2, so SD1^2 = SDSD^2 / 2; SD2 that of (next + this) /
    root 2 over the same pairs: Brennan et al. 2001, doi 10.1109/10.959330. CSI and CVI as Toichi et al. 1997, doi
    10.1016/S0165-1838(96)00112-9, with the lengths 4 SD1 and 4 SD2 of the ellipse's axes. NaN below three pairs.

    >>> p = poincare([100.0, 104.0, 102.0, 108.0])
    >>> round(p.sd1, 4), round(p.sd2, 4)
    (2.9439, 2.1602)
    """
    x = series(values)
    first, second = x[:-1], x[1:]
    both = np.isfinite(first) & np.isfinite(second)
    nan = float("nan")
    if int(both.sum()) < 3:
        return Poincare(nan, nan, nan, nan)
    first, second = first[both], second[both]
    sd1 = float((second - first).std(ddof=1)) / 2**0.5
    sd2 = float((second + first).std(ddof=1)) / 2**0.5
    if not (sd1 > 0 and sd2 > 0):
        return Poincare(sd1, sd2, nan, nan)
    return Poincare(sd1, sd2, sd2 / sd1, float(np.log10(16.0 * sd1 * sd2)))


class Triangle(NamedTuple):
    """``share``: values over those in the fullest bin, the triangular index; ``base``: of the fitted triangle, TINN."""

    share: float
    base: float


def histogram_triangle(values: ArrayLike, bin_width: float) -> Triangle:
    """Compute the triangular index and TINN of values (n,), NaN left out, from a histogram of given bin width [unit].

    Bins lie at whole multiples of the width. TINN is the base of the triangle with its top on the fullest bin (the
    lowest of several) which differs least, by the sum of squares, from the histogram: Task Force 1996, doi
    10.1161/01.CIR.93.5.1043; its two corners stand on centres of bins. Both depend on the width, which the Task Force
    set to 1/128 s for people. NaN below twenty values. Raises SignalError on a width that is not above 0.
    """
    if not bin_width > 0:
        raise SignalError(f"histogram_triangle: got bins of {bin_width}, wanted a width above 0")
    x = series(values)
    x = x[np.isfinite(x)]
    if x.size < 20:
        return Triangle(float("nan"), float("nan"))
    place = np.floor(x / bin_width).astype(np.int64)
    counts = np.bincount(place - place.min()).astype(np.float64)
    top = int(np.argmax(counts))
    base = _corner(counts[: top + 1][::-1]) + _corner(counts[top:])
    return Triangle(float(x.size / counts[top]), base * bin_width)


def _corner(counts: NDArray[np.float64]) -> int:
    """Return how many bins from the top, counts[0], the side of the best triangle reaches the ground."""
    reach = np.arange(1, len(counts) + 1)
    side = np.clip(1.0 - np.arange(len(counts)) / reach[:, None], 0.0, None) * counts[0]
    return int(reach[np.argmin(((side - counts) ** 2).sum(axis=1))])
