"""Measure each pressure beat at its upstroke: sub-sample fiducials and the pressures between them.

Every fiducial comes from a polynomial fitted to samples, over a stretch that scales with the rise of that very beat:
a fit is less moved by noise than a sample is, and has no grid. The shares of the rise were chosen on an analytic
pulse train (tests/truth/test_pressure_pulse_train.py) as those with the least jitter among those with no bias.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FOOT, SYSTOLE, NOTCH, SBP, DBP, MAP, DPDT, INTERVAL = range(8)
TANGENT_SHARE = 0.55  # half width of the cubic at the upstroke, in rises
GRAIN = 2.0**20  # parts of a sample to which fiducials are rounded: sums and differences of them are then exact
TURN_SHARE = 0.25  # half width of the parabola at systole and end-diastole, in rises


@njit(cache=True, error_model="numpy")
def _grained(offset):  # type: ignore[no-untyped-def]
    """Round an offset in samples to the grain of fiducials."""
    return np.floor(offset * GRAIN + 0.5) / GRAIN


@njit(cache=True, error_model="numpy")
def _turning_point(x, centre, half, first, last):  # type: ignore[no-untyped-def]
    """Return (index, value) of the vertex of the parabola fitted to 2 half + 1 samples of [first, last) around centre.

    The fit is repeated around its own vertex, because a sample chosen for being extreme is chosen for its noise.
    Where the fit has no vertex among its samples the centre is returned with their mean.
    """
    at, value = float(centre), x[centre]
    for _ in range(2):
        half = min(half, centre - first, last - 1 - centre)
        if half < 1:
            break
        n = 2 * half + 1
        s2 = half * (half + 1) * n / 3.0
        s4 = s2 * (3.0 * half * half + 3.0 * half - 1.0) / 5.0
        m0 = m1 = m2 = 0.0
        for k in range(-half, half + 1):
            y = x[centre + k] - x[centre]
            m0 += y
            m1 += k * y
            m2 += k * k * y
        bend = (n * m2 - s2 * m0) / (n * s4 - s2 * s2)
        slope = m1 / s2
        if abs(slope) > 2.0 * abs(bend) * half or bend == 0.0:
            return float(centre), x[centre] + m0 / n
        offset = -slope / (2.0 * bend)
        at = centre + _grained(offset)
        value = x[centre] + (m0 - bend * s2) / n - slope * slope / (4.0 * bend)
        moved = centre + int(np.floor(offset + 0.5))
        if moved == centre:
            break
        centre = moved
    return at, value


@njit(cache=True, error_model="numpy")
def _tangent(x, start, stop, half):  # type: ignore[no-untyped-def]
    """Return (sample, offset from it, value, slope per sample) of the steepest point of a rise, from start to stop.

    A cubic is fitted to 2 half samples around the middle of the steepest step; its inflection is the point. With half
    = 2 it passes through its four samples.
    """
    span = (half - 1) // 2
    best, most = -1, 0.0
    for i in range(max(start, span), min(stop, len(x) - 1 - span)):
        step = x[i + 1 + span] - x[i - span]
        if step > most:
            best, most = i, step
    half = min(half, best + 1, len(x) - 1 - best)
    if best < 0 or half < 2:
        return 0, 0.0, 0.0, 0.0
    s2 = s4 = s6 = m0 = m1 = m2 = m3 = 0.0
    for k in range(half):
        t = k + 0.5
        right, left, t2 = x[best + 1 + k], x[best - k], t * t
        s2 += 2.0 * t2
        s4 += 2.0 * t2 * t2
        s6 += 2.0 * t2 * t2 * t2
        m0 += right + left
        m1 += t * (right - left)
        m2 += t2 * (right + left)
        m3 += t2 * t * (right - left)
    n = 2.0 * half
    c1 = (s6 * m1 - s4 * m3) / (s2 * s6 - s4 * s4)
    c3 = (s2 * m3 - s4 * m1) / (s2 * s6 - s4 * s4)
    c2 = (n * m2 - s2 * m0) / (n * s4 - s2 * s2)
    t = 0.0
    if c3 < 0.0:
        t = min(max(-c2 / (3.0 * c3), -0.5 * half), 0.5 * half)
    value = (m0 - c2 * s2) / n + t * (c1 + t * (c2 + t * c3))
    return best, 0.5 + t, value, c1 + t * (2.0 * c2 + 3.0 * t * c3)


@njit(cache=True, error_model="numpy")
def _rise_cells(means, low, steep, high):  # type: ignore[no-untyped-def]
    """Return twice the time [cells] from a quarter to three quarters of the height of an upstroke."""
    height = means[high] - means[low]
    lower, upper = means[low] + 0.25 * height, means[low] + 0.75 * height
    left, right = steep, steep + 1
    while left > low and means[left] > lower:
        left -= 1
    while right < high and means[right] < upper:
        right += 1
    begin = left + (lower - means[left]) / (means[left + 1] - means[left])
    end = right - (means[right] - upper) / (means[right] - means[right - 1])
    return 2.0 * (end - begin)


@njit(cache=True, error_model="numpy")
def _mean_between(x, start, stop):  # type: ignore[no-untyped-def]
    """Return the time mean of the samples joined by straight lines from index ``start`` to ``stop``, with fractions."""
    i, j = int(np.ceil(start)), int(np.floor(stop))
    area = 0.5 * (x[j] - x[i])
    for k in range(i, j):
        area += x[k]
    head, tail = i - start, stop - j
    if head > 0.0:
        area += head * (x[i] + 0.5 * head * (x[i - 1] - x[i]))
    if tail > 0.0:
        area += tail * (x[j] + 0.5 * tail * (x[j + 1] - x[j]))
    return area / (stop - start)


@njit(cache=True, error_model="numpy")
def _notch(x, means, width, start, stop, least):  # type: ignore[no-untyped-def]
    """Return the index of the minimum before the largest recovery in cells [start, stop); NaN if below ``least``."""
    lowest = start
    best, best_rise = -1, least
    for cell in range(start + 1, stop):
        if means[cell] < means[lowest]:
            lowest = cell
        elif means[cell] - means[lowest] > best_rise:
            best, best_rise = lowest, means[cell] - means[lowest]
    if best < 0:
        return np.nan
    at = best * width
    for i in range(max(at - width, start * width), min(at + 2 * width, stop * width)):
        if x[i] < x[at]:
            at = i
    index, _ = _turning_point(x, at, max(1, width), start * width, stop * width)
    return index


@njit(cache=True, error_model="numpy")
def _measure_upstroke(x, means, upstroke, width, out):  # type: ignore[no-untyped-def]
    """Write foot, systole, SBP, DBP and the largest slope per sample of one upstroke into out (8,)."""
    low, steep, high, run = upstroke
    rise = _rise_cells(means, low, steep, high) * width
    end = high + 1
    while end < min(high + 4, len(means)) and means[end] == means[end]:
        end += 1
    first, last = max(low - 3, run) * width, end * width
    half = max(2, int(TANGENT_SHARE * rise + 0.5))
    reach = width + int(0.4 * rise)
    start, stop = max(first, steep * width - reach), min(last - 1, (steep + 1) * width + reach)
    at, offset, level, slope = _tangent(x, start, stop, half)
    if (
        slope > 0.0 and rise < 4.0 * width
    ):  # cells are too coarse to have measured this rise: take it from its own slope, once
        rise = 0.5 * (rise + (means[high] - means[low]) / slope)
        half = max(2, int(TANGENT_SHARE * rise + 0.5))
        at, offset, level, slope = _tangent(x, max(first, at - width), min(last - 1, at + width), half)
    if slope <= 0.0:
        return
    lowest = at
    for i in range(at, max(first, at - int(2.5 * rise) - width) - 1, -1):
        if x[i] < x[lowest]:
            lowest = i
    highest = min(at + 1, last - 1)
    for i in range(highest, last):
        if x[i] > x[highest]:
            highest = i
    half = max(1, int(TURN_SHARE * rise + 0.5))
    _, dbp = _turning_point(x, lowest, half, first, last)
    systole, sbp = _turning_point(x, highest, half, first, last)
    out[FOOT] = at + _grained(offset - (level - dbp) / slope)
    out[SYSTOLE], out[SBP], out[DBP], out[DPDT] = systole, sbp, dbp, slope


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def measure_beats(
    x: NDArray[np.float64],
    means: NDArray[np.float64],
    upstrokes: NDArray[np.int64],
    width: int,
    longest: float,
    notch_share: float,
    out: NDArray[np.float64],
) -> None:
    """Measure every chosen upstroke (beats, 4) of ``select_upstrokes`` in the samples x (n,).

    means: their cells of ``width`` samples; longest: the longest interval [samples]; notch_share: least recovery after
    a notch, in pulses. out (beats, 8), filled with NaN by the caller, receives foot, systole, notch [index], SBP, DBP,
    MAP [unit of x], largest slope [unit of x per sample] and interval to the next foot [samples]; what does not exist
    is left as it is.
    """
    count = len(upstrokes)
    for j in range(count):
        _measure_upstroke(x, means, upstrokes[j], width, out[j])
    for j in range(count - 1):
        interval = out[j + 1, FOOT] - out[j, FOOT]
        if upstrokes[j + 1, 3] == upstrokes[j, 3] and 0.0 < interval <= longest:
            least = notch_share * (out[j, SBP] - out[j, DBP])
            out[j, INTERVAL] = interval
            out[j, MAP] = _mean_between(x, out[j, FOOT], out[j + 1, FOOT])
            after = int(out[j, SYSTOLE]) // width + 1  # the cell of the systole still holds some of the upstroke
            out[j, NOTCH] = _notch(x, means, width, after, upstrokes[j + 1, 0], least)
