"""From ECG samples to candidates of R peaks: cells of 2 ms, mains hum taken out, four peak filters, extrema.

Everything depends on samples within a bounded distance, on a grid that starts at the array's first sample, and no
running sum crosses a block of cells: therefore a record cut at multiples of the hop gives the same beats bit for bit.
The loops write into arrays that they are given: small kernels compile in a fraction of the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

WIDTHS = (1, 3, 9, 27)
"""Widths of the peak filters [cells]: about 2, 6, 18 and 54 ms, from the narrowest QRS to a wide ectopic one."""
REACH = (3 * WIDTHS[3]) // 2 + 1
"""Cells on either side that the widest filter sees."""
RADIUS_S = (0.01, 0.01, 0.02, 0.02)
"""A candidate is the highest within this distance [s]."""
HUM_HZ = (50.0, 60.0)


class Prepared(NamedTuple):
    """A stretch of ECG made ready for the choice of beats; n cells, b blocks, c candidates of all filters in turn."""

    values: NDArray[np.float64]
    """Means of cells (n,)."""
    bad: NDArray[np.uint8]
    """Cells with a missing sample (n,)."""
    y: NDArray[np.float64]
    """Peak filters (4, n)."""
    where: NDArray[np.int64]
    height: NDArray[np.float64]
    """Cells and signed heights of candidates (c,)."""
    first: NDArray[np.int64]
    """Where each filter's candidates begin, and the end (5,)."""
    level: NDArray[np.float64]
    """Mean |y| of the good cells of each block (4, b), NaN without one."""
    good: NDArray[np.float64]
    """Good cells in each block (b,)."""


