"""One pass over samples that marks what cannot be the signal."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

DROPOUT, FLATLINE, RAIL, SPIKE = 1, 2, 4, 8  # telemus.series.Quality, as plain integers for the compiler


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def flag_kernel(
    x: NDArray[np.float64], flat_count: int, lowest: float, highest: float, spike: float, spike_width: int
) -> NDArray[np.uint32]:
    """Return the quality bits of samples x (n,); see ``telemus.physiology.quality.flag_samples``."""
    flags = np.zeros(len(x), np.uint32)
    flat_from = 0
    for i in range(len(x)):
        value = x[i]
        if not abs(value) < np.inf:
            flags[i] |= np.uint32(DROPOUT)
        if value <= lowest or value >= highest:
            flags[i] |= np.uint32(RAIL)
        if i == 0:
            continue
        if value != x[i - 1]:
            flat_from = i
        elif i - flat_from + 1 == flat_count:
            for k in range(flat_from, i + 1):
                flags[k] |= np.uint32(FLATLINE)
        elif i - flat_from + 1 > flat_count:
            flags[i] |= np.uint32(FLATLINE)
        if abs(value - x[i - 1]) >= spike:
            for k in range(i + 1, min(i + spike_width, len(x) - 1) + 1):
                if abs(x[k] - x[i - 1]) < 0.5 * spike:
                    for j in range(i, k):
                        flags[j] |= np.uint32(SPIKE)
                    break
    return flags
