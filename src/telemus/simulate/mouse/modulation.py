"""The knots: everything that modulates heart and signals faster than the slow state, 20 times a second.

They are made in chunks on an absolute grid and never depend on what was asked before.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from telemus.simulate.mouse import spline
from telemus.simulate.mouse.artefacts import bursts_between
from telemus.simulate.mouse.influence import Influence
from telemus.simulate.mouse.noise import spline_noise, stream_key
from telemus.simulate.mouse.parameters import MouseParameters
from telemus.simulate.mouse.pulse import FAST_INTERVAL_S, SLOW_INTERVAL_S, PulseTable
from telemus.simulate.mouse.reflex import PEAK_S, peak_of
from telemus.simulate.mouse.spline import KNOT_HZ
from telemus.simulate.mouse.state import State, slow_state

CHUNK_S = 128
MMHG_PER_G_M = 1060.0 * 9.80665 / 133.322387415
"""Pressure of a column of blood of 1060 kg/m3 [mmHg per g and metre]."""

_BURST_ECG_MV, _BURST_WANDER_MV, _BURST_MMHG = 0.9, 1.5, 22.0


def make_knots(
    mouse: MouseParameters, influence: Influence, seed: int, table: PulseTable, usual_mmhg: float, chunk: int
) -> NDArray[np.float64]:
    """Make the knots of one chunk (rows, CHUNK_S * KNOT_HZ).

    Args:
        mouse: the animal.
        influence: what acts on it.
        seed: of the animal.
        table: its pulse before the sensor.
        usual_mmhg: its stroke at its mean rate, from :func:`telemus.simulate.mouse.pulse.usual_stroke` [mmHg].
        chunk: number of the chunk; chunk 0 begins at time zero.
    """
    whole_s = chunk * CHUNK_S + np.arange(CHUNK_S + 1.0)
    times_s = (chunk * CHUNK_S * int(KNOT_HZ) + np.arange(CHUNK_S * int(KNOT_HZ))) / KNOT_HZ
    slow = State(*(np.interp(times_s, whole_s, row) for row in slow_state(mouse, influence, seed, whole_s)))
    knots = np.zeros((spline.KNOT_ROWS, times_s.size))
    interval_s = np.minimum(60.0 / np.maximum(slow.rate_bpm, 1.0), 0.9)
    knots[spline.INTERVAL] = np.where(slow.vigour > 0.0, interval_s, 0.0)
    knots[spline.ACTIVITY] = slow.activity
    _add_pressure(
        knots,
        slow,
        interval_s,
        table,
        usual_mmhg * (interval_s * mouse.rate_bpm / 60.0) ** mouse.rate_amplitude_exponent,
    )
    _add_disturbances(knots, mouse, seed, slow, times_s, interval_s)
    _add_sensor_side(knots, influence, times_s, interval_s, table)
    _add_movement(knots, mouse, influence, seed, times_s)
    return knots


def _blend(interval_s: NDArray[np.float64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = (interval_s - FAST_INTERVAL_S) / (SLOW_INTERVAL_S - FAST_INTERVAL_S)
    blend: NDArray[np.float64] = np.minimum(np.maximum(share, 0.0), 1.0)
    return blend


def _pick(pair: NDArray[np.float64], interval_s: NDArray[np.float64]) -> NDArray[np.float64]:
    blend = _blend(interval_s)
    picked: NDArray[np.float64] = (1.0 - blend) * pair[0] + blend * pair[1]
    return picked


def _add_pressure(
    knots: NDArray[np.float64],
    slow: State,
    interval_s: NDArray[np.float64],
    table: PulseTable,
    stroke: NDArray[np.float64],
) -> None:
    """Fill stroke, level below the pulses and set point so that the mean comes out as the state wants it."""
    stroke = stroke * np.sqrt(slow.vigour)
    level = slow.pressure_mmhg - stroke * _pick(table.mean_s, interval_s) / interval_s
    decay = np.exp(-interval_s / table.decay_s)
    standing = stroke * _pick(table.tail, interval_s) * decay / (1.0 - decay)
    peak = _pick(peak_of(table), interval_s)
    knots[spline.AMPLITUDE] = stroke
    knots[spline.BASE] = level
    knots[spline.SET_POINT] = level + standing * math.exp(-PEAK_S / table.decay_s) + stroke * peak


def _add_disturbances(
    knots: NDArray[np.float64],
    mouse: MouseParameters,
    seed: int,
    slow: State,
    times_s: NDArray[np.float64],
    interval_s: NDArray[np.float64],
) -> None:
    """Add respiration, Mayer wave and slow wander to the pressure, and respiration to the interval."""
    off = not mouse.reflex_on
    phase = mouse.respiration_hz * times_s + 1.2 * spline_noise(stream_key(seed, "respiration"), times_s, 4.0)
    depth = 1.0 + 0.25 * spline_noise(stream_key(seed, "respiration-depth"), times_s, 6.0)
    breath = depth * slow.vigour
    # The spline through the knots passes sinc^4(f / KNOT_HZ) of a wave: given back here.
    breath = breath / np.sinc(mouse.respiration_hz / KNOT_HZ) ** 4
    in_pressure = mouse.respiration_pressure_mmhg * (mouse.unbuffered_respiration if off else 1.0)
    in_interval_s = 1e-3 * mouse.respiration_interval_ms * (mouse.unbuffered_interval if off else 1.0)
    pressure = in_pressure * breath * np.cos(2.0 * math.pi * phase)
    knots[spline.SINUS] = in_interval_s * breath * np.cos(2.0 * math.pi * phase + 1.0)
    own_s = spline_noise(stream_key(seed, "interval-wander"), times_s, 9.0)
    knots[spline.INTERVAL] *= 1.0 + 1e-3 * mouse.interval_wander_ms * own_s * slow.vigour / interval_s
    wander = 0.55 * spline_noise(stream_key(seed, "wander-fast"), times_s, 1.0)
    wander += 0.83 * spline_noise(stream_key(seed, "wander-slow"), times_s, 8.0)
    pressure += mouse.wander_mmhg * (mouse.unbuffered_wander if off else 1.0) * wander * slow.vigour
    if not off:
        turn = mouse.mayer_hz * times_s + 0.7 * spline_noise(stream_key(seed, "mayer"), times_s, 10.0)
        swell = 1.0 + 0.4 * spline_noise(stream_key(seed, "mayer-depth"), times_s, 8.0)
        pressure += mouse.mayer_mmhg * math.sqrt(2.0) * swell * np.cos(2.0 * math.pi * turn) * slow.vigour
    knots[spline.BASE] += pressure


def _add_sensor_side(
    knots: NDArray[np.float64],
    influence: Influence,
    times_s: NDArray[np.float64],
    interval_s: NDArray[np.float64],
    table: PulseTable,
) -> None:
    """Fill what only the sensor sees: a clot at its tip, which keeps the mean, and the load on its column of blood."""
    keep = np.ones(times_s.size)
    if influence.clot is not None:
        keep = 1.0 - np.clip(influence.clot(times_s), 0.0, 1.0)
    knots[spline.KEEP] = keep
    knots[spline.SENSED] = knots[spline.BASE]
    knots[spline.SENSED] += (1.0 - keep) * knots[spline.AMPLITUDE] * _pick(table.mean_s, interval_s) / interval_s
    if influence.acceleration_g is not None:
        load_g = influence.acceleration_g(times_s) - 1.0
        knots[spline.SENSED] += MMHG_PER_G_M * influence.column_m * load_g


def _add_movement(
    knots: NDArray[np.float64], mouse: MouseParameters, influence: Influence, seed: int, times_s: NDArray[np.float64]
) -> None:
    """Fill muscle noise and wander of the ECG, in proportion to movement, and the bursts that bury it."""
    effort = np.minimum(knots[spline.ACTIVITY], 1.2)
    sway = spline_noise(stream_key(seed, "ecg-sway"), times_s, 0.25)
    drift = spline_noise(stream_key(seed, "ecg-drift"), times_s, 3.0)
    shake = spline_noise(stream_key(seed, "shake"), times_s, 0.1)
    knots[spline.MUSCLE] = mouse.ecg_noise_mv * effort
    knots[spline.SEEN] = knots[spline.SENSED]
    knots[spline.WANDER] = 0.05 * drift + 0.15 * effort * sway
    for burst in bursts_between(mouse, influence, seed, times_s[0], times_s[-1] + 1.0 / KNOT_HZ):
        # Two knots inside the border: the spline reaches as far, and the burst must end where it is said to end.
        inside = (times_s >= burst.start_s + 2.0 / KNOT_HZ) & (times_s <= burst.stop_s - 2.0 / KNOT_HZ)
        knots[spline.MUSCLE, inside] += _BURST_ECG_MV
        knots[spline.WANDER, inside] += _BURST_WANDER_MV * shake[inside]
        if burst.in_pressure:
            knots[spline.SEEN, inside] += _BURST_MMHG * shake[inside]
