"""A mouse whose answers are known: pressure, ECG, temperature and activity, with the exact truth of every beat."""

from telemus.simulate.mouse.animal import ACTIVITY, DEFAULT_RATES_HZ, ECG, PRESSURE, TEMPERATURE, Mouse
from telemus.simulate.mouse.influence import (
    Course,
    Influence,
    Total,
    descent_acceleration,
    descent_pressure,
    descent_rate,
    flight,
    flight_rate,
    launch_acceleration,
    launch_rate,
)
from telemus.simulate.mouse.parameters import MouseParameters, draw_parameters, stressed
from telemus.simulate.mouse.reflex import Loop, loop_transfer

__all__ = [
    "ACTIVITY",
    "DEFAULT_RATES_HZ",
    "ECG",
    "PRESSURE",
    "TEMPERATURE",
    "Course",
    "Influence",
    "Loop",
    "Mouse",
    "MouseParameters",
    "Total",
    "descent_acceleration",
    "descent_pressure",
    "descent_rate",
    "draw_parameters",
    "flight",
    "flight_rate",
    "launch_acceleration",
    "launch_rate",
    "loop_transfer",
    "stressed",
]
