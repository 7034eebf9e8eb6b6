"""The filter matched to a window's own average beat: for beats that noise, wander and a tall T wave hide.

A human sees small QRS complexes in noise because each comes with its T wave, over and over in the same shape. Averaging
the beats that were chosen, right for the most part, gives that shape; its correlation with the window stands well
above all else at the true beats. It is tried only where the choice was not convincing, and only where the beats
chosen resemble each other more than pieces of noise do.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SHARE = 0.4  # the average beat reaches this share of the mean interval to either side
FURTHEST_S = 0.12  # and at most this far: what a beat depends on stays within 2 s
RADIUS_S = 0.01  # a candidate is the highest within this distance
ALIKE = 0.25  # least share of energy common to the beats: of pieces of white noise it is below 0.05

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles what only kernels call: without a door to Python it takes less time."""


@inner
def _average_beat(flat, where, best, n, begin, mean):  # type: ignore[no-untyped-def]
    """Write the average of n beats to ``mean``, of unit energy; return the share of energy common to the beats.

    The share is the intraclass correlation, 0 on average for pieces that have nothing in common (Shrout and Fleiss,
    doi:10.1037/0033-2909.86.2.420): energy of the average less what n unlike pieces leave in it.
    """
    energy, common = 1e-300, 1e-300
    for i in range(n):
        start = where[best[i]] - begin
        for d in range(mean.size):
            v = flat[start + d]
            mean[d] += v / n
            energy += v * v / n
    for d in range(mean.size):
        common += mean[d] * mean[d]
    for d in range(mean.size):
        mean[d] /= np.sqrt(common)
    return (n * common - energy) / ((n - 1.0) * energy)


@inner
def _matched_peaks(match, bad, begin, end, radius, floor, where, height, first, most):  # type: ignore[no-untyped-def]
    """Write the peaks of ``match`` above ``floor`` from slot ``first`` on, none near a bad cell; return their end."""
    stop = first
    for j in range(begin, end):
        here = match[j - begin]
        if here <= floor or stop == first + most:
            continue
        highest = True
        for i in range(max(j - radius, begin), min(j + radius + 1, end)):
            highest &= match[i - begin] < here + (1e-12 * here if i <= j else 0.0)
            highest &= bad[i] == 0
        if highest:
            where[stop], height[stop] = j, here
            stop += 1
    return stop


@inner
def match_beats(y, bad, begin, end, where, height, first, most, best, n, per_s, noise):  # type: ignore[no-untyped-def]
    """Write the candidates of the matched filter of cells begin to end from slot ``first`` on; return their end.

    The signal is the sum of the four peak filters: the cells less their mean over 81 cells, times 1.5, which is free
    of wander; 0 in bad cells. ``noise[4]`` becomes what white noise leaves in the matched filter, or 0.4 times its
    mean size.
    """
    interval = (where[best[n - 1]] - where[best[0]]) / (n - 1.0)
    reach = max(int(min(SHARE * interval, FURTHEST_S * per_s)), 3)
    flat, match, mean = np.zeros(end - begin + 2 * reach), np.zeros(end - begin), np.zeros(2 * reach + 1)
    for scale in range(4):
        for j in range(max(begin - reach, 0), min(end + reach, y.shape[1])):
            # what fills a hole steps from the level ahead of it to that behind it, however far that is
            flat[j - begin + reach] += 0.0 if bad[j] else y[scale, j]
    if _average_beat(flat, where, best, n, begin, mean) < ALIKE:
        return first
    for d in range(mean.size):
        m = mean[d]
        for j in range(match.size):
            match[j] += m * flat[j + d]
    total = 0.0
    for j in range(match.size):
        total += abs(match[j])
    noise[4] = max(0.8 * noise[0], 0.4 * total / match.size)
    radius = max(int(RADIUS_S * per_s), 1)
    return _matched_peaks(match, bad, begin, end, radius, noise[4], where, height, first, most)
