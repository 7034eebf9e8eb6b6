"""Cells and extrema: a signal reduced to means over short equal cells, and to the turning points of those means.

A detector that works on cells of a few milliseconds costs the same at every sampling rate, sees less noise, and
keeps only two numbers per turn of the signal. Both kernels look at nothing but neighbouring samples, so a signal cut
at a cell boundary gives the same cells and, away from the cut, the same extrema, bit for bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def mean_cells(
    values: NDArray[np.float64], quality: NDArray[np.uint32], reject: int, width: int
) -> NDArray[np.float64]:
    """Average a signal over cells of ``width`` samples.

    values (n,), quality (n,), reject: bits that make a sample unusable. Returns (n // width,): the mean, or NaN where
    any sample of the cell is unusable or not finite. Samples after the last whole cell are left out.
    """
    count = len(values) // width
    means = np.empty(count, np.float64)
    for cell in range(count):
        start = cell * width
        total = 0.0
        bits = np.uint32(0)
        for i in range(start, start + width):
            total += values[i]
            bits |= quality[i]
        usable = (bits & np.uint32(reject)) == 0 and abs(total) < np.inf
        means[cell] = total / width if usable else np.nan
    return means


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def alternating_extrema(means: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int64]]:
    """Find the turning points of a signal, run by run of finite values.

    means (n,). Returns (position, kind, run): the index of each extremum, +1 for a maximum and -1 for a minimum, and
    the index at which its run of finite values starts. Within a run the kinds alternate; the ends of a run are no
    extrema; a plateau is an extremum at its first value.
    """
    position = np.empty(len(means), np.int64)
    kind = np.empty(len(means), np.int8)
    run = np.empty(len(means), np.int64)
    count = 0
    start = -1
    direction = 0
    turn = 0
    for i in range(len(means)):
        if means[i] != means[i]:
            start = -1
            continue
        if start < 0:
            start, direction, turn = i, 0, i
            continue
        step = means[i] - means[i - 1]
        if step == 0.0:
            continue
        sign = 1 if step > 0.0 else -1
        if direction == -sign:
            position[count], kind[count], run[count] = turn, direction, start
            count += 1
        direction, turn = sign, i
    return position[:count], kind[:count], run[:count]
