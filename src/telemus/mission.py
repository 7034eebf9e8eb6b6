"""Reads and checks one mission folder into frozen dataclasses.

A mission is a folder of data, never code::

    mission.toml      what flies: entities, installations, groups, factors, light, clock
    timelines/*.toml  when: phases and the recorder's duty cycle (the flight itself, a rehearsal ...)
    packets.xml       XTCE: how bytes become parameters
    channels.toml     channel <- parameter: unit, rate, calibration, limits, the source of each number
    products.toml     results wanted; parameters that differ from the default, and why
    displays.toml     what the page shows
    study.toml        study metadata for publication
    simulation.toml   what only the simulator needs: oscillator, fates, fault rates
    README.md         where every number came from, and which are assumptions

An unknown key is a fault that lists the known ones. All faults of a folder are reported at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from telemus.clock import NS_PER_S, parse_utc
from telemus.errors import ClockError, Fault, MissionError, UnitError
from telemus.units import quantity_of, unit_of

MISSIONS = Path(__file__).with_name("missions")
_STRICT = ConfigDict(extra="forbid", populate_by_name=True)
_T = TypeVar("_T")


def _instant(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    try:
        return parse_utc(text)
    except ClockError as error:
        raise ValueError(str(error)) from error


def _clock_hour(value: object) -> float:
    text = str(value)
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes[:2].isdigit() and int(hours) < 24 and int(minutes[:2]) < 60):
        raise ValueError("wanted a time of day such as 08:00")
    return int(hours) + int(minutes[:2]) / 60


def _unit(value: object) -> str:
    try:
        return unit_of(str(value)).symbol
    except UnitError as error:
        raise ValueError(str(error)) from error


def _quantity(value: object) -> str:
    try:
        quantity_of(str(value))
    except UnitError as error:
        raise ValueError(str(error)) from error
    return str(value)


TaiNs = Annotated[int, BeforeValidator(_instant)]
"""An instant, written as ISO 8601 with a zone, held as ``tai_ns``."""
Hour = Annotated[float, BeforeValidator(_clock_hour)]
"""A time of day, written 08:00, held in hours [h]."""
UnitSymbol = Annotated[str, BeforeValidator(_unit)]
QuantityName = Annotated[str, BeforeValidator(_quantity)]
Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Scalar = str | int | float | bool


@dataclass(frozen=True, config=_STRICT)
class Change:
    """Attributes of an entity that hold from an instant on."""

    since_ns: Annotated[TaiNs, Field(alias="since")]
    attributes: dict[str, Scalar]


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
class Installation:
    """Which sensor sat in which subject, in which place (cage), from when to when."""

    sensor: str
    subject: str
    place: str
    since_ns: Annotated[TaiNs, Field(alias="since")]
    until_ns: Annotated[TaiNs | None, Field(alias="until")] = None


@dataclass(frozen=True, config=_STRICT)
class Zero:
    """A reading of a sensor's zero offset: what it shows at a true gauge pressure of zero, at an instant."""

    sensor: str
    at_ns: Annotated[TaiNs, Field(alias="at")]
    offset: float
    unit: UnitSymbol
    source: str


@dataclass(frozen=True, config=_STRICT)
class Group:
    """Subjects compared together."""

    name: Name
    title: str
    members: tuple[str, ...]


@dataclass(frozen=True, config=_STRICT)
class Factor:
    """A variable of the design, its levels, and the level of each subject."""

    name: Name
    title: str
    levels: dict[str, tuple[str, ...]]

    def level_of(self, subject: str) -> str | None:
        """Return the level that a subject has, None where it has none."""
        return next((level for level, members in self.levels.items() if subject in members), None)


@dataclass(frozen=True, config=_STRICT)
class Light:
    """Light cycle: lights on and off [h of local time], and local time minus UTC [h]."""

    on_h: Annotated[Hour, Field(alias="on")]
    off_h: Annotated[Hour, Field(alias="off")]
    utc_offset_h: Annotated[float, Field(ge=-14, le=14)]
    source: str


@dataclass(frozen=True, config=_STRICT)
class OnboardClock:
    """The recorder's counter: its octets in CUC time, and which container and parameters tie it to TAI."""

    coarse_octets: Annotated[int, Field(ge=1, le=7)]
    fine_octets: Annotated[int, Field(ge=0, le=10)]
    coarse_parameter: str
    fine_parameter: str
    container: str
    reference_s_parameter: str
    reference_ns_parameter: str
    step_limit_s: Positive
    source: str