def prepare(
    x: NDArray[np.float64], quality: NDArray[np.uint32], unusable: int, group: int, block: int, per_s: float
) -> Prepared:
    """Make of samples (m,) all that the choice needs; ``group`` samples to a cell, ``block`` cells to a block."""
    n = x.size // group
    values, bad = np.empty(n), np.zeros(n, np.uint8)
    _cell_means(x, quality, np.uint32(unusable), group, values, bad)
    _fill_holes(values, bad, REACH)
    cleaned = np.pad(values, REACH, mode="edge") if n else np.zeros(0)
    for hum_hz in HUM_HZ:
        turn = np.exp(2j * np.pi * hum_hz / per_s * np.arange(block + 1))
        phasors = np.zeros((n // block + 1, 2))
        _common_phasors(cleaned[REACH:], bad, turn.real.copy(), turn.imag.copy(), phasors)
        _subtract_phasors(cleaned[REACH:], turn.real.copy(), turn.imag.copy(), phasors)
    y = _peak_filters(cleaned, n)
    blocks = -(-n // block)
    level, good = np.zeros((4, blocks)), np.zeros(blocks)
    first = np.zeros(5, np.int64)
    parts: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for scale in range(4):
        _block_levels(y[scale], bad, block, level[scale], good)
        radius = max(int(RADIUS_S[scale] * per_s), 1)
        where = np.empty(n // (radius + 1) + 2, np.int64)
        count = _find_extrema(y[scale], bad, radius, WIDTHS[scale], level[scale], block, where)
        parts.append((where[:count], y[scale][where[:count]]))
        first[scale + 1] = first[scale] + count
    where, height = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Prepared(values, bad, y, where, height, first, level, good)


def _peak_filters(padded: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return four zero-phase peak filters (4, n): the mean of a box minus that of its two neighbours.

    Constant and straight lines give 0, which takes out baseline wander. Boxes are summed by threes (1, 3, 9, 27),
    each from the one before: no running sum carries its rounding along. ``padded`` has REACH more cells at either
    end.
    """
    y = np.zeros((4, n))
    box, reach = padded, REACH
    for scale, width in enumerate(WIDTHS):
        if n:
            _peak_filter(box[reach - width :], width, 1.0 / width, y[scale])
        if scale < 3 and n:
            wider = np.empty(box.size - 2 * width)
            _box_of_three(box, width, wider)
            box, reach = wider, reach - width
    return y


@njit(cache=True, error_model="numpy")
def _cell_means(x, quality, unusable, group, values, bad):  # type: ignore[no-untyped-def]
    """Average ``group`` samples into one cell; a cell with a NaN or an unusable bit is bad."""
    for j in range(values.size):
        total = 0.0
        for i in range(group):
            total += x[j * group + i]
        values[j] = total / group
        if total - total != 0.0:  # NaN or infinite
            bad[j] = 1
    if quality.size > 0:
        for j in range(values.size):
            for i in range(group):
                if quality[j * group + i] & unusable:
                    bad[j] = 1


@njit(cache=True, error_model="numpy")
def _fill_holes(values, bad, reach):  # type: ignore[no-untyped-def]
    """Fill bad cells so that no filter sees a step at the border of a hole: a line, or in a long hole two levels.

    In a long hole the step from one level to the other stands a filter's reach from its beginning, and further from its
    end: good cells never see how long a hole is.
    """
    n = values.size
    j = 0
    while j < n:
        if not bad[j]:
            j += 1
            continue
        stop = j
        while stop < n and bad[stop]:
            stop += 1
        right = values[stop] if stop < n else 0.0
        left = values[j - 1] if j > 0 else right
        if stop == n:
            right = left
        for i in range(j, stop):
            if stop - j < 3 * reach:
                values[i] = left + (right - left) * (i - j + 1) / (stop - j + 1)
            else:
                values[i] = left if i - j <= reach else right
        j = stop


@njit(cache=True, error_model="numpy")
def _common_phasors(values, bad, cosine, sine, phasors):  # type: ignore[no-untyped-def]
    """Write the phasor that the two blocks at each border have in common, as seen from the border's first cell.

    It is the mean of the two, weighted by their agreement: 1 - |a - b| / |a + b|, at least 0. Mains agree; a QRS
    complex or a shock in one block does not. ``cosine``, ``sine`` (block + 1,): the turn of the phasor over one
    block.
    """
    block = cosine.size - 1
    before_re, before_im = 0.0, 0.0
    for b in range(phasors.shape[0] - 1):
        mean, good = 0.0, 0
        for i in range(block):
            if not bad[b * block + i]:
                mean += values[b * block + i]
                good += 1
        mean /= max(good, 1)
        a, c = 0.0, 0.0
        for i in range(block):
            if not bad[b * block + i]:
                a += (values[b * block + i] - mean) * cosine[i]
                c -= (values[b * block + i] - mean) * sine[i]
        a, c = 2.0 * a / block, 2.0 * c / block
        p = before_re * cosine[block] - before_im * sine[block]
        q = before_re * sine[block] + before_im * cosine[block]
        both = np.sqrt((a + p) ** 2 + (c + q) ** 2)
        apart = np.sqrt((a - p) ** 2 + (c - q) ** 2)
        weight = 0.5 * (1.0 - apart / both) if both > apart else 0.0
        phasors[b, 0], phasors[b, 1] = weight * (a + p), weight * (c + q)
        before_re, before_im = a, c


@njit(cache=True, error_model="numpy")
def _subtract_phasors(values, cosine, sine, phasors):  # type: ignore[no-untyped-def]
    """Subtract the sinusoid whose phasor is interpolated from border to border of blocks."""
    block = cosine.size - 1
    for b in range(phasors.shape[0] - 1):
        re, im = phasors[b, 0], phasors[b, 1]
        # the next border's phasor, turned back to this block's first cell
        step_re = (phasors[b + 1, 0] * cosine[block] + phasors[b + 1, 1] * sine[block] - re) / block
        step_im = (phasors[b + 1, 1] * cosine[block] - phasors[b + 1, 0] * sine[block] - im) / block
        if re == 0.0 and im == 0.0 and step_re == 0.0 and step_im == 0.0:
            continue
        for i in range(block):
            values[b * block + i] -= (re + i * step_re) * cosine[i] - (im + i * step_im) * sine[i]


@njit(cache=True, error_model="numpy")
def _peak_filter(box, width, scale, y):  # type: ignore[no-untyped-def]
    """Write y[j] = scale (box[j + width] - (box[j] + box[j + 2 width]) / 2)."""
    for j in range(y.size):
        y[j] = scale * (box[j + width] - 0.5 * (box[j] + box[j + 2 * width]))


@njit(cache=True, error_model="numpy")
def _box_of_three(box, width, wider):  # type: ignore[no-untyped-def]
    """Write wider[j] = box[j] + box[j + width] + box[j + 2 width]."""
    for j in range(wider.size):
        wider[j] = box[j] + box[j + width] + box[j + 2 * width]


@njit(cache=True, error_model="numpy")
def _block_levels(y, bad, block, level, good):  # type: ignore[no-untyped-def]
    """Write the mean of |y| over the good cells of each block, NaN without one, and the number of good cells."""
    for b in range(level.size):
        total, count = 0.0, 0
        for j in range(b * block, min((b + 1) * block, y.size)):
            if not bad[j]:
                total += abs(y[j])
                count += 1
        good[b] = count
        level[b] = total / count if count > 0 else np.nan


@njit(cache=True, error_model="numpy")
def _find_extrema(y, bad, radius, clear, level, block, where):  # type: ignore[no-untyped-def]
    """Write the cells whose |y| is the largest within ``radius`` and above their block's mean; return their number.

    None stands in a bad cell or within ``clear`` cells of one. Of equal ones within the radius the last counts. Each
    run of radius + 1 cells holds at most one, so only the largest of each run is looked at closely.
    """
    n = y.size
    count = 0
    run = radius + 1
    ahead = -1.0  # the run before: candidates are compared with whole runs first, which settles most of them
    for start in range(0, n, run):
        a, after = 0.0, 0.0
        for j in range(start, min(start + run, n)):
            a = max(a, abs(y[j]))
        if a > level[min(start + radius, n - 1) // block] or a > level[start // block]:
            top = start
            for j in range(start, min(start + run, n)):
                top = j if abs(y[j]) == a else top
            before = 0.0
            if ahead > a:
                for j in range(max(0, top - radius), start):
                    before = max(before, abs(y[j]))
            for j in range(min(start + run, n), min(n, top + run)):
                after = max(after, abs(y[j]))
            if before <= a and after < a and a > level[top // block]:
                hole = 0
                for j in range(max(0, top - clear), min(n, top + clear + 1)):
                    hole |= bad[j]
                if hole == 0:
                    where[count] = top
                    count += 1
        ahead = a
    return count
