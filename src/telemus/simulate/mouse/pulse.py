"""The arterial pulse in closed form: ejected flow, valve closure and reflection through a two-element windkessel.

One beat adds A H(t - tc) to the pressure, where

    H(x) = sum over k of w_k E(x - d_k; s_k),    E = exp(-x / tau) u(x) convolved with a Gaussian of SD s_k.

E is an exponentially modified Gaussian: E' = N - E / tau, and its integral is tau (Phi - E). A Gaussian low-pass of
SD g turns s_k into sqrt(s_k^2 + g^2) and changes nothing else, so pressure before and after the sensor are both exact.
H is tabulated with its derivatives and evaluated by cubic Hermite interpolation (error below 1e-6 of the
pulse); beyond the table it is the exponential C exp(-x / tau). Short and long beats have each their shape;
what lies between is a blend of both.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemus.simulate.mouse.parameters import MouseParameters

Real = TypeVar("Real", float, NDArray[np.float64])

STEP_S = 0.00025
REACH = 5.5
FAST_SCALE, SLOW_SCALE = 0.85, 1.2
FAST_INTERVAL_S, SLOW_INTERVAL_S = 0.075, 0.170


def hermite(v0: Real, v1: Real, d0: Real, d1: Real, f: Real) -> Real:
    """Interpolate between two nodes from their values and slopes per step; `f` is 0 at the first, 1 at the second.

    >>> hermite(0.0, 1.0, 0.0, 3.0, 0.5)
    0.125
    """
    c = v1 - v0
    return v0 + f * (d0 + f * (3.0 * c - 2.0 * d0 - d1 + f * (d0 + d1 - 2.0 * c)))


class PulseTable(NamedTuple):
    """The pulse of one animal behind one low-pass.

    Attributes:
        values: (nodes, 2 shapes, 4): integral of H [s], H, H' [1/s], H'' [1/s2], at `first_s` + node * STEP_S.
        first_s: offset of the first node from the middle of ejection [s]; H is 0 before.
        last_s: offset of the last node [s]; H is `tail` exp(-x / decay_s) beyond.
        tail: (2,) C of both shapes.
        mean_s: (2,) whole integral of H [s].
        decay_s: tau [s].
    """

    values: NDArray[np.float64]
    first_s: float
    last_s: float
    tail: NDArray[np.float64]
    mean_s: NDArray[np.float64]
    decay_s: float


def pulse_table(mouse: MouseParameters, low_pass_s: float) -> PulseTable:
    """Tabulate the pulse of an animal behind a Gaussian low-pass.

    Args:
        mouse: the animal.
        low_pass_s: SD of the impulse response of the low-pass [s]; 0 is the artery itself.

    >>> table = pulse_table(MouseParameters(), 0.0)
    >>> round(float(table.values[-1, 0, 1] / (table.tail[0] * math.exp(-table.last_s / table.decay_s))), 6)
    1.0
    """
    widest = SLOW_SCALE * mouse.upstroke_s
    first_s = -STEP_S * math.ceil((REACH * math.hypot(widest, 0.001)) / STEP_S)
    last = SLOW_SCALE * mouse.reflection_delay_s + REACH * math.hypot(1.6 * widest, 0.001)
    nodes = math.ceil((last - first_s) / STEP_S) + 1
    values = np.zeros((nodes, 2, 4))
    tail, mean_s = np.zeros(2), np.zeros(2)
    x: NDArray[np.float64] = first_s + STEP_S * np.arange(nodes, dtype=np.float64)
    for shape, scale in enumerate((FAST_SCALE, SLOW_SCALE)):
        for weight, delay_s, sigma_s in _components(mouse, scale):
            s = math.hypot(sigma_s, low_pass_s)
            values[:, shape] += weight * _modified_gaussian(x - delay_s, s, mouse.decay_s)
            # The exponential that E becomes: exp(s^2 / 2 tau^2 - (x - d) / tau).
            tail[shape] += weight * math.exp(0.5 * (s / mouse.decay_s) ** 2 + delay_s / mouse.decay_s)
            mean_s[shape] += weight * mouse.decay_s
    return PulseTable(values, first_s, float(x[-1]), tail, mean_s, mouse.decay_s)


def _components(mouse: MouseParameters, scale: float) -> list[tuple[float, float, float]]:
    """Ejection, valve closure and reflection: weight, delay [s], SD [s]."""
    s = scale * mouse.upstroke_s
    return [
        (1.0, 0.0, s),
        (mouse.notch_weight, scale * mouse.notch_delay_s, 0.6 * s),
        (mouse.reflection_weight, scale * mouse.reflection_delay_s, 1.6 * s),
    ]


def _modified_gaussian(x: NDArray[np.float64], s: float, tau: float) -> NDArray[np.float64]:
    """Integral, value, slope and curvature of E (n, 4)."""
    erfc = np.array([math.erfc((s / tau - v / s) / math.sqrt(2.0)) for v in x])
    phi = np.array([0.5 * math.erfc(-v / s / math.sqrt(2.0)) for v in x])
    bell = np.exp(-0.5 * (x / s) ** 2) / (s * math.sqrt(2.0 * math.pi))
    value = 0.5 * np.exp(0.5 * (s / tau) ** 2 - x / tau) * erfc
    slope = bell - value / tau
    return np.stack([tau * (phi - value), value, slope, -x / s**2 * bell - slope / tau], axis=1)


def blend_of(interval_s: float) -> float:
    """Return the share of the slow shape in a beat of this length [s]."""
    return min(max((interval_s - FAST_INTERVAL_S) / (SLOW_INTERVAL_S - FAST_INTERVAL_S), 0.0), 1.0)


def usual_stroke(mouse: MouseParameters, table: PulseTable) -> float:
    """Return the amplitude whose endless train at the animal's mean rate has the animal's pulse pressure [mmHg]."""
    interval_s = 60.0 / mouse.rate_bpm
    blend = blend_of(interval_s)
    x = np.arange(0.0, interval_s, STEP_S)
    total = np.zeros(x.size)
    grid = table.first_s + STEP_S * np.arange(table.values.shape[0])
    pulse = (1.0 - blend) * table.values[:, 0, 1] + blend * table.values[:, 1, 1]
    tail = (1.0 - blend) * table.tail[0] + blend * table.tail[1]
    for k in range(-3, 40):
        at = x + k * interval_s
        total += np.where(at <= table.last_s, np.interp(at, grid, pulse, left=0.0), tail * np.exp(-at / table.decay_s))
    return mouse.pulse_pressure_mmhg / float(total.max() - total.min())
