"""Bad input through the command line: each says what was got, what was wanted and where; nothing good is lost."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.errors import SpaceError

Documents = dict[str, dict[str, Any]]
Writer = Callable[[Documents, Path, Path], Path]
Program = Callable[..., Any]


@pytest.fixture
def good(tiny_flight: Path) -> Path:
    return next((tiny_flight / "packets").glob("*.bin"))


@pytest.fixture
def bad(tmp_path: Path, good: Path) -> dict[str, Path]:
    """Return files that are no recorder's: missing, empty, random, foreign, too short, a folder."""
    contents = {
        "empty": b"",
        "random": bytes((97 * n * n + 31 * n) % 251 for n in range(20_000)),
        "foreign": b"<html>hello</html>\n",
        "short": good.read_bytes()[:3],
    }
    files = {name: tmp_path / f"{name}.bin" for name in contents}
    for name, content in contents.items():
        files[name].write_bytes(content)
    (tmp_path / "folder").mkdir()
    return files | {"missing": tmp_path / "missing.bin", "folder": tmp_path / "folder"}


KINDS = ["missing", "empty", "random", "foreign", "short", "folder"]


@pytest.mark.parametrize("kind", KINDS)
def test_ingest_names_the_bad_file_and_makes_an_archive_that_still_works(
    telemus: Program, bad: dict[str, Path], tmp_path: Path, tiny_folder: Path, good: Path, kind: str
) -> None:
    alone = telemus("ingest", tmp_path / "archive", bad[kind], "--mission", tiny_folder)
    assert alone.code == 4
    assert bad[kind].name in alone.err
    assert "got" in alone.err
    assert "wanted" in alone.err
    both = telemus("ingest", tmp_path / "archive", bad[kind], good, "--json")
    assert both.code == 4
    told = json.loads(both.out)
    assert {one["name"]: one["status"] for one in told["files"]}[good.name] == "ingested"
    octets = told["account"]["bytes"]
    assert octets["received"] == sum(count for name, count in octets.items() if name != "received")
    assert octets["packets"] > 1_000_000


def test_a_truncated_file_gives_what_is_whole(telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path) -> None:
    cut = tmp_path / "cut.bin"
    cut.write_bytes(good.read_bytes()[:50_001])
    said = telemus("ingest", tmp_path / "archive", cut, "--mission", tiny_folder, "--json")
    octets = json.loads(said.out)["account"]["bytes"]
    assert said.code == 0
    assert octets["packets"] > 45_000
    assert octets["packets"] + octets["rejected"] + octets["duplicates"] == 50_001


@pytest.mark.parametrize("kind", KINDS)
def test_decode_names_the_bad_file_and_decodes_the_good(
    telemus: Program, bad: dict[str, Path], tmp_path: Path, tiny_folder: Path, good: Path, kind: str
) -> None:
    said = telemus("decode", tiny_folder / "packets.xml", bad[kind], good, "--out", tmp_path / "tables")
    assert said.code == 4
    assert f"refused: {bad[kind]}" in said.err
    assert (tmp_path / "tables" / "EcgWaveform.parquet").is_file()
    assert (tmp_path / "tables" / "account.json").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_that_is_none_is_named(
    telemus: Program, bad: dict[str, Path], tmp_path: Path, good: Path, kind: str
) -> None:
    said = telemus("decode", bad[kind], good, "--out", tmp_path / "tables")
    assert said.code in (3, 4)
    assert bad[kind].name in said.err
    assert "wanted" in said.err


@pytest.mark.parametrize("kind", KINDS)
def test_analyse_names_the_bad_file(telemus: Program, bad: dict[str, Path], tmp_path: Path, kind: str) -> None:
    said = telemus("analyse", bad[kind], "--out", tmp_path / "result")
    assert said.code == 4
    assert str(bad[kind]) in said.err
    assert "got" in said.err
    assert "wanted" in said.err
    assert not (tmp_path / "result").exists()


