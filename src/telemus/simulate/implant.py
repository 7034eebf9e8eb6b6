"""One implant in one subject: renders its packets block after block, with the truth of what it measured and lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Entity, FaultRates, Installation, Mission
from telemus.simulate.chance import stream_seed
from telemus.simulate.course import influence_on
from telemus.simulate.damage import Damage
from telemus.simulate.environment import Field, battery
from telemus.simulate.link import (
    Dropout,
    Excursion,
    Held,
    dropouts,
    excursions,
    heard,
    hold,
    sample_span,
    strength,
    strike,
    time_ns,
)
from telemus.simulate.model import Block as Rendered
from telemus.simulate.model import Model
from telemus.simulate.mouse import Mouse
from telemus.simulate.recorder import Digitiser, PacketKind
from telemus.simulate.schedule import Block
from telemus.simulate.sensor import SensorParameters, absolute_pressure
from telemus.units import to_canonical

ModelMaker = Callable[[Mission, str, int, SensorParameters, Mapping[str, float]], Model]
"""Makes the model of a subject: mission, subject, seed, sensor, rates [Hz] by quantity."""

ABSOLUTE, GAUGE = "pressure_absolute", "pressure_arterial"
OF_THE_LINK = frozenset({"signal_strength", "battery"})


class Rows(NamedTuple):
    """Packets of one kind before they are sealed: times [ns since time zero] (n,), columns of raw values (n, ...)."""

    kind: int
    entity: int
    times_ns: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]


class Made(NamedTuple):
    """What an implant gives for a block: packets, beats by name (m,) with their subject, and damage."""

    rows: list[Rows]
    subject: str
    start_s: int
    beats: dict[str, NDArray[np.float64]]
    damage: list[Damage]


def make_mouse(
    mission: Mission, subject: str, seed: int, sensor: SensorParameters, rates_hz: Mapping[str, float]
) -> Model:
    """Make a mouse that lives through a mission."""
    own = stream_seed(seed, f"subject/{subject}") >> 1
    return Mouse(own, influence=influence_on(mission, subject), sensor=sensor, rates_hz=rates_hz)


class Setting(NamedTuple):
    """What all implants of a flight share: mission, packets, seed, fault rates, time zero [ns TAI], grid [s]."""

    mission: Mission
    kinds: tuple[PacketKind, ...]
    seed: int
    rates: FaultRates
    zero_ns: int
    grid_s: int


class Implant:
    """One sensor installed in one subject, from ``since_s`` to ``until_s`` [s since time zero].

    Raises MissionError where a channel of it has a quantity that nothing renders.
    """

    def __init__(
        self, setting: Setting, installation: Installation, barometer: Field | None, make: ModelMaker, share: float
    ) -> None:
        mission = setting.mission
        self.setting = setting
        self.sensor = mission.entity(installation.sensor)
        self.subject = installation.subject
        grid_ns = setting.grid_s * NS_PER_S
        until_ns = installation.until_ns
        self.since_s = -((setting.zero_ns - installation.since_ns) // grid_ns) * setting.grid_s
        self.until_s = math.inf if until_ns is None else (until_ns - setting.zero_ns) // grid_ns * setting.grid_s
        self._barometer = barometer
        self._share = share
        self._kinds = [kind for kind in setting.kinds if self.sensor in kind.entities]
        digitisers = [one for kind in self._kinds for one in kind.digitisers]
        parameters = sensor_parameters(mission, self.sensor, setting.zero_ns, [one.channel for one in digitisers])
        self._parameters = parameters
        self._fresh_s = float(self.since_s)
        rates_hz = {
            GAUGE if one.channel.quantity == ABSOLUTE else one.channel.quantity: one.channel.rate_hz
            for one in digitisers
            if one.channel.quantity not in OF_THE_LINK
        }
        if barometer is None and any(one.channel.quantity == ABSOLUTE for one in digitisers):
            fault = Fault(
                f"installation of {self.sensor.id}", "a place without a barometer", "a pressure_barometric channel"
            )
            raise MissionError(f"mission {mission.name}", (fault,))
        self._model = make(mission, self.subject, setting.seed, parameters, rates_hz)
        self._held: dict[str, Held | None] = {}

    def within(self, block: Block) -> Block | None:
        """Return the part of a block, on the grid, in which the implant was installed; None where there is none."""
        if self.since_s <= block.start_s and self.until_s >= block.stop_s:
            return block
        start, stop = max(block.start_s, self.since_s), int(min(block.stop_s, self.until_s))
        if start >= stop:
            return None
        span_start, span_stop = max(block.span_start_s, self.since_s), int(min(block.span_stop_s, self.until_s))
        return Block(start, stop, span_start, span_stop)

    def make(self, whole: Block) -> Made | None:
        """Render one block: packets, beats and damage; None where the implant was not installed."""
        block = self.within(whole)
        if block is None:
            return None
        if block.start_s == block.span_start_s:
            self._held.clear()
        seed, rates = self.setting.seed, self.setting.rates
        losses = dropouts(seed, self.sensor.id, rates, block) if rates.radio_dropouts else []
        rendered = self._model.render(float(block.start_s), block.stop_s - block.start_s)
        rows, damage = [], []
        for kind in self._kinds:
            packets, lost = self._packets(kind, block, rendered, losses)
            rows.append(packets)
            damage.extend(lost)
        damage.extend(self._artefacts(rendered, block))
        return Made(rows, self.subject, block.start_s, rendered.beats, damage)

    def _packets(
        self, kind: PacketKind, block: Block, rendered: Rendered, losses: list[Dropout]
    ) -> tuple[Rows, list[Damage]]:
        times = kind.times_ns(block.start_s, block.stop_s)
        counts: dict[str, NDArray[Any]] = {}
        damage: list[Damage] = []
        for one in kind.digitisers:
            first, count = kind.sample_span(one, block.start_s, block.stop_s)
            raw = one.counts(self._values(one, first, count, rendered, losses))
            if one.is_array:
                hits = self._hits(one, block)
                before = self._held.get(one.channel.name)
                self._held[one.channel.name] = hold(raw, first, one, losses, before)
                strike(raw, first, one, hits)
                damage.extend(self._waveform_damage(one, block, losses, hits))
            counts[one.channel.name] = raw
        damage.extend(self._missing(kind, block, losses))
        entity = kind.entities.index(self.sensor)
        columns = kind.columns(entity, counts, len(times))
        kept = heard(kind, times, losses)
        if not kept.all():
            times = times[kept]
            columns = {name: column[kept] for name, column in columns.items()}
        return Rows(kind.number, entity, times, columns), damage

    def _values(
        self, digitiser: Digitiser, first: int, count: int, rendered: Rendered, losses: list[Dropout]
    ) -> NDArray[np.float64]:
        """Return what a channel measures [canonical unit] in ``count`` samples from number ``first`` on."""
        quantity = digitiser.channel.quantity
        if quantity in OF_THE_LINK:
            times_s = (first + np.arange(count)) / float(digitiser.rate)
            if quantity == "battery":
                return battery(self._fresh_s)(times_s)
            return strength(self.setting.seed, self.sensor.id, losses)(times_s)
        if quantity == ABSOLUTE and self._barometer is not None:
            return rendered.signals[GAUGE] + self._false_pressure(self._barometer, digitiser, first, count)
        return rendered.signals[quantity]

    def _false_pressure(self, barometer: Field, digitiser: Digitiser, first: int, count: int) -> NDArray[np.float64]:
        """Return what an absolute sensor feels besides gauge pressure [mmHg]: air, zero offset, drift.

        All of it is a straight line between whole seconds, so that it is asked for there only.
        """
        rate_hz = float(digitiser.rate)
        knots_s = np.arange(math.floor(first / rate_hz), math.floor((first + count - 1) / rate_hz) + 2.0)
        at_knots = absolute_pressure(
            np.zeros(len(knots_s)), barometer(knots_s), knots_s - self._zero_read_s, self._parameters
        )
        return np.interp((first + np.arange(count)) / rate_hz, knots_s, at_knots)

    @property
    def _zero_read_s(self) -> float:
        zeros = [one for one in self.setting.mission.description.zero if one.sensor == self.sensor.id]
        read_ns = min((one.at_ns for one in zeros), default=self.setting.zero_ns)
        return (read_ns - self.setting.zero_ns) / NS_PER_S

    def _hits(self, digitiser: Digitiser, block: Block) -> list[Excursion]:
        rates = self.setting.rates
        if not (rates.rails or rates.spikes):
            return []
        stream = f"{self.sensor.id}/{digitiser.channel.name}"
        return excursions(self.setting.seed, stream, rates, self._share, block)

    def _waveform_damage(
        self, digitiser: Digitiser, block: Block, losses: list[Dropout], hits: list[Excursion]
    ) -> list[Damage]:
        """Return the damage that begins in this block, exact to the sample."""
        found = [("radio_dropout", one.start_s, one.stop_s, one.mode) for one in losses if one.mode != "missing"]
        found += [(one.kind, one.start_s, one.stop_s, f"{one.sign:+d}") for one in hits]
        rows = []
        for kind, start_s, stop_s, detail in found:
            first, last = sample_span(start_s, stop_s, digitiser.rate)
            if block.start_s <= start_s and first < block.span_stop_s * digitiser.rate:
                times = time_ns(first, digitiser.rate), time_ns(last, digitiser.rate)
                rows.append(Damage(kind, self.subject, digitiser.channel.name, *times, detail))
        return rows

    def _missing(self, kind: PacketKind, block: Block, losses: list[Dropout]) -> list[Damage]:
        """Return the time of the packets of a kind that were never made, for dropouts that begin in this block."""
        rows: list[Damage] = []
        is_waveform = any(one.is_array for one in kind.digitisers)
        for one in losses:
            if one.mode != "missing" or one.start_s < block.start_s:
                continue
            start, stop = Fraction(one.start_s) / kind.length, Fraction(one.stop_s) / kind.length
            first = math.floor(start) if is_waveform else math.ceil(start)
            last = math.ceil(stop)
            if last > first and first * kind.length < block.span_stop_s:
                times = (math.floor(edge * kind.length * NS_PER_S) for edge in (first, last))
                begin, end = times
                rows.extend(
                    Damage("radio_dropout", self.subject, name, begin, end, "missing") for name in kind.channel_names
                )
        return rows

    def _artefacts(self, rendered: Rendered, block: Block) -> list[Damage]:
        """Return the artefacts that begin in this block, or before it at a span's start, cut to the span."""
        rows: list[Damage] = []
        channels = [one.channel for kind in self._kinds for one in kind.digitisers]
        for one in rendered.artefacts:
            start, stop = block.start_s + one.start_s, min(block.start_s + one.stop_s, block.span_stop_s)
            if start < block.start_s and block.start_s > block.span_start_s:
                continue
            begin = round(max(start, block.span_start_s) * NS_PER_S)
            for channel in channels:
                if one.quantity in (channel.quantity, channel.reference.quantity if channel.reference else ""):
                    row = Damage("artefact", self.subject, channel.name, begin, round(stop * NS_PER_S), one.kind)
                    rows.append(row)
        return rows


