"""The beat after beat process: when the heart beats, how much it ejects, and what the baroreflex answers.

Each beat follows from the one before it, a hash of its number, and the slow state. Linearised, it is the loop of
:mod:`telemus.simulate.mouse.reflex`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.noise import normal, uniform
from telemus.simulate.mouse.spline import AMPLITUDE, BASE, INTERVAL, KNOT_HZ, SET_POINT, SINUS, Knots, spline

# Columns of a beat.
R, CENTRE, VOLUME, BLEND, TAIL, KIND, LENGTH, SYSTOLIC = range(8)
BEAT_COLUMNS = 8

# Columns of the state that the process carries.
NEXT_R, LAST_CENTRE, LAST_TAIL, REFLEX, LAST_LENGTH, NUMBER, PAUSE, STOPPED, DELAY_LINE = range(9)
LONGEST_DELAY = 4
STATE_COLUMNS = DELAY_LINE + LONGEST_DELAY

ECTOPIC_EJECTION = 0.55
SHORTEST_S = 0.045
BARORECEPTOR_RANGE_MMHG = 15.0

# What the process needs of an animal: see beat_constants.
CONSTANTS = 16


@njit(cache=True)  # type: ignore[untyped-decorator]
def advance(
    state: NDArray[np.float64],
    until_s: float,
    key: np.uint64,
    constants: NDArray[np.float64],
    knots: Knots,
    beats: NDArray[np.float64],
) -> int:
    """Generate beats until one lies beyond `until_s`, or the heart stands still.

    Args:
        state: (STATE_COLUMNS,), changed in place.
        until_s: how far [s since time zero].
        key: stream of random numbers.
        constants: from :func:`telemus.simulate.mouse.reflex.beat_constants`.
        knots: modulations that reach 2 s beyond `until_s`.
        beats: (m, BEAT_COLUMNS) to be filled.

    Returns:
        How many beats were written.
    """
    decay_s, ejection_s, peak_s, peak_fast, peak_slow, tail_fast, tail_slow = constants[:7]
    gain, lag_s, filling, noise_s, ectopic_share, fast_s, slow_s = constants[7:14]
    delay, stroke_noise, count = int(constants[14]), constants[15], 0
    while count < beats.shape[0] and state[NEXT_R] <= until_s and state[STOPPED] == 0.0:
        r = state[NEXT_R]
        number = int(state[NUMBER])
        k = math.floor(r * KNOT_HZ) - knots.first
        wanted_s = knots.values[INTERVAL, k]
        if wanted_s <= 0.0:
            state[STOPPED] = 1.0
            break
        ectopic = state[PAUSE] > 0.0
        filled = max(1.0 + filling * (state[LAST_LENGTH] / wanted_s - 1.0), 0.2)
        volume = knots.values[AMPLITUDE, k] * filled * (1.0 + stroke_noise * normal(key, 3 * number + 2))
        volume *= ECTOPIC_EJECTION if ectopic else 1.0
        blend = min(max((wanted_s - fast_s) / (slow_s - fast_s), 0.0), 1.0)
        centre = r + ejection_s
        before = state[LAST_TAIL] * math.exp(-(centre - state[LAST_CENTRE]) / decay_s)
        peak = (1.0 - blend) * peak_fast + blend * peak_slow
        systolic = spline(knots, BASE, centre + peak_s) + before * math.exp(-peak_s / decay_s) + volume * peak
        tail = before + volume * ((1.0 - blend) * tail_fast + blend * tail_slow)
        answer = _reflex(state, systolic - knots.values[SET_POINT, k], gain, lag_s, wanted_s, delay)
        length = wanted_s + answer + spline(knots, SINUS, r) + noise_s * normal(key, 3 * number)
        length = min(max(length, 0.6 * wanted_s, SHORTEST_S), 1.8 * wanted_s)
        if ectopic or uniform(key, 3 * number + 1) < ectopic_share:
            length = _interrupt(state, length, uniform(~key, number))
        row = (r, centre, volume, blend, tail, 1.0 if ectopic else 0.0, length, systolic)
        for column in range(BEAT_COLUMNS):
            beats[count, column] = row[column]
        state[LAST_CENTRE], state[LAST_TAIL], state[LAST_LENGTH] = centre, tail, length
        state[NEXT_R] = r + length
        state[NUMBER] += 1.0
        count += 1
    return count


@njit(cache=True)  # type: ignore[untyped-decorator]
def _interrupt(state: NDArray[np.float64], length_s: float, chance: float) -> float:
    """Return the interval before a premature beat, or the compensatory pause after it [s]: together two usual ones."""
    if state[PAUSE] > 0.0:
        pause_s: float = state[PAUSE]
        state[PAUSE] = 0.0
        return pause_s
    early = 0.55 + 0.15 * chance
    state[PAUSE] = (2.0 - early) * length_s
    return early * length_s


@njit(cache=True)  # type: ignore[untyped-decorator]
def _reflex(
    state: NDArray[np.float64], deviation_mmhg: float, gain: float, lag_s: float, beat_s: float, delay: int
) -> float:
    """Return the change of the interval [s] that pressure `delay` beats ago calls for, through a first-order lag."""
    for k in range(LONGEST_DELAY - 1, 0, -1):
        state[DELAY_LINE + k] = state[DELAY_LINE + k - 1]
    state[DELAY_LINE] = min(max(deviation_mmhg, -BARORECEPTOR_RANGE_MMHG), BARORECEPTOR_RANGE_MMHG)
    # The weight of the lag uses the mean beat, so that the loop stays linear.
    keep = math.exp(-beat_s / lag_s)
    state[REFLEX] = keep * state[REFLEX] + (1.0 - keep) * gain * state[DELAY_LINE + delay]
    answer: float = state[REFLEX]
    return answer
