"""The surroundings as functions of time: air and light of the cages, acceleration, and the recorder's own state.

All sizes are assumptions made to exercise the chain, unless a source stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Entity, Mission
from telemus.simulate.chance import noise, stream_seed, uniform, wander
from telemus.simulate.course import LANDING_S, PARACHUTE_S, clock_at_zero_s, descent_s, lift_off_s
from telemus.simulate.mouse import Course, descent_acceleration, launch_acceleration
from telemus.simulate.schedule import Recording
from telemus.units import to_canonical

Field = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A quantity in its canonical unit at times (n,) [s since time zero]."""
FieldMaker = Callable[[Channel, Entity], Field]
"""Makes the field of one channel at one entity."""

MMHG_PER_HPA = to_canonical("hPa", "pressure")[0]
_BATTERY_LIFE_S = 42 * 86400.0  # about six weeks, shared sheet of the field: mouse implants


class Circumstances(NamedTuple):
    """What fields may depend on: the mission, what is recorded, chance, and when the recorder restarted [s]."""

    mission: Mission
    recording: Recording
    seed: int
    restarts_s: tuple[int, ...]
    bytes_per_s: float


def housing(around: Circumstances) -> dict[str, FieldMaker]:
    """Return the fields of what a recorder on any flight knows: itself."""
    seed = around.seed

    def temperature(channel: Channel, entity: Entity) -> Field:
        return lambda t: 31.0 + 2.0 * wander(seed, f"{entity.id}/electronics", t, 5400.0)

    def supply(channel: Channel, entity: Entity) -> Field:
        return lambda t: 27.6 + 0.3 * wander(seed, f"{entity.id}/supply", t, 1800.0)

    def storage(channel: Channel, entity: Entity) -> Field:
        return lambda t: np.floor(around.recording.recorded_before(t) * around.bytes_per_s / 1000.0)

    def state(channel: Channel, entity: Entity) -> Field:
        at = np.array(around.restarts_s, np.float64)
        return lambda t: np.searchsorted(at, t, side="right").astype(np.float64)

    return {"temperature_electronics": temperature, "supply": supply, "storage": storage, "state": state}


def cabin(around: Circumstances) -> dict[str, FieldMaker]:
    """Return the fields of a pressurised cabin with cages, on a launcher, in orbit and back, and of the recorder."""
    mission, seed = around.mission, around.seed

    def barometer(channel: Channel, entity: Entity) -> Field:
        return cage_pressure(mission, seed, entity.id)

    def air(channel: Channel, entity: Entity) -> Field:
        own = 0.4 * float(noise(seed, f"{entity.id}/air", 0)[0])
        return lambda t: 23.0 + own + 0.5 * wander(seed, "cabin/air", t, 10800.0)

    def light(channel: Channel, entity: Entity) -> Field:
        return lambda t: np.where(is_light(mission, t), 40.0, 0.2) * (1.0 + 0.02 * noise(seed, entity.id, np.rint(t)))

    def load(channel: Channel, entity: Entity) -> Field:
        axis = channel.name[-1:].lower()
        if axis not in "xyz":
            fault = Fault(
                f"channels.toml: channel {channel.name}", channel.name, "a name that ends in the axis: x, y, z"
            )
            raise MissionError(f"mission {mission.name}", (fault,))
        return acceleration(mission, seed, axis)

    fields = {"pressure_barometric": barometer, "temperature_ambient": air, "illuminance": light, "acceleration": load}
    return housing(around) | fields


def cage_pressure(mission: Mission, seed: int, cage: str) -> Field:
    """Return the air pressure in a cage [mmHg]: 1 s of it is a straight line, as its barometer sees once per second.

    The cabin wanders by some 10 hPa; every few hours a leak takes 4 to 16 hPa within minutes and air is let in again.
    """
    own_hpa = 0.3 * float(noise(seed, f"{cage}/barometer", 0)[0])

    def at_knots(t: NDArray[np.float64]) -> NDArray[np.float64]:
        slow = 4.0 * wander(seed, "cabin/slow", t, 21600.0) + 1.5 * wander(seed, "cabin/fast", t, 1800.0)
        local = 0.05 * wander(seed, f"{cage}/draught", t, 30.0)
        return np.asarray(MMHG_PER_HPA * (1010.0 + own_hpa + slow + local - _leaks_hpa(seed, t)))

    def pressure(t: NDArray[np.float64]) -> NDArray[np.float64]:
        if not len(t):
            return np.empty(0)
        first, last = np.floor(t[0]), np.floor(t[-1])
        knots = np.arange(first, last + 2.0)
        return np.interp(t, knots, at_knots(knots))

    return pressure


