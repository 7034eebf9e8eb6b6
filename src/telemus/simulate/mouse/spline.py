"""The modulations of an animal: knots on an absolute grid in time, and the uniform cubic B-spline through them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

KNOT_HZ = 20.0

# Rows of the knots.
BASE, SET_POINT, INTERVAL, AMPLITUDE, SINUS, SENSED, SEEN, KEEP, MUSCLE, WANDER, ACTIVITY = range(11)
KNOT_ROWS = 11


class Knots(NamedTuple):
    """Modulations around a stretch of time: `values` (KNOT_ROWS, k), KNOT_HZ a second from knot number `first` on."""

    values: NDArray[np.float64]
    first: int


@njit(cache=True)  # type: ignore[untyped-decorator]
def knot_weights(time_s: float, first_knot: int) -> tuple[int, float, float, float, float, float]:
    """Return the column of the knot before a time, the fraction beyond it, and the weights of the cubic B-spline there.

    The weights belong to the columns from one before to two after.
    """
    u = time_s * KNOT_HZ
    k = math.floor(u)
    f = u - k
    g = 1.0 - f
    w0, w3 = g * g * g / 6.0, f * f * f / 6.0
    w1, w2 = 2.0 / 3.0 - 0.5 * f * f * (1.0 + g), 2.0 / 3.0 - 0.5 * g * g * (1.0 + f)
    return int(k) - first_knot, f, w0, w1, w2, w3


@njit(cache=True)  # type: ignore[untyped-decorator]
def spline(knots: Knots, row: int, time_s: float) -> float:
    """Evaluate one row of the knots."""
    i, _, w0, w1, w2, w3 = knot_weights(time_s, knots.first)
    at = knots.values[row]
    value: float = w0 * at[i - 1] + w1 * at[i] + w2 * at[i + 1] + w3 * at[i + 2]
    return value


def spline_at(knots: Knots, row: int, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate one row of the knots at many times (n,), without a kernel."""
    i, f, g = _places(knots, times_s)
    at = knots.values[row]
    value: NDArray[np.float64] = g * g * g / 6.0 * at[i - 1] + f * f * f / 6.0 * at[i + 2]
    value += (2.0 / 3.0 - 0.5 * f * f * (1.0 + g)) * at[i]
    value += (2.0 / 3.0 - 0.5 * g * g * (1.0 + f)) * at[i + 1]
    return value


def spline_integral_at(knots: Knots, row: int, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an antiderivative of one row of the knots at many times (n,), from the integrals of its pieces."""
    i, f, g = _places(knots, times_s)
    at = knots.values[row]
    value: NDArray[np.float64] = np.cumsum(at)[i - 1] - g**4 / 24.0 * at[i - 1] + f**4 / 24.0 * at[i + 2]
    value += (0.5 + f * (2.0 - f * f) / 3.0 + f**4 / 8.0) * at[i]
    value += (0.5 - g * (2.0 - g * g) / 3.0 - g**4 / 8.0) * at[i + 1]
    return value / KNOT_HZ


def _places(
    knots: Knots, times_s: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the column of the knot before each time, the fraction beyond it, and what is missing of one."""
    u = times_s * KNOT_HZ
    k = np.floor(u)
    return k.astype(np.int64) - knots.first, u - k, 1.0 - (u - k)
