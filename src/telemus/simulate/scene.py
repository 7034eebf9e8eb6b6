"""Everything that a flight is made of, prepared from a mission: what is recorded, by whom, with which faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.errors import DefinitionError, Fault, MissionError, SettingsError
from telemus.mission import Entity, FaultRates, Installation, Mission
from telemus.packets import Plan, compile_plan, read_definition
from telemus.simulate.chance import uniform
from telemus.simulate.course import fate_s
from telemus.simulate.damage import Damage
from telemus.simulate.environment import Circumstances, Field, FieldMaker
from telemus.simulate.events import Notes, correlation_times_ns, happenings_in, notes_of, reference_columns
from telemus.simulate.implant import Implant, Rows, Setting
from telemus.simulate.oscillator import Oscillator, oscillator
from telemus.simulate.recorder import PacketKind, grid_s, packet_kinds
from telemus.simulate.registry import Physics, check_quantities, is_implanted, physics_of
from telemus.simulate.schedule import Block, Recording, plan_recording

BOOT_S = 12
"""How long the recorder is silent after a restart [s]."""


class Order(NamedTuple):
    """What is asked of a simulation: the window [s], the seed and the name of the fault rates."""

    start_s: float
    duration_s: float | None
    seed: int
    faults: str


@dataclass(frozen=True)
class Scene:
    """A mission made ready to be rendered; the same order gives the same scene in every process."""

    mission: Mission
    order: Order
    rates: FaultRates
    recording: Recording
    kinds: tuple[PacketKind, ...]
    notes: Notes
    clock: Oscillator
    restarts_s: tuple[int, ...]
    steps_s: tuple[int, ...]
    physics: Physics
    fields: dict[str, FieldMaker]
    installations: tuple[Installation, ...]

    @property
    def all_kinds(self) -> dict[int, PacketKind]:
        """Return every kind of packet by its number, time correlation and events included."""
        notes = (self.notes.correlation, self.notes.event)
        return {kind.number: kind for kind in (*self.kinds, *notes) if kind is not None}

    @property
    def bytes_per_s(self) -> float:
        """Return how much is recorded in a second [bytes]."""
        return _bytes_per_s(self.kinds)

    def subjects_of(self, entity: Entity, time_ns: int) -> tuple[str | None, ...]:
        """Return the subjects whose results rest on an entity at a time [ns since time zero]; (None,) where none."""
        tai_ns = self.recording.zero_ns + time_ns
        found = tuple(
            one.subject
            for one in self.installations
            if entity.id in (one.sensor, one.subject, one.place)
            and one.since_ns <= tai_ns
            and (one.until_ns is None or tai_ns < one.until_ns)
        )
        return found or (None,)

    def implants(self) -> list[Implant]:
        """Return the implants, in the order of the installations, none rendered yet."""
        if self.physics.make is None:
            return []
        setting = Setting(
            self.mission, self.kinds, self.order.seed, self.rates, self.recording.zero_ns, self.recording.grid_s
        )
        waveforms = sum(one.is_array for kind in self.kinds for one in kind.digitisers if self._is_inside(kind))
        share = 1.0 / max(waveforms * len(self.mission.subjects), 1)
        return [
            Implant(setting, one, self._barometer(one.place), self.physics.make, share) for one in self.installations
        ]

    def _is_inside(self, kind: PacketKind) -> bool:
        return is_implanted(self.physics, kind.digitisers[0].channel)

    def _barometer(self, place: str) -> Field | None:
        entity = self.mission.entity(place)
        for channel in self.mission.channels:
            if channel.quantity == "pressure_barometric" and channel.entity == entity.kind:
                return self.fields["pressure_barometric"](channel, entity)
        return None

    def surroundings(self) -> Surroundings:
        """Return what renders every packet that is not of an implant."""
        kinds = tuple(kind for kind in self.kinds if not self._is_inside(kind))
        return Surroundings(self, kinds)

    def is_booting(self, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return at which instants [ns since time zero] (n,) the recorder is silent after a restart."""
        silent = np.zeros(len(times_ns), np.bool_)
        for at in self.restarts_s:
            silent |= (times_ns >= at * NS_PER_S) & (times_ns < (at + BOOT_S) * NS_PER_S)
        return silent

    def lasting_damage(self) -> list[Damage]:
        """Return what is known before the flight: restarts, steps of the clock, clots and deaths, cut to the window."""
        end = self.recording.stop_s
        step = f"{self.rates.clock_step_s:+g} s"
        found = [Damage("restart", None, None, at * NS_PER_S, (at + BOOT_S) * NS_PER_S) for at in self.restarts_s]
        found += [Damage("clock_step", None, None, at * NS_PER_S, (at + 1) * NS_PER_S, step) for at in self.steps_s]
        for fate in self.mission.simulation.fate if self.mission.simulation else ():
            since = fate_s(self.mission, fate.subject, fate.kind)
            if since is not None and since < end:
                start = max(since, self.recording.start_s)
                found.append(Damage(fate.kind, fate.subject, None, round(start * NS_PER_S), end * NS_PER_S))
        return found