@dataclass(frozen=True, config=_STRICT)
class Calibration:
    """Counts to a physical value, ``gain * counts + offset`` [unit of the channel], and where the numbers come from."""

    gain: float
    offset: float
    source: str
    assumption: bool = False


@dataclass(frozen=True, config=_STRICT)
class Limits:
    """The range [unit of the channel] outside which a value is not believed."""

    low: float
    high: float
    source: str


@dataclass(frozen=True, config=_STRICT)
class Reference:
    """What is taken from a channel to make another: the channel to subtract, of the place the subject is in."""

    channel: str
    quantity: QuantityName


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
class Wanted:
    """A product wanted by name, with parameters that differ from its defaults, and why."""

    name: Name
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, config=_STRICT)
class Panel:
    """One trend that the page shows: a column of a windowed product, with its label and unit."""

    product: str
    column: str
    title: str
    unit: str


@dataclass(frozen=True, config=_STRICT)
class Displays:
    """What the page shows: trends, phases looked at closely, and the length of waveform in the zoom [s]."""

    panel: tuple[Panel, ...]
    transitions: tuple[str, ...] = ()
    zoom_s: Positive = 3.0
    zoom_channels: tuple[str, ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Person:
    """Somebody to ask."""

    name: str
    role: str
    organisation: str = ""


@dataclass(frozen=True, config=_STRICT)
class Study:
    """Study metadata for publication."""

    identifier: str
    title: str
    description: str
    organisations: tuple[str, ...]
    people: tuple[Person, ...] = ()
    licence: str = ""
    protocol: str = ""
    references: tuple[str, ...] = ()
    notice: str = ""


@dataclass(frozen=True, config=_STRICT)
class Phase:
    """A part of the timeline [h after T0]. ``baseline`` phases are what a subject is compared with.

    ``on_s`` and ``every_s`` declare a duty cycle: the recorder is on for the first ``on_s`` of every ``every_s`` seconds,
    counted from the phase's start; without them it records all the time.
    """

    name: Name
    title: str
    kind: Literal["ground", "launch", "flight", "descent", "recovery"]
    start_h: float
    stop_h: float
    baseline: bool = False
    on_s: Annotated[int, Field(gt=0)] | None = None
    every_s: Annotated[int, Field(gt=0)] | None = None


@dataclass(frozen=True, config=_STRICT)
class Timeline:
    """Phases in order, without holes, around T0."""

    title: str
    t0_ns: Annotated[TaiNs, Field(alias="t0")]
    phase: Annotated[tuple[Phase, ...], Field(min_length=1)]
    source: str

    @property
    def start_ns(self) -> int:
        """Return the start of the first phase [ns TAI]."""
        return self.span_of(self.phase[0])[0]

    @property
    def stop_ns(self) -> int:
        """Return the end of the last phase [ns TAI]."""
        return self.span_of(self.phase[-1])[1]

    def span_of(self, phase: Phase) -> tuple[int, int]:
        """Return start and stop of a phase [ns TAI]."""
        start, stop = (self.t0_ns + round(hours * 3600 * NS_PER_S) for hours in (phase.start_h, phase.stop_h))
        return start, stop

    def phase_at(self, time_ns: int) -> Phase | None:
        """Return the phase that holds at an instant [ns TAI]; None outside the timeline."""
        for phase in self.phase:
            start, stop = self.span_of(phase)
            if start <= time_ns < stop:
                return phase
        return None

    def recorded(self, start_ns: int, stop_ns: int) -> NDArray[np.int64]:
        """Return the spans [ns TAI] (n, 2) between two instants in which the recorder is on by its schedule.

        Spans that touch are joined.
        """
        spans: list[list[int]] = []
        for phase in self.phase:
            for on, off in self._on_spans(phase):
                begin, end = max(on, start_ns), min(off, stop_ns)
                if begin >= end:
                    continue
                if spans and spans[-1][1] == begin:
                    spans[-1][1] = end
                else:
                    spans.append([begin, end])
        return np.array(spans, np.int64).reshape(-1, 2)

    def _on_spans(self, phase: Phase) -> Iterator[tuple[int, int]]:
        start, stop = self.span_of(phase)
        if phase.on_s is None or phase.every_s is None:
            yield start, stop
            return
        for on in range(start, stop, phase.every_s * NS_PER_S):
            yield on, min(on + phase.on_s * NS_PER_S, stop)


@dataclass(frozen=True, config=_STRICT)
class Oscillator:
    """The recorder's oscillator in simulation: rate error [1e-6], and the counter at the start [s]."""

    drift_ppm: float
    counter_start_s: Annotated[int, Field(ge=0)]
    correlation_every_s: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Fate:
    """Something that befalls one subject in simulation: death or a clot, at a time [h after T0]."""

    subject: str
    kind: Literal["death", "clot"]
    at_h: float


@dataclass(frozen=True, config=_STRICT)
class FaultRates:
    """How much goes wrong between recorder and ground, in simulation.

    Rates are per recorded hour unless the name says otherwise; ``radio_*`` are per subject and recorded hour.
    """

    radio_dropouts: float = 0.0
    radio_dropout_s: float = 2.0
    rails: float = 0.0
    spikes: float = 0.0
    bit_flips: float = 0.0
    lost_packets: float = 0.0
    duplicate_packets: float = 0.0
    restarts: int = 0
    clock_steps: int = 0
    clock_step_s: float = 0.0
    truncated_bytes: int = 0


@dataclass(frozen=True, config=_STRICT)
class Simulation:
    """What only the simulator needs. ``model`` names the physics from the simulator's written list."""

    model: Name
    source: str
    oscillator: Oscillator
    sensor_noise_mmhg: Annotated[float, Field(ge=0)] = 0.0
    zero_drift_mmhg_per_day: float = 0.0
    fate: tuple[Fate, ...] = ()
    faults: dict[str, FaultRates] = Field(default_factory=dict)


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
class Mission:
    """One mission, read and checked. ``folder`` is where it was read from, ``timeline_name`` which timeline was taken."""

    folder: Path
    timeline_name: str
    description: Description
    timeline: Timeline
    channels: tuple[Channel, ...]
    products: tuple[Wanted, ...]
    displays: Displays
    study: Study
    simulation: Simulation | None = None

    @property
    def name(self) -> str:
        """Return the mission's name."""
        return self.description.name

    @property
    def definition_path(self) -> Path:
        """Return the path of the packet definition."""
        return self.folder / "packets.xml"

    @property
    def subjects(self) -> tuple[Entity, ...]:
        """Return the entities of kind ``subject``, in the order of the file."""
        return self.entities("subject")

    def entities(self, kind: str) -> tuple[Entity, ...]:
        """Return the entities of a kind, in the order of the file."""
        return tuple(entity for entity in self.description.entity if entity.kind == kind)

    def entity(self, identifier: str) -> Entity:
        """Return the entity of that id, or raise MissionError."""
        for entity in self.description.entity:
            if entity.id == identifier:
                return entity
        known = ", ".join(entity.id for entity in self.description.entity)
        raise MissionError(f"mission {self.name}", (Fault("entity", identifier, f"one of {known}"),))

    def channel(self, name: str) -> Channel:
        """Return the channel of that name, or raise MissionError."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        known = ", ".join(channel.name for channel in self.channels)
        raise MissionError(f"mission {self.name}", (Fault("channel", name, f"one of {known}"),))

    def installation_of(self, subject: str, time_ns: int) -> Installation | None:
        """Return the installation of a subject's sensor at an instant [ns TAI], None where there was none."""
        for one in self.description.installation:
            if one.subject == subject and one.since_ns <= time_ns and (one.until_ns is None or time_ns < one.until_ns):
                return one
        return None


def find_folder(name_or_path: str | Path) -> Path:
    """Return the folder of a mission that is named (one that ships) or given by path.

    Raises MissionError where there is neither, with the missions that ship.
    """
    given = Path(name_or_path)
    if (given / "mission.toml").is_file():
        return given
    if given.name == str(name_or_path) and (MISSIONS / given / "mission.toml").is_file():
        return MISSIONS / given
    shipped = sorted(path.parent.name for path in MISSIONS.glob("*/mission.toml"))
    wanted = f"a folder with a mission.toml, or one of {', '.join(shipped)}"
    raise MissionError("mission", (Fault("MISSION", str(name_or_path), wanted),))


def load(name_or_path: str | Path, timeline: str = "flight") -> Mission:
    """Read and check one mission folder, with one of its timelines.

    Raises MissionError with every fault found in all of its files.
    """
    folder = find_folder(name_or_path)
    mission, faults = read(folder, timeline)
    if mission is None or faults:
        raise MissionError(f"mission {folder.name}", tuple(faults))
    return mission


def read(folder: Path, timeline: str = "flight") -> tuple[Mission | None, list[Fault]]:
    """Read one mission folder; return it (None where a file did not parse) and every fault found."""
    faults: list[Fault] = []
    parts = {
        "description": _parse(folder / "mission.toml", Description, faults),
        "timeline": _parse(_timeline_path(folder, timeline, faults), Timeline, faults),
        "channels": _parse(folder / "channels.toml", tuple[Channel, ...], faults, "channel"),
        "products": _parse(folder / "products.toml", tuple[Wanted, ...], faults, "product"),
        "displays": _parse(folder / "displays.toml", Displays, faults),
        "study": _parse(folder / "study.toml", Study, faults),
    }
    simulation_path = folder / "simulation.toml"
    simulation = _parse(simulation_path, Simulation, faults) if simulation_path.is_file() else None
    for name in ("packets.xml", "README.md"):
        if not (folder / name).is_file():
            faults.append(Fault(str(folder / name), "no file", "the file"))
    if any(part is None for part in parts.values()):
        return None, faults
    mission = Mission(folder=folder, timeline_name=timeline, simulation=simulation, **parts)
    faults.extend(_cross_faults(mission))
    return mission, faults


def _timeline_path(folder: Path, timeline: str, faults: list[Fault]) -> Path | None:
    known = sorted(path.stem for path in (folder / "timelines").glob("*.toml"))
    if timeline in known:
        return folder / "timelines" / f"{timeline}.toml"
    faults.append(Fault(f"{folder.name}/timelines", timeline, f"one of {', '.join(known) or '(no timeline there)'}"))
    return None


def _parse(path: Path | None, kind: type[_T], faults: list[Fault], table: str = "") -> _T | None:
    """Return one TOML file as ``kind``; None, with the faults noted, where it does not fit."""
    if path is None:
        return None
    try:
        content: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(Fault(str(path), "no file", "the file"))
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), str(error), "TOML 1.0 in UTF-8"))
        return None
    if table:
        faults.extend(
            Fault(f"{path.name}: {key}", "a key that nobody reads", f"only [[{table}]]")
            for key in content
            if key != table
        )
        content = content.get(table, [])
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        faults.extend(_fault_of(path.name, table, kind, item) for item in error.errors())
        return None


