"""The electrocardiogram as a sum of Gaussian waves, its leads turned by posture, and the exact time of each R peak.

The lead of an implant changes polarity and size when the animal changes posture; in the mouse there is no flat ST
segment: the T wave runs into S.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import ACTIVITY, BLEND, KIND, KNOT_HZ, MUSCLE, SINUS, WANDER, R, spline
from telemus.simulate.mouse.noise import normal, uniform

WAVES = 5
_P, _Q, _R, _S, _T = range(5)
OFFSETS_S = np.array([-0.036, -0.0043, 0.0, 0.0041, 0.0150])
WIDTHS_S = np.array([0.0050, 0.0013, 0.0016, 0.0017, 0.0060])
REACH = 5.5


@njit(cache=True)  # type: ignore[untyped-decorator]
def _posture(key: np.uint64, time_s: float, posture_s: float) -> int:
    """Return the number of the posture at this time: one change at a random moment of every `posture_s`."""
    slot = int(math.floor(time_s / posture_s))
    return slot if time_s >= (slot + uniform(key, slot)) * posture_s else slot - 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def make_complexes(
    beats: NDArray[np.float64],
    knots: NDArray[np.float64],
    first_knot: int,
    key: np.uint64,
    animal: NDArray[np.float64],
    offsets_s: NDArray[np.float64],
    widths_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the waves of each beat (m, 5, 3): centre [s since time zero], SD [s], height [mV], before the sensor.

    Args:
        beats: (m, columns).
        knots: (rows, k) modulations.
        first_knot: absolute number of the first knot.
        key: stream of the postures.
        animal: R height [mV], mean time in a posture [s], share inverted, share with tall T.
        offsets_s, widths_s: (5,) of P, Q, R, S, T [s].
    """
    r_mv, posture_s, inverted, tall = animal
    waves = np.empty((beats.shape[0], WAVES, 3))
    for i in range(beats.shape[0]):
        r = beats[i, R]
        k = int(math.floor(r * KNOT_HZ)) - first_knot
        p = _posture(key, r, posture_s)
        size = r_mv * (0.6 + 0.6 * uniform(key + np.uint64(1), p)) * (1.0 - 0.15 * min(knots[ACTIVITY, k], 1.0))
        size *= 1.0 + 40.0 * spline(knots, first_knot, SINUS, r) + 0.03 * normal(key + np.uint64(2), int(r * 1000.0))
        size *= -1.0 if uniform(key + np.uint64(3), p) < inverted else 1.0
        shade = uniform(key + np.uint64(4), p)
        t_share = 1.15 + 0.25 * shade if uniform(key + np.uint64(5), p) < tall else 0.15 + 0.30 * shade
        heights = (0.12, -0.10, 1.0, -(0.20 + 0.40 * uniform(key + np.uint64(6), p)), t_share)
        stretch = 1.0
        if beats[i, KIND] == 1.0:
            heights = (0.0, 0.0, 1.2, -0.7, -0.35)
            stretch = 2.4
        for w in range(WAVES):
            # The T wave of a long beat comes later.
            late = 1.0 + 0.4 * beats[i, BLEND] if w == _T else 1.0
            waves[i, w, 0] = r + stretch * late * offsets_s[w]
            waves[i, w, 1] = stretch * widths_s[w]
            waves[i, w, 2] = size * heights[w]
    return waves


@njit(cache=True)  # type: ignore[untyped-decorator]
def sample_ecg(
    first_sample: int,
    rate_hz: float,
    latency_s: float,
    waves: NDArray[np.float64],
    low_pass_s: float,
    knots: NDArray[np.float64],
    first_knot: int,
    noise_mv: float,
    key: np.uint64,
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with ECG after the sensor [mV]: waves, baseline wander, muscle and sensor noise.

    Args:
        first_sample: absolute number of the first sample.
        rate_hz: sampling rate [Hz].
        latency_s: delay of the sensor [s].
        waves: (m, 5, 3) of every beat that reaches into the stretch.
        low_pass_s: SD of the sensor's impulse response [s].
        knots: (rows, k) modulations.
        first_knot: absolute number of the first knot.
        noise_mv: SD of the sensor's noise [mV].
        key: stream of the noise.
        out: (n,).
    """
    for n in range(out.size):
        m = first_sample + n
        t = m / rate_hz - latency_s
        u = t * KNOT_HZ
        k = math.floor(u)
        f = u - k
        g = 1.0 - f
        j = int(k) - first_knot
        value = noise_mv * normal(key, m)
        muscle = g * knots[MUSCLE, j] + f * knots[MUSCLE, j + 1]
        if muscle > 0.0:
            # Differences of white noise: the spectrum of a muscle rises to half the sampling rate.
            value += 0.7071067811865476 * muscle * (normal(~key, m) - normal(~key, m - 1))
        level = g * g * g * knots[WANDER, j - 1] + (3.0 * f * f * f - 6.0 * f * f + 4.0) * knots[WANDER, j]
        level += (3.0 * g * g * g - 6.0 * g * g + 4.0) * knots[WANDER, j + 1] + f * f * f * knots[WANDER, j + 2]
        out[n] = value + level / 6.0
    for i in range(waves.shape[0]):
        for w in range(WAVES):
            sigma = math.hypot(waves[i, w, 1], low_pass_s)
            height = waves[i, w, 2] * waves[i, w, 1] / sigma
            begin_s = waves[i, w, 0] + latency_s - REACH * sigma
            begin = int(math.ceil(begin_s * rate_hz))
            end = min(int(math.floor((begin_s + 2.0 * REACH * sigma) * rate_hz)) + 1, first_sample + out.size)
            if height == 0.0 or begin >= first_sample + out.size or end <= first_sample:
                continue
            # exp(-(x + d)^2 / 2) = exp(-x^2 / 2) exp(-x d - d^2 / 2): two products per sample, always from the same start.
            d = 1.0 / (rate_hz * sigma)
            x = (begin / rate_hz - latency_s - waves[i, w, 0]) / sigma
            value, step, turn = height * math.exp(-0.5 * x * x), math.exp(-x * d - 0.5 * d * d), math.exp(-d * d)
            for n in range(begin - first_sample, end - first_sample):
                if n >= 0:
                    out[n] += value
                value *= step
                step *= turn


@njit(cache=True)  # type: ignore[untyped-decorator]
def find_r_peaks(first: int, stop: int, waves: NDArray[np.float64], low_pass_s: float) -> NDArray[np.float64]:
    """Return the exact time of the extremum of each R wave, given its neighbours (stop - first,) [s since time zero].

    Args:
        first, stop: beats wanted.
        waves: (m, 5, 3), with the beat before `first` where there is one.
        low_pass_s: SD of the sensor's impulse response [s]; 0 is the body surface itself.
    """
    out = np.empty(stop - first)
    for i in range(first, stop):
        t = waves[i, _R, 0]
        for _ in range(8):
            slope, bend = 0.0, 0.0
            for j in range(max(i - 1, 0), min(i + 2, waves.shape[0])):
                for w in range(WAVES):
                    sigma = math.hypot(waves[j, w, 1], low_pass_s)
                    x = (t - waves[j, w, 0]) / sigma
                    if abs(x) <= REACH:
                        y = waves[j, w, 2] * waves[j, w, 1] / sigma * math.exp(-0.5 * x * x)
                        slope -= x * y / sigma
                        bend += (x * x - 1.0) * y / sigma**2
            move = -slope / bend
            t += min(max(move, -0.001), 0.001)
            if abs(move) < 1e-9:
                break
        out[i - first] = t
    return out
