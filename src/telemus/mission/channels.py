"""What is measured: channels, their place in the packets, calibration and limits."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from telemus.mission.values import STRICT, Name, Positive, QuantityName, UnitSymbol


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """Counts to a physical value, ``gain * counts + offset`` [unit of the channel], and where the numbers come from."""

    gain: float
    offset: float
    source: str
    assumption: bool = False


@dataclass(frozen=True, config=STRICT)
class Limits:
    """The range [unit of the channel] outside which a value is not believed."""

    low: float
    high: float
    source: str


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
    limits: Limits | None = None
    reference: Reference | None = None
    rails: tuple[int, int] | None = None
    latency_ms: float = 0.0
    assumption: bool = False
