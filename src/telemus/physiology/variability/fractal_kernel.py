"""Fluctuations around straight lines in boxes, for detrended fluctuation analysis."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def box_fluctuations(
    values: NDArray[np.float64], mean: float, sizes: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean squared distance from the line in each box, and the number of boxes, for each size (k,).

    values (n,), NaN where the series is broken; the sum of values minus ``mean`` starts anew after each break, and a
    box lies within one run.
    """
    n = len(values)
    profile = np.empty(n, np.float64)
    left = np.empty(n, np.int64)  # values from here to the end of the run, this one included
    total = 0.0
    for i in range(n):
        total = total + values[i] - mean if values[i] == values[i] else 0.0
        profile[i] = total
    ahead = 0
    for i in range(n - 1, -1, -1):
        ahead = ahead + 1 if values[i] == values[i] else 0
        left[i] = ahead
    squares = np.zeros(len(sizes), np.float64)
    boxes = np.zeros(len(sizes), np.int64)
    for k in range(len(sizes)):
        size = sizes[k]
        half = 0.5 * (size - 1)
        spread = size * (size * size - 1.0) / 12.0
        i = 0
        while i < n:
            if left[i] < size:
                i += left[i] + 1
                continue
            level = slope = 0.0
            for j in range(size):
                level += profile[i + j]
                slope += (j - half) * profile[i + j]
            level /= size
            slope /= spread
            for j in range(size):
                away = profile[i + j] - level - slope * (j - half)
                squares[k] += away * away
            boxes[k] += 1
            i += size
        squares[k] = squares[k] / (boxes[k] * size) if boxes[k] > 0 else np.nan
    return squares, boxes
