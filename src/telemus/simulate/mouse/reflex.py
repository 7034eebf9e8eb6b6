"""The baroreflex as a linear loop, for whoever wants to judge an estimate of it.

Small deviations from the steady state, beat by beat (z is one beat):

    interval  T(z) = F(z) P(z) + n_T       F = gain z^-delay (1 - a) / (1 - a z^-1),   a = exp(-T0 / lag)
    systolic  P(z) = M(z) T(z) + n_P       M: a longer beat runs off further, and fills the next one more

T_i is the interval that follows systole i. n_P is respiration, Mayer wave and wander, n_T is respiration and noise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import CONSTANTS
from telemus.simulate.mouse.parameters import MouseParameters
from telemus.simulate.mouse.pulse import (
    FAST_INTERVAL_S,
    SLOW_INTERVAL_S,
    STEP_S,
    PulseTable,
    blend_of,
    pulse_table,
    usual_stroke,
)

PEAK_S = 0.0085
"""Where the baroreceptor reads the systolic pressure, after the middle of ejection [s]."""


class Loop(NamedTuple):
    """Transfer functions at the frequencies asked for, complex (n,).

    Attributes:
        reflex_ms_mmhg: F, the open loop from systolic pressure to interval [ms/mmHg].
        mechanical_mmhg_ms: M, from interval to systolic pressure [mmHg/ms].
        closed_ms_mmhg: F / (1 - F M): from a disturbance of pressure to the interval [ms/mmHg].
        buffering: 1 / (1 - F M): what the reflex leaves of a disturbance of pressure.
    """

    reflex_ms_mmhg: NDArray[np.complex128]
    mechanical_mmhg_ms: NDArray[np.complex128]
    closed_ms_mmhg: NDArray[np.complex128]
    buffering: NDArray[np.complex128]


def loop_transfer(mouse: MouseParameters, frequency_hz: NDArray[np.float64], interval_s: float) -> Loop:
    """Return the loop of an animal at rest at this interval.

    A cross-spectral estimate P -> T sees F where the pressure drives the interval, and a mixture of F and 1 / M where
    the interval's own noise drives the pressure back.

    Args:
        mouse: the animal; with the reflex off, F is 0.
        frequency_hz: frequencies (n,) [Hz], below half the heart rate.
        interval_s: mean interval [s].

    >>> loop = loop_transfer(MouseParameters(), np.array([0.0]), 0.1165)
    >>> round(float(loop.reflex_ms_mmhg[0].real), 3)
    1.9
    """
    table = pulse_table(mouse, 0.0)
    z = np.exp(2j * math.pi * frequency_hz * interval_s)
    keep = math.exp(-interval_s / mouse.reflex_lag_s)
    gain = mouse.reflex_gain_ms_mmhg if mouse.reflex_on else 0.0
    reflex = gain * z**-mouse.reflex_delay_beats * (1.0 - keep) / (1.0 - keep / z)
    blend = blend_of(interval_s)
    usual_s = 60.0 / mouse.rate_bpm
    stroke = usual_stroke(mouse, table) * (interval_s / usual_s) ** mouse.rate_amplitude_exponent
    tail = (1.0 - blend) * table.tail[0] + blend * table.tail[1]
    fast, slow = peak_of(table)
    peak = (1.0 - blend) * fast + blend * slow
    decay = math.exp(-interval_s / mouse.decay_s)
    # V, the exponential amplitude after a beat: V_i = exp(-T_(i-1) / tau) V_(i-1) + tail A_i,
    # with A_i = stroke (1 + fill dT_(i-1) / T0).
    standing = stroke * tail / (1.0 - decay)
    filled = mouse.filling_exponent * stroke / interval_s
    after = (tail * filled - standing * decay / mouse.decay_s) / z / (1.0 - decay / z)
    before = decay * after / z - standing * decay / mouse.decay_s / z
    mechanical = 1e-3 * (math.exp(-PEAK_S / mouse.decay_s) * before + peak * filled / z)
    buffering = 1.0 / (1.0 - reflex * mechanical)
    return Loop(reflex, mechanical, reflex * buffering, buffering)


def peak_of(table: PulseTable) -> NDArray[np.float64]:
    """Return H at PEAK_S after the middle of ejection, for both shapes (2,)."""
    x = table.first_s + STEP_S * np.arange(table.values.shape[0])
    return np.array([np.interp(PEAK_S, x, table.values[:, shape, 1]) for shape in range(2)])


def beat_constants(mouse: MouseParameters, table: PulseTable) -> NDArray[np.float64]:
    """Return what :func:`telemus.simulate.mouse.heart.advance` needs of an animal (CONSTANTS,)."""
    fast, slow = peak_of(table)
    gain_s_mmhg = 1e-3 * mouse.reflex_gain_ms_mmhg if mouse.reflex_on else 0.0
    values = [mouse.decay_s, mouse.ejection_delay_s, PEAK_S, fast, slow, table.tail[0], table.tail[1], gain_s_mmhg]
    values += [mouse.reflex_lag_s, mouse.filling_exponent, 1e-3 * mouse.interval_noise_ms, mouse.ectopic_share]
    values += [FAST_INTERVAL_S, SLOW_INTERVAL_S, float(mouse.reflex_delay_beats), mouse.stroke_noise]
    out = np.array(values)
    if out.size != CONSTANTS:
        raise ValueError(f"constants of a beat: got {out.size}, wanted {CONSTANTS}")
    return out
