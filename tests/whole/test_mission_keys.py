"""Each key of a mission, changed, changes a result; a key that nobody reads is an error.

A result is what the simulator writes, a granule (its name is the hash of everything it was made from, or its rows), or
the page. A name that others refer to is changed in all places at once; one that stands in the packet definition cannot
be, so that the fault is the result.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import shutil
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.archive import Archive
from telemus.archive.identity import new_identity, write_identity
from telemus.errors import Fault
from telemus.mission import Channel, Description, Displays, Simulation, Study, Timeline, Wanted
from telemus.pipeline import check_mission, ingest, make_plan, process
from telemus.report import mission_page, render
from telemus.simulate import MODELS, simulate_mission, simulation_faults

Documents = dict[str, dict[str, Any]]
Path_ = tuple[str | int, ...]
Reader = Callable[[Path], Documents]
Writer = Callable[[Documents, Path, Path], Path]
BALLOON = Path(__file__).with_name("balloon")
SCHEMA = {
    "mission.toml": Description,
    "channels.toml": Channel,
    "products.toml": Wanted,
    "displays.toml": Displays,
    "study.toml": Study,
    "simulation.toml": Simulation,
    "timelines/flight.toml": Timeline,
}
LIST_OF = {"channels.toml": "channel", "products.toml": "product"}
"""Files that are one list of tables."""

PROSE = {"title", "source", "description", "assumption", "why", "model", "strain", "sex", "mass_g"}
"""Keys that a reader of the page needs, and no number depends on."""
ON_THE_PAGE = {"displays.toml", "study.toml"}
IN_THE_DEFINITION = {
    "coarse_octets", "fine_octets", "coarse_parameter", "fine_parameter", "container", "parameter",
    "entity_parameter", "reference_s_parameter", "reference_ns_parameter",
}  # fmt: skip
"""Keys whose value must fit packets.xml, so that any other is a fault."""
MUST_FIT = {("product", "name"), ("panel", "unit"), ("entity", "kind"), ("entity", "parent"), ("channel", "entity")}
"""Keys whose other values are none: products, units of a panel, kinds of entity, the one place to be in."""
RENAMED = {"id", "name"}
"""Names that others refer to."""
OTHERS: dict[str, Any] = {
    "kind": {"ground": "flight", "launch": "flight", "flight": "ground", "descent": "flight", "recovery": "flight",
             "death": "clot", "clot": "death"},
    "on": {"08:00": "07:30", "06:00": "17:30"},
    "off": {"20:00": "19:59", "18:00": "11:30"},
    "unit": {"mmHg": "hPa", "mV": "V", "hPa": "kPa", "degC": "K", "bpm": "1", "1": "kB"},
    "quantity": {"pressure_absolute": "pressure_barometric", "pressure_arterial": "pressure_barometric",
                 "ecg": "battery", "pressure_barometric": "pressure_absolute",
                 "temperature_ambient": "temperature_body",                  "altitude": "state"},
    "parent": {"C1": "C6", "recorder": "C6", "G1": "R1"},
    "place": {"C1": "C6", "C6": "C1"},
    "subject": {"M1": "M6", "M6": "M1"},
    "sensor": {"S25101": "S25106", "S25106": "S25101"},
    "entity": {"sensor": "cage", "sonde": "gondola"},
    "channel": {"cage_pressure": "pressure"},
    "species": {"mouse": "rat"},
    "model": {"mouse": "sounding", "sounding": "mouse"},
    "product": {"windows_1min": "windows_1h", "channel_windows": "corrections"},
    "column": {"map_mmhg": "sbp_mmhg", "heart_rate_bpm": "coverage", "mean": "minimum"},
    "level": {"warning": "critical"},
    "transitions": {"launch": "flight", "ascent": "fall"},
    "zoom_channels": {"pressure": "ecg"},
    "step_limit_s": {0.01: 4.0},
    "correlation_every_s": {60: 20, 30: 17},
    "rate_hz": {500.0: 250.0, 1000.0: 500.0, 4.0: 2.0, 0.5: 0.25},
    "rails": {0: 1, -32768: -32767},
}  # fmt: skip
"""Another valid value, where adding to the old one gives none."""
PER_HOUR = 60.0
"""Fault rates are raised by so much that five minutes show it."""


class Change(NamedTuple):
    """One key, changed: where it stands, the documents afterwards, and the name that was changed everywhere."""

    file: str
    path: Path_
    documents: Documents

    @property
    def key(self) -> str:
        """Return the last name of the path."""
        return str(next(step for step in reversed(self.path) if isinstance(step, str)))

    def __str__(self) -> str:
        """Return file and path as one name."""
        return f"{self.file}: {'.'.join(map(str, self.path))}"


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield every leaf; of lists the first two elements, of entities and channels the first two of each kind."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        seen: dict[Any, int] = {}
        for place, one in enumerate(value):
            kind = one.get("kind") if isinstance(one, dict) and path == ("entity",) else None
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= (2 if isinstance(one, dict) else 1):
                yield from leaves(one, (*path, place))
    else:
        yield path, value


def changes(documents: Documents, file: str) -> Iterator[Change]:
    """Yield the documents with each key of a file changed."""
    for path, value in leaves(documents[file]):
        fresh = copy.deepcopy(documents)
        change = Change(file, path, fresh)
        other = _other(change, value)
        _table(fresh[file], path)[path[-1]] = other
        if change.key in RENAMED and file != "study.toml":
            _rename(fresh, value, other)
        _keep_whole(fresh, change, value, other)
        yield change


def _table(document: Any, path: Path_) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def _other(change: Change, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    key = change.key
    if value in OTHERS.get(key, {}):
        return OTHERS[key][value]
    if "faults" in change.path and key != "clock_step_s":
        return value * PER_HOUR if isinstance(value, float) else value + 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.001 if key in ("start_h", "stop_h") else 1.1 * value + 0.01
    if isinstance(value, datetime.datetime):
        return value + datetime.timedelta(hours=1)
    return "M6" if value == "M1" and key not in RENAMED else f"{value}x"


def _rename(document: Any, old: str, new: str) -> None:
    """Put a new name wherever the old one stands as a whole value."""
    steps = document.items() if isinstance(document, dict) else enumerate(document)
    for step, one in list(steps):
        if isinstance(one, (dict, list)):
            _rename(one, old, new)
        elif one == old and step not in ("kind", "container", "entity", "model", "quantity"):
            document[step] = new


def _keep_whole(documents: Documents, change: Change, old: Any, new: Any) -> None:
    """Change what must change with a key: the neighbour of a phase, the other of two that swap."""
    touching = {"stop_h": "start_h", "start_h": "stop_h"}
    if change.key in touching:
        for phase in documents[change.file]["phase"]:
            if phase[touching[change.key]] == old:
                phase[touching[change.key]] = new
    if change.key in ("place", "sensor", "subject") and change.path[0] in ("installation", "zero", "fate"):
        rows = documents[change.file][change.path[0]]
        for place, row in enumerate(rows):
            if place != change.path[1] and row[change.key] == new:
                row[change.key] = old
    if change.key == "column" and new == "coverage":
        _table(documents[change.file], change.path)["unit"] = "1"


class Chain:
    """The reference: a mission's flight, archive and page, and the question what a changed mission changes."""

    def __init__(self, documents: Documents, source: Path, work: Path, writer: Writer) -> None:
        self.documents, self.source, self.work, self._writer = documents, source, work, writer
        self._number = 0
        folder = self.write(documents)
        assert check_mission(folder, models=MODELS) == []
        self.flight = self._fly(folder, work / "flight")
        self.packets = sorted((work / "flight" / "packets").glob("*.bin"))
        self.archive = self._take(folder, work / "archive")
        assert process(self.archive, workers=1).failures == ()
        self.names = self._names(self.archive, self.archive.description)
        self.page = render(mission_page(self.archive))

    def write(self, documents: Documents) -> Path:
        """Write a mission folder of its own number, and return it."""
        self._number += 1
        return self._writer(documents, self.source, self.work / f"mission-{self._number}")

    def _fly(self, folder: Path, out: Path) -> dict[str, Any]:
        simulate_mission(missions.load(folder), out, faults="flight", seed=1, workers=1)
        found = {str(one.relative_to(out)): one for one in out.rglob("*") if one.parent.name in ("packets", "truth")}
        found["simulation.json"] = out / "simulation.json"
        return {name: hashlib.sha256(_timeless(path)).hexdigest() for name, path in found.items()}

    def _take(self, folder: Path, path: Path) -> Archive:
        store = archives.create(path, folder, "flight")
        ingest(store, self.packets)
        return store

    def _names(self, store: Archive, mission: missions.Mission) -> set[tuple[str, str]]:
        made = {(one.product, one.id) for one in make_plan(store, mission).tasks}
        return made | {(one.product, one.id) for one in store.granules() if one.level <= 1}

    def faults(self, change: Change) -> list[Fault]:
        """Return the faults of a changed mission."""
        return check_mission(self.write(change.documents), models=MODELS)

    def touched(self, change: Change) -> str:  # noqa: PLR0911 - one for each stage, the cheapest first
        """Return the name of a result that a change of the mission changes, "" where there is none."""
        folder = self.write(change.documents)
        mission = missions.load(folder)
        if change.file in ON_THE_PAGE or (change.key in PROSE and change.file != "simulation.toml"):
            return "page" if self._page_of(folder) != self.page else ""
        refused = bool(simulation_faults(mission))
        if refused and change.file == "simulation.toml":
            return "refusal"
        if change.file != "products.toml" and not refused:
            flown = self._fly(folder, self.work / f"flight-{self._number}")
            if flown != self.flight:
                return "packets"
        if change.file == "simulation.toml":
            return ""
        if self._names(self.archive, mission) != self.names:
            return "granules"
        if change.file != "products.toml":
            again = self._take(folder, self.work / f"archive-{self._number}")
            if self._names(again, mission) != self.names:
                return "granules"
        return "page" if self._page_of(folder) != self.page else ""

    def _page_of(self, folder: Path) -> str:
        """Return the page of the reference archive with another mission in it."""
        shown = self.work / "shown"
        shutil.rmtree(shown, ignore_errors=True)
        shutil.copytree(self.archive.path, shown)
        shutil.rmtree(shown / "mission")
        shutil.copytree(folder, shown / "mission")
        mission = missions.load(folder, self.archive.timeline_name)
        write_identity(shown, new_identity(mission, shown / "mission"))
        return render(mission_page(archives.open(shown)))


