"""Arterial pressure at any moment, as samples and as the exact fiducials of each beat."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import BASE, BLEND, CENTRE, KEEP, KNOT_HZ, MOTION, SENSED, TAIL, VOLUME, spline
from telemus.simulate.mouse.noise import normal
from telemus.simulate.mouse.pulse import STEP_S

FIDUCIALS = ("foot_s", "diastole_s", "slope_s", "systole_s", "dbp_mmhg", "sbp_mmhg", "map_mmhg", "dpdt_max_mmhg_s")

_SCAN_S = 0.002
_TOLERANCE_S = 1e-9


@njit(cache=True)  # type: ignore[untyped-decorator]
def sample_pressure(
    first_sample: int,
    rate_hz: float,
    latency_s: float,
    beats: NDArray[np.float64],
    knots: NDArray[np.float64],
    first_knot: int,
    table: NDArray[np.float64],
    shape: NDArray[np.float64],
    noise_mmhg: float,
    key: np.uint64,
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with pressure after the sensor [mmHg]: sample n is taken at n / rate_hz - latency_s.

    Args:
        first_sample: absolute number of the first sample.
        rate_hz: sampling rate [Hz].
        latency_s: delay of the sensor [s].
        beats: (m, columns) every beat whose pulse reaches into the stretch, and one that is fully in its tail.
        knots: (rows, k) modulations.
        first_knot: absolute number of the first knot.
        table: (nodes, 2, 4) of :class:`PulseTable`.
        shape: its first_s, last_s, decay_s and the factor of the low-pass on tails.
        noise_mmhg: SD of white noise [mmHg].
        key: stream of the noise.
        out: (n,).
    """
    first_s, last_s, decay_s, gain = shape
    newest = 0
    for n in range(out.size):
        t = (first_sample + n) / rate_hz - latency_s
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
            f = u - k
            value = 0.0
            for s in range(2):
                v0, v1 = table[k, s, 1], table[k + 1, s, 1]
                d0, d1 = STEP_S * table[k, s, 2], STEP_S * table[k + 1, s, 2]
                c = v1 - v0
                h = v0 + f * (d0 + f * (3.0 * c - 2.0 * d0 - d1 + f * (d0 + d1 - 2.0 * c)))
                value += (beats[j, BLEND] if s == 1 else 1.0 - beats[j, BLEND]) * h
            pulse += beats[j, VOLUME] * value
        u = t * KNOT_HZ
        k0 = math.floor(u)
        f = u - k0
        g = 1.0 - f
        i = int(k0) - first_knot
        w0, w3 = g * g * g, f * f * f
        w1, w2 = 3.0 * w3 - 6.0 * f * f + 4.0, 3.0 * w0 - 6.0 * g * g + 4.0
        level = w0 * (knots[SENSED, i - 1] + knots[MOTION, i - 1]) + w1 * (knots[SENSED, i] + knots[MOTION, i])
        level += w2 * (knots[SENSED, i + 1] + knots[MOTION, i + 1]) + w3 * (knots[SENSED, i + 2] + knots[MOTION, i + 2])
        keep = g * knots[KEEP, i] + f * knots[KEEP, i + 1]
        out[n] = level / 6.0 + keep * pulse + noise_mmhg * normal(key, first_sample + n)


