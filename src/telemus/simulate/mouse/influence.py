"""What a mission does to an animal: courses over time, and the day it lives by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Course:
    """A piecewise linear function of time, constant beyond its ends.

    Attributes:
        times_s: where it is given, rising [s since time zero].
        values: what it is there.

    >>> Course((0.0, 10.0), (0.0, 5.0))(np.array([4.0])).tolist()
    [2.0]
    """

    times_s: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the course at these times [s]."""
        return np.interp(times_s, self.times_s, self.values)


@dataclass(frozen=True)
class Influence:
    """What acts on an animal from outside. Functions take times (n,) [s since time zero] and give (n,).

    Attributes:
        clock_at_zero_s: local time of day at time zero [s].
        lights_on_s, lights_off_s: the light cycle [s of the local day].
        rate_bpm, pressure_mmhg, temperature_degc: added to heart rate, mean pressure and body temperature.
        activity: added to the drive to move [SD]; -3 stops the animal.
        acceleration_g: load along the axis of the catheter [g]; None is the constant load of the ground.
        column_m: height of blood between the artery and the sensor [m]; its sign depends on posture.
        clot: share of the pulse that a clot at the tip takes away, 0 to 1; the mean passes.
        death_s: when the heart stops [s since time zero]; None is never. The two minutes before are the agony.
        ambient_degc: to which a dead body cools [degC].
    """

    clock_at_zero_s: float = 0.0
    lights_on_s: float = 7 * 3600.0
    lights_off_s: float = 19 * 3600.0
    rate_bpm: Function | None = None
    pressure_mmhg: Function | None = None
    temperature_degc: Function | None = None
    activity: Function | None = None
    acceleration_g: Function | None = None
    column_m: float = 0.02
    clot: Function | None = None
    death_s: float | None = None
    ambient_degc: float = 23.0


@dataclass(frozen=True)
class Total:
    """The sum of several functions of time.

    >>> Total((Course((0.0,), (1.0,)), Course((0.0,), (2.0,))))(np.array([0.0])).tolist()
    [3.0]
    """

    parts: tuple[Function, ...]

    def __call__(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the sum at these times [s]."""
        total = np.zeros(times_s.shape)
        for part in self.parts:
            total = total + part(times_s)
        return total


def launch_rate(launch_s: float) -> Course:
    """Course of heart rate around a launch: down by 120 bpm under acceleration, back within an hour [bpm].

    That it falls was seen in mice (Andreev-Andrievskiy et al., Life Sci Space Res 2017;13:19-26); its size is chosen.
    """
    return Course(_after(launch_s, (-5, 20, 500, 600, 1800, 3600)), (0.0, -60.0, -120.0, -90.0, -30.0, 0.0))


def launch_acceleration(launch_s: float) -> Course:
    """Load during the ascent of a three-stage launcher, 1 g before and 0 g after [g]; the profile is chosen."""
    return Course(_after(launch_s, (0, 1, 118, 120, 285, 288, 525, 527)), (1.0, 1.5, 4.0, 1.4, 2.5, 1.2, 3.5, 0.0))


def flight_rate(insertion_s: float, descent_s: float, rise_bpm: float = 30.0) -> Course:
    """Course of the slow rise of heart rate in weightlessness, gone a week after landing [bpm]; its size is chosen."""
    return Course((insertion_s, descent_s, descent_s + 7 * 86400.0), (0.0, rise_bpm, 0.0))


def descent_rate(descent_s: float) -> Course:
    """Course of heart rate in the descent: down by 180 bpm, slow return over a day [bpm]; its size is chosen."""
    return Course(_after(descent_s, (0, 300, 1500, 7200, 86400)), (0.0, -120.0, -180.0, -60.0, 0.0))


def descent_pressure(descent_s: float) -> Course:
    """Course of mean pressure in the descent: down by 25 mmHg, slow return over a day [mmHg]; its size is chosen."""
    return Course(_after(descent_s, (0, 300, 1500, 7200, 86400)), (0.0, -15.0, -25.0, -10.0, 0.0))


def descent_acceleration(descent_s: float) -> Course:
    """Load in a ballistic descent: 4 g in the atmosphere, a pulse at the parachute, 1 g after landing [g]."""
    return Course(
        _after(descent_s, (0, 60, 200, 300, 500, 505, 510, 1500, 1501)), (0.0, 0.2, 4.0, 2.0, 1.0, 6.0, 1.0, 1.0, 1.0)
    )


def flight(launch_s: float, descent_s: float, **others: object) -> Influence:
    """Put launch, weightlessness and descent together into one influence.

    Args:
        launch_s: lift-off [s since time zero].
        descent_s: beginning of the descent [s since time zero].
        others: any other attribute of :class:`Influence`.

    >>> flight(3600.0, 90000.0).rate_bpm(np.array([4100.0])).round().tolist()
    [-120.0]
    """
    descent = descent_acceleration(descent_s)
    load = Total((launch_acceleration(launch_s), descent))
    rate = Total((launch_rate(launch_s), flight_rate(launch_s + 527.0, descent_s), descent_rate(descent_s)))
    return Influence(
        rate_bpm=rate,
        pressure_mmhg=descent_pressure(descent_s),
        acceleration_g=load,
        **others,  # type: ignore[arg-type]
    )


def _after(origin_s: float, offsets_s: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(origin_s + offset for offset in offsets_s)
