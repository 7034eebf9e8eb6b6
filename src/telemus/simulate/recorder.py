"""The recorder: which packets it makes, what stands in each parameter of them, and how values become counts.

The time of a packet is the time of its first sample. Packets of a kind begin at whole multiples of their length since
time zero. Every parameter is filled by one of these rules, in this order; one that none of them fills is a fault:

    primary header, checksum            by the definition
    CUC of the on-board clock           the counter at the packet's time
    parameter of a channel              the channel's samples as counts
    entity_parameter of a channel       the address of the entity
    reference of the mission's clock    TAI at the packet's time, in the container of the clock
    codes of events                     in the container that has them (events.py)
    labels ON, SYNCHRONISED             that raw value: a recorder that writes is on
    name of a kind of entity            the address of the one of that kind in the same place (ANTENNA of the cage)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Entity, Mission
from telemus.packets import ContainerPlan, Plan
from telemus.units import quantity_of, to_canonical

_HEADER_BITS = 48  # CCSDS 133.0-B-2, clause 4.1.3.1
_STATES = ("ON", "SYNCHRONISED")


@dataclass(frozen=True)
class Digitiser:
    """How one channel is sampled: samples in each packet, and what makes a value [canonical unit] a count.

    ``count = value * per_unit + shift`` rounded, held at ``low`` and ``high``, in ``dtype``, the one of the packet.
    """

    channel: Channel
    per_packet: int
    is_array: bool
    per_unit: float
    shift: float
    low: int
    high: int
    dtype: str = "i8"

    @cached_property
    def rate(self) -> Fraction:
        """Return the sampling rate [Hz], exact."""
        return Fraction(self.channel.rate_hz).limit_denominator(1_000_000)

    def counts(self, values: NDArray[np.float64]) -> NDArray[Any]:
        """Return counts of values (n,) in the canonical unit of the channel's quantity; NaN becomes the lower rail."""
        scaled = values * self.per_unit
        scaled += self.shift
        np.rint(scaled, out=scaled)
        np.fmax(scaled, self.low, out=scaled)  # of NaN and a number, fmax takes the number
        np.fmin(scaled, self.high, out=scaled)
        return scaled.astype(self.dtype)


@dataclass(frozen=True)
class PacketKind:
    """One kind of packet: its plan, what is sampled into it, whose it is, and how long it lasts [s]."""

    number: int
    plan: ContainerPlan
    digitisers: tuple[Digitiser, ...]
    entities: tuple[Entity, ...]
    length: Fraction
    constants: Mapping[str, int]
    addresses: Mapping[str, tuple[int, ...]]

    @property
    def name(self) -> str:
        """Return the name of the container."""
        return self.plan.name

    @property
    def packet_bytes(self) -> int:
        """Return the length of a packet [bytes]."""
        return self.plan.fixed_bytes or 0

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Return the channels in it; the container's own name where it carries none."""
        return tuple(one.channel.name for one in self.digitisers) or (self.name,)

    def times_ns(self, start_s: int, stop_s: int) -> NDArray[np.int64]:
        """Return the times [ns since time zero] of the packets that begin in [start_s, stop_s)."""
        first, last = math.ceil(start_s / self.length), math.ceil(stop_s / self.length)
        step = self.length * 1_000_000_000
        return (np.arange(first, last, dtype=np.int64) * step.numerator) // step.denominator

    def sample_span(self, digitiser: Digitiser, start_s: int, stop_s: int) -> tuple[int, int]:
        """Return the number, since time zero, of the first sample of the packets in [start_s, stop_s), and how many."""
        first, last = math.ceil(start_s / self.length), math.ceil(stop_s / self.length)
        return first * digitiser.per_packet, (last - first) * digitiser.per_packet

    def sample_times_s(self, digitiser: Digitiser, start_s: int, stop_s: int) -> NDArray[np.float64]:
        """Return the times [s since time zero] of the samples of the packets that begin in [start_s, stop_s)."""
        first, count = self.sample_span(digitiser, start_s, stop_s)
        return (first + np.arange(count)) / float(digitiser.rate)

    def columns(self, entity: int, counts: Mapping[str, NDArray[Any]], packets: int) -> dict[str, NDArray[Any]]:
        """Return the columns of packets of one entity: ``counts`` by channel, constants, addresses."""
        found: dict[str, NDArray[Any]] = {}
        for one in self.digitisers:
            shape = (packets, one.per_packet) if one.is_array else (packets,)
            found[one.channel.parameter] = counts[one.channel.name].reshape(shape)
        for name, value in self.constants.items():
            found[name] = np.full(packets, value, np.int64)
        for name, values in self.addresses.items():
            found[name] = np.full(packets, values[entity], np.int64)
        return found


def packet_kinds(mission: Mission, plan: Plan) -> tuple[PacketKind, ...]:
    """Return the kinds of packet that carry the mission's channels, in the order of the definition.

    Raises MissionError with every fault: a container or parameter that the definition lacks, rates that do not make
    whole packets, an entity without an address, a parameter that no rule fills.
    """
    faults: list[Fault] = []
    kinds = []
    for channel in mission.channels:
        if channel.container not in plan.containers:
            known = ", ".join(plan.containers)
            faults.append(
                Fault(f"channels.toml: channel {channel.name}.container", channel.container, f"one of {known}")
            )
    for number, (name, container) in enumerate(plan.containers.items()):
        channels = [one for one in mission.channels if one.container == name]
        if channels:
            kind, found = _kind(mission, number, container, channels)
            faults.extend(found)
            if kind is not None:
                kinds.append(kind)
    if faults:
        raise MissionError(f"mission {mission.name}", tuple(faults))
    return tuple(kinds)