def test_an_undefined_apid_is_a_line_in_the_account(
    telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path
) -> None:
    packet = struct.pack(">HHH", 0x0800 | 777, 0xC000, 3) + b"abcd"  # CCSDS 133.0-B-2, 4.1.3: version 0, length - 1
    mixed = tmp_path / "mixed.bin"
    mixed.write_bytes(packet + good.read_bytes())
    said = telemus("decode", tiny_folder / "packets.xml", mixed, "--out", tmp_path / "tables", "--json")
    account = json.loads(said.out)["account"]["packets"]
    assert said.code == 0
    assert account["apids"]["777"] | {"name": "unknown APID 777", "known": False} == account["apids"]["777"]
    assert account["apids"]["777"]["undecoded"] == {"unknown APID": 1}
    assert account["bytes"]["received"] == len(packet) + good.stat().st_size


def test_a_definition_that_does_not_fit_the_bytes_loses_nothing_else(
    telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path
) -> None:
    """The pressure waveform declared one sample shorter: its packets are rejected, all others decode."""
    text = (tiny_folder / "packets.xml").read_text("utf-8")
    assert "<FixedValue>499</FixedValue>" in text
    wrong = tmp_path / "packets.xml"
    wrong.write_text(text.replace("<FixedValue>499</FixedValue>", "<FixedValue>498</FixedValue>", 1), encoding="utf-8")
    said = telemus("decode", wrong, good, "--out", tmp_path / "tables", "--json")
    account = json.loads(said.out)["account"]["packets"]
    made = {path.stem for path in (tmp_path / "tables").glob("*.parquet")}
    assert {"EcgWaveform", "CageEnvironment", "Housekeeping"} <= made
    octets = account["bytes"]
    assert octets["rejected"] > 500_000
    assert octets["received"] == sum(count for name, count in octets.items() if name != "received")


def test_a_channel_without_unit_says_how_to_give_one(telemus: Program, tmp_path: Path) -> None:
    file = tmp_path / "lab.csv"
    file.write_text("time,ABP\n" + "".join(f"{n / 100},{100 + n % 7}\n" for n in range(500)), encoding="utf-8")
    said = telemus("analyse", file, "--out", tmp_path / "result")
    assert said.code == 4
    assert "'ABP': got no unit" in said.err
    assert "--unit ABP=mmHg" in said.err
    assert telemus("analyse", file, "--unit", "ABP=mmHg", "--out", tmp_path / "result").code == 0


def test_an_archive_of_another_mission_is_left_alone(
    telemus: Program, tiny_archive: archives.Archive, good: Path
) -> None:
    before = sorted(path.name for path in tiny_archive.path.rglob("*"))
    said = telemus("ingest", tiny_archive.path, good, "--mission", "mtb1")
    assert said.code == 5
    assert "mtb1" in said.err
    assert "an archive of its own" in said.err
    said = telemus("ingest", tiny_archive.path, good, "--timeline", "rehearsal")
    assert said.code == 5
    assert "got timeline rehearsal, wanted flight" in said.err
    assert sorted(path.name for path in tiny_archive.path.rglob("*")) == before


def test_an_archive_that_is_a_file_or_something_else(
    telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path
) -> None:
    for verb in (["ingest", good, good, "--mission", tiny_folder], ["process", good], ["report", good]):
        said = telemus(*verb)
        assert said.code == 2
        assert "which is a file, wanted a folder" in said.err
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    said = telemus("ingest", tmp_path / "letters", good, "--mission", tiny_folder)
    assert said.code == 5
    assert (tmp_path / "letters" / "dear.txt").read_text() == "keep me"
    for verb in ("process", "report"):
        assert "wanted an archive made by Telemus" in telemus(verb, tmp_path / "letters").err


def test_a_place_that_cannot_be_written_is_named(
    telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path, tiny_archive: archives.Archive
) -> None:
    """A folder below a file can be made by nobody, not even by the superuser."""
    (tmp_path / "file").write_text("x")
    below = tmp_path / "file" / "below"
    csv = tmp_path / "lab.csv"
    csv.write_text("time,ABP [mmHg]\n" + "".join(f"{n / 100},{100 + n % 7}\n" for n in range(500)), encoding="utf-8")
    for verb in (
        ["ingest", below, good, "--mission", tiny_folder],
        ["simulate", tiny_folder, "--out", below],
        ["decode", tiny_folder / "packets.xml", good, "--out", below],
        ["report", tiny_archive.path, "--out", below / "page.html"],
        ["analyse", csv, "--out", below],
    ):
        said = telemus(*verb)
        assert said.code == 5, verb
        assert str(tmp_path / "file") in said.err


