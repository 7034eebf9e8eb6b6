"""Compiled loops of the R-peak detector. Arrays and plain numbers only; the words are in `ecg`.

Everything is a function of samples within a bounded distance on a grid that starts at the array's first sample, and no
running sum crosses a cell: that is why a record cut at multiples of the hop gives the same beats bit for bit.
"""

import numpy as np
from numba import njit

WIDTHS = (1, 3, 9, 27)
"""Widths of the peak filters [cells of about 2 ms]: 2, 6, 18 and 54 ms, from the QRS of a shrew to a human ectopic."""

_LEVELS = 13  # thresholds tried below the window's maximum, half an octave apart: down to 1/64
_MOST = 128  # beats kept per window; 3 s at 1200 bpm hold 60


@njit(cache=True)
def cell_means(x, quality, reject, group):
    """Average `group` samples into one cell; a cell that holds a NaN or a rejected mark is bad and filled in.

    Short holes are filled by a line, long ones hold the value of the nearer end, so that no filter sees a step at the
    border of a hole. Returns (values, bad).
    """
    n = x.size // group
    values = np.empty(n)
    bad = np.zeros(n, np.uint8)
    for j in range(n):
        total = 0.0
        for i in range(j * group, j * group + group):
            total += x[i]
        values[j] = total / group
        if not np.isfinite(total):
            bad[j] = 1
    if quality.size == x.size:
        for j in range(n):
            marks = np.uint32(0)
            for i in range(j * group, j * group + group):
                marks |= quality[i]
            if marks & reject:
                bad[j] = 1
    _fill(values, bad)
    return values, bad


@njit(cache=True)
def _fill(values, bad):
    n = values.size
    j = 0
    while j < n:
        if not bad[j]:
            j += 1
            continue
        stop = j
        while stop < n and bad[stop]:
            stop += 1
        left = values[j - 1] if j > 0 else (values[stop] if stop < n else 0.0)
        right = values[stop] if stop < n else left
        line = stop - j <= 4 * WIDTHS[3]
        for i in range(j, stop):
            if line:
                values[i] = left + (right - left) * (i - j + 1) / (stop - j + 1)
            else:
                # a step far inside the hole, at a distance from its *near* end: local whatever the length of the hole
                values[i] = left if i - j < 2 * WIDTHS[3] else right
        j = stop


@njit(cache=True)
def peak_filters(values):
    """Filter cells with four zero-phase peak filters, centre box minus the mean of its two neighbours (4, n).

    Constant and straight lines give zero, which removes baseline wander; sums are built by threes (3, 9, 27), each from
    the one before, so that no running sum carries rounding along the record.
    """
    n = values.size
    y = np.zeros((4, n))
    box = values
    width = 1
    for scale in range(4):
        for j in range(width, n - width):
            y[scale, j] = (box[j] - 0.5 * (box[j - width] + box[j + width])) / width
        wider = np.zeros(n)
        for j in range(width, n - width):
            wider[j] = box[j - width] + box[j] + box[j + width]
        reach = (3 * width - 1) // 2
        for j in range(min(reach, n)):
            wider[j] = 3 * width * values[j]
            wider[n - 1 - j] = 3 * width * values[n - 1 - j]
        edge = width + reach
        for j in range(min(edge, n)):
            y[scale, j] = 0.0
            y[scale, n - 1 - j] = 0.0
        box = wider
        width *= 3
    return y


