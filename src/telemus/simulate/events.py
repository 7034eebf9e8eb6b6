"""What the recorder notes besides samples: events, and the tie of its clock to TAI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.errors import Fault, MissionError
from telemus.mission import Mission
from telemus.packets import ContainerPlan, Plan
from telemus.simulate.course import turning_points
from telemus.simulate.environment import is_light
from telemus.simulate.recorder import PacketKind, fill, unfilled
from telemus.simulate.schedule import Block

START, STOP = "RECORDING_START", "RECORDING_STOP"
_LAST_NS = 1_000_000
"""The stop is noted this long [ns] before the recorder is off."""


class Happening(NamedTuple):
    """One event: label and time [ns since time zero]."""

    label: str
    time_ns: int


@dataclass(frozen=True)
class Notes:
    """The containers of time correlation and of events; None where the definition has none."""

    correlation: PacketKind | None
    reference: tuple[str, str]
    every_s: int
    event: PacketKind | None
    code: str
    codes: Mapping[str, int]


def notes_of(mission: Mission, plan: Plan) -> Notes:
    """Find the containers that carry no channel but time correlation or events.

    Raises MissionError where a parameter of them is filled by no rule.
    """
    clock = mission.description.clock
    every_s = mission.simulation.oscillator.correlation_every_s if mission.simulation else 60
    used = {channel.container for channel in mission.channels}
    correlation, event, code, codes = None, None, "", {}
    for number, (name, container) in enumerate(plan.containers.items()):
        if name == clock.container:
            known = {clock.reference_s_parameter, clock.reference_ns_parameter}
            missing = known - {field.name for field in container.fields}
            if missing:
                fault = Fault("mission.toml: clock", ", ".join(sorted(missing)), f"parameters of {name}")
                raise MissionError(f"mission {mission.name}", (fault,))
            correlation = _bare_kind(mission, number, container, known, {})
        elif name not in used:
            for field in container.fields:
                labels = {label: raw for raw, label in field.type.labels.items()}
                if START in labels:
                    code, codes = field.name, labels
                    others = dict.fromkeys(unfilled(container, {code}), 0)
                    event = _bare_kind(mission, number, container, {code}, others)
    reference = (clock.reference_s_parameter, clock.reference_ns_parameter)
    return Notes(correlation, reference, every_s, event, code, codes)


def _bare_kind(
    mission: Mission, number: int, container: ContainerPlan, known: set[str], constants: dict[str, int]
) -> PacketKind:
    rest = [name for name in unfilled(container, known) if name not in constants]
    addresses, states, faults = fill(mission, container, [], (), rest)
    if faults:
        raise MissionError(f"mission {mission.name}", tuple(faults))
    return PacketKind(number, container, (), (), Fraction(1), constants | states, addresses)


def correlation_times_ns(notes: Notes, block: Block, restarted_s: tuple[int, ...]) -> NDArray[np.int64]:
    """Return when the clock is tied to TAI in a block [ns since time zero].

    That is at the start of every recorded span, every ``every_s``, in its last second, and after a restart.
    """
    grid = range(-(-block.start_s // notes.every_s) * notes.every_s, block.stop_s, notes.every_s)
    extra = {block.span_start_s, block.span_stop_s - 1, *restarted_s}
    seconds = sorted({*grid, *(at for at in extra if block.start_s <= at < block.stop_s)})
    return np.array(seconds, np.int64) * NS_PER_S


def reference_columns(notes: Notes, times_ns: NDArray[np.int64], zero_ns: int) -> dict[str, NDArray[Any]]:
    """Return the reference of correlation packets: TAI since 1958 (CCSDS 301.0-B-4, 3.2.2), seconds and ns."""
    since = times_ns + (zero_ns - TAI_1958_NS)
    return dict(zip(notes.reference, (since // NS_PER_S, since % NS_PER_S), strict=True))


def happenings_in(mission: Mission, block: Block, restarted_s: tuple[int, ...]) -> list[Happening]:
    """Return the events in a block, in order of time: recording, restarts, turning points of the flight, light."""
    found = [Happening("RESTART", at * NS_PER_S) for at in restarted_s]
    if block.start_s == block.span_start_s:
        found.append(Happening(START, block.start_s * NS_PER_S))
    if block.stop_s == block.span_stop_s:
        found.append(Happening(STOP, block.stop_s * NS_PER_S - _LAST_NS))
    found += [Happening(one.label, round(one.time_s * NS_PER_S)) for one in turning_points(mission.timeline)]
    if any(channel.quantity == "illuminance" for channel in mission.channels):
        seconds = np.arange(block.start_s - 1, block.stop_s, dtype=np.float64)
        light = is_light(mission, seconds)
        for at in np.flatnonzero(light[1:] != light[:-1]).tolist():
            label = "LIGHT_ON" if light[at + 1] else "LIGHT_OFF"
            found.append(Happening(label, (block.start_s + at) * NS_PER_S))
    inside = (one for one in found if block.start_s * NS_PER_S <= one.time_ns < block.stop_s * NS_PER_S)
    return sorted(inside, key=lambda one: one.time_ns)
