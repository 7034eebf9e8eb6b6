"""The command line as a newcomer and as a script meet it: help, success, JSON, exit codes, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemus import __version__
from telemus import archive as archives
from telemus.cli.program import VERBS

Program = Callable[..., Any]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Return twenty seconds of a pressure with 8 Hz beats, as text."""
    import numpy as np

    times = np.arange(10_000) / 500.0
    wave = 100.0 + 15.0 * np.exp(-0.5 * (((times * 8.0) % 1.0 - 0.25) / 0.08) ** 2)
    file = tmp_path / "lab.csv"
    rows = "".join(f"{moment:.3f},{value:.3f}\n" for moment, value in zip(times, wave, strict=True))
    file.write_text("time [s],ABP [mmHg]\n" + rows, encoding="utf-8")
    return file


def test_help_lists_every_verb_and_the_exit_codes(telemus: Program) -> None:
    said = telemus("--help")
    assert said.code == 0
    assert all(verb in said.out for verb in VERBS)
    assert "Exit codes: 0 done" in said.out
    assert telemus("--version").out.split()[-1] == __version__


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_explains_each_option(telemus: Program, verb: str) -> None:
    said = telemus(verb, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: telemus {verb}")
    lines = [line for line in said.out.splitlines() if line.startswith("  --")]
    assert "  --json" in said.out
    assert lines
    assert telemus(verb, "-h").out == said.out or verb  # -h is the program's own short form


def test_without_a_verb_the_help_is_shown(telemus: Program) -> None:
    said = telemus()
    assert "telemus demo" in said.out + said.err


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "demo"])
def test_a_verb_without_its_arguments_is_wrong_use(telemus: Program, verb: str) -> None:
    said = telemus(verb)
    assert said.code == 2
    assert "Missing" in said.err
    assert not said.out


def test_an_unknown_verb_lists_the_known(telemus: Program) -> None:
    said = telemus("fly")
    assert said.code == 2
    assert "got 'fly', wanted one of demo" in said.err


def _both(telemus: Program, *arguments: object) -> tuple[str, dict[str, Any]]:
    """Run a verb for a reader and for a script; return the text and the object."""
    text = telemus(*arguments)
    scripted = telemus(*arguments, "--json")
    assert (text.code, scripted.code) == (0, 0), text.err + scripted.err
    assert not text.err, "a terminal that is none shows bars"
    assert not scripted.err
    told = json.loads(scripted.out)
    assert isinstance(told, dict)
    return text.out, told


def test_every_step_of_a_mission_for_a_reader_and_for_a_script(
    telemus: Program, tiny_folder: Path, tmp_path: Path
) -> None:
    text, told = _both(telemus, "check", tiny_folder)
    assert "has no fault" in text
    assert (told["mission"], told["faults"]) == ("tiny", [])

    flight = tmp_path / "flight"
    text, told = _both(telemus, "simulate", tiny_folder, "--out", flight, "--faults", "flight", "--workers", 1)
    assert str(flight / "packets") in text
    assert told["packets"] > 1000
    assert told["subjects"] == 2

    archive = tmp_path / "archive"
    text, told = _both(telemus, "ingest", archive, flight / "packets", "--mission", tiny_folder)
    assert "received" in text
    octets = told["account"]["bytes"]
    assert octets["received"] == sum(count for name, count in octets.items() if name != "received")
    assert [one["status"] for one in told["files"]] == ["already there"]

    text, told = _both(telemus, "process", archive, "--workers", 1)
    assert "granules made" in text
    assert told["made"] == 0
    assert told["present"] > 0

    text, told = _both(telemus, "report", archive)
    assert str(archive / "report.html") in text
    assert told["bytes"] == (archive / "report.html").stat().st_size


def test_decode_for_a_reader_and_for_a_script(
    telemus: Program, tiny_folder: Path, tiny_flight: Path, tmp_path: Path
) -> None:
    packets = next((tiny_flight / "packets").glob("*.bin"))
    for kind in ("parquet", "csv", "arrow"):
        out = tmp_path / kind
        arguments = ("decode", tiny_folder / "packets.xml", packets, "--out", out, "--format", kind)
        text, told = _both(telemus, *arguments)
        assert str(out / f"EcgWaveform.{kind}") in text
        assert told["account"] == json.loads((out / "account.json").read_text("utf-8"))


