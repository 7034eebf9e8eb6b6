"""The exact fiducials of each pressure beat, by Newton's method on the closed form."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import BLEND, CENTRE, TAIL, VOLUME
from telemus.simulate.mouse.pressure import Vessel, evaluate
from telemus.simulate.mouse.pulse import FAST_SCALE, SLOW_SCALE, STEP_S, PulseTable, hermite
from telemus.simulate.mouse.spline import BASE, KEEP, SENSED, spline_at, spline_integral_at

FIDUCIALS = ("foot_s", "diastole_s", "slope_s", "systole_s", "dbp_mmhg", "sbp_mmhg", "map_mmhg", "dpdt_max_mmhg_s")

_FOOT, _DIASTOLE, _SLOPE, _SYSTOLE, _DBP, _SBP, _, _DPDT = range(8)
# Newton's method squares its error: a last step of 1e-7 s leaves less than 1e-11 s.
_TOLERANCE_S = 1e-7
_TAIL_ROWS = 3
_LONGEST_STEP_S = 0.002
_LONGEST_SEARCH_S = 0.055


@njit(cache=True)  # type: ignore[untyped-decorator]
def find_fiducials(first: int, stop: int, vessel: Vessel, upstroke_s: float, out: NDArray[np.float64]) -> None:
    """Find the fiducials of beats `first` to `stop`, all but mean pressure.

    Diastolic pressure is the minimum before the upstroke, systolic the maximum after it, the foot the point where the
    tangent at the maximum slope meets the horizontal through the minimum. The search begins 1.8 SD of the ejection's
    flow before and after its middle, a little inside of where the zeros of the slope lie (2.2 and 2.0 SD); the slope is
    convex there, so Newton's method comes down to them from one side. A beat too weak to make a minimum has NaN.

    Args:
        first: row of the first beat wanted.
        stop: row after the last.
        vessel: what makes the pressure.
        upstroke_s: SD of the ejection's flow [s].
        out: (stop - first, 8) in the order of FIDUCIALS, times in seconds since time zero. Its times are where the
            search begins, unless they are NaN.
    """
    beats = vessel.beats
    for i in range(first, stop):
        row = out[i - first]
        guess = (row[_DIASTOLE], row[_SLOPE], row[_SYSTOLE])
        row[:] = math.nan
        sigma_s = upstroke_s * (FAST_SCALE + (SLOW_SCALE - FAST_SCALE) * beats[i, BLEND])
        height, step = 0.0, 0.0
        for fiducial in range(3):
            # Zero of the first derivative before and after the upstroke, of the second within it.
            t = guess[fiducial]
            if math.isnan(t):
                t = beats[i, CENTRE] + 1.8 * (fiducial - 1) * sigma_s
            order = 2 if fiducial == 1 else 1
            for _ in range(30):
                value = evaluate(t, i, vessel)
                step = -value[order] / value[order + 1]
                t += min(max(step, -_LONGEST_STEP_S), _LONGEST_STEP_S)
                if abs(step) < _TOLERANCE_S:
                    break
            if fiducial == 0:
                if value[2] <= 0.0 or t < beats[i, CENTRE] - _LONGEST_SEARCH_S:
                    break
                row[_DIASTOLE], row[_DBP] = t, value[0]
            elif fiducial == 1:
                row[_SLOPE], row[_DPDT], height = t, value[1], value[0] + step * value[1]
            else:
                row[_SYSTOLE], row[_SBP] = t, value[0]
        row[_FOOT] = row[_SLOPE] - (height - row[_DBP]) / row[_DPDT]


def mean_pressure(first: int, foot_s: NDArray[np.float64], vessel: Vessel, table: PulseTable) -> NDArray[np.float64]:
    """Return the time mean from each foot to the next (m - 1,) [mmHg], in closed form.

    Args:
        first: row of the vessel's beats that the first foot belongs to.
        foot_s: feet of rows that follow each other (m,) [s since time zero]; NaN gives NaN on both sides.
        vessel: what makes the pressure; it has the beats before `first`.
        table: its pulse.
    """
    beats, knots, sensed = vessel.beats, vessel.knots, vessel.sensed
    rows = first + np.arange(foot_s.size)
    # A beat without a foot has no mean: any time near it will do until the length says NaN.
    known_s = np.where(np.isnan(foot_s), beats[rows, CENTRE], foot_s)
    recent, tail = _recent_integral(known_s, rows, beats, table, float(vessel.shape[3]))
    # Between two feet a third beat joins the tail: its whole integral is what passes from one sum to the other.
    joined = np.maximum(rows[1:] - _TAIL_ROWS, 0)
    blend = beats[joined, BLEND]
    whole = beats[joined, VOLUME] * (table.mean_s[0] + blend * (table.mean_s[1] - table.mean_s[0]))
    pulses = np.diff(recent) + np.diff(tail) + np.where(rows[1:] >= _TAIL_ROWS, whole, 0.0)
    keep = spline_at(knots, KEEP, known_s[:-1]) if sensed else 1.0
    level = np.diff(spline_integral_at(knots, SENSED if sensed else BASE, known_s))
    return np.asarray((keep * pulses + level) / np.diff(foot_s), dtype=np.float64)


def _recent_integral(
    times_s: NDArray[np.float64], rows: NDArray[np.int64], beats: NDArray[np.float64], table: PulseTable, gain: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the integral of the latest three pulses, and of the tail of all before, less its whole [mmHg s].

    At its own foot a beat has begun and the next has not; three beats back, at least 45 ms each, all is tail.
    """
    recent = np.zeros(times_s.size)
    for k in range(1 - _TAIL_ROWS, 1):
        at = np.maximum(rows + k, 0)
        x = times_s - beats[at, CENTRE]
        u = (np.clip(x, table.first_s, table.last_s) - table.first_s) / STEP_S
        node = np.minimum(u.astype(np.int64), table.values.shape[0] - 2)
        here, there = table.values[node, :, :2], table.values[node + 1, :, :2]
        both = hermite(
            here[:, :, 0], there[:, :, 0], STEP_S * here[:, :, 1], STEP_S * there[:, :, 1], (u - node)[:, None]
        )
        # Beyond the table follows the exponential that begins there.
        beyond_s = table.decay_s * (1.0 - np.exp(-np.maximum(x - table.last_s, 0.0) / table.decay_s))
        both = both + table.values[-1, :, 1] * beyond_s[:, None]
        one = both[:, 0] + beats[at, BLEND] * (both[:, 1] - both[:, 0])
        recent += np.where(rows + k >= 0, beats[at, VOLUME] * one, 0.0)
    oldest = np.maximum(rows - _TAIL_ROWS, 0)
    tail = beats[oldest, TAIL] * np.exp(-(times_s - beats[oldest, CENTRE]) / table.decay_s)
    return recent, np.where(rows >= _TAIL_ROWS, -table.decay_s * gain * tail, 0.0)
