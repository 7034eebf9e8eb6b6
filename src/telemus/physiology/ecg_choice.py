"""The choice of beats among candidates, window by window: which filter, which threshold, which refractory time.

A window's merit is 0.6 rhythm + 0.25 separation + 0.15 crest, less up to 0.15 for candidates merged by the refractory
time. What is left out, T waves, noise, spurs of a wide QRS complex, makes a rhythm less even or the gap below the
smallest beat less wide; so the same measure does without any knowledge of rate, width or height.

Where no set is convincing, a fifth filter is tried, matched to the average of the best one's beats (`ecg_match`).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.physiology.ecg_kernel import WIDTHS, Prepared
from telemus.physiology.ecg_match import match_beats

MOST = 160  # candidates kept per window: 2.5 s at 1200 bpm hold 50 beats
SHORTEST_S = 0.045  # an interval of a beat at 1200 bpm, less a tenth
HOP_BLOCKS = 4  # a choice is made for each hop of 4 blocks of 1/8 s
CONTEXT_BLOCKS = 8  # and looks at 1 s more on either side
MARGIN_S = 0.015  # a beat this near to the border of a hop is given by both hops
CREST = (1.6, 2.5)  # a threshold is this much higher than the mean |y|: of a fast rhythm, and of others
FAST_S = 0.06  # a fast rhythm: its own beats make a good part of the mean |y|
LIKE = 4.0  # two intervals are not alike at all from a ratio of 5 to 3 on
SURE = 0.7  # below this merit the matched filter is tried, and believed from this merit on
MATCHED = 4  # its number among the filters
PENALTY = (0.0, 0.03, 0.06, 0.09, 0.03)  # of each filter: a wide one finds more that is even and no beat
REFRACTORY_S = (0.0, 0.07, 0.2)  # beside the 10 to 20 ms of the extrema themselves

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles what only kernels call: without a door to Python it takes less time."""


@inner
def _gather(where, height, span, floor, at, tall, number):  # type: ignore[no-untyped-def]
    """Copy the candidates of a window that are above ``floor``: cell, height, number; return (n, highest, below).

    Written without branches, here and below: which candidate is high is what no processor can foresee.
    """
    n = 0
    highest, below = 0.0, 0.0
    for i in range(span[0], min(span[1], span[0] + at.size - 1)):
        h = abs(height[i])
        at[n], tall[n], number[n] = where[i], h, i
        n += 1 if h > floor else 0
        highest = max(highest, h)
        below = max(below, 0.0 if h > floor else h)
    return n, highest, below


@inner
def _above(tall, count, level, below, picks):  # type: ignore[no-untyped-def]
    """Pick candidates at least ``level`` high; return (n, highest of those left out, at least ``below``)."""
    n = 0
    for i in range(count):
        h = tall[i]
        picks[n] = i
        n += 1 if h >= level else 0
        below = max(below, 0.0 if h >= level else h)
    return n, below


@inner
def _merge(at, tall, above, count, refractory, picks):  # type: ignore[no-untyped-def]
    """Pick the highest of those closer than ``refractory``; return (n, merged)."""
    n = 0
    last, top = -1.0e9, 0.0
    for k in range(count):
        i = above[k]
        h = tall[i]
        if at[i] - last >= refractory:
            picks[n], last, top = i, at[i], h
            n += 1
        elif h > top:
            picks[n - 1], last, top = i, at[i], h
    return n, count - n


@inner
def _rhythm(at, picks, n, span, gap):  # type: ignore[no-untyped-def]
    """Return the share of ``span`` cells that intervals like one of their neighbours explain, 0 to 1.

    Few intervals prove little by being alike: they count in full only where the ``gap`` below the smallest beat, 0 to
    1, is wide. An uneven rhythm with a wide gap counts by half.
    """
    if n < 2:
        return 0.5 * gap
    whole = at[picks[n - 1]] - at[picks[0]]
    rest = max(span - 1.7 * whole / (n - 1.0), 0.25 * span)
    covered = min(1.0, whole / rest)
    if n == 2:
        return 0.7 * covered * gap
    total, unlike = 0.0, 1.0  # of an interval and the one ahead of it
    d = at[picks[1]] - at[picks[0]]
    for i in range(2, n):
        after = at[picks[i]] - at[picks[i - 1]]
        next_unlike = min(LIKE * abs(d - after) / (d + after), 1.0)
        total += (1.0 - min(unlike, next_unlike)) * d
        d, unlike = after, next_unlike
    total += (1.0 - unlike) * d
    sure = min(1.0, (n - 1.0) / 8.0)
    return max(min(1.0, total / rest) * (sure + (1.0 - sure) * gap), 0.5 * covered * gap)


