"""Choose the upstrokes of a pressure: which rises between a minimum and a maximum are heart beats.

A pressure turns many times per beat: upstroke, reflected wave, dicrotic notch, respiration, noise. What tells a beat
apart, in any species and at any rate, is that its rise is of the size of the other beats' rises around it. So every
block of time is judged inside its own window:

    window   |<------ margin ------>|<- block ->|<------ margin ------>|      only upstrokes inside the block are kept
    1. the rises from each minimum to the next maximum have a typical large size A, a quantile (``_pulse_size``);
    2. rises are joined across falls of less than 0.35 A (zigzag with hysteresis), A is measured again, until it stands;
    3. rises of at least 0.5 A are beats, but for those that look like a reflected wave and not like a weak beat;
    4. where beats are missing for over 1.5 intervals, smaller rises at a plausible time are admitted: ectopic beats, a
       damped stretch beside a strong one.

A block's answer depends on its window only, and blocks lie on an absolute grid: therefore a record cut into chunks
gives the same beats, and a bad stretch changes nothing further away than margin + block.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

HYSTERESIS = 0.35  # a fall of less than this share of the pulse does not end a rise
LARGE = 0.5  # a rise of at least this share of the pulse is a beat
SMALL = 0.12  # the smallest share of the pulse that an admitted beat may have
LATE = 1.5  # intervals without a beat after which smaller rises are admitted


@njit(cache=True, error_model="numpy")
def _zigzag(turns, first, last, hysteresis, bottom, top):  # type: ignore[no-untyped-def]
    """Write the rises among extrema [first, last) that no fall of ``hysteresis`` interrupts; return how many."""
    _, value, kind, run = turns
    count = 0
    low = high = -1  # extremum index of the running minimum, and of the running maximum once it has risen enough
    for i in range(first, last):
        if i > first and run[i] != run[i - 1]:
            if high >= 0:
                bottom[count], top[count] = low, high
                count += 1
            low = high = -1
        if kind[i] < 0:
            if high >= 0:
                if value[high] - value[i] >= hysteresis:
                    bottom[count], top[count] = low, high
                    count += 1
                    low, high = i, -1
            elif low < 0 or value[i] < value[low]:
                low = i
        elif high >= 0:
            if value[i] > value[high]:
                high = i
        elif low >= 0 and value[i] - value[low] >= hysteresis:
            high = i
    if high >= 0:
        bottom[count], top[count] = low, high
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def _pulse_size(value, bottom, top, count, restless, sizes):  # type: ignore[no-untyped-def]
    """Return the size that seven of ten rises do not exceed, among those of at least a quarter of the second largest.

    A quantile and not a mean, and the second largest: motion that makes rises of twice the pulse in a third of the
    window, or one artefact, must not set the scale. Seven of ten, because each beat may bring a reflected wave into the
    list. A largest rise of two to six times the second is an artefact where at least five others are like the second
    and no noise; else the window holds one beat of a slow heart, and that is the pulse.
    """
    first = second = 0.0
    for j in range(count):
        rise = value[top[j]] - value[bottom[j]]
        if rise > first:
            first, second = rise, first
        elif rise > second:
            second = rise
    members = like_second = 0
    for j in range(count):
        rise = value[top[j]] - value[bottom[j]]
        like_second += 0.5 * second <= rise < first
        if rise >= 0.25 * second:
            i = members
            while i > 0 and sizes[i - 1] > rise:
                sizes[i] = sizes[i - 1]
                i -= 1
            sizes[i] = rise
            members += 1
    if second < 0.5 * first and (restless or like_second < 5 or second < first / 6.0):
        return first
    return sizes[int(np.ceil(0.7 * (members - 1)))]


@njit(cache=True, error_model="numpy")
def _single_rises(value, kind, first, last):  # type: ignore[no-untyped-def]
    """Return (second largest, mean, number) of the rises from each minimum among extrema [first, last) to the next."""
    largest = second = total = 0.0
    count = 0
    for i in range(first, last - 1):
        rise = value[i + 1] - value[i]
        if kind[i] > 0 or rise <= 0.0:
            continue
        total += rise
        count += 1
        if rise > largest:
            largest, second = rise, largest
        elif rise > second:
            second = rise
    return (second if count > 1 else largest), total / max(count, 1), count


@njit(cache=True, error_model="numpy")
def _large_rises(turns, first, last, smallest, bottom, top):  # type: ignore[no-untyped-def]
    """Settle the pulse size among extrema [first, last) and keep the rises that are beats; return (count, pulse size).

    White noise turns at two of three points and its large rises are about twice its mean rise; a pulse in noise that
    still can be seen stands well above it. What turns like noise and stands out like noise is taken as noise: no beat.
    """
    position, value, kind, _ = turns
    second, mean_rise, number = _single_rises(value, kind, first, last)
    if number == 0:
        return 0, 0.0
    restless = number > 0.22 * (position[last - 1] - position[first] + 1)
    sizes = np.empty(number + 1, np.float64)
    count = 0
    pulse = 0.0
    hysteresis = 0.5 * HYSTERESIS * second
    for _ in range(8):
        count = _zigzag(turns, first, last, hysteresis, bottom, top)
        again = _pulse_size(value, bottom, top, count, restless, sizes)
        settled = abs(again - pulse) <= 0.05 * pulse
        pulse = again
        if settled:
            break
        hysteresis = HYSTERESIS * pulse
    if pulse < smallest or (restless and pulse < 3.0 * mean_rise):
        return 0, pulse
    kept = 0
    for j in range(count):
        if value[top[j]] - value[bottom[j]] >= LARGE * pulse:
            bottom[kept], top[kept] = bottom[j], top[j]
            kept += 1
    return kept, pulse


@njit(cache=True, error_model="numpy")
def _typical_interval(position, run, bottom, count):  # type: ignore[no-untyped-def]
    """Return the (lower) median distance [cells] of neighbouring beats of one run, or 0 where there are under two."""
    sorted_gaps = np.empty(count, np.int64)
    n = 0
    for j in range(1, count):
        if run[bottom[j]] != run[bottom[j - 1]]:
            continue
        gap = position[bottom[j]] - position[bottom[j - 1]]
        i = n
        while i > 0 and sorted_gaps[i - 1] > gap:
            sorted_gaps[i] = sorted_gaps[i - 1]
            i -= 1
        sorted_gaps[i] = gap
        n += 1
    return sorted_gaps[(n - 1) // 2] if n >= 2 else 0


@njit(cache=True, error_model="numpy")
def _looks_reflected(position, value, bottom, top, j):  # type: ignore[no-untyped-def]
    """Return whether rise j looks like a reflected wave between its neighbours.

    It is smaller than three quarters of both neighbours' rises, starts more than a quarter of the pulse above both
    neighbours' feet, and comes within 0.65 of the way from one to the next.
    """
    rise = value[top[j]] - value[bottom[j]]
    pulse = min(value[top[j - 1]] - value[bottom[j - 1]], value[top[j + 1]] - value[bottom[j + 1]])
    lift = value[bottom[j]] - max(value[bottom[j - 1]], value[bottom[j + 1]])
    way = position[bottom[j]] - position[bottom[j - 1]]
    return (
        rise < 0.75 * pulse and lift > 0.25 * pulse and way < 0.65 * (position[bottom[j + 1]] - position[bottom[j - 1]])
    )


@njit(cache=True, error_model="numpy")
def _drop_reflected(turns, bottom, top, count):  # type: ignore[no-untyped-def]
    """Drop rises that look like reflected waves; return how many are left.

    Respiration can make a beat look so. Therefore one is dropped only where it splits a common interval in two, or
    where three of ten rises look so, because a reflected wave comes with every beat.
    """
    position, value = turns[0], turns[1]
    marked = 0
    for j in range(1, count - 1):
        marked += _looks_reflected(position, value, bottom, top, j)
    if marked == 0:
        return count
    typical = _typical_interval(position, turns[3], bottom, count)
    kept = 0
    for j in range(count):
        if 0 < j < count - 1 and _looks_reflected(position, value, bottom, top, j):
            whole = position[bottom[j + 1]] - position[bottom[j - 1]]
            if whole < 1.4 * typical or marked >= 0.3 * count:
                continue
        # kept entries go to a second half, so that neighbours above are the ones found and not the ones left
        bottom[count + kept], top[count + kept] = bottom[j], top[j]
        kept += 1
    for j in range(kept):
        bottom[j], top[j] = bottom[count + j], top[count + j]
    return kept


@njit(cache=True, error_model="numpy")
def _largest_rise(value, first, last):  # type: ignore[no-untyped-def]
    """Return the largest rise from an extremum to a later one among extrema [first, last)."""
    lowest = value[first]
    largest = 0.0
    for i in range(first + 1, last):
        lowest = min(lowest, value[i])
        largest = max(largest, value[i] - lowest)
    return largest


@njit(cache=True, error_model="numpy")
def _evenly_spaced(position, first, last, bottom, count):  # type: ignore[no-untyped-def]
    """Return whether no distance between beats, or to the edges, is late against the shortest: nothing is missing."""
    if count < 2:
        return False
    shortest = longest = position[bottom[1]] - position[bottom[0]]
    for j in range(2, count):
        gap = position[bottom[j]] - position[bottom[j - 1]]
        shortest, longest = min(shortest, gap), max(longest, gap)
    edges = max(position[bottom[0]] - position[first], position[last - 1] - position[bottom[count - 1]])
    return max(longest, edges) <= LATE * shortest


@njit(cache=True, error_model="numpy")
def _admit_missing(turns, first, last, smallest, pulse, beats, count, scratch):  # type: ignore[no-untyped-def]
    """Admit smaller rises where beats are missing; return how many beats there are then, in order.

    A rise is admitted at 0.45 intervals or more from its neighbours; if it comes early, only where it stands out
    above what follows the beat before that one, or else it is a reflected wave.
    """
    position, value = turns[0], turns[1]
    bottom, top = beats
    low, high, all_low, all_high = scratch
    if _evenly_spaced(position, first, last, bottom, count):
        return count
    typical = _typical_interval(position, turns[3], bottom, count)
    if typical == 0:
        return count
    total = 0
    for j in range(count + 1):
        # the stretch from beat j - 1 to beat j, or to the edge of the window
        start = first if j == 0 else top[j - 1]
        stop = last if j == count else bottom[j] + 1
        since = position[first] if j == 0 else position[bottom[j - 1]]
        until = position[last - 1] if j == count else position[bottom[j]]
        if until - since > LATE * typical and stop - start >= 2:
            found, _ = _large_rises(turns, start, stop, smallest, low, high)
            cycle = max(j - 2, 0)
            echo = _largest_rise(value, top[cycle], bottom[cycle + 1])
            for k in range(found):
                at, rise = position[low[k]], value[high[k]] - value[low[k]]
                if rise < SMALL * pulse or (rise < 1.5 * echo and (j == 0 or at - since < 0.75 * typical)):
                    continue
                if at - since >= 0.45 * typical and (j == count or until - at >= 0.45 * typical):
                    all_low[total], all_high[total] = low[k], high[k]
                    total += 1
                    since = at
        if j < count:
            all_low[total], all_high[total] = bottom[j], top[j]
            total += 1
    for j in range(total):
        bottom[j], top[j] = all_low[j], all_high[j]
    return total


@njit(cache=True, error_model="numpy")
def _steepest_cell(means, low, high):  # type: ignore[no-untyped-def]
    """Return the cell from which the pressure rises most to the next, in the middle half of the rise from low to high.

    Only there: below, a long diastole has time for a step of noise that is steeper than the upstroke.
    """
    height = means[high] - means[low]
    stop = low + 1
    while means[stop] < means[low] + 0.75 * height:
        stop += 1
    start = stop - 1
    while means[start] > means[low] + 0.25 * height:
        start -= 1
    best = start
    for cell in range(start + 1, stop):
        if means[cell + 1] - means[cell] > means[best + 1] - means[best]:
            best = cell
    return best


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def select_upstrokes(
    means: NDArray[np.float64],
    position: NDArray[np.int64],
    kind: NDArray[np.int8],
    run: NDArray[np.int64],
    block: int,
    margin: int,
    phase: int,
    smallest: float,
) -> NDArray[np.int64]:
    """Choose the upstrokes that are beats, block by block.

    means (cells,) with the extrema (position, kind, run) of ``numerics.alternating_extrema``; block and margin [cells];
    phase: how many cells of its block lie before the first cell; smallest: least pulse [unit of means]. Returns (beats,
    4): the cells of minimum, steepest rise and maximum, and the start of the run.
    """
    value = np.empty(len(position), np.float64)
    for i in range(len(position)):
        value[i] = means[position[i]]
    turns = (position, value, kind, run)
    longest = 2 * (block + 2 * margin) + 8
    bottom, top = np.empty(longest, np.int64), np.empty(longest, np.int64)
    scratch = (
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
    )
    chosen = np.empty((len(position) // 2 + 1, 4), np.int64)
    n = 0
    first = last = 0
    for start in range(-phase, len(means), block):
        while first < len(position) and position[first] < start - margin:
            first += 1
        while last < len(position) and position[last] < start + block + margin:
            last += 1
        if last - first < 2:
            continue
        count, pulse = _large_rises(turns, first, last, smallest, bottom, top)
        count = _drop_reflected(turns, bottom, top, count)
        count = _admit_missing(turns, first, last, smallest, pulse, (bottom, top), count, scratch)
        for j in range(count):
            if position[top[j]] < start or position[bottom[j]] >= start + block:
                continue
            steep = _steepest_cell(means, position[bottom[j]], position[top[j]])
            if not start <= steep < start + block:
                continue
            if n > 0 and position[bottom[j]] < chosen[n - 1, 2]:
                continue  # the window before saw this rise as part of its last one
            chosen[n, 0], chosen[n, 1], chosen[n, 2] = position[bottom[j]], steep, position[top[j]]
            chosen[n, 3] = run[bottom[j]]
            n += 1
    return chosen[:n]
