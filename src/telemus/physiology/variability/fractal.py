"""Detrended fluctuation analysis: how the fluctuation of the summed series grows with the length of the box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.variability.time_statistics import series

LEAST_BOXES = 2
"""Fewer boxes of a size than this give no exponent over a range that holds it."""


class Fluctuations(NamedTuple):
    """``sizes`` (k,) of boxes [beats], ``fluctuation`` (k,) F(n) in the unit, ``boxes`` (k,) that were there."""

    sizes: NDArray[np.int64]
    fluctuation: NDArray[np.float64]
    boxes: NDArray[np.int64]


class Exponents(NamedTuple):
    """``alpha1`` over short and ``alpha2`` over long boxes; 0.5 white noise, 1.0 1/f noise, 1.5 Brownian noise."""

    alpha1: float
    alpha2: float


def box_sizes(shortest: int, longest: int) -> NDArray[np.int64]:
    """Return whole sizes from shortest to longest in steps of an eighth of an octave, as the program of Peng's group
    does.

    >>> box_sizes(4, 15).tolist()
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15]
    """
    if not 4 <= shortest < longest:
        raise SignalError(f"box_sizes: got {shortest} to {longest}, wanted at least 4 and an ascending range")
    count = int(np.floor(8 * np.log2(longest / shortest) + 1e-9)) + 1
    return np.unique(np.floor(shortest * 2.0 ** (np.arange(count) / 8.0) + 0.5).astype(np.int64))


def fluctuations(values: ArrayLike, sizes: NDArray[np.int64]) -> Fluctuations:
    """Compute F(n), the root mean square of the summed series around straight lines in boxes of each size.

    ``values`` (n,), NaN where broken: the sum of values minus their mean starts anew after a break, and no box reaches
    across one. Departure from Peng et al. 1995 (doi 10.1063/1.166141): the mean is over the points that lie in boxes,
    not over all n; the rest at the end of a run is no fluctuation of zero.
    """
    from telemus.physiology.variability.fractal_kernel import box_fluctuations

    x = series(values)
    known = np.isfinite(x)
    mean = float(x[known].mean()) if bool(known.any()) else 0.0
    squares, boxes = box_fluctuations(np.where(known, x, np.nan), mean, np.asarray(sizes, np.int64))
    return Fluctuations(sizes, np.sqrt(squares), boxes)


def dfa(values: ArrayLike, scales: tuple[int, int, int, int] = (4, 15, 16, 128)) -> Exponents:
    """Compute alpha1 and alpha2: slopes of log F(n) over log n from scales[0] to [1] and from [2] to [3] beats.

    ``values`` (n,), NaN where broken. An exponent is NaN where any size of its range has fewer than LEAST_BOXES boxes:
    one over fewer sizes would be another measure under the same name.
    """
    short, long = box_sizes(*scales[:2]), box_sizes(*scales[2:])
    found = fluctuations(values, np.r_[short, long])
    return Exponents(_slope(found, slice(0, len(short))), _slope(found, slice(len(short), None)))


def _slope(found: Fluctuations, part: slice) -> float:
    if found.boxes[part].min() < LEAST_BOXES or not found.fluctuation[part].min() > 0:
        return float("nan")
    x, y = np.log(found.sizes[part]), np.log(found.fluctuation[part])
    x = x - x.mean()
    return float(x @ y / (x @ x))