def test_a_full_disk_is_refused_before_it_is_full(
    telemus: Program, tmp_path: Path, tiny_folder: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"total": 10**9, "used": 10**9, "free": 1000})
    csv = tmp_path / "lab.csv"
    csv.write_text("time,ABP\n" + "".join(f"{n / 100},{100 + n % 7}\n" for n in range(500)), encoding="utf-8")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    for verb in (
        ["simulate", tiny_folder, "--out", tmp_path / "flight"],
        ["ingest", tmp_path / "archive", good, "--mission", tiny_folder],
        ["decode", tiny_folder / "packets.xml", good, "--out", tmp_path / "tables"],
        ["analyse", csv, "--unit", "ABP=mmHg", "--out", tmp_path / "result"],
    ):
        said = telemus(*verb)
        assert said.code == 5, verb
        assert "MB" in said.err
        assert "wanted" in said.err
    assert issubclass(SpaceError, OSError)


def test_ten_faults_of_a_mission_are_told_at_once(
    telemus: Program, tmp_path: Path, tiny_documents: Documents, document_writer: Writer
) -> None:
    fresh = copy.deepcopy(tiny_documents)
    told, channels = fresh["mission.toml"], fresh["channels.toml"]["channel"]
    told["species"] = "dragon"
    told["entity"][1]["parent"] = "nowhere"
    told["installation"][1]["sensor"] = "S25101"
    told["zero"][0]["unit"] = "mV"
    told["clock"]["container"] = "Nonsense"
    channels[0]["container"] = "Waveform"
    channels[1]["rails"] = [5, 3]
    channels[2]["limits"] = {"low": 50.0, "high": 20.0, "source": "wrong"}
    fresh["products.toml"]["product"][1]["name"] = "faces"
    fresh["displays.toml"]["transitions"] = ["lunch"]
    fresh["timelines/flight.toml"]["phase"][0]["baseline"] = False
    folder = document_writer(fresh, missions.MISSIONS / "mtb2", tmp_path / "faulty")
    said = telemus("check", folder, "--json")
    faults = json.loads(said.out)["faults"]
    assert said.code == 3
    text = "\n".join(f"{one['where']} {one['got']}" for one in faults)
    words = ("dragon", "nowhere", "S25101", "mV", "Nonsense", "Waveform", "[5, 3]", "low 50.0", "faces", "lunch")
    assert not [word for word in (*words, "no phase that is a baseline") if word not in text], text
    assert all(one["where"] and one["wanted"] for one in faults)


def test_a_subject_without_baseline_keeps_its_place_with_the_reason(
    telemus: Program, tmp_path: Path, tiny_documents: Documents, document_writer: Writer
) -> None:
    """A mouse whose sensor came after the baseline is analysed all the same; its differences say why they are none."""
    fresh = copy.deepcopy(tiny_documents)
    since = fresh["timelines/flight.toml"]["t0"]
    fresh["mission.toml"]["installation"][1]["since"] = since
    folder = document_writer(fresh, missions.MISSIONS / "mtb2", tmp_path / "late")
    assert telemus("simulate", folder, "--out", tmp_path / "flight", "--workers", 1).code == 0
    packets = tmp_path / "flight" / "packets"
    assert telemus("ingest", tmp_path / "archive", packets, "--mission", folder).code == 0
    assert telemus("process", tmp_path / "archive", "--workers", 1).code == 0
    rows = archives.open(tmp_path / "archive").read("phases", subject="M6").to_pylist()
    flight = [row for row in rows if row["phase"] == "flight" and row["measure"] == "map_mmhg"]
    assert flight
    assert all(row["difference"] is None or row["difference"] != row["difference"] for row in flight)
    assert all("baseline" in row["reason"] for row in flight)
    beats = archives.open(tmp_path / "archive").granules("beats_pressure", "M6")
    assert sum(one.rows for one in beats) > 300
