"""Finds where a quantity of an entity comes from: which channel of which sensor, in which place, from when to when."""

from __future__ import annotations

from typing import NamedTuple

from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Mission


class Source(NamedTuple):
    """One channel of one entity that carries a quantity for a span [ns TAI]; place is where the subject lived."""

    channel: Channel
    entity: str
    place: str | None
    start_ns: int
    stop_ns: int


def sources(mission: Mission, entity: str, quantity: str, start_ns: int, stop_ns: int) -> list[Source]:
    """Return the sources of a quantity of an entity between two instants [ns TAI], in order of time.

    A subject is measured by the sensors that were installed in it and by what stands in its place (cage), each for the
    time of the installation; any other entity by its own channels. A quantity is what a channel measures, or what its
    reference makes of it (arterial pressure = absolute minus barometric). Where nothing measures it, the list is empty.

    Raises MissionError where the entity is not in the mission.
    """
    found = []
    for holders, place, start, stop in _holders(mission, entity, start_ns, stop_ns):
        for holder in holders:  # a sensor in the subject goes before its place
            channel = _channel_for(mission, mission.entity(holder).kind, quantity)
            if channel is not None:
                found.append(Source(channel, holder, place, start, stop))
                break
    return sorted(found, key=lambda one: (one.start_ns, one.channel.name))


def _channel_for(mission: Mission, kind: str, quantity: str) -> Channel | None:
    carrying = (one for one in mission.channels if one.entity == kind and carries(one, quantity))
    return next(carrying, None)


def quantities_of(mission: Mission, entity: str) -> list[str]:
    """Return every quantity that some source of an entity carries at any time, in the order of the channels."""
    holders = [one for found, *_ in _holders(mission, entity, -(2**62), 2**62) for one in found]
    kinds = {mission.entity(holder).kind for holder in holders}
    names = [name for channel in mission.channels if channel.entity in kinds for name in _quantities(channel)]
    return list(dict.fromkeys(names))


def needed_source(mission: Mission, entity: str, quantity: str) -> None:
    """Raise MissionError where no channel could ever carry the quantity of an entity, with those that one does."""
    known = quantities_of(mission, entity)
    if quantity not in known:
        fault = Fault(f"quantity of {entity}", quantity, f"one of {', '.join(known) or '(nothing measures it)'}")
        raise MissionError(f"mission {mission.name}", (fault,))


def carries(channel: Channel, quantity: str) -> bool:
    """Return whether a channel measures a quantity, or its reference makes it of what it measures."""
    return quantity in _quantities(channel)


def _quantities(channel: Channel) -> tuple[str, ...]:
    return (channel.quantity, channel.reference.quantity) if channel.reference else (channel.quantity,)


def _holders(
    mission: Mission, entity: str, start_ns: int, stop_ns: int
) -> list[tuple[tuple[str, ...], str | None, int, int]]:
    """Return (entities that have channels, place, start, stop): sensor and place of a subject, or the entity itself."""
    if mission.entity(entity).kind != "subject":
        return [((entity,), None, start_ns, stop_ns)]
    holders: list[tuple[tuple[str, ...], str | None, int, int]] = []
    for one in mission.description.installation:
        start = max(start_ns, one.since_ns)
        stop = stop_ns if one.until_ns is None else min(stop_ns, one.until_ns)
        if one.subject == entity and start < stop:
            holders.append(((one.sensor, one.place), one.place, start, stop))
    return holders
