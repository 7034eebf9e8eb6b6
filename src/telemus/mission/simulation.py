"""What only the simulator needs: oscillator, fates, fault rates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from telemus.mission.values import STRICT, Name


@dataclass(frozen=True, config=STRICT)
class Oscillator:
    """The recorder's oscillator in simulation: rate error [1e-6], and the counter at the start [s]."""

    drift_ppm: float
    counter_start_s: Annotated[int, Field(ge=0)]
    correlation_every_s: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Fate:
    """Something that befalls one subject in simulation: death or a clot, at a time [h after T0]."""

    subject: str
    kind: Literal["death", "clot"]
    at_h: float


@dataclass(frozen=True, config=STRICT)
class FaultRates:
    """How much goes wrong between recorder and ground, in simulation.

    Rates are per recorded hour unless the name says otherwise; ``radio_*`` are per subject and recorded hour.
    """

    radio_dropouts: float = 0.0
    radio_dropout_s: float = 2.0
    rails: float = 0.0
    spikes: float = 0.0
    bit_flips: float = 0.0
    lost_packets: float = 0.0
    duplicate_packets: float = 0.0
    restarts: int = 0
    clock_steps: int = 0
    clock_step_s: float = 0.0
    truncated_bytes: int = 0


@dataclass(frozen=True, config=STRICT)
class Simulation:
    """What only the simulator needs. ``model`` names the physics from the simulator's written list."""

    model: Name
    source: str
    oscillator: Oscillator
    sensor_noise_mmhg: Annotated[float, Field(ge=0)] = 0.0
    zero_drift_mmhg_per_day: float = 0.0
    fate: tuple[Fate, ...] = ()
    faults: dict[str, FaultRates] = Field(default_factory=dict)
