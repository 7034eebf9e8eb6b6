"""One mission folder, read into a frozen Mission with every fault of its files."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from telemus.errors import Fault, MissionError
from telemus.mission.channels import Channel
from telemus.mission.entities import Description, Entity, Installation
from telemus.mission.faults import Parts, cross_faults
from telemus.mission.results import Displays, Study, Wanted
from telemus.mission.simulation import Simulation
from telemus.mission.timeline import Timeline
from telemus.mission.values import STRICT

MISSIONS = Path(__file__).parents[1] / "missions"
"""The folder of the missions that ship."""
_T = TypeVar("_T")


@dataclass(frozen=True, config=STRICT)
class Mission:
    """One mission, read and checked: ``folder`` is where it was read, ``timeline_name`` which timeline was taken."""

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
    description = _parse(folder / "mission.toml", Description, faults)
    when = _parse(_timeline_path(folder, timeline, faults), Timeline, faults)
    channels = _parse(folder / "channels.toml", tuple[Channel, ...], faults, "channel")
    products = _parse(folder / "products.toml", tuple[Wanted, ...], faults, "product")
    displays = _parse(folder / "displays.toml", Displays, faults)
    study = _parse(folder / "study.toml", Study, faults)
    simulated = folder / "simulation.toml"
    simulation = _parse(simulated, Simulation, faults) if simulated.is_file() else None
    absent = (folder / name for name in ("packets.xml", "README.md") if not (folder / name).is_file())
    faults.extend(Fault(str(path), "no file", "the file") for path in absent)
    faults.extend(cross_faults(Parts(description, when, channels, products, displays, simulation), timeline))
    if not (description and when and displays and study) or channels is None or products is None:
        return None, faults
    return Mission(folder, timeline, description, when, channels, products, displays, study, simulation), faults


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
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be ", "")
    wanted = message.rpartition("wanted ")[2] if "wanted " in message else message[:1].lower() + message[1:]
    return Fault(where, repr(item["input"]), wanted)


def _known_keys(kind: Any, location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that stand at a place of a file, by walking the dataclasses to it."""
    for step in location[:-1]:
        options = [kind, *typing.get_args(kind)]
        if isinstance(step, int) or not any(hasattr(option, "__dataclass_fields__") for option in options):
            kind = next((arg for arg in typing.get_args(kind) if arg is not Ellipsis and arg is not str), kind)
            continue
        owner = next(option for option in options if hasattr(option, "__dataclass_fields__"))
        hints = typing.get_type_hints(owner)
        kind = next((hints[name] for name, key in _keys(owner) if step in {key, name}), kind)
    owners = [option for option in (kind, *typing.get_args(kind)) if hasattr(option, "__dataclass_fields__")]
    return [key for _, key in _keys(owners[0])] if owners else []


def _keys(owner: Any) -> list[tuple[str, str]]:
    """Return (field name, key in the file) of a dataclass."""
    return [(one.name, owner.__pydantic_fields__[one.name].alias or one.name) for one in fields(owner)]