def sensor_parameters(mission: Mission, sensor: Entity, zero_ns: int, channels: list[Channel]) -> SensorParameters:
    """Return the instrument that a mission declares: bandwidth and zero reading of the sensor, latency of channels."""
    bandwidth_hz = float(sensor.attributes_at(zero_ns).get("bandwidth_hz", SensorParameters.bandwidth_hz))
    zeros = sorted((one for one in mission.description.zero if one.sensor == sensor.id), key=lambda one: one.at_ns)
    offset = 0.0 if not zeros else zeros[0].offset * to_canonical(zeros[0].unit, "pressure")[0]
    latency_s = {channel.quantity: channel.latency_ms / 1000.0 for channel in channels}
    simulation = mission.simulation
    return SensorParameters(
        bandwidth_hz=bandwidth_hz,
        ecg_bandwidth_hz=bandwidth_hz,
        noise_mmhg=simulation.sensor_noise_mmhg if simulation else 0.0,
        zero_offset_mmhg=offset,
        drift_mmhg_per_day=simulation.zero_drift_mmhg_per_day if simulation else 0.0,
        pressure_latency_s=latency_s.get(ABSOLUTE, latency_s.get(GAUGE, 0.0)),
        ecg_latency_s=latency_s.get("ecg", 0.0),
    )