def test_analyse_for_a_reader_and_for_a_script(telemus: Program, recording: Path, tmp_path: Path) -> None:
    text, told = _both(telemus, "analyse", recording, "--out", tmp_path / "result")
    assert "beats in 20.0 s" in text
    assert list(told["channels"]) == ["ABP"]
    for path in told["files"]:
        assert Path(path).is_file()
    head, *rows = (tmp_path / "result" / "beats.csv").read_text("utf-8").splitlines()
    assert head.startswith("time_s,")
    assert 155 <= len(rows) <= 160  # 8 beats in each of 20 s


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "nowhere"], 3),
        (["simulate", "mtb2", "--out", "x", "--faults", "nope"], 2),
        (["simulate", "mtb2", "--out", "x", "--duration", "soon"], 2),
        (["simulate", "mtb2", "--out", "x", "--timeline", "nope"], 3),
        (["process", "nowhere"], 5),
        (["analyse", "nowhere.edf", "--out", "x"], 4),
        (["analyse", "nowhere.edf", "--out", "x", "--species", "dragon"], 2),
        (["analyse", "nowhere.edf", "--out", "x", "--unit", "ABP"], 2),
    ],
)
def test_exit_codes(
    telemus: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    said = telemus(*arguments)
    assert said.code == code
    assert "got" in said.err
    assert "wanted" in said.err
    assert not said.out
    assert not list(tmp_path.iterdir()), "a refused command leaves nothing behind"


# --- interruption


def _interrupted(arguments: list[str], seen: Callable[[], bool], log: Path) -> int:
    """Start a command, send it SIGINT as soon as ``seen``, and return its exit code."""
    with log.open("w") as told:
        started = subprocess.Popen(
            [Path(sys.executable).with_name("telemus"), *arguments],
            stdout=told, stderr=told, cwd=log.parent, start_new_session=True,
        )  # fmt: skip
        limit = time.monotonic() + 60
        while not seen() and started.poll() is None and time.monotonic() < limit:
            time.sleep(0.002)
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to every process of the command
        return started.wait(60)


def _names(archive: Path) -> set[tuple[str, str]]:
    return {(one.product, one.id) for one in archives.open(archive).granules()}


def _packets(flight: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (flight / "packets").glob("*.bin")}


@pytest.mark.slow
def test_an_interrupted_simulation_goes_on_to_the_same_bytes(
    telemus: Program, tiny_folder: Path, tiny_flight: Path, tmp_path: Path
) -> None:
    out = tmp_path / "flight"
    arguments = ["simulate", str(tiny_folder), "--out", str(out), "--faults", "flight", "--workers", "2"]
    code = _interrupted(arguments, out.is_dir, tmp_path / "log")
    said = (tmp_path / "log").read_text()
    assert code in (130, 0), said  # 0: it was done before the signal was heard
    assert code == 0 or "the same command takes it up again" in said
    assert "Traceback" not in said
    assert telemus(*arguments).code == 0
    assert _packets(out) == _packets(tiny_flight)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["archive.json", "l0", "granules/samples"])
def test_an_interrupted_ingest_goes_on_to_the_same_granules(
    telemus: Program, tiny_folder: Path, tiny_flight: Path, tmp_path: Path, moment: str
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "archive"
    packets = str(tiny_flight / "packets")
    assert telemus("ingest", whole, packets, "--mission", tiny_folder).code == 0
    arguments = ["ingest", str(out), packets, "--mission", str(tiny_folder)]
    code = _interrupted(arguments, (out / moment).exists, tmp_path / "log")
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert code in (130, 0), said
    again = telemus(*arguments)
    assert again.code == 0, again.err
    assert _names(out) == _names(whole)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_process_goes_on_to_the_same_granules(
    telemus: Program, tiny_folder: Path, tiny_flight: Path, tiny_archive: archives.Archive,
    tmp_path: Path, workers: str,
) -> None:  # fmt: skip
    out = tmp_path / "archive"
    assert telemus("ingest", out, tiny_flight / "packets", "--mission", tiny_folder).code == 0
    arguments = ["process", str(out), "--workers", workers]
    code = _interrupted(arguments, (out / "granules" / "corrections").exists, tmp_path / "log")
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert code in (130, 0), said
    assert telemus(*arguments).code == 0
    assert _names(out) == _names(tiny_archive.path)