def _timeless(path: Path) -> bytes:
    """Return the content of a file, of the simulation's account only what does not tell speed and recipe."""
    if path.name != "simulation.json":
        return path.read_bytes()
    return json.dumps(json.loads(path.read_text("utf-8"))["source"]).encode()


def _drawn(figure: Any) -> str:
    """Return what a figure says, without the half second that laying it out takes."""
    parts = []
    for artist in figure.findobj():
        if hasattr(artist, "get_text"):
            parts.append(str(artist.get_text()))
        if type(artist).__name__ == "Line2D":
            parts.append(repr([np.asarray(one, float).tolist() for one in artist.get_data()]))
        if hasattr(artist, "get_paths"):
            parts.append(repr([path.vertices.tolist() for path in artist.get_paths()]))
        if hasattr(artist, "get_width") and hasattr(artist, "get_xy"):
            parts.append(repr((artist.get_xy(), artist.get_width(), artist.get_height())))
        if hasattr(artist, "get_facecolor"):
            parts.append(repr(np.asarray(artist.get_facecolor()).tolist()))
    return f"<svg>{hashlib.sha256(''.join(parts).encode()).hexdigest()}</svg>"


@pytest.fixture(scope="module", autouse=True)
def quick_figures() -> Iterator[None]:
    """Let figures say what they would draw instead of drawing it."""
    from telemus.report import signal_figures, time_figures

    with pytest.MonkeyPatch.context() as patch:
        for module in (signal_figures, time_figures):
            patch.setattr(module, "svg_of", _drawn)
        yield