def grid_s(kinds: tuple[PacketKind, ...]) -> int:
    """Return the shortest whole number of seconds that holds a whole number of each packet with many samples."""
    grid = 1
    for kind in kinds:
        if any(one.is_array for one in kind.digitisers):
            grid = math.lcm(grid, kind.length.numerator)
    return grid


def _kind(
    mission: Mission, number: int, container: ContainerPlan, channels: list[Channel]
) -> tuple[PacketKind | None, list[Fault]]:
    faults: list[Fault] = []
    digitisers = []
    for channel in channels:
        try:
            digitisers.append(_digitiser(channel, container))
        except KeyError as error:
            where = f"channels.toml: channel {channel.name}.parameter"
            faults.append(Fault(where, channel.parameter, f"a parameter of {container.name}", str(error.args[0])))
    lengths = {Fraction(one.per_packet) / one.rate for one in digitisers}
    owners = {channel.entity for channel in channels}
    if len(lengths) > 1 or len(owners) > 1:
        took = ", ".join(str(one) for one in sorted(lengths))
        got = f"lengths of {took} s, entities of kind {', '.join(sorted(owners))}"
        faults.append(
            Fault(f"packets.xml: container {container.name}", got, "channels of one length and one kind of entity")
        )
    if container.fixed_bytes is None:
        faults.append(Fault(f"packets.xml: container {container.name}", "a length that varies", "a fixed length"))
    if faults:
        return None, faults
    entities = mission.entities(channels[0].entity)
    rest = list(unfilled(container, {channel.parameter for channel in channels}))
    addresses, constants, left = fill(mission, container, channels, entities, rest)
    faults.extend(left)
    kind = PacketKind(number, container, tuple(digitisers), entities, lengths.pop(), constants, addresses)
    return (None if faults else kind), faults


def _digitiser(channel: Channel, container: ContainerPlan) -> Digitiser:
    field = container.field(channel.parameter)
    per_packet = math.prod(count for count in field.counts if isinstance(count, int))
    bits = field.bits if isinstance(field.bits, int) else 0
    signed = field.encoding.scheme == "twosComplement"
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if channel.rails is not None:
        low, high = max(low, channel.rails[0]), min(high, channel.rails[1])
    factor, shift = to_canonical(channel.unit, quantity_of(channel.quantity).dimension)
    gain, offset = (channel.calibration.gain, channel.calibration.offset) if channel.calibration else (1.0, 0.0)
    octets = next(size for size in (1, 2, 4, 8) if bits <= 8 * size)
    # canonical = channel * factor + shift, and channel = gain * count + offset
    return Digitiser(
        channel=channel,
        per_packet=per_packet,
        is_array=bool(field.counts),
        per_unit=1.0 / (factor * gain),
        shift=(-shift / factor - offset) / gain,
        low=low,
        high=high,
        dtype=f"{'i' if signed else 'u'}{octets}",
    )


def unfilled(container: ContainerPlan, known: set[str]) -> Iterator[str]:
    """Yield the columns that neither the definition nor ``known`` fills."""
    clock = {container.time.coarse, container.time.fine} if container.time else set()
    for field in container.fields:
        if field.place.bit >= _HEADER_BITS and not field.encoding.is_checksum and field.name not in known | clock:
            yield field.name


def fill(
    mission: Mission, container: ContainerPlan, channels: list[Channel], entities: tuple[Entity, ...], names: list[str]
) -> tuple[dict[str, tuple[int, ...]], dict[str, int], list[Fault]]:
    """Return addresses by entity, constants, and the faults of what no rule fills, for the columns named."""
    addresses: dict[str, tuple[int, ...]] = {}
    constants: dict[str, int] = {}
    faults: list[Fault] = []
    own = {channel.entity_parameter for channel in channels}
    kinds = {entity.kind.lower(): entity.kind for entity in mission.description.entity}
    for name in names:
        labels = {label: raw for raw, label in container.field(name).type.labels.items()}
        state = next((labels[one] for one in _STATES if one in labels), None)
        if name in own:
            found = [entity.address for entity in entities]
        elif state is not None:
            constants[name] = state
            continue
        elif name.lower() in kinds:
            found = [_neighbour(mission, entity, kinds[name.lower()]) for entity in entities]
        else:
            wanted = "a channel, an entity_parameter, a state or the name of a kind of entity, so that it can be filled"
            faults.append(Fault(f"packets.xml: container {container.name}", f"the parameter {name}", wanted))
            continue
        for entity, address in zip(entities, found, strict=True):
            if address is None:
                faults.append(Fault(f"mission.toml: entity {entity.id}", f"no address for {name}", "an address"))
        addresses[name] = tuple(address or 0 for address in found)
    return addresses, constants, faults


def _neighbour(mission: Mission, entity: Entity, kind: str) -> int | None:
    """Return the address of the first entity of a kind in the place of an entity: around it, or beside it."""
    places = [one.place for one in mission.description.installation if one.sensor == entity.id]
    around = [entity.id, *places, *([entity.parent] if entity.parent else [])]
    for other in mission.entities(kind):
        if other.id in around or other.parent in around:
            return other.address
    return None
