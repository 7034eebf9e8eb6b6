"""Arterial pressure at any moment: the closed form, and its samples behind the sensor."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import BLEND, CENTRE, TAIL, VOLUME
from telemus.simulate.mouse.noise import normal
from telemus.simulate.mouse.pulse import STEP_S, hermite
from telemus.simulate.mouse.sampling import Sampling
from telemus.simulate.mouse.spline import BASE, KEEP, KNOT_HZ, SEEN, SENSED, Knots, knot_weights

_hermite = njit(cache=True)(hermite)


class Vessel(NamedTuple):
    """What makes the pressure of a stretch of time, in the artery or behind the sensor.

    Attributes:
        beats: (m, columns) every beat whose pulse reaches into the stretch, and one that is fully in its tail.
        knots: the modulations.
        table: (nodes, 2, 4) of :class:`telemus.simulate.mouse.pulse.PulseTable`.
        shape: its first_s, last_s, decay_s and the factor of the low-pass on tails.
        sensed: behind the sensor, else in the artery.
    """

    beats: NDArray[np.float64]
    knots: Knots
    table: NDArray[np.float64]
    shape: NDArray[np.float64]
    sensed: bool


@njit(cache=True)  # type: ignore[untyped-decorator]
def sample_pressure(
    sampling: Sampling,
    vessel: Vessel,
    noise_mmhg: float,
    key: np.uint64,
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with pressure after the sensor [mmHg].

    Args:
        sampling: when the samples are taken.
        vessel: what makes the pressure, behind the sensor.
        noise_mmhg: SD of white noise [mmHg].
        key: stream of the noise.
        out: (n,).
    """
    beats, table, knots = vessel.beats, vessel.table, vessel.knots.values
    first_s, last_s, decay_s, gain = vessel.shape
    newest = 0
    for n in range(out.size):
        t = (sampling.first + n) / sampling.rate_hz - sampling.latency_s
        while newest < beats.shape[0] and beats[newest, CENTRE] + first_s <= t:
            newest += 1
        pulse = 0.0
        for j in range(newest - 1, -1, -1):
            x = t - beats[j, CENTRE]
            if x >= last_s:
                pulse += gain * beats[j, TAIL] * math.exp(-x / decay_s)
                break
            u = (x - first_s) / STEP_S
            k = int(u)
            fast, slow = table[k, 0], table[k, 1]
            fast_next, slow_next = table[k + 1, 0], table[k + 1, 1]
            f = u - k
            low = _hermite(fast[1], fast_next[1], STEP_S * fast[2], STEP_S * fast_next[2], f)
            high = _hermite(slow[1], slow_next[1], STEP_S * slow[2], STEP_S * slow_next[2], f)
            pulse += beats[j, VOLUME] * (low + beats[j, BLEND] * (high - low))
        i, f, w0, w1, w2, w3 = knot_weights(t, vessel.knots.first)
        level = w0 * knots[SEEN, i - 1] + w1 * knots[SEEN, i] + w2 * knots[SEEN, i + 1] + w3 * knots[SEEN, i + 2]
        keep = knots[KEEP, i] + f * (knots[KEEP, i + 1] - knots[KEEP, i])
        out[n] = level + keep * pulse + noise_mmhg * normal(key, sampling.first + n)


@njit(cache=True)  # type: ignore[untyped-decorator]
def evaluate(t: float, beat: int, vessel: Vessel) -> tuple[float, float, float, float]:
    """Return pressure and its first three derivatives near beat number `beat`, without noise [mmHg, /s, /s2, /s3].

    Args:
        t: when [s since time zero].
        beat: row of a beat that is near; up to two later ones are looked at.
        vessel: what makes the pressure.
    """
    beats, table, knots = vessel.beats, vessel.table, vessel.knots.values
    first_s, last_s, decay_s, gain = vessel.shape
    value, slope, bend, twist = 0.0, 0.0, 0.0, 0.0
    for j in range(min(beat + 2, beats.shape[0] - 1), -1, -1):
        x = t - beats[j, CENTRE]
        if x < first_s:
            continue
        if x >= last_s:
            tail = gain * beats[j, TAIL] * math.exp(-x / decay_s)
            value += tail
            slope -= tail / decay_s
            bend += tail / decay_s**2
            twist -= tail / decay_s**3
            break
        u = (x - first_s) / STEP_S
        k = int(u)
        f = u - k
        for s in range(2):
            weight = beats[j, VOLUME] * (beats[j, BLEND] if s == 1 else 1.0 - beats[j, BLEND])
            here, there = table[k, s], table[k + 1, s]
            value += weight * _hermite(here[1], there[1], STEP_S * here[2], STEP_S * there[2], f)
            d0, d1, c = STEP_S * here[3], STEP_S * there[3], there[2] - here[2]
            q, r = 3.0 * c - 2.0 * d0 - d1, d0 + d1 - 2.0 * c
            slope += weight * (here[2] + f * (d0 + f * (q + f * r)))
            bend += weight * (d0 + f * (2.0 * q + 3.0 * f * r)) / STEP_S
            twist += weight * (2.0 * q + 6.0 * f * r) / STEP_S**2
    row = SENSED if vessel.sensed else BASE
    i, f, w0, w1, w2, w3 = knot_weights(t, vessel.knots.first)
    keep = knots[KEEP, i] + f * (knots[KEEP, i + 1] - knots[KEEP, i]) if vessel.sensed else 1.0
    a, b, c, d = knots[row, i - 1], knots[row, i], knots[row, i + 1], knots[row, i + 2]
    g = 1.0 - f
    tilt = 0.5 * KNOT_HZ * (-g * g * a + (3.0 * f - 4.0) * f * b - (3.0 * g - 4.0) * g * c + f * f * d)
    curl = KNOT_HZ**2 * (g * a + (3.0 * f - 2.0) * b + (3.0 * g - 2.0) * c + f * d)
    level = w0 * a + w1 * b + w2 * c + w3 * d
    return level + keep * value, tilt + keep * slope, curl + keep * bend, keep * twist
