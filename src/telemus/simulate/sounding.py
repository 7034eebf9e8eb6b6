"""A sounding of the atmosphere: a sonde that rises at the timeline's T0, bursts, and falls on a parachute.

Pressure and temperature follow the ICAO standard atmosphere (ISO 2533:1975) up to 47 km of geopotential height.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.mission import Channel, Entity
from telemus.simulate.chance import noise, wander
from telemus.simulate.environment import Circumstances, Field, FieldMaker, housing
from telemus.units import to_canonical

ASCENT_M_S = 5.0
BURST_M = 30_000.0
_FALL_SCALE_M = 14_000.0
_FALL_GROUND_M_S = 6.0

_LAYERS = ((0.0, 288.15, -0.0065), (11_000.0, 216.65, 0.0), (20_000.0, 216.65, 0.001), (32_000.0, 228.65, 0.0028))
"""Base [m], temperature there [K], gradient [K/m]: ISO 2533:1975, table 4."""
_TOP_M = 47_000.0
_GRAVITY_M_S2, _GAS_CONSTANT, _SEA_LEVEL_PA = 9.80665, 287.05287, 101_325.0


def standard_temperature_k(height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the temperature of the standard atmosphere [K] at geopotential heights (n,) [m], 0 to 47 km.

    >>> standard_temperature_k(np.array([0.0, 11_000.0, 30_000.0])).round(2).tolist()
    [288.15, 216.65, 226.65]
    """
    knots = [base for base, *_ in _LAYERS] + [_TOP_M]
    last_base, last_k, last_gradient = _LAYERS[-1]
    values = [kelvin for _, kelvin, _ in _LAYERS] + [last_k + last_gradient * (_TOP_M - last_base)]
    return np.interp(height_m, knots, values)


def standard_pressure_pa(height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pressure of the standard atmosphere [Pa] at geopotential heights (n,) [m], 0 to 47 km.

    >>> standard_pressure_pa(np.array([0.0, 11_000.0, 20_000.0])).round(0).tolist()
    [101325.0, 22632.0, 5475.0]
    """
    height = np.clip(np.asarray(height_m, np.float64), 0.0, _TOP_M)
    pressure = np.empty(height.shape)
    base_pa = _SEA_LEVEL_PA
    tops = [base for base, *_ in _LAYERS[1:]] + [_TOP_M]
    for (base, kelvin, gradient), top in zip(_LAYERS, tops, strict=True):
        inside = (height >= base) & (height <= top)
        pressure[inside] = base_pa * _ratio(height[inside] - base, kelvin, gradient)
        base_pa *= float(_ratio(np.array([top - base]), kelvin, gradient)[0])
    return pressure


def _ratio(above_m: NDArray[np.float64], kelvin: float, gradient: float) -> NDArray[np.float64]:
    """Return pressure above a layer's base as a share of that at the base: ISO 2533, equations 12 and 13."""
    if gradient == 0.0:
        return np.exp(-_GRAVITY_M_S2 * above_m / (_GAS_CONSTANT * kelvin))
    return np.asarray((1.0 + gradient * above_m / kelvin) ** (-_GRAVITY_M_S2 / (_GAS_CONSTANT * gradient)))


def altitude_m(since_release_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height of the sonde [m] at times since its release (n,) [s]; 0 before, and after landing.

    It rises steadily; in the fall the speed grows with thin air, v = v0 exp(h / 2H), which integrates to a logarithm.

    >>> altitude_m(np.array([-5.0, 600.0, 6000.0, 20_000.0])).tolist()
    [0.0, 3000.0, 30000.0, 0.0]
    """
    rising = ASCENT_M_S * np.clip(since_release_s, 0.0, BURST_M / ASCENT_M_S)
    fallen_s = np.clip(since_release_s - BURST_M / ASCENT_M_S, 0.0, None)
    scale_m = 2.0 * _FALL_SCALE_M
    start = math.exp(-BURST_M / scale_m)
    falling = -scale_m * np.log(np.minimum(start + fallen_s * _FALL_GROUND_M_S / scale_m, 1.0))
    return np.where(fallen_s > 0.0, falling + 0.0, rising)  # + 0.0: no negative zero on the ground


def atmosphere(around: Circumstances) -> dict[str, FieldMaker]:
    """Return the fields of a sounding: altitude, pressure, temperature, and those of the recorder."""
    timeline, seed = around.mission.timeline, around.seed
    release_s = (timeline.t0_ns - timeline.start_ns) / NS_PER_S
    mmhg_per_pa = to_canonical("Pa", "pressure")[0]

    def height(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return altitude_m(t - release_s)

    def altitude(channel: Channel, entity: Entity) -> Field:
        return lambda t: height(t) + 2.0 * noise(seed, f"{entity.id}/altitude", np.rint(t * 1000.0))

    def pressure(channel: Channel, entity: Entity) -> Field:
        return lambda t: mmhg_per_pa * standard_pressure_pa(height(t))

    def temperature(channel: Channel, entity: Entity) -> Field:
        def field(t: NDArray[np.float64]) -> NDArray[np.float64]:
            return standard_temperature_k(height(t)) - 273.15 + 0.5 * wander(seed, f"{entity.id}/air", t, 60.0)

        return field

    return housing(around) | {
        "altitude": altitude,
        "pressure_barometric": pressure,
        "temperature_ambient": temperature,
    }
