"""Say which parameters of which packets are samples of which channel, and whose address stands for which entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.errors import DefinitionError, Fault
from telemus.mission import Channel, Mission
from telemus.packets import ContainerPlan, DecodedTable, Plan


@dataclass(frozen=True, eq=False)
class Route:
    """The channels whose samples come in the packets of one container, and the entities by address.

    ``entity_parameter`` None means a single entity, under address 0.
    """

    container: str
    kind: str
    entity_parameter: str | None
    entities: Mapping[int, str]
    channels: tuple[Channel, ...]

    def addresses(self, table: DecodedTable) -> NDArray[np.int64]:
        """Return the address of each packet (n,)."""
        if self.entity_parameter is None:
            return np.zeros(table.count, np.int64)
        return np.asarray(table.columns[self.entity_parameter], np.int64)


def period_ns(channel: Channel) -> Fraction:
    """Return the nominal sampling period of a channel [ns]."""
    return NS_PER_S / Fraction(channel.rate_hz).limit_denominator(10**9)


def routes_of(mission: Mission, plan: Plan) -> dict[str, tuple[Route, ...]]:
    """Return the routes of each container that carries channels.

    Raises DefinitionError with every channel whose container or parameter the packet definition lacks.
    """
    faults: list[Fault] = []
    grouped: dict[tuple[str, str, str | None], list[Channel]] = {}
    for channel in mission.channels:
        found = [container for name, container in plan.containers.items() if short_name(name) == channel.container]
        if not found:
            known = ", ".join(sorted(short_name(name) for name in plan.containers))
            faults.append(Fault(f"channel {channel.name}: container", channel.container, f"one of {known}"))
            continue
        faults.extend(_parameter_faults(channel, found[0]))
        grouped.setdefault((found[0].name, channel.entity, channel.entity_parameter), []).append(channel)
    if faults:
        raise DefinitionError(f"mission {mission.name}, channels.toml against packets.xml", tuple(faults))
    routes: dict[str, tuple[Route, ...]] = {}
    for (container, kind, parameter), channels in grouped.items():
        route = Route(container, kind, parameter, _entities(mission, kind, parameter), tuple(channels))
        routes[container] = (*routes.get(container, ()), route)
    return routes


def short_name(name: str) -> str:
    """Return the name of a container without its space systems."""
    return name.rsplit("/", 1)[-1]


def _parameter_faults(channel: Channel, container: ContainerPlan) -> list[Fault]:
    known = [field.name for field in container.fields]
    return [
        Fault(f"channel {channel.name}: parameter", name, f"one of {', '.join(known)} in {channel.container}")
        for name in (channel.parameter, channel.entity_parameter)
        if name is not None and name not in known
    ]


def _entities(mission: Mission, kind: str, parameter: str | None) -> dict[int, str]:
    entities = mission.entities(kind)
    if parameter is None:
        return {0: entities[0].id} if entities else {}
    return {entity.address: entity.id for entity in entities if entity.address is not None}


def samples_of(table: DecodedTable, parameter: str) -> NDArray[Any]:
    """Return the samples of a parameter (n, k); (n, 0) where their number differs from packet to packet."""
    column = table.columns[parameter]
    return column.reshape(table.count, -1) if isinstance(column, np.ndarray) else np.zeros((table.count, 0), np.uint8)