@inner
def _merit(at, tall, picks, n, merged, below, noise, good, top):  # type: ignore[no-untyped-def]
    """Return how convincing a set of beats is, see the head of this file; less than ``top`` where it cannot be."""
    mean, least = 0.0, np.inf
    for i in range(n):
        mean += tall[picks[i]]
        least = min(least, tall[picks[i]])
    mean /= n
    below = max(below, 1e-3 * mean)
    gap = np.log(least / below)
    spread = np.log(mean / least)
    apart = min(spread + gap, 1.5) / 3.0 + 0.5 * min(gap, 1.0)
    crest = min(np.log(mean / max(noise, 1e-3 * mean)), 3.0) / 3.0
    merit = 0.25 * apart + 0.15 * crest - 0.1 * min(spread, 1.5)
    merit -= 0.15 * min(1.0, 4.0 * merged / n) + 0.1 * max(merged / n - 1.0, 0.0)
    if merit + 0.6 <= top:
        return merit
    return merit + 0.6 * _rhythm(at, picks, n, good, min(1.4426950408889634 * gap, 1.0))


@inner
def choose(y, bad, begin, end, where, height, spans, noise, good, per_s, widths, best):  # type: ignore[no-untyped-def]
    """Write the most convincing set of beats of one window to ``best``; return (n, filter, merit).

    ``spans`` (5, 2): the window's candidates of each filter; ``noise`` (5,): its typical |y|; ``good``: its good cells.
    A threshold is half an octave below the highest candidate that the one before left out.
    """
    at, tall = np.empty(MOST), np.empty(MOST)
    number, above, picks = np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.empty(MOST, np.int64)
    top_merit, top_n, top_scale, bar = 0.0, 0, 0, 0.0
    for scale in range(5):
        if scale == MATCHED:
            if top_merit >= SURE or top_n < 4:
                break
            bar, first = SURE, spans[scale, 0]
            spans[scale, 1] = match_beats(y, bad, begin, end, where, height, first, MOST, best, top_n, per_s, noise)
        floor = CREST[0] * noise[scale]
        count, below, beneath = _gather(where, height, spans[scale], floor, at, tall, number)
        most = good / max(SHORTEST_S * per_s, 3.0 * widths[scale])
        while below > floor:
            level = max(0.7071 * below, floor)
            total, below = _above(tall, count, level, beneath, above)
            merged_before = -1
            for refractory_s in REFRACTORY_S:
                n, merged = _merge(at, tall, above, total, refractory_s * per_s, picks)
                if merged == merged_before or n > most:
                    continue
                if level < CREST[1] * noise[scale] and n * FAST_S * per_s < good:
                    continue
                merged_before = merged
                merit = _merit(at, tall, picks, n, merged, below, noise[scale], good, bar) - PENALTY[scale]
                if merit > bar:
                    bar, top_merit, top_n, top_scale = merit, merit, n, scale
                    for i in range(n):
                        best[i] = number[picks[i]]
    return top_n, top_scale, top_merit


@inner
def _is_extra(where, height, best, n, i):  # type: ignore[no-untyped-def]
    """Return whether beat i is less than half as high as both neighbours, and they are a usual interval apart."""
    if i == 0 or i >= n - 1:
        return False
    ahead, after = where[best[i - 1]], where[best[i + 1]]
    usual = after - ahead
    if i > 1:
        usual = ahead - where[best[i - 2]]
    elif i < n - 2:
        usual = where[best[i + 2]] - after
    low = abs(height[best[i]]) < 0.5 * min(abs(height[best[i - 1]]), abs(height[best[i + 1]]))
    return low and abs((after - ahead) - usual) < 0.25 * usual


@inner
def _missed(where, height, span, first, last, least):  # type: ignore[no-untyped-def]
    """Return the highest candidate between two cells that is above ``least``, or -1."""
    found = -1
    for k in range(span[0], span[1]):
        if first < where[k] < last and abs(height[k]) > least:
            found, least = k, abs(height[k])
    return found


