"""Measure each pressure beat at its upstroke: sub-sample fiducials and the pressures between them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FOOT, SYSTOLE, NOTCH, SBP, DBP, MAP, DPDT, INTERVAL = range(8)


@njit(cache=True)
def _vertex(x, centre, half, first, last, sign):  # type: ignore[no-untyped-def]
    """Return (index, value) of the turning point of the parabola fitted to 2 half + 1 samples around ``centre``.

    sign is -1 at a maximum, +1 at a minimum. Where the parabola bends the other way, turns outside its samples, or does
    not fit into [first, last), the sample itself is returned.
    """
    half = min(half, centre - first, last - 1 - centre)
    if half < 1:
        return float(centre), x[centre]
    n = 2 * half + 1
    s2 = half * (half + 1) * n / 3.0
    s4 = s2 * (3.0 * half * half + 3.0 * half - 1.0) / 5.0
    total = first_moment = second_moment = 0.0
    for k in range(-half, half + 1):
        y = x[centre + k] - x[centre]
        total += y
        first_moment += k * y
        second_moment += k * k * y
    curve = (n * second_moment - s2 * total) / (n * s4 - s2 * s2)
    slope = first_moment / s2
    if sign * curve <= 0.0 or abs(slope) > 2.0 * abs(curve) * half:
        return float(centre), x[centre]
    level = (total - curve * s2) / n
    return centre - slope / (2.0 * curve), x[centre] + level - slope * slope / (4.0 * curve)


@njit(cache=True)
def _steepest(x, first, last, half):  # type: ignore[no-untyped-def]
    """Return (index, value, slope per sample) where a line fitted to 2 half + 1 samples of [first, last) rises most.

    The slope between samples is that of the parabola through the three largest neighbouring slopes.
    """
    n = 2 * half + 1
    s2 = half * (half + 1) * n / 3.0
    best = -1
    before = at = after = 0.0
    left = slope = 0.0
    for centre in range(max(first, half), min(last, len(x) - half)):
        moment = 0.0
        for k in range(1, half + 1):
            moment += k * (x[centre + k] - x[centre - k])
        left, slope = slope, moment / s2
        if best < 0 or slope > at:
            best, before, at, after = centre, left, slope, slope
        elif centre == best + 1:
            after = slope
    if best < 0:
        return -1.0, 0.0, 0.0
    total = 0.0
    for k in range(-half, half + 1):
        total += x[best + k]
    shift = 0.0
    bend = before - 2.0 * at + after
    if best > max(first, half) and bend < 0.0 and after < at:
        shift = min(max(0.5 * (before - after) / bend, -0.5), 0.5)
    return best + shift, total / n + at * shift, at - 0.25 * (before - after) * shift


@njit(cache=True)
def _mean_between(x, start, stop):  # type: ignore[no-untyped-def]
    """Return the time mean of the samples joined by straight lines from index ``start`` to ``stop``, with fractions."""
    i, j = int(np.ceil(start)), int(np.floor(stop))
    area = 0.0
    for k in range(i, j):
        area += 0.5 * (x[k] + x[k + 1])
    head, tail = i - start, stop - j
    if head > 0.0:
        area += head * (x[i] + 0.5 * head * (x[i - 1] - x[i]))
    if tail > 0.0:
        area += tail * (x[j] + 0.5 * tail * (x[j + 1] - x[j]))
    return area / (stop - start)


@njit(cache=True)
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
    for i in range(max(at - width, 0), min(at + 2 * width, len(x))):
        if x[i] < x[at]:
            at = i
    index, _ = _vertex(x, at, max(1, width), 0, len(x), 1)
    return index


@njit(cache=True)
def measure_beats(
    x: NDArray[np.float64],
    means: NDArray[np.float64],
    upstrokes: NDArray[np.int64],
    width: int,
    rate_hz: float,
    longest_s: float,
    notch_share: float,
) -> NDArray[np.float64]:
    """Measure every chosen upstroke (beats, 4) of ``select_upstrokes`` in the samples x (n,) with their cells of
    ``width``.

    Returns (8, beats): foot, systole and notch [sample index], SBP, DBP, MAP [unit of x], largest slope [unit/s], and
    interval to the next foot [s]; NaN where it does not exist.
    """
    count = len(upstrokes)
    out = np.full((8, count), np.nan)
    for j in range(count):
        low, steep, high, run = upstrokes[j]
        rise_cells = (means[high] - means[low]) / (means[steep + 1] - means[steep])
        rise = rise_cells * width  # samples that the whole rise would take at its steepest
        first = max(low - 1, run) * width
        last = (high + 2) * width
        if high + 1 < len(means) and means[high + 1] != means[high + 1]:
            last = (high + 1) * width
        last = min(last, len(means) * width)
        half = max(1, int(rise / 5.0))
        reach = int(rise) + width
        centre, level, slope = _steepest(
            x, max(first, steep * width - reach), min(last, (steep + 2) * width + reach), half
        )
        ms = int(centre)
        if slope <= 0.0:
            continue
        lowest = ms
        for i in range(ms, max(first, ms - int(2.5 * rise) - width) - 1, -1):
            if x[i] < x[lowest]:
                lowest = i
        highest = min(ms + 1, last - 1)
        for i in range(highest, last):
            if x[i] > x[highest]:
                highest = i
        half = max(1, int(rise / 8.0))
        _, dbp = _vertex(x, lowest, half, first, last, 1)
        systole, sbp = _vertex(x, highest, half, first, last, -1)
        out[FOOT, j] = centre - (level - dbp) / slope
        out[SYSTOLE, j], out[SBP, j], out[DBP, j] = systole, sbp, dbp
        out[DPDT, j] = slope * rate_hz
    for j in range(count):
        if j + 1 == count or upstrokes[j + 1, 3] != upstrokes[j, 3]:
            continue
        interval_s = (out[FOOT, j + 1] - out[FOOT, j]) / rate_hz
        if 0.0 < interval_s <= longest_s:
            out[INTERVAL, j] = interval_s
            out[MAP, j] = _mean_between(x, out[FOOT, j], out[FOOT, j + 1])
            least = notch_share * (out[SBP, j] - out[DBP, j])
            out[NOTCH, j] = _notch(x, means, width, int(out[SYSTOLE, j]) // width, upstrokes[j + 1, 0], least)
    return out