class Surroundings:
    """Renders the packets of cages, of the recorder and of whatever else is not implanted: functions of time."""

    def __init__(self, scene: Scene, kinds: tuple[PacketKind, ...]) -> None:
        self._scene = scene
        self._fields = [
            (
                kind,
                entity,
                [scene.fields[one.channel.quantity](one.channel, kind.entities[entity]) for one in kind.digitisers],
            )
            for kind in kinds
            for entity in range(len(kind.entities))
        ]

    def make(self, block: Block) -> list[Rows]:
        """Return the packets of one block, events and time correlation included."""
        rows = []
        for kind, entity, fields in self._fields:
            counts = {}
            for one, field in zip(kind.digitisers, fields, strict=True):
                counts[one.channel.name] = one.counts(field(kind.sample_times_s(one, block.start_s, block.stop_s)))
            times = kind.times_ns(block.start_s, block.stop_s)
            rows.append(Rows(kind.number, entity, times, kind.columns(entity, counts, len(times))))
        return rows + self._noted(block)

    def _noted(self, block: Block) -> list[Rows]:
        scene, notes = self._scene, self._scene.notes
        rows = []
        again = tuple(at + BOOT_S for at in scene.restarts_s)
        if notes.correlation is not None:
            times = correlation_times_ns(notes, block, again)
            columns = notes.correlation.columns(0, {}, len(times))
            columns |= reference_columns(notes, times, scene.recording.zero_ns)
            rows.append(Rows(notes.correlation.number, 0, times, columns))
        if notes.event is not None:
            known = [one for one in happenings_in(scene.mission, block, again) if one.label in notes.codes]
            times = np.array([one.time_ns for one in known], np.int64)
            columns = notes.event.columns(0, {}, len(times))
            columns[notes.code] = np.array([notes.codes[one.label] for one in known], np.int64)
            rows.append(Rows(notes.event.number, 0, times, columns))
        return rows


def prepare(mission: Mission, order: Order) -> Scene:
    """Prepare a scene from a mission.

    Raises MissionError where the mission cannot be simulated, with every reason; SettingsError where the window has no
    recorded time or nobody declared such fault rates; DefinitionError where the packets cannot be read.
    """
    physics = physics_of(mission)
    rates = _rates(mission, order.faults)
    plan: Plan = compile_plan(read_definition(mission.definition_path))
    kinds = packet_kinds(mission, plan)
    recording = plan_recording(mission.timeline, order.start_s, order.duration_s, grid_s(kinds))
    restarts = _moments(recording, order.seed, "restart", rates.restarts)
    steps = tuple(at for at in _moments(recording, order.seed, "clock_step", rates.clock_steps) if at not in restarts)
    fields = physics.surroundings(Circumstances(mission, recording, order.seed, restarts, _bytes_per_s(kinds)))
    check_quantities(mission, physics, fields)
    return Scene(
        mission=mission,
        order=order,
        rates=rates,
        recording=recording,
        kinds=kinds,
        notes=notes_of(mission, plan),
        clock=_clock(mission, restarts, steps, rates.clock_step_s),
        restarts_s=restarts,
        steps_s=steps,
        physics=physics,
        fields=fields,
        installations=_installations(mission, recording),
    )


def simulation_faults(mission: Mission) -> tuple[Fault, ...]:
    """Return every reason for which a mission cannot be simulated over its timeline; empty where it can be."""
    try:
        prepare(mission, Order(0.0, None, 1, "none")).implants()
    except (MissionError, DefinitionError) as error:
        return error.faults
    except SettingsError as error:
        where = f"timelines/{mission.timeline_name}.toml"
        return (Fault(where, "a timeline that cannot be simulated", "some recorded time", str(error)),)
    return ()


def _rates(mission: Mission, name: str) -> FaultRates:
    declared = dict(mission.simulation.faults) if mission.simulation else {}
    known = {"none": FaultRates()} | declared
    if name not in known:
        raise SettingsError(f"faults: got {name!r}, wanted one of {', '.join(known)}, as simulation.toml declares")
    return known[name]


def _moments(recording: Recording, seed: int, kind: str, count: int) -> tuple[int, ...]:
    """Return recorded seconds for things that happen so many times, in the middle three fifths of the window."""
    shares = 0.2 + 0.6 * uniform(seed, kind, np.arange(count))
    return tuple(sorted({recording.second_at(share) for share in shares.tolist()}))


def _clock(mission: Mission, restarts: tuple[int, ...], steps: tuple[int, ...], step_s: float) -> Oscillator:
    declared = mission.simulation.oscillator if mission.simulation else None
    drift, start = (declared.drift_ppm, declared.counter_start_s) if declared else (0.0, 0)
    return oscillator(
        drift, start, mission.description.clock.coarse_octets, restarts_s=restarts, steps_s=steps, step_s=step_s
    )


def _installations(mission: Mission, recording: Recording) -> tuple[Installation, ...]:
    """Return the installations that touch the window; raise MissionError for each subject that has none."""
    start_ns = recording.zero_ns + recording.start_s * NS_PER_S
    stop_ns = recording.zero_ns + recording.stop_s * NS_PER_S
    found = tuple(
        one
        for one in mission.description.installation
        if one.since_ns < stop_ns and (one.until_ns is None or one.until_ns > start_ns)
    )
    without = [one.id for one in mission.subjects if one.id not in {other.subject for other in found}]
    if without and mission.description.installation:
        wanted = f"one that holds in the window of the timeline {mission.timeline_name}"
        faults = tuple(Fault(f"mission.toml: subject {name}", "no installation then", wanted) for name in without)
        raise MissionError(f"mission {mission.name}", faults)
    return found


def _bytes_per_s(kinds: tuple[PacketKind, ...]) -> float:
    return float(sum(kind.packet_bytes * len(kind.entities) / kind.length for kind in kinds))