@inner
def settle(where, height, spans, noise, scale, best, n, y, cells):  # type: ignore[no-untyped-def]
    """Write the window's beats to ``cells``: the chosen ones, less extra, plus missed ones; return their number.

    Extra: see `_is_extra`. Missed: where an interval is over 1.45 times the one ahead and the mean, the highest
    candidate away from either end of it, of the chosen filter or else the next wider, at least 0.4 times as high as
    the beats are there: ectopic beats are wide, and low in a narrow filter.
    """
    m = 0
    wider = min(scale + 1, 3)
    typical, typical_wider = 0.0, 0.0
    mean_interval = (where[best[n - 1]] - where[best[0]]) / max(n - 1.0, 1.0)
    for i in range(n):
        typical += abs(height[best[i]]) / n
        typical_wider += abs(y[wider, where[best[i]]]) / n
    for i in range(n):
        if m + 2 > cells.size:
            break
        if _is_extra(where, height, best, n, i):
            continue
        cell = where[best[i]]
        if i > 1:
            ahead = where[best[i - 1]]
            usual = max(mean_interval, ahead - where[best[i - 2]])
            if cell - ahead > 1.45 * usual:
                first, last = ahead + 0.4 * usual, cell - 0.4 * usual
                k = _missed(where, height, spans[scale], first, last, max(0.4 * typical, 3.0 * noise[scale]))
                if k < 0:
                    least = max(0.4 * typical_wider, 3.0 * noise[wider])
                    k = _missed(where, height, spans[wider], first, last, least)
                if k >= 0:
                    cells[m] = where[k]
                    m += 1
        cells[m] = cell
        m += 1
    return m


@inner
def _average(y, cells, n, reach, mean):  # type: ignore[no-untyped-def]
    """Write the mean of y around n beats, from ``reach`` cells before to ``reach`` after; noise goes down by root n."""
    for d in range(2 * reach + 1):
        mean[d] = 0.0
    for k in range(n):
        start = cells[k] - reach
        if start >= 0 and start + 2 * reach < y.size:
            here = y[start : start + 2 * reach + 1]
            for d in range(2 * reach + 1):
                mean[d] += here[d] / n
        else:
            for d in range(2 * reach + 1):
                mean[d] += y[min(max(start + d, 0), y.size - 1)] / n


@inner
def _highest(y, centre, width, sign):  # type: ignore[no-untyped-def]
    """Return the cell of the largest sign * y within ``width`` cells of a centre."""
    best = min(max(centre, 0), y.size - 1)
    for j in range(max(centre - width, 0), min(centre + width + 1, y.size)):
        if sign * y[j] > sign * y[best]:
            best = j
    return best


@inner
def sharpen(y, noise, scale, cells, n, per_s, widths):  # type: ignore[no-untyped-def]
    """Move beats to the sharpest deflection that their average shows; return the filter that shows it.

    A wide filter is robust, but its highest point may be the T wave. A narrower one is believed where the average of
    the beats stands well above the noise that is left in it. A beat without the deflection, an ectopic one, stays.
    Beats of the matched filter stand in one place of the average beat, so the deflection is sought close by only.
    """
    exact = scale == MATCHED
    scale = min(scale, 2) if exact else scale
    mean = np.empty(512)
    interval = per_s if n < 2 else (cells[n - 1] - cells[0]) / (n - 1.0)
    believed = scale
    # the first round stays with the filter chosen: it brings beats found on another wave of QRS to the common one
    for fine in range(scale, -1, -1):
        reach = min(int(min(2.0 * widths[believed], 0.3 * interval)), 120)
        width = 2 if exact else int(widths[fine] if fine < scale else 1.5 * widths[fine])
        _average(y[fine], cells, n, reach, mean)
        top = 0
        for d in range(2 * reach + 1):
            if abs(mean[d]) > abs(mean[top]):
                top = d
        if abs(mean[top]) < 5.0 * noise[fine] / np.sqrt(n):
            break
        sign = 1.0 if mean[top] > 0.0 else -1.0
        for k in range(n):
            at = _highest(y[fine], cells[k] + top - reach, width, sign)
            if sign * y[fine, at] > 0.35 * abs(mean[top]):
                cells[k] = at
        believed = fine
    return believed


@inner
def _median(row, first, last):  # type: ignore[no-untyped-def]
    """Return the median of the numbers in row[first:last], NaN left out, the upper of two; 0 where there is none."""
    n = 0
    for i in range(first, last):
        n += 1 if row[i] == row[i] else 0
    middle = 0.0
    for i in range(first, last):
        rank = 0
        for j in range(first, last):
            rank += 1 if row[j] < row[i] or (row[j] == row[i] and j < i) else 0
        middle = row[i] if row[i] == row[i] and rank == n // 2 else middle
    return middle


