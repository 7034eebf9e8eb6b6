"""A mission in little, as plain documents that tests change key by key, and its flight of five minutes."""

from __future__ import annotations

import datetime
import json
import shutil
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from telemus import archive as archives
from telemus import cli
from telemus import mission as missions
from telemus.archive import Archive
from telemus.pipeline import ingest, process
from telemus.simulate import simulate_mission

Documents = dict[str, dict[str, Any]]
"""The TOML files of a mission, by name."""
FILES = ("mission.toml", "channels.toml", "products.toml", "displays.toml", "study.toml", "simulation.toml")
KEPT = {"recorder", "C1", "C6", "A1", "A6", "S25101", "S25106", "M1", "M6"}
FLIGHT = """
title = "Five minutes"
t0 = 2025-08-12T16:59:00Z
source = "made for a test"

[[phase]]
name = "baseline"
title = "Baseline"
kind = "ground"
start_h = -0.05
stop_h = -0.0125
baseline = true
on_s = 30
every_s = 60

[[phase]]
name = "launch"
title = "Launch"
kind = "launch"
start_h = -0.0125
stop_h = 0.0125

[[phase]]
name = "flight"
title = "Flight"
kind = "flight"
start_h = 0.0125
stop_h = 0.03

[[phase]]
name = "descent"
title = "Descent"
kind = "descent"
start_h = 0.03
stop_h = 0.045

[[phase]]
name = "recovery"
title = "Recovery"
kind = "recovery"
start_h = 0.045
stop_h = 0.05
"""


def toml_value(value: Any) -> str:
    """Return a value as TOML, tables inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return value.isoformat() if isinstance(value, datetime.datetime) else repr(value)


def read_documents(folder: Path) -> Documents:
    """Return the TOML files of a mission folder with the timeline of the flight."""
    return {name: tomllib.loads((folder / name).read_text("utf-8")) for name in (*FILES, "timelines/flight.toml")}


def write_documents(documents: Documents, source: Path, folder: Path) -> Path:
    """Write a mission folder: the documents, and the packet definition and README of ``source``."""
    (folder / "timelines").mkdir(parents=True)
    for name, content in documents.items():
        text = "".join(f"{key} = {toml_value(value)}\n" for key, value in content.items())
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("packets.xml", "README.md"):
        shutil.copy(source / name, folder / name)
    return folder


def make_tiny() -> Documents:
    """Return the documents of mtb2 with two animals, five minutes, and every optional key in use."""
    found = read_documents(missions.MISSIONS / "mtb2")
    told = found["mission.toml"]
    told["entity"] = [one for one in told["entity"] if one["id"] in KEPT]
    for name, key in (("installation", "subject"), ("zero", "sensor")):
        told[name] = [one for one in told[name] if one[key] in KEPT]
    for group in told["group"]:
        group["members"] = ["M1"]
    for factor in told["factor"]:
        kept = {level: [one for one in who if one in KEPT] for level, who in factor["levels"].items()}
        factor["levels"] = {level: who for level, who in kept.items() if who}
    told["clock"]["rollover_s"] = 1 << 32
    since = told["installation"][0]["since"]
    warning = {"level": "warning", "low": 60.0, "high": 140.0, "since": since, "source": "made for a test"}
    first = found["channels.toml"]["channel"][0]
    first["limits"] = [warning, first["limits"]]
    sensor = next(one for one in told["entity"] if one["id"] == "S25101")
    sensor["history"] = [{"since": since, "attributes": {"bandwidth_hz": 140.0}}]
    told["installation"][0]["until"] = since + datetime.timedelta(days=60)
    found["simulation.toml"]["fate"] = [
        {"subject": "M6", "kind": "death", "at_h": 0.026},
        {"subject": "M1", "kind": "clot", "at_h": 0.01},
    ]
    products = found["products.toml"]["product"]
    here = {one["name"] for one in products}
    products += [{"name": one} for one in ("groups", "channel_windows", "alarms") if one not in here]
    products.sort(key=lambda one: one["name"] != "cosinor")
    products[0].update(parameters={"period_h": 24.5}, why="to show a parameter")
    found["timelines/flight.toml"] = tomllib.loads(FLIGHT)
    return found


@pytest.fixture(scope="session")
def tiny_documents() -> Documents:
    """Return the documents of the tiny mission; copy before changing."""
    return make_tiny()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory, tiny_documents: Documents) -> Path:
    """Return the folder of the tiny mission."""
    return write_documents(tiny_documents, missions.MISSIONS / "mtb2", tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture(scope="session")
def tiny_flight(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """Return the folder of a faulty flight of the tiny mission."""
    out = tmp_path_factory.mktemp("flown") / "flight"
    simulate_mission(missions.load(tiny_folder), out, faults="flight", seed=1, workers=1)
    return out


@pytest.fixture(scope="session")
def tiny_archive(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path, tiny_flight: Path) -> Archive:
    """Return the processed archive of that flight; read it, never write to it."""
    store = archives.create(tmp_path_factory.mktemp("kept") / "archive", tiny_folder, "flight")
    ingest(store, sorted((tiny_flight / "packets").glob("*.bin")))
    assert process(store, workers=1).failures == ()
    return store


@pytest.fixture(scope="session")
def document_reader() -> Callable[[Path], Documents]:
    """Return the function that reads the TOML files of a mission folder."""
    return read_documents


@pytest.fixture(scope="session")
def document_writer() -> Callable[[Documents, Path, Path], Path]:
    """Return the function that writes documents, beside the packets of a source folder, into a new folder."""
    return write_documents


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def telemus(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Return a function that runs the program in this process; anything but a clean end fails the test."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main([str(one) for one in arguments])
        told = capsys.readouterr()
        return Said(int(left.value.code or 0), told.out, told.err)

    return run
