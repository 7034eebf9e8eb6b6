"""What is measured: channels, their place in the packets, calibration and limits."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from telemus.mission.values import STRICT, Name, Positive, QuantityName, TaiNs, UnitSymbol

BELIEVED = "limit"
"""The level of the limits outside which a value is not believed; the others only raise alarms."""
Level = Literal["limit", "watch", "warning", "distress", "critical", "severe"]


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """Counts to a physical value, ``gain * counts + offset`` [unit of the channel], and where the numbers come from."""

    gain: float
    offset: float
    source: str
    assumption: bool = False


@dataclass(frozen=True, config=STRICT)
class Limits:
    """A range [unit of the channel]; a value outside it raises an alarm of the level.

    Outside the level ``limit`` a value is not believed, too; the other levels are those of XTCE. ``since`` is from when
    on it holds, until another of its level does; without it, from the beginning. One end may be left open.
    """

    source: str
    low: float | None = None
    high: float | None = None
    level: Level = "limit"
    since_ns: Annotated[TaiNs | None, Field(alias="since")] = None


def _listed(value: object) -> object:
    """Return one table as a list of one; ``limits`` may be either."""
    return (value,) if isinstance(value, dict) else value


@dataclass(frozen=True, config=STRICT)
class Reference:
    """What is taken from a channel to make another: the channel to subtract, of the place the subject is in."""

    channel: str
    quantity: QuantityName


@dataclass(frozen=True, config=STRICT)
class Channel:
    """One measured quantity of each entity of a kind, and where its samples stand in the packets.

    ``bits`` is the width of the converter, for rails; ``latency_ms`` the delay from the event to its sample [ms].
    """

    name: Name
    title: str
    entity: Name
    quantity: QuantityName
    unit: UnitSymbol
    rate_hz: Positive
    container: str
    parameter: str
    source: str
    entity_parameter: str | None = None
    calibration: Calibration | None = None
    limits: Annotated[tuple[Limits, ...], BeforeValidator(_listed)] = ()
    reference: Reference | None = None
    rails: tuple[int, int] | None = None
    latency_ms: float = 0.0
    assumption: bool = False

    def limits_between(self, level: str, start_ns: int, stop_ns: int) -> list[tuple[int, int, Limits]]:
        """Return (start, stop, limits) of a level that hold between two instants [ns TAI], in order of time."""
        dated = sorted((one for one in self.limits if one.level == level), key=lambda one: one.since_ns or -(2**63))
        edges = [*(start_ns if one.since_ns is None else max(one.since_ns, start_ns) for one in dated), stop_ns]
        spans = zip(pairwise(edges), dated, strict=True)
        return [(begin, min(end, stop_ns), one) for (begin, end), one in spans if begin < min(end, stop_ns)]