@inner
def _upright(values, cells, n, reach, mean):  # type: ignore[no-untyped-def]
    """Return (+1 or -1, shift, size) of the larger deflection of the beats' average; 15 % less still counts as up.

    Deflections within ``reach`` are measured from the mean level between 3 and 1.5 reaches ahead of the beat.
    """
    _average(values, cells, n, 3 * reach, mean)
    level, count = 0.0, 0
    for d in range(3 * reach // 2 + 1):
        level += mean[d]
        count += 1
    level /= count
    up, down = 3 * reach, 3 * reach
    for d in range(2 * reach, 4 * reach + 1):
        # an extremum, not the foot of a T wave that rises further on
        if mean[d] > mean[up] and mean[d] >= max(mean[d - 1], mean[d + 1]):
            up = d
        if mean[d] < mean[down] and mean[d] <= min(mean[d - 1], mean[d + 1]):
            down = d
    if 1.15 * (mean[up] - level) >= level - mean[down]:
        return 1.0, up - 3 * reach, mean[up] - level
    return -1.0, down - 3 * reach, level - mean[down]


@njit(cache=True, error_model="numpy")
def _choose_windows(y, bad, where, height, first, level, good, block, per_s, widths, spans, noise, best, chosen):  # type: ignore[no-untyped-def]
    """Choose the beats of each window: candidates to ``best``, their number, filter and merit to ``chosen``."""
    for k in range(len(chosen)):
        b0, b1 = max(HOP_BLOCKS * k - CONTEXT_BLOCKS, 0), min(HOP_BLOCKS * (k + 1) + CONTEXT_BLOCKS, good.size)
        cells = 0.0
        for b in range(b0, b1):
            cells += good[b]
        for scale in range(4):
            noise[k, scale] = _median(level[scale], b0, b1)
            for side, bound in ((0, b0 * block), (1, b1 * block)):
                i = spans[k - 1, scale, side] if k > 0 else first[scale]
                while i < first[scale + 1] and where[i] < bound:
                    i += 1
                spans[k, scale, side] = i
        spans[k, MATCHED] = first[4] + k * MOST
        begin, end = b0 * block, min(b1 * block, bad.size)
        n, scale, merit = choose(y, bad, begin, end, where, height, spans[k], noise[k], cells, per_s, widths, best[k])
        chosen[k, 0], chosen[k, 1], chosen[k, 2] = n, scale, merit


@njit(cache=True, error_model="numpy")
def _place_beats(values, y, where, height, block, per_s, widths, spans, noise, best, chosen, least, rows):  # type: ignore[no-untyped-def]
    """Settle, sharpen and turn upright the beats of each window; write those of its own hop; return their number."""
    cells, mean = np.empty(2 * MOST, np.int64), np.empty(512)
    hop, margin, count = HOP_BLOCKS * block, int(MARGIN_S * per_s), 0
    for k in range(len(chosen)):
        n, scale, merit = int(chosen[k, 0]), int(chosen[k, 1]), chosen[k, 2]
        if n == 0 or merit < least:
            continue
        n = settle(where, height, spans[k], noise[k], scale, best[k], n, y, cells)
        scale = sharpen(y, noise[k], scale, cells, n, per_s, widths)
        interval = per_s if n < 2 else (cells[n - 1] - cells[0]) / (n - 1.0)
        reach = min(int(max(2.0 * widths[scale], min(0.06 * interval, 0.05 * per_s))), 60)
        upright, shift, size = _upright(values, cells, n, reach, mean)
        for i in range(n):
            if not k * hop - margin <= cells[i] < (k + 1) * hop + margin or count == len(rows):
                continue
            there = _highest(y[scale], cells[i] + shift, int(widths[scale]) + 1, upright)
            anywhere = _highest(y[scale], cells[i], reach, upright)
            if upright * y[scale, anywhere] > 2.0 * upright * y[scale, there]:
                there = anywhere
            rows[count, 0], rows[count, 1], rows[count, 2] = cells[i], upright, merit
            rows[count, 3], rows[count, 4], rows[count, 5] = interval, there, size
            count += 1
    return count


def choose_beats(
    ready: Prepared, block: int, per_s: float, least: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose the beats of each hop of cells whose merit is at least ``least``; return (rows, merits).

    ``rows`` (m, 6): cell of the beat, sign voted for, merit of the choice, mean interval [cells] in its window, cell of
    the extremum of that sign, height of the average beat. ``merits``: of every hop. Near a border between hops a
    beat may stand twice.
    """
    n_cells = ready.values.size
    hops = -(-n_cells // (HOP_BLOCKS * block))
    spans, noise = np.zeros((hops, 5, 2), np.int64), np.zeros((hops, 5))
    best, chosen = np.zeros((hops, MOST), np.int64), np.zeros((hops, 3))
    widths = np.array((*WIDTHS, WIDTHS[1]), np.float64)
    room = (0, hops * MOST)  # for the candidates of each window's matched filter
    found, size = (np.pad(ready.where, room), np.pad(ready.height, room)), (block, per_s, widths)
    _choose_windows(ready.y, ready.bad, *found, ready.first, ready.level, ready.good, *size, spans, noise, best, chosen)
    rows = np.empty((int(n_cells / (0.02 * per_s)) + 4, 6))
    count = _place_beats(ready.values, ready.y, *found, *size, spans, noise, best, chosen, least, rows)
    return rows[:count], chosen[:, 2]