@pytest.fixture(scope="module")
def tiny_chain(tmp_path_factory: pytest.TempPathFactory, tiny_documents: Documents, document_writer: Writer) -> Chain:
    return Chain(tiny_documents, missions.MISSIONS / "mtb2", tmp_path_factory.mktemp("keys"), document_writer)


@pytest.fixture(scope="module")
def balloon_chain(tmp_path_factory: pytest.TempPathFactory, document_reader: Reader, document_writer: Writer) -> Chain:
    return Chain(document_reader(BALLOON), BALLOON, tmp_path_factory.mktemp("balloon"), document_writer)


OF_SUBJECTS = {"zoom_s", "zoom_channels", "column", "product"}
"""Keys of displays.toml that show subjects, so that the page of a mission without any has no use for them."""


def untouched(chain: Chain, file: str) -> list[str]:
    """Return the keys of a file of which no result takes notice, and those whose change is a fault unduly."""
    found = []
    for change in changes(chain.documents, file):
        faults = chain.faults(change)
        if faults and not _must_fit(change):
            found.append(f"{change} is changed to a fault: {faults[0]}")
        elif not faults and not chain.touched(change):
            found.append(f"{change} changes nothing")
    return found


def _words(told: str) -> set[str]:
    return set(told.replace(".", " ").split())