@njit(cache=True)  # type: ignore[untyped-decorator]
def evaluate(
    t: float,
    beat: int,
    beats: NDArray[np.float64],
    knots: NDArray[np.float64],
    first_knot: int,
    table: NDArray[np.float64],
    shape: NDArray[np.float64],
    sensed: bool,
) -> tuple[float, float, float]:
    """Return pressure [mmHg], slope [mmHg/s] and curvature [mmHg/s2] near beat number `beat`, without noise."""
    first_s, last_s, decay_s, gain = shape
    value, slope, bend = 0.0, 0.0, 0.0
    for j in range(min(beat + 2, beats.shape[0] - 1), -1, -1):
        x = t - beats[j, CENTRE]
        if x < first_s:
            continue
        if x >= last_s:
            tail = gain * beats[j, TAIL] * math.exp(-x / decay_s)
            value += tail
            slope -= tail / decay_s
            bend += tail / decay_s**2
            break
        u = (x - first_s) / STEP_S
        k = int(u)
        f = u - k
        for s in range(2):
            weight = beats[j, VOLUME] * (beats[j, BLEND] if s == 1 else 1.0 - beats[j, BLEND])
            v0, v1 = table[k, s, 1], table[k + 1, s, 1]
            d0, d1 = STEP_S * table[k, s, 2], STEP_S * table[k + 1, s, 2]
            c = v1 - v0
            value += weight * (v0 + f * (d0 + f * (3.0 * c - 2.0 * d0 - d1 + f * (d0 + d1 - 2.0 * c))))
            v0, v1 = table[k, s, 2], table[k + 1, s, 2]
            d0, d1 = STEP_S * table[k, s, 3], STEP_S * table[k + 1, s, 3]
            c = v1 - v0
            q, r = 3.0 * c - 2.0 * d0 - d1, d0 + d1 - 2.0 * c
            slope += weight * (v0 + f * (d0 + f * (q + f * r)))
            bend += weight * (d0 + f * (2.0 * q + 3.0 * f * r)) / STEP_S
    row = SENSED if sensed else BASE
    u = t * KNOT_HZ
    k0 = math.floor(u)
    f = u - k0
    g = 1.0 - f
    i = int(k0) - first_knot
    a, b, c, d = knots[row, i - 1], knots[row, i], knots[row, i + 1], knots[row, i + 2]
    level = g * g * g * a + (3.0 * f * f * f - 6.0 * f * f + 4.0) * b + (3.0 * g * g * g - 6.0 * g * g + 4.0) * c
    level += f * f * f * d
    tilt = KNOT_HZ * (-g * g * a + (3.0 * f * f - 4.0 * f) * b - (3.0 * g * g - 4.0 * g) * c + f * f * d)
    curl = KNOT_HZ * KNOT_HZ * (g * a + (3.0 * f - 2.0) * b + (3.0 * g - 2.0) * c + f * d)
    keep = g * knots[KEEP, i] + f * knots[KEEP, i + 1] if sensed else 1.0
    return level / 6.0 + keep * value, 0.5 * tilt + keep * slope, curl + keep * bend


@njit(cache=True)  # type: ignore[untyped-decorator]
def _pulse_integral(
    t: float, oldest: int, beat: int, beats: NDArray[np.float64], table: NDArray[np.float64], shape: NDArray[np.float64]
) -> float:
    """Return an antiderivative of the pulses [mmHg s]: beats after `oldest` one by one, the others as one tail."""
    first_s, last_s, decay_s, gain = shape
    total = 0.0
    if oldest >= 0:
        total = -decay_s * gain * beats[oldest, TAIL] * math.exp(-(t - beats[oldest, CENTRE]) / decay_s)
    for j in range(oldest + 1, min(beat + 3, beats.shape[0])):
        x = t - beats[j, CENTRE]
        if x < first_s:
            break
        # Beyond the table the integral is its last value and that of the exponential that begins there.
        inside = min(x, last_s)
        u = (inside - first_s) / STEP_S
        k = min(int(u), table.shape[0] - 2)
        f = u - k
        for s in range(2):
            weight = beats[j, VOLUME] * (beats[j, BLEND] if s == 1 else 1.0 - beats[j, BLEND])
            v0, v1 = table[k, s, 0], table[k + 1, s, 0]
            d0, d1 = STEP_S * table[k, s, 1], STEP_S * table[k + 1, s, 1]
            c = v1 - v0
            total += weight * (v0 + f * (d0 + f * (3.0 * c - 2.0 * d0 - d1 + f * (d0 + d1 - 2.0 * c))))
            if x > last_s:
                total += weight * table[-1, s, 1] * decay_s * (1.0 - math.exp(-(x - last_s) / decay_s))
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _root(
    low: float,
    high: float,
    order: int,
    beat: int,
    beats: NDArray[np.float64],
    knots: NDArray[np.float64],
    first_knot: int,
    table: NDArray[np.float64],
    shape: NDArray[np.float64],
    sensed: bool,
) -> float:
    """Find where the derivative of this order is zero between two times of unlike sign (Illinois rule) [s]."""
    y_low = evaluate(low, beat, beats, knots, first_knot, table, shape, sensed)[order]
    y_high = evaluate(high, beat, beats, knots, first_knot, table, shape, sensed)[order]
    if y_low * y_high > 0.0:
        return math.nan
    side = 0
    t = low
    for _ in range(40):
        t = (low * y_high - high * y_low) / (y_high - y_low) if y_high != y_low else 0.5 * (low + high)
        y = evaluate(t, beat, beats, knots, first_knot, table, shape, sensed)[order]
        if y * y_high > 0.0:
            moved = high - t
            high, y_high = t, y
            if side == -1:
                y_low *= 0.5
            side = -1
        else:
            moved = t - low
            low, y_low = t, y
            if side == 1:
                y_high *= 0.5
            side = 1
        if moved < _TOLERANCE_S or high - low < _TOLERANCE_S or y == 0.0:
            break
    return t