def _fault_of(file: str, table: str, kind: Any, item: Mapping[str, Any]) -> Fault:
    """Return one validation error as a fault: where it stands, what was got, what was wanted."""
    steps = ([table] if table else []) + [str(step) for step in item["loc"]]
    where = f"{file}: {'.'.join(steps)}" if steps else file
    if item["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return Fault(where, "a key that nobody reads", f"one of {', '.join(_known_keys(kind, item['loc']))}")
    if item["type"].startswith("missing"):
        return Fault(where, "nothing", "a value: this key is required")
    message = str(item["msg"]).removeprefix("Value error, ")
    wanted = message.rpartition("wanted ")[2] if "wanted " in message else message[:1].lower() + message[1:]
    return Fault(where, repr(item["input"]), wanted)


def _known_keys(kind: Any, location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that stand at a place of a file, by walking the dataclasses to it."""
    import typing

    for step in location[:-1]:
        options = [kind, *typing.get_args(kind)]
        if isinstance(step, int) or not any(hasattr(option, "__dataclass_fields__") for option in options):
            kind = next((arg for arg in typing.get_args(kind) if arg is not Ellipsis and arg is not str), kind)
            continue
        owner = next(option for option in options if hasattr(option, "__dataclass_fields__"))
        hints = typing.get_type_hints(owner)
        kind = next((hints[name] for name, key in _keys(owner) if key == step or name == step), kind)
    owners = [option for option in (kind, *typing.get_args(kind)) if hasattr(option, "__dataclass_fields__")]
    return [key for _, key in _keys(owners[0])] if owners else []


def _keys(owner: Any) -> list[tuple[str, str]]:
    """Return (field name, key in the file) of a dataclass."""
    return [(one.name, owner.__pydantic_fields__[one.name].alias or one.name) for one in fields(owner)]


def _cross_faults(mission: Mission) -> Iterator[Fault]:
    """Yield the faults that show only between files: references, times and units."""
    yield from _entity_faults(mission.description)
    yield from _timeline_faults(mission.timeline, f"timelines/{mission.timeline_name}.toml")
    yield from _channel_faults(mission)
    yield from _display_faults(mission)
    for fate in mission.simulation.fate if mission.simulation else ():
        if fate.subject not in {subject.id for subject in mission.subjects}:
            yield Fault("simulation.toml: fate.subject", fate.subject, "the id of a subject")


def _entity_faults(description: Description) -> Iterator[Fault]:
    ids = [entity.id for entity in description.entity]
    of_kind = {entity.id: entity.kind for entity in description.entity}
    for identifier in sorted({one for one in ids if ids.count(one) > 1}):
        yield Fault("mission.toml: entity.id", f"{identifier} twice", "each id once")
    addresses = [(entity.kind, entity.address) for entity in description.entity if entity.address is not None]
    for kind, address in sorted({one for one in addresses if addresses.count(one) > 1}):
        yield Fault(
            "mission.toml: entity.address", f"{address} for two of kind {kind}", "each address once in its kind"
        )
    for entity in description.entity:
        if entity.parent is not None and entity.parent not in of_kind:
            yield Fault(f"mission.toml: entity {entity.id}.parent", entity.parent, "the id of an entity")
    for one in description.installation:
        yield from _role_faults(
            of_kind, f"installation of {one.sensor}", {"sensor": one.sensor, "subject": one.subject}
        )
        if one.place not in of_kind:
            yield Fault(f"mission.toml: installation of {one.sensor}.place", one.place, "the id of an entity")
        if one.until_ns is not None and one.until_ns <= one.since_ns:
            yield Fault(f"mission.toml: installation of {one.sensor}.until", "a time before since", "a later time")
    for zero in description.zero:
        yield from _role_faults(of_kind, "zero", {"sensor": zero.sensor})
        if unit_of(zero.unit).dimension != "pressure":
            yield Fault(f"mission.toml: zero of {zero.sensor}.unit", zero.unit, "a unit of pressure")
    for group in description.group:
        for member in group.members:
            yield from _role_faults(of_kind, f"group {group.name}.members", {"subject": member})
    for factor in description.factor:
        for level, members in factor.levels.items():
            for member in members:
                yield from _role_faults(of_kind, f"factor {factor.name}.levels.{level}", {"subject": member})


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
    names = [phase.name for phase in timeline.phase]
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield Fault(f"{file}: phase.name", f"{name} twice", "each name once")


def _channel_faults(mission: Mission) -> Iterator[Fault]:
    names = [channel.name for channel in mission.channels]
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield Fault("channels.toml: channel.name", f"{name} twice", "each name once")
    kinds = {entity.kind for entity in mission.description.entity}
    for channel in mission.channels:
        where = f"channels.toml: channel {channel.name}"
        dimension = quantity_of(channel.quantity).dimension
        if unit_of(channel.unit).dimension != dimension:
            yield Fault(f"{where}.unit", channel.unit, f"a unit of {dimension}, as {channel.quantity} is one")
        if channel.entity not in kinds:
            yield Fault(f"{where}.entity", channel.entity, f"a kind of entity: {', '.join(sorted(kinds))}")
        if channel.reference is not None and channel.reference.channel not in names:
            yield Fault(f"{where}.reference.channel", channel.reference.channel, "the name of a channel")
        if channel.limits is not None and channel.limits.low >= channel.limits.high:
            yield Fault(f"{where}.limits", f"low {channel.limits.low}, high {channel.limits.high}", "low below high")


def _display_faults(mission: Mission) -> Iterator[Fault]:
    wanted = {product.name for product in mission.products}
    for panel in mission.displays.panel:
        if panel.product not in wanted:
            yield Fault(
                f"displays.toml: panel {panel.title}.product", panel.product, f"one of {', '.join(sorted(wanted))}"
            )
    names = {channel.name for channel in mission.channels}
    for name in mission.displays.zoom_channels:
        if name not in names:
            yield Fault("displays.toml: zoom_channels", name, f"one of {', '.join(sorted(names))}")
    phases = {phase.name for phase in mission.timeline.phase}
    for name in mission.displays.transitions:
        if name not in phases:
            yield Fault("displays.toml: transitions", name, f"one of {', '.join(sorted(phases))}")
