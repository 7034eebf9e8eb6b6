"""What flies: entities and their history, sensors in subjects in places, groups, factors, light and clock."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from telemus.mission.values import STRICT, Hour, Name, Positive, Scalar, TaiNs, UnitSymbol


@dataclass(frozen=True, config=STRICT)
class Change:
    """Attributes of an entity that hold from an instant on."""

    since_ns: Annotated[TaiNs, Field(alias="since")]
    attributes: dict[str, Scalar]


@dataclass(frozen=True, config=STRICT)
class Entity:
    """Something that exists: a subject, a cage, an antenna, a sensor, a gondola. Floor 0 knows no animals.

    ``address`` is the number by which packets name it, among entities of its kind.
    """

    kind: Name
    id: Name
    title: str = ""
    parent: str | None = None
    address: int | None = None
    attributes: dict[str, Scalar] = Field(default_factory=dict)
    history: tuple[Change, ...] = ()

    def attributes_at(self, time_ns: int) -> dict[str, Scalar]:
        """Return the attributes that hold at an instant [ns TAI]: the first ones, then each change up to then."""
        found = dict(self.attributes)
        for change in sorted(self.history, key=lambda one: one.since_ns):
            if change.since_ns <= time_ns:
                found |= change.attributes
        return found


@dataclass(frozen=True, config=STRICT)
class Installation:
    """Which sensor sat in which subject, in which place (cage), from when to when."""

    sensor: str
    subject: str
    place: str
    since_ns: Annotated[TaiNs, Field(alias="since")]
    until_ns: Annotated[TaiNs | None, Field(alias="until")] = None


@dataclass(frozen=True, config=STRICT)
class Zero:
    """A reading of a sensor's zero offset: what it shows at a true gauge pressure of zero, at an instant."""

    sensor: str
    at_ns: Annotated[TaiNs, Field(alias="at")]
    offset: float
    unit: UnitSymbol
    source: str


@dataclass(frozen=True, config=STRICT)
class Group:
    """Subjects compared together."""

    name: Name
    title: str
    members: tuple[str, ...]


@dataclass(frozen=True, config=STRICT)
class Factor:
    """A variable of the design, its levels, and the level of each subject."""

    name: Name
    title: str
    levels: dict[str, tuple[str, ...]]

    def level_of(self, subject: str) -> str | None:
        """Return the level that a subject has, None where it has none."""
        return next((level for level, members in self.levels.items() if subject in members), None)


@dataclass(frozen=True, config=STRICT)
class Light:
    """Light cycle: lights on and off [h of local time], and local time minus UTC [h]."""

    on_h: Annotated[Hour, Field(alias="on")]
    off_h: Annotated[Hour, Field(alias="off")]
    utc_offset_h: Annotated[float, Field(ge=-14, le=14)]
    source: str


@dataclass(frozen=True, config=STRICT)
class OnboardClock:
    """The recorder's counter: its octets in CUC time, and which container and parameters tie it to TAI.

    ``rollover_s`` is where it begins anew, if that is not where its coarse octets end.
    """

    coarse_octets: Annotated[int, Field(ge=1, le=7)]
    fine_octets: Annotated[int, Field(ge=0, le=10)]
    coarse_parameter: str
    fine_parameter: str
    container: str
    reference_s_parameter: str
    reference_ns_parameter: str
    step_limit_s: Positive
    source: str
    rollover_s: Annotated[int, Field(gt=0)] | None = None

    @property
    def modulus_s(self) -> int:
        """Return the seconds after which the counter rolls over [s]."""
        return self.rollover_s or 1 << (8 * self.coarse_octets)


@dataclass(frozen=True, config=STRICT)
class Description:
    """The file mission.toml."""

    name: Name
    title: str
    description: str
    light: Light
    clock: OnboardClock
    entity: tuple[Entity, ...]
    species: str | None = None
    installation: tuple[Installation, ...] = ()
    zero: tuple[Zero, ...] = ()
    group: tuple[Group, ...] = ()
    factor: tuple[Factor, ...] = ()
