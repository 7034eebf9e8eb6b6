"""The faults of a mission that show only between its files: references, times and units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from telemus.errors import Fault
from telemus.mission.channels import Channel
from telemus.mission.entities import Description, Installation
from telemus.mission.results import Displays, Wanted
from telemus.mission.simulation import Simulation
from telemus.mission.timeline import Phase, Timeline
from telemus.units import quantity_of, unit_of

Named = Channel | Wanted | Phase


class Parts(NamedTuple):
    """The files of a mission as far as they could be read; None where one could not."""

    description: Description | None
    timeline: Timeline | None
    channels: tuple[Channel, ...] | None
    products: tuple[Wanted, ...] | None
    displays: Displays | None
    simulation: Simulation | None


def cross_faults(parts: Parts, timeline_name: str) -> Iterator[Fault]:
    """Yield the faults between the files that could be read."""
    if parts.description is not None:
        yield from _entity_faults(parts.description)
    if parts.timeline is not None:
        yield from _timeline_faults(parts.timeline, f"timelines/{timeline_name}.toml")
    if parts.channels is not None:
        kinds = {entity.kind for entity in parts.description.entity} if parts.description else None
        yield from _channel_faults(parts.channels, kinds)
    if parts.displays is not None:
        yield from _display_faults(parts)
    if parts.simulation is not None and parts.description is not None:
        subjects = {entity.id for entity in parts.description.entity if entity.kind == "subject"}
        for fate in parts.simulation.fate:
            if fate.subject not in subjects:
                yield Fault("simulation.toml: fate.subject", fate.subject, "the id of a subject")


def _entity_faults(description: Description) -> Iterator[Fault]:
    of_kind = {entity.id: entity.kind for entity in description.entity}
    yield from _repeated("mission.toml: entity.id", [entity.id for entity in description.entity])
    addressed = [entity for entity in description.entity if entity.address is not None]
    yield from _repeated("mission.toml: entity.address", [f"{entity.kind} {entity.address}" for entity in addressed])
    for entity in description.entity:
        if entity.parent is not None and entity.parent not in of_kind:
            yield Fault(f"mission.toml: entity {entity.id}.parent", entity.parent, "the id of an entity")
    yield from _circle_faults({entity.id: entity.parent for entity in description.entity})
    yield from _installation_faults(description, of_kind)
    for group in description.group:
        for member in group.members:
            yield from _role_faults(of_kind, f"group {group.name}.members", {"subject": member})
    for factor in description.factor:
        for level, members in factor.levels.items():
            for member in members:
                yield from _role_faults(of_kind, f"factor {factor.name}.levels.{level}", {"subject": member})


def _circle_faults(parents: Mapping[str, str | None]) -> Iterator[Fault]:
    """Yield entities that are, by way of their parents, inside themselves."""
    for identifier in parents:
        above, steps = parents[identifier], 0
        while above is not None and above != identifier and steps < len(parents):
            above, steps = parents.get(above), steps + 1
        if above == identifier:
            yield Fault(f"mission.toml: entity {identifier}.parent", str(parents[identifier]), "one not inside itself")


def _installation_faults(description: Description, of_kind: Mapping[str, str]) -> Iterator[Fault]:
    for one in description.installation:
        where = f"installation of {one.sensor}"
        yield from _role_faults(of_kind, where, {"sensor": one.sensor, "subject": one.subject})
        if one.place not in of_kind:
            yield Fault(f"mission.toml: {where}.place", one.place, "the id of an entity")
        if one.until_ns is not None and one.until_ns <= one.since_ns:
            yield Fault(f"mission.toml: {where}.until", "a time before since", "a later time")
    yield from _shared_sensor_faults(description.installation)
    for zero in description.zero:
        yield from _role_faults(of_kind, "zero", {"sensor": zero.sensor})
        if unit_of(zero.unit).dimension != "pressure":
            yield Fault(f"mission.toml: zero of {zero.sensor}.unit", zero.unit, "a unit of pressure")


def _shared_sensor_faults(installations: Iterable[Installation]) -> Iterator[Fault]:
    """Yield sensors that would be in two subjects at the same time."""
    ordered = sorted(installations, key=lambda one: (one.sensor, one.since_ns))
    for one, after in pairwise(ordered):
        if one.sensor == after.sensor and (one.until_ns is None or one.until_ns > after.since_ns):
            got = f"it in {one.subject} and in {after.subject} at once"
            yield Fault(
                f"mission.toml: installation of {one.sensor}", got, "until of the first before since of the next"
            )


def _repeated(where: str, names: Iterable[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(where, f"{name}, {count} times", "each once")


def _role_faults(of_kind: Mapping[str, str], where: str, roles: Mapping[str, str]) -> Iterator[Fault]:
    for kind, identifier in roles.items():
        if of_kind.get(identifier) != kind:
            got = f"{identifier}, a {of_kind[identifier]}" if identifier in of_kind else identifier
            yield Fault(f"mission.toml: {where}", got, f"the id of a {kind}")


def _timeline_faults(timeline: Timeline, file: str) -> Iterator[Fault]:
    for phase in timeline.phase:
        if phase.stop_h <= phase.start_h:
            yield Fault(f"{file}: phase {phase.name}.stop_h", str(phase.stop_h), f"more than start_h, {phase.start_h}")
        if (phase.on_s is None) != (phase.every_s is None):
            yield Fault(f"{file}: phase {phase.name}", "one of on_s and every_s", "both, or neither")
        elif phase.on_s is not None and phase.every_s is not None and phase.on_s > phase.every_s:
            yield Fault(f"{file}: phase {phase.name}.on_s", str(phase.on_s), f"at most every_s, {phase.every_s}")
    for one, after in zip(timeline.phase, timeline.phase[1:], strict=False):
        if one.stop_h != after.start_h:
            yield Fault(
                f"{file}: phase {after.name}.start_h", str(after.start_h), f"{one.stop_h}, where {one.name} stops"
            )
    yield from _repeated(f"{file}: phase.name", [phase.name for phase in timeline.phase])


def _channel_faults(channels: tuple[Channel, ...], kinds: set[str] | None) -> Iterator[Fault]:
    names = [channel.name for channel in channels]
    yield from _repeated("channels.toml: channel.name", names)
    for channel in channels:
        where = f"channels.toml: channel {channel.name}"
        dimension = quantity_of(channel.quantity).dimension
        if unit_of(channel.unit).dimension != dimension:
            yield Fault(f"{where}.unit", channel.unit, f"a unit of {dimension}, as {channel.quantity} is one")
        if kinds is not None and channel.entity not in kinds:
            yield Fault(f"{where}.entity", channel.entity, f"a kind of entity: {', '.join(sorted(kinds))}")
        if channel.reference is not None and channel.reference.channel not in names:
            yield Fault(f"{where}.reference.channel", channel.reference.channel, "the name of a channel")
        yield from _limit_faults(channel, where)


def _limit_faults(channel: Channel, where: str) -> Iterator[Fault]:
    for one in channel.limits:
        if one.low is None and one.high is None:
            yield Fault(f"{where}.limits", "neither low nor high", "one of them, or both")
        elif one.low is not None and one.high is not None and one.low >= one.high:
            yield Fault(f"{where}.limits", f"low {one.low}, high {one.high}", "low below high")
    starts = [f"{one.level} since {one.since_ns or 'the beginning'}" for one in channel.limits]
    yield from _repeated(f"{where}.limits", starts)


def _display_faults(parts: Parts) -> Iterator[Fault]:
    displays = parts.displays
    if displays is None:
        return
    yield from _unknown("panel.product", [panel.product for panel in displays.panel], parts.products)
    yield from _unknown("zoom_channels", displays.zoom_channels, parts.channels)
    yield from _unknown("transitions", displays.transitions, parts.timeline.phase if parts.timeline else None)


def _unknown(where: str, names: Iterable[str], things: Iterable[Named] | None) -> Iterator[Fault]:
    """Yield a fault for each name that none of the things has; none where the things could not be read."""
    if things is None:
        return
    known = {thing.name for thing in things}
    for name in names:
        if name not in known:
            yield Fault(f"displays.toml: {where}", name, f"one of {', '.join(sorted(known))}")
