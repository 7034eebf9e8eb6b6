"""From a chosen cell to the R peak: the extremum of the QRS complex, between samples."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.physiology.ecg_kernel import Prepared

LEAST_HEIGHT = 0.12  # what is lower than this share of the average beat is none
CLOSE_S = 0.02  # two fiducials closer than this, or than 0.15 of the interval, are one beat

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles what only kernels call: without a door to Python it takes less time."""


@inner
def _vertex(x, at, half):  # type: ignore[no-untyped-def]
    """Return the offset of the vertex of the least-squares parabola through 2 half + 1 samples around ``at``."""
    mean2 = half * (half + 1) / 3.0
    slope, bend, norm1, norm2 = 0.0, 0.0, 0.0, 0.0
    for i in range(-half, half + 1):
        v = x[at + i] - x[at]
        q = i * i - mean2
        slope += i * v
        bend += q * v
        norm1 += i * i
        norm2 += q * q
    offset = -0.5 * (slope / norm1) / (bend / norm2)
    if not np.isfinite(offset):
        return 0.0
    return min(max(offset, -float(half)), float(half))


@inner
def _refine(x, cell, sign, base, group, far, longest):  # type: ignore[no-untyped-def]
    """Return (index, amplitude) of the extremum of one sign near a cell, in the samples themselves.

    The parabola spans two fifths of the width at half height: a fit is moved less by noise than a sample is.
    """
    n = x.size
    at = cell * group
    for i in range(max((cell - 1) * group, 0), min((cell + 2) * group, n)):
        if sign * x[i] > sign * x[at] or not np.isfinite(x[at]):
            at = i
    highest = at
    for i in range(max(cell * group - far, 0), min(cell * group + far + 1, n)):
        if sign * x[i] > sign * x[highest]:
            highest = i
    if sign * (x[highest] - base) > 2.0 * sign * (x[at] - base):  # the cell was on the slope of a higher wave
        at = highest
    while at + 1 < n and sign * x[at + 1] > sign * x[at]:
        at += 1
    while at > 0 and sign * x[at - 1] > sign * x[at]:
        at -= 1
    half_height = 0.5 * sign * (x[at] - base)
    right, left = 1, 1
    while right < longest and at + right < n and sign * (x[at + right] - base) > half_height:
        right += 1
    while left < longest and at - left >= 0 and sign * (x[at - left] - base) > half_height:
        left += 1
    half = max(1, (right + left) // 5)
    if at - half < 0 or at + half >= n:
        return float(at), x[at] - base
    return at + _vertex(x, at, half), x[at] - base


@inner
def _insert(rows, count, row):  # type: ignore[no-untyped-def]
    """Insert a beat (index, amplitude, sign, merit, closeness) in order; of two too close the higher stays."""
    spot = count
    while spot > 0 and rows[spot - 1, 0] > row[0]:
        spot -= 1
    twin = -1
    if spot > 0 and row[0] - rows[spot - 1, 0] < max(row[4], rows[spot - 1, 4]):
        twin = spot - 1
    elif spot < count and rows[spot, 0] - row[0] < max(row[4], rows[spot, 4]):
        twin = spot
    if twin >= 0:
        if abs(row[1]) <= abs(rows[twin, 1]):
            return count
        spot = twin
    else:
        for i in range(count, spot, -1):
            for k in range(5):
                rows[i, k] = rows[i - 1, k]
        count += 1
    for k in range(5):
        rows[spot, k] = row[k]
    return count


@inner
def _base(values, bad, cell, around):  # type: ignore[no-untyped-def]
    """Return the median of the good ones of 15 cells spread evenly over ``around`` cells either side of a beat."""
    few = np.empty(15)
    n = 0
    for i in range(15):
        j = cell + (i - 7) * around // 7
        if j < 0 or j >= values.size or bad[j]:
            continue
        k = n
        while k > 0 and few[k - 1] > values[j]:
            few[k] = few[k - 1]
            k -= 1
        few[k] = values[j]
        n += 1
    return few[n // 2]


@njit(cache=True, error_model="numpy")
def _refine_beats(x, values, bad, chosen, group, rate_hz, rows):  # type: ignore[no-untyped-def]
    """Write the beats chosen to ``rows``, in order, each once; return their number.

    The fiducial is the extremum of the sign voted for, unless the beat's own deflection is over four times as high: an
    ectopic beat against the vote keeps its own sign.
    """
    per_s = rate_hz / group
    row = np.empty(5)
    count = 0
    for k in range(len(chosen)):
        own, sign, cell = int(chosen[k, 0]), chosen[k, 1], int(chosen[k, 4])
        if bad[own]:
            continue
        base = _base(values, bad, own, int(min(0.4 * chosen[k, 3], 0.25 * per_s)))
        deflection = values[own] - base
        if bad[cell] or 2.0 * sign * (values[cell] - base) < abs(deflection):
            cell, sign = own, 1.0 if deflection > 0.0 else -1.0
        far = int(min(0.06 * chosen[k, 3], 0.05 * per_s)) * group
        row[0], row[1] = _refine(x, cell, sign, base, group, far, int(0.06 * rate_hz))
        if abs(row[1]) < LEAST_HEIGHT * chosen[k, 5]:
            continue
        row[2], row[3] = sign, chosen[k, 2]
        row[4] = max(CLOSE_S * rate_hz, min(0.15 * chosen[k, 3] * group, 0.12 * rate_hz))
        count = _insert(rows, count, row)
    return count


def refine_beats(
    x: NDArray[np.float64], ready: Prepared, chosen: NDArray[np.float64], group: int, rate_hz: float
) -> NDArray[np.float64]:
    """Return rows (m, 5), ascending, each beat once: index [samples], amplitude, sign, merit, closeness."""
    rows = np.empty((len(chosen), 5))
    count = _refine_beats(x, ready.values, ready.bad, chosen, group, rate_hz, rows)
    return rows[:count]
