"""The slow state of an animal: day and night, bouts of activity, arousal, the mission, death. One value per second.

Everything here is a function of time alone, so that it can be asked for any moment without what went before.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.simulate.mouse.influence import Function, Influence
from telemus.simulate.mouse.noise import spline_noise, stream_key
from telemus.simulate.mouse.parameters import MouseParameters

DAY_S = 86400.0
AGONY_S = 120.0
COOLING_S = 5400.0
_MEMORY_S = 3600.0
_LEAD_S = 4500.0
_MEAN_EFFORT = 0.16


class State(NamedTuple):
    """The slow state at the times asked for, arrays (n,).

    Attributes:
        activity: strength of the bout, 0 at rest, about 1 in a strong one.
        pressure_mmhg: mean arterial pressure aimed at [mmHg].
        rate_bpm: heart rate aimed at [bpm].
        vigour: 1 in life, falling to 0 through the agony, 0 in death.
    """

    activity: NDArray[np.float64]
    pressure_mmhg: NDArray[np.float64]
    rate_bpm: NDArray[np.float64]
    vigour: NDArray[np.float64]


def slow_state(mouse: MouseParameters, influence: Influence, seed: int, times_s: NDArray[np.float64]) -> State:
    """Evaluate the slow state.

    Args:
        mouse: the animal.
        influence: what acts on it.
        seed: of the animal.
        times_s: when (n,) [s since time zero].
    """
    day = circadian(influence, times_s)
    activity = activity_strength(mouse, influence, seed, times_s)
    effort = 1.0 - np.exp(-activity / 0.12)
    fast = spline_noise(stream_key(seed, "arousal-minutes"), times_s, 150.0)
    slow = spline_noise(stream_key(seed, "arousal-hours"), times_s, 2400.0)
    arousal = 0.6 * fast + 0.8 * slow
    own = spline_noise(stream_key(seed, "pressure-minutes"), times_s, 400.0)
    pressure = mouse.mean_pressure_mmhg + mouse.pressure_circadian_mmhg * day + 6.0 * own
    pressure += mouse.pressure_arousal_mmhg * arousal + mouse.pressure_active_mmhg * (effort - _MEAN_EFFORT)
    rate = mouse.rate_bpm + mouse.rate_circadian_bpm * day
    # Rates scatter further upwards than downwards.
    rate += mouse.rate_arousal_bpm * (arousal + 0.12 * (arousal**2 - 1.0)) + mouse.rate_active_bpm * (
        effort - _MEAN_EFFORT
    )
    pressure += _evaluate(influence.pressure_mmhg, times_s)
    rate += _evaluate(influence.rate_bpm, times_s)
    alive = vigour(influence, times_s)
    # No mouse strays further from its own mean and lives: 206 to 824 bpm about a mean of 515.
    rate = np.clip(rate, 0.4 * mouse.rate_bpm, min(1.6 * mouse.rate_bpm, 1200.0)) * (0.15 + 0.85 * alive)
    fill = mouse.circulatory_filling_mmhg
    pressure = fill + (np.clip(pressure, 55.0, 165.0) - fill) * alive
    return State(activity * alive, pressure, rate, alive)


def circadian(influence: Influence, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the animal's day: 1 in the middle of the dark, -1 in the middle of the light, quick between.

    >>> circadian(Influence(), np.array([0.0, 12 * 3600.0])).round(3).tolist()
    [1.0, -1.0]
    """
    dark_s = (influence.lights_on_s - influence.lights_off_s) % DAY_S
    # Mice are busiest early in the night: acrophase 22.8 to 23.2 h.
    middle_s = influence.lights_off_s + 0.5 * dark_s - _LEAD_S
    angle = 2.0 * math.pi * (times_s + influence.clock_at_zero_s - middle_s) / DAY_S
    day: NDArray[np.float64] = np.tanh(2.5 * (np.cos(angle) - math.cos(math.pi * dark_s / DAY_S))) / math.tanh(2.5)
    return day


def activity_strength(
    mouse: MouseParameters, influence: Influence, seed: int, times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how strongly the animal moves: its drive above the threshold, 0 at rest."""
    drive = 0.70 * spline_noise(stream_key(seed, "bout-long"), times_s, 1500.0)
    drive += 0.60 * spline_noise(stream_key(seed, "bout-short"), times_s, 240.0)
    drive += 0.25 * spline_noise(stream_key(seed, "bout-moment"), times_s, 20.0)
    drive += mouse.activity_circadian * circadian(influence, times_s) + _evaluate(influence.activity, times_s)
    above: NDArray[np.float64] = np.maximum(drive - mouse.activity_threshold, 0.0)
    return above


def vigour(influence: Influence, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 in life, 0 in death, and the fall between them through the agony of two minutes."""
    if influence.death_s is None:
        return np.ones(times_s.size)
    through = np.clip((times_s - influence.death_s + AGONY_S) / AGONY_S, 0.0, 1.0)
    return 1.0 - through**2


def body_temperature(
    mouse: MouseParameters, influence: Influence, seed: int, times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return body temperature: day, heat of movement smoothed over 20 min, mission, and cooling after death [degC].

    Args:
        mouse: the animal.
        influence: what acts on it.
        seed: of the animal.
        times_s: when (n,) [s since time zero].
    """
    if times_s.size == 0:
        return np.empty(0)
    lived_s = times_s if influence.death_s is None else np.minimum(times_s, influence.death_s)
    past_s = np.arange(0.0, _MEMORY_S, 60.0)
    weights = np.exp(-past_s / 1200.0)
    weights /= weights.sum()
    asked_s = (lived_s[:, None] - past_s[None, :]).ravel()
    heat = activity_strength(mouse, influence, seed, asked_s).reshape(lived_s.size, -1)
    value = mouse.temperature_degc + mouse.temperature_circadian_degc * circadian(influence, lived_s)
    value += mouse.temperature_active_degc * (np.minimum(heat, 1.2) @ weights - 0.12)
    value += 0.2 * spline_noise(stream_key(seed, "temperature"), lived_s, 1800.0)
    value += _evaluate(influence.temperature_degc, lived_s)
    dead_s = times_s - lived_s
    return influence.ambient_degc + (value - influence.ambient_degc) * np.exp(-dead_s / COOLING_S)


def _evaluate(function: Function | None, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.zeros(times_s.size) if function is None else np.asarray(function(times_s), dtype=np.float64)