_LEAK_SLOT_S = 6 * 3600.0


def _leaks_hpa(seed: int, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what leaks have taken from the cabin [hPa]: in half of all slots of six hours there is one."""
    slots = np.unique(np.floor(times_s / _LEAK_SLOT_S))
    total = np.zeros(len(times_s))
    for slot in slots.astype(np.int64).tolist():
        happens, begin, depth, length = uniform(seed, "cabin/leak", 4 * slot + np.arange(4)).tolist()
        if happens < 0.5:
            start = (slot + 0.7 * begin) * _LEAK_SLOT_S
            fall_s = 240.0 + 900.0 * length
            knots = (start, start + fall_s, start + fall_s + 600.0, start + fall_s + 780.0)
            total += np.interp(times_s, knots, (0.0, 1.0, 1.0, 0.0)) * (4.0 + 12.0 * depth)
    return total


def is_light(mission: Mission, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the light is on at times (n,) [s since time zero]."""
    light = mission.description.light
    hour = (times_s + clock_at_zero_s(mission)) % 86400.0 / 3600.0
    if light.on_h <= light.off_h:
        return np.asarray((hour >= light.on_h) & (hour < light.off_h))
    return np.asarray((hour >= light.on_h) | (hour < light.off_h))


_SENSITIVE_AXIS = "x"
"""The launcher's axis, upright on the ground."""


def acceleration(mission: Mission, seed: int, axis: str) -> Field:
    """Return the specific force along one axis [g]: 1 on the ground, ascent, noise in orbit, the descent's shocks."""
    launch, descent = lift_off_s(mission.timeline), descent_s(mission.timeline)
    steady = [] if launch is None else [launch_acceleration(launch)]
    if launch is not None and descent is not None:
        steady.append(descent_acceleration(descent))
    shaken = _shaken_g(launch, descent)
    shocks = [] if descent is None else [(descent + PARACHUTE_S, 3.0), (descent + LANDING_S, 7.0)]
    stream = f"acceleration/{axis}"

    def field(t: NDArray[np.float64]) -> NDArray[np.float64]:
        index = np.rint(t * 1000.0).astype(np.int64)
        total = (0.002 + shaken(t)) * noise(seed, stream, index)
        if axis == _SENSITIVE_AXIS:
            total = total + (sum(part(t) for part in steady) if steady else 1.0)
        for at, size in shocks:
            total = total + _shock(t - at, size, stream_seed(seed, stream) % 1000 / 1000.0)
        return np.asarray(total, np.float64)

    return field


def _shaken_g(launch: float | None, descent: float | None) -> Course:
    """Return the SD of vibration over time [g]: engines, the atmosphere, the parachute."""
    times: list[float] = []
    values: list[float] = []
    if launch is not None:
        times += [launch + at for at in (0.0, 1.0, 40.0, 70.0, 120.0, 526.0, 527.0)]
        values += [0.0, 0.35, 0.15, 0.30, 0.10, 0.08, 0.0]
    if descent is not None:
        times += [descent + at for at in (0.0, 1.0, 30.0, 31.0, 60.0, 200.0, 300.0, 500.0, 520.0, LANDING_S, 1501.0)]
        values += [0.0, 0.05, 0.05, 0.0, 0.05, 0.40, 0.15, 0.05, 0.10, 0.02, 0.0]
    return Course(tuple(times), tuple(values)) if times else Course((0.0,), (0.0,))


def _shock(since_s: NDArray[np.float64], size_g: float, phase: float) -> NDArray[np.float64]:
    """Return a ringing that dies away in half a second [g]."""
    after = np.clip(since_s, 0.0, 30.0)
    ringing = np.cos(2.0 * np.pi * (6.0 * after + phase)) * np.exp(-after / 0.15)
    return np.where(since_s < 0.0, 0.0, size_g * ringing)


def battery(start_s: float) -> Field:
    """Return the voltage of an implant's battery [mV] that was fresh at ``start_s`` [s since time zero]."""
    knots = tuple(start_s + share * _BATTERY_LIFE_S for share in (0.0, 0.1, 0.9, 1.0))
    return Course(knots, (3150.0, 3050.0, 2850.0, 2400.0))