@njit(cache=True)
def candidates(y, bad, radius, keep_clear):
    """Find extrema of |y| that are the largest within `radius` cells and `keep_clear` cells away from bad ones.

    Returns their cells; amplitude and sign are read from `y`.
    """
    n = y.size
    where = np.empty(n // 2 + 1, np.int64)
    count = 0
    clear_from = keep_clear
    for j in range(1, n - 1):
        if bad[j]:
            clear_from = j + keep_clear + 1
            continue
        a = abs(y[j])
        if a == 0.0 or a < abs(y[j - 1]) or a <= abs(y[j + 1]) or j < clear_from:
            continue
        top = True
        for i in range(max(0, j - radius), min(n, j + radius + 1)):
            v = abs(y[i])
            if v > a or (v == a and i > j):
                top = False
                break
        if not top:
            continue
        for i in range(j, min(n, j + keep_clear + 1)):
            if bad[i]:
                top = False
                break
        if top:
            where[count] = j
            count += 1
    return where[:count].copy()


@njit(cache=True)
def _select(where, height, lo, hi, level, refractory, picks):
    """Pick candidates at least `level` high, the highest of those closer than `refractory` cells; return (n, below, merged)."""
    n, merged = 0, 0
    below = 0.0
    for i in range(lo, hi):
        h = abs(height[i])
        if h < level:
            below = max(below, h)
        elif n > 0 and where[i] - where[picks[n - 1]] < refractory:
            merged += 1
            if h > abs(height[picks[n - 1]]):
                picks[n - 1] = i
        elif n == picks.size:
            return -1, below, merged
        else:
            picks[n] = i
            n += 1
    return n, below, merged


@njit(cache=True)
def _rhythm(where, picks, n, span):
    """Return the share of `span` cells that intervals like one of their neighbours explain, 0 to 1."""
    if n < 3:
        return 0.25 * n
    total = 0.0
    for i in range(n - 1):
        d = where[picks[i + 1]] - where[picks[i]]
        like = 0.0
        if i > 0:
            b = where[picks[i]] - where[picks[i - 1]]
            like = 1.0 - 3.0 * abs(d - b) / (d + b)
        if i < n - 2:
            b = where[picks[i + 2]] - where[picks[i + 1]]
            like = max(like, 1.0 - 3.0 * abs(d - b) / (d + b))
        total += max(like, 0.0) * d
    whole = where[picks[n - 1]] - where[picks[0]]
    return min(1.0, total / max(span - whole / (n - 1.0), 1.0))


@njit(cache=True)
def choose(where, height, first, lo, hi, noise, span, shortest, refractories, picks, best):
    """Try each filter, threshold and refractory time in one window; keep the most convincing set of beats in `best`.

    Returns (n, filter, merit). Merit is between 0 and 1: rhythm, separation from the next lower candidate, and crest above the noise.
    """
    top_merit, top_n, top_scale = 0.0, 0, 0
    for scale in range(4):
        highest = 0.0
        for i in range(lo[scale], hi[scale]):
            highest = max(highest, abs(height[i]))
        floor = 2.5 * noise[scale]
        if highest <= floor or highest == 0.0:
            continue
        for refractory in refractories:
            level = highest
            before = 0
            for _ in range(_LEVELS):
                level *= np.sqrt(0.5)
                if level < floor:
                    break
                n, below, merged = _select(where, height, lo[scale], hi[scale], level, refractory, picks)
                if n < 0 or n * max(shortest, 3.0 * WIDTHS[scale]) > span:
                    break
                if n == before:
                    continue
                before = n
                mean = 0.0
                for i in range(n):
                    mean += abs(height[picks[i]])
                mean /= n
                apart = min(np.log(mean / max(below, 1e-3 * mean)), 1.5) / 1.5
                crest = min(np.log(mean / max(noise[scale], 1e-3 * mean)), 3.0) / 3.0
                merit = 0.6 * _rhythm(where, picks, n, span) + 0.25 * apart + 0.15 * crest - 0.15 * min(1.0, merged / n)
                if merit > top_merit:
                    top_merit, top_n, top_scale = merit, n, scale
                    best[:n] = picks[:n]
    return top_n, top_scale, top_merit


@njit(cache=True)
def _baseline(values, centre, reach):
    """Return the median of 15 cells evenly spread over `reach` cells either side of the beat."""
    few = np.empty(15)
    n = values.size
    for i in range(15):
        j = centre + (i - 7) * reach // 7
        v = values[min(max(j, 0), n - 1)]
        k = i
        while k > 0 and few[k - 1] > v:
            few[k] = few[k - 1]
            k -= 1
        few[k] = v
    return few[7]


@njit(cache=True)
def _vertex(x, at, half):
    """Return the offset [samples] of the vertex of the least-squares parabola through 2 half + 1 samples around `at`."""
    mean2 = half * (half + 1) / 3.0
    slope, bend, norm1, norm2 = 0.0, 0.0, 0.0, 0.0
    for i in range(-half, half + 1):
        v = x[at + i] - x[at]
        q = i * i - mean2
        slope += i * v
        bend += q * v
        norm1 += i * i
        norm2 += q * q
    slope /= norm1
    bend /= norm2
    if bend == 0.0:
        return 0.0
    return min(max(-0.5 * slope / bend, -float(half)), float(half))


@njit(cache=True)
def refine(x, values, y, cell, sign, reach, group, around, longest):
    """Find the extremum of one QRS complex in the samples themselves; return (index, amplitude)."""
    best = cell
    for j in range(max(cell - reach, 0), min(cell + reach + 1, y.size)):
        if sign * y[j] > sign * y[best]:
            best = j
    base = _baseline(values, best, around)
    lowest, highest = max((best - 1) * group, 0), min((best + 2) * group, x.size)
    at = lowest
    for i in range(lowest, highest):
        if sign * x[i] > sign * x[at] or not np.isfinite(x[at]):
            at = i
    while at + 1 < x.size and sign * x[at + 1] > sign * x[at]:
        at += 1
    while at > 0 and sign * x[at - 1] > sign * x[at]:
        at -= 1
    height = sign * (x[at] - base)
    wide = 1
    while wide < longest and at + wide < x.size and sign * (x[at + wide] - base) > 0.5 * height:
        wide += 1
    left = 1
    while left < longest and at - left >= 0 and sign * (x[at - left] - base) > 0.5 * height:
        left += 1
    half = max(1, (wide + left) // 5)
    if at - half < 0 or at + half >= x.size:
        return float(at), x[at] - base
    offset = _vertex(x, at, half)
    if not np.isfinite(offset):
        return float(at), x[at] - base
    return at + offset, x[at] - base


@njit(cache=True)
def window_noise(y, bad, block):
    """Return the mean of |y| over the good cells of each block of cells (4, blocks); NaN where none is good."""
    blocks = y.shape[1] // block + 1
    mean = np.full((4, blocks), np.nan)
    good = np.zeros(blocks)
    for scale in range(4):
        for b in range(blocks):
            total, count = 0.0, 0
            for j in range(b * block, min((b + 1) * block, y.shape[1])):
                if not bad[j]:
                    total += abs(y[scale, j])
                    count += 1
            good[b] = count
            if count > 0:
                mean[scale, b] = total / count
    return mean, good


@njit(cache=True)
def _middle(row, lo, hi):
    """Return the median of the finite numbers in row[lo:hi]; 0 where there is none."""
    few = np.empty(hi - lo)
    n = 0
    for i in range(lo, hi):
        v = row[i]
        if np.isfinite(v):
            k = n
            while k > 0 and few[k - 1] > v:
                few[k] = few[k - 1]
                k -= 1
            few[k] = v
            n += 1
    return few[n // 2] if n > 0 else 0.0


@njit(cache=True)
def vote(y, where, best, n, reach):
    """Return the sign of the larger deflection, summed over the beats of a window; a tie within 15 % is positive."""
    up, down = 0.0, 0.0
    for k in range(n):
        c = where[best[k]]
        highest, lowest = 0.0, 0.0
        for j in range(max(c - reach, 0), min(c + reach + 1, y.size)):
            highest = max(highest, y[j])
            lowest = min(lowest, y[j])
        up += highest
        down -= lowest
    return 1.0 if 1.15 * up >= down else -1.0


@njit(cache=True)
def detect(x, values, bad, y, where, height, first, group, block, rate_hz, merits):
    """Choose beats window by window and refine those of the window's own hop.

    Returns (index, amplitude, sign, merit, hop) arrays, ascending by index.
    """
    per_s = rate_hz / group
    hop = 2 * block
    n = values.size
    noise, good = window_noise(y, bad, block)
    most = n // max(int(0.04 * per_s), 1) + 16
    index, amplitude = np.empty(most), np.empty(most)
    sign, merit = np.empty(most, np.int8), np.empty(most)
    refractories = np.array([0, int(0.07 * per_s), int(0.2 * per_s)])
    picks, best = np.empty(_MOST, np.int64), np.empty(_MOST, np.int64)
    lo, hi, level = np.zeros(4, np.int64), np.zeros(4, np.int64), np.zeros(4)
    margin = int(0.015 * per_s)
    count = 0
    hops = (n + hop - 1) // hop
    window_merit = np.zeros(hops)
    for k in range(hops):
        b0, b1 = max(2 * k - 5, 0), min(2 * k + 7, good.size)
        start, stop = b0 * block, min(b1 * block, n)
        span = 0.0
        for b in range(b0, b1):
            span += good[b]
        for s in range(4):
            level[s] = _middle(noise[s], b0, b1)
            part = where[first[s] : first[s + 1]]
            lo[s] = first[s] + np.searchsorted(part, start)
            hi[s] = first[s] + np.searchsorted(part, stop)
        m, scale, convinced = choose(
            where, height, first, lo, hi, level, span, 0.045 * per_s, refractories, picks, best
        )
        window_merit[k] = convinced
        if convinced < merits[0] or m == 0:
            continue
        mean_interval = span / m
        if m > 1:
            mean_interval = (where[best[m - 1]] - where[best[0]]) / (m - 1.0)
        width = WIDTHS[scale]
        reach = int(max(2.0 * width, min(0.06 * mean_interval, 0.05 * per_s)))
        upright = vote(y[scale], where, best, m, reach)
        around = int(min(0.4 * mean_interval, 0.25 * per_s))
        for i in range(m):
            c = where[best[i]]
            if c < k * hop - margin or c >= (k + 1) * hop + margin:
                continue
            own = upright
            strongest = 0.0
            for j in range(max(c - reach, 0), min(c + reach + 1, n)):
                strongest = max(strongest, upright * y[scale, j])
            if strongest < 0.4 * abs(height[best[i]]):
                own = -upright
            at, a = refine(x, values, y[scale], c, own, reach, group, around, int(0.06 * rate_hz))
            if count == most:
                break
            spot = count
            while spot > 0 and index[spot - 1] > at:
                spot -= 1
            close = 0.02 * rate_hz
            if spot > 0 and at - index[spot - 1] < close:
                if abs(a) > abs(amplitude[spot - 1]):
                    index[spot - 1], amplitude[spot - 1], sign[spot - 1], merit[spot - 1] = (
                        at,
                        a,
                        np.int8(own),
                        convinced,
                    )
                continue
            if spot < count and index[spot] - at < close:
                if abs(a) > abs(amplitude[spot]):
                    index[spot], amplitude[spot], sign[spot], merit[spot] = at, a, np.int8(own), convinced
                continue
            for i2 in range(count, spot, -1):
                index[i2], amplitude[i2], sign[i2], merit[i2] = (
                    index[i2 - 1],
                    amplitude[i2 - 1],
                    sign[i2 - 1],
                    merit[i2 - 1],
                )
            index[spot], amplitude[spot], sign[spot], merit[spot] = at, a, np.int8(own), convinced
            count += 1
    return index[:count].copy(), amplitude[:count].copy(), sign[:count].copy(), merit[:count].copy(), window_merit


@njit(cache=True)
def find(x, quality, reject, group, block, rate_hz, merits):
    """Find the beats of one stretch; return (index, amplitude, sign, marks, breaks), see `ecg.find_r_peaks`."""
    values, bad = cell_means(x, quality, reject, group)
    y = peak_filters(values)
    per_s = rate_hz / group
    radius = int(0.02 * per_s)
    n = values.size
    where, height, first = np.empty(2 * n + 4, np.int64), np.empty(2 * n + 4), np.zeros(5, np.int64)
    for scale in range(4):
        found = candidates(y[scale], bad, radius, WIDTHS[scale])
        first[scale + 1] = first[scale] + found.size
        for i in range(found.size):
            where[first[scale] + i] = found[i]
            height[first[scale] + i] = y[scale, found[i]]
    index, amplitude, sign, merit, window = detect(
        x, values, bad, y, where, height, first, group, block, rate_hz, merits
    )
    marks = np.zeros(index.size, np.uint32)
    for i in range(index.size):
        if merit[i] < merits[1]:
            marks[i] = np.uint32(1 << 24)
    breaks = np.empty(n + window.size)
    count = 0
    for j in range(n):
        if bad[j] and (j == 0 or not bad[j - 1]):
            breaks[count] = j * group
            count += 1
    for k in range(window.size):
        if window[k] < merits[0]:
            breaks[count] = (k * 2 + 1) * block * group
            count += 1
    return index, amplitude, sign, marks, breaks[:count].copy()
