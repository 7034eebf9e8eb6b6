"""Finds the runs of beats in which pressure and interval rise or fall together."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

START, COUNT, DIRECTION, SLOPE, CORRELATION = range(5)


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def find_runs(
    pressure: NDArray[np.float64], interval: NDArray[np.float64], least: int, out: NDArray[np.float64]
) -> int:
    """Write every run of at least ``least`` beats in which both series rise, or both fall, from beat to beat.

    pressure, interval (n,): NaN ends a run; equal neighbours end it too. Runs are as long as they can be and may share
    an end beat. out (n, 5) receives start, count, direction (+1, -1), slope of interval on pressure by least squares,
    and correlation. Returns how many runs were written.
    """
    runs = 0
    n = len(pressure)
    i = 0
    while i < n - 1:
        sign = 0
        j = i
        while j < n - 1:
            dp, dt = pressure[j + 1] - pressure[j], interval[j + 1] - interval[j]
            step = 1 if dp > 0.0 and dt > 0.0 else (-1 if dp < 0.0 and dt < 0.0 else 0)
            if step in (0, -sign):
                break
            sign = step
            j += 1
        count = j - i + 1
        if sign != 0 and count >= least:
            mean_p = mean_t = 0.0
            for k in range(i, j + 1):
                mean_p += pressure[k] / count
                mean_t += interval[k] / count
            pp = tt = pt = 0.0
            for k in range(i, j + 1):
                dp, dt = pressure[k] - mean_p, interval[k] - mean_t
                pp += dp * dp
                tt += dt * dt
                pt += dp * dt
            out[runs, START], out[runs, COUNT], out[runs, DIRECTION] = i, count, sign
            out[runs, SLOPE], out[runs, CORRELATION] = pt / pp, pt / np.sqrt(pp * tt)
            runs += 1
        i = max(j, i + 1)
    return runs


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def count_shifted(
    pressure: NDArray[np.float64], interval: NDArray[np.float64], lags: NDArray[np.int64], least: int
) -> NDArray[np.int64]:
    """Return how many runs ``find_runs`` would find at each lag (m,), the intervals shifted around by it."""
    counts = np.zeros(len(lags), np.int64)
    n = len(pressure)
    for m in range(len(lags)):
        sign, length, at = 0, 1, n - lags[m]
        for j in range(n - 1):
            after = at + 1 if at + 1 < n else 0
            dp, dt = pressure[j + 1] - pressure[j], interval[after] - interval[at]
            step = 1 if dp > 0.0 and dt > 0.0 else (-1 if dp < 0.0 and dt < 0.0 else 0)
            length = length + 1 if step != 0 and step == sign else (2 if step != 0 else 1)
            counts[m] += length == least
            sign, at = step, after
    return counts