@njit(cache=True)  # type: ignore[untyped-decorator]
def find_fiducials(
    first: int,
    stop: int,
    beats: NDArray[np.float64],
    knots: NDArray[np.float64],
    first_knot: int,
    table: NDArray[np.float64],
    shape: NDArray[np.float64],
    sensed: bool,
    out: NDArray[np.float64],
) -> None:
    """Find the exact fiducials of beats `first` to `stop` by the zeros of the derivatives of the closed form.

    The diastolic pressure is the minimum before the upstroke, the systolic the highest maximum after it, the foot
    the point where the tangent at the maximum slope meets the horizontal through the minimum. Mean pressure is filled in
    for all beats but the last. A beat too weak to make a minimum has NaN.

    Args:
        first, stop: rows of `beats` wanted.
        beats, knots, first_knot, table, shape: as for :func:`sample_pressure`.
        sensed: after the sensor, else in the artery.
        out: (stop - first, 8) in the order of FIDUCIALS, times in seconds since time zero.
    """
    for i in range(first, stop):
        row = out[i - first]
        row[:] = math.nan
        centre = beats[i, CENTRE]
        t = centre - 0.004
        low = math.nan
        for _ in range(40):
            if evaluate(t, i, beats, knots, first_knot, table, shape, sensed)[1] < 0.0:
                low = t
                break
            t -= _SCAN_S
        if math.isnan(low):
            continue
        row[1] = _root(low, low + _SCAN_S, 1, i, beats, knots, first_knot, table, shape, sensed)
        t = centre + 0.004
        for _ in range(40):
            if evaluate(t, i, beats, knots, first_knot, table, shape, sensed)[1] < 0.0:
                break
            t += _SCAN_S
        row[3] = _root(t - _SCAN_S, t, 1, i, beats, knots, first_knot, table, shape, sensed)
        row[2] = _root(row[1], row[3], 2, i, beats, knots, first_knot, table, shape, sensed)
        row[4] = evaluate(row[1], i, beats, knots, first_knot, table, shape, sensed)[0]
        row[5] = evaluate(row[3], i, beats, knots, first_knot, table, shape, sensed)[0]
        height, row[7], _ = evaluate(row[2], i, beats, knots, first_knot, table, shape, sensed)
        row[0] = row[2] - (height - row[4]) / row[7]
    for i in range(first, stop - 1):
        a, b = out[i - first, 0], out[i + 1 - first, 0]
        if math.isnan(a) or math.isnan(b):
            continue
        oldest = i
        while oldest >= 0 and a - beats[oldest, CENTRE] < shape[1]:
            oldest -= 1
        total = _pulse_integral(b, oldest, i, beats, table, shape) - _pulse_integral(a, oldest, i, beats, table, shape)
        keep = knots[KEEP, int(math.floor(a * KNOT_HZ)) - first_knot] if sensed else 1.0
        level = 0.0
        for k in range(9):
            weight = 1.0 if k in (0, 8) else (4.0 if k % 2 else 2.0)
            level += weight * spline(knots, first_knot, SENSED if sensed else BASE, a + (b - a) * k / 8.0)
        out[i - first, 6] = keep * total / (b - a) + level / 24.0