def _must_fit(change: Change) -> bool:
    """Tell whether any other value of a key is a fault: of the definition, of what products and models there are."""
    if change.key in IN_THE_DEFINITION or change.key == "baseline":
        return True
    return (change.path[0], change.key) in MUST_FIT


@pytest.mark.slow
@pytest.mark.parametrize("file", SCHEMA)
def test_each_key_of_a_mission_changes_a_result(tiny_chain: Chain, file: str) -> None:
    assert untouched(tiny_chain, file) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No artists with labels")
@pytest.mark.parametrize("file", SCHEMA)
def test_each_key_of_the_balloon_changes_a_result(balloon_chain: Chain, file: str) -> None:
    found = [
        one for one in untouched(balloon_chain, file) if file != "displays.toml" or _words(one).isdisjoint(OF_SUBJECTS)
    ]
    assert found == []


def keys_of(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every key that a file of this kind may have, tables by their names, free tables as one."""
    hints = typing.get_type_hints(kind)
    for one in fields(kind):
        key = kind.__pydantic_fields__[one.name].alias or one.name
        tables = [each for each in _inside(hints[one.name]) if is_dataclass(each)]
        if tables:
            yield from keys_of(tables[0], (*path, key))
        else:
            yield (*path, key)


def _inside(hint: Any) -> Iterator[Any]:
    yield hint
    for one in typing.get_args(hint):
        yield from _inside(one)


@pytest.mark.parametrize("file", SCHEMA)
def test_the_tiny_mission_has_every_key_that_there_is(tiny_documents: Documents, file: str) -> None:
    """So that no key escapes the test above."""
    prefix = (LIST_OF[file],) if file in LIST_OF else ()
    known = {(*prefix, *path) for path in keys_of(SCHEMA[file])}
    present = {tuple(str(step) for step in path if isinstance(step, str)) for path, _ in leaves(tiny_documents[file])}
    free = {path[:-1] for path in present} | {(path[0], path[-1]) for path in present}  # levels, fault rates by name
    assert known <= present | free


def tables(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of every table, of lists the first element."""
    if isinstance(value, dict):
        yield path
        for key, one in value.items():
            yield from tables(one, (*path, key))
    elif isinstance(value, list) and value:
        yield from tables(value[0], (*path, 0))


FREE = {"attributes", "levels", "parameters", "faults"}
"""Tables whose keys are names of the mission's own."""


@pytest.mark.parametrize("file", SCHEMA)
def test_an_unknown_key_is_a_fault_that_lists_the_known_ones(
    tmp_path: Path, tiny_documents: Documents, document_writer: Writer, file: str
) -> None:
    for number, path in enumerate(tables(tiny_documents[file])):
        if path and path[-1] in FREE:
            continue
        fresh = copy.deepcopy(tiny_documents)
        table = _table(fresh[file], (*path, ""))
        siblings = set(table)
        table["surplus"] = 1
        folder = document_writer(fresh, missions.MISSIONS / "mtb2", tmp_path / str(number))
        told = [one for one in check_mission(folder, models=MODELS) if "surplus" in one.where]
        assert [one.got for one in told] == ["a key that nobody reads"], f"{file} {path}"
        assert told[0].where.startswith(f"{file.rpartition('/')[2]}: ")
        known = set(told[0].wanted.replace("only [[", "").replace("]]", "").removeprefix("one of ").split(", "))
        assert siblings - {"surplus"} <= known, f"{file} {path}: {told[0]}"


def test_the_test_can_fail(tiny_chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that nobody reads is seen: here the page forgets the study's licence."""
    monkeypatch.setattr(Chain, "_page_of", lambda self, folder: self.page)
    assert any("licence changes nothing" in one for one in untouched(tiny_chain, "study.toml"))
