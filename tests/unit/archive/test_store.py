"""Opening, creating, locking; received bytes; the journal of decisions; the door to tables."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from telemus import archive
from telemus.archive.documents import read_document, write_document
from telemus.archive.journal import Journal
from telemus.errors import ArchiveError, FormatError


def test_what_is_made_can_be_opened(store, mission_folder):
    again = archive.open(store.path)
    assert again.timeline_name == "rehearsal"
    assert again.description.name == mission_folder.name
    assert (again.mission() / "channels.toml").read_bytes() == (mission_folder / "channels.toml").read_bytes()
    assert again.account() == {}
    with pytest.raises(ArchiveError, match="wanted one into which files were ingested"):
        again.span()


def test_no_archive_there(tmp_path):
    with pytest.raises(ArchiveError, match="wanted an archive made by Telemus"):
        archive.open(tmp_path)


def test_a_place_that_is_taken(tmp_path, mission_folder):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ArchiveError, match="wanted a new or empty folder"):
        archive.create(tmp_path, mission_folder, "rehearsal")


def test_another_format_version(store):
    write_document(store.path / "archive.json", {**read_document(store.path / "archive.json"), "format": 99})
    with pytest.raises(ArchiveError, match="got an archive of format 99, wanted format 2 or 1; a newer Telemus"):
        archive.open(store.path)


def test_the_mission_must_be_the_same(store, mission_folder, tmp_path):
    assert archive.open_or_create(store.path, mission_folder, "rehearsal").path == store.path
    with pytest.raises(ArchiveError, match="got timeline flight, wanted rehearsal"):
        archive.open_or_create(store.path, mission_folder, "flight")
    (store.mission() / "README.md").write_text("changed")
    with pytest.raises(ArchiveError, match="a changed mission needs an archive of its own"):
        archive.open_or_create(store.path, store.mission(), "rehearsal")


def test_two_processes_do_not_write_at_once(store):
    script = (
        "import sys; from telemus import archive\n"
        f"store = archive.open({str(store.path)!r})\n"
        "with store.writing():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ArchiveError, match=f"second writer while process {other.pid} "), store.writing():
            pass
        other.kill()  # kill -9: the system frees the lock
        other.wait()
    with store.writing():
        assert True


def test_the_lock_may_be_taken_again_by_its_holder(store, tmp_path):
    source = tmp_path / "a.bin"
    source.write_bytes(b"a pass")
    with store.writing(), store.writing():
        received, _ = store.receive(source)
    with archive.open(store.path).writing():
        assert store.received() == [received]


def test_received_bytes_stay_what_they_are(store, tmp_path):
    octets = np.random.default_rng(1).bytes(3_000_000)
    source = tmp_path / "pass 1.bin"
    source.write_bytes(octets)
    received, fresh = store.receive(source)
    assert fresh
    assert received.path.read_bytes() == octets
    assert received.name == "pass 1.bin"
    assert store.receive(source) == (received, False)
    assert store.received() == [received]
    assert not received.ingested


def test_damage_is_located_to_a_block(store, tmp_path):
    source = tmp_path / "a.bin"
    source.write_bytes(np.random.default_rng(1).bytes(3_000_000))
    received, _ = store.receive(source)
    octets = bytearray(received.path.read_bytes())
    octets[1_500_000] ^= 1
    received.path.write_bytes(octets[:-10])
    told = store.verify()
    assert [(one.kind, one.start, one.stop) for one in told] == [("received bytes", 1_048_576, 3_000_000)]
    assert "of a.bin" in str(told[0])


def test_a_folder_is_no_file_of_packets(store, tmp_path):
    with pytest.raises(FormatError, match="got a folder"):
        store.receive(tmp_path)


def test_decisions_are_kept_in_order(store):
    store.decisions.append("mark", subject="M1", text="artefact")
    store.decisions.append("zero", sensor="S1", offset_mmhg=-1.5)
    assert [one["kind"] for one in store.decisions.entries()] == ["mark", "zero"]
    assert [one["offset_mmhg"] for one in store.decisions.entries("zero")] == [-1.5]
    assert store.decisions.damage() == []


@pytest.mark.parametrize("torn", [1, 5, 40])
def test_a_torn_tail_loses_one_line_and_no_other(tmp_path, torn):
    journal = Journal(tmp_path / "decisions.jsonl")
    for number in range(3):
        journal.append("mark", number=number)
    octets = journal.path.read_bytes()
    journal.path.write_bytes(octets[:-torn])
    journal.append("mark", number=3)
    wanted = [0, 1, 2, 3] if torn == 1 else [0, 1, 3]  # one byte less is the newline only
    assert [one["number"] for one in journal.entries()] == wanted
    assert [one.number for one in journal.damage()] == ([] if torn == 1 else [3])


def test_a_changed_line_is_no_decision(tmp_path):
    journal = Journal(tmp_path / "decisions.jsonl")
    journal.append("mark", number=1)
    journal.append("mark", number=2)
    journal.path.write_text(journal.path.read_text().replace('"number":1', '"number":7'))
    assert [one["number"] for one in journal.entries()] == [2]
    assert [(one.number, one.start) for one in journal.damage()] == [(1, 0)]


@pytest.mark.parametrize("format", ["parquet", "csv", "arrow"])
def test_tables_go_out_and_come_back(tmp_path, format):
    table = pa.table({"time_s": [0.5, 1.5], "name": ["a", "b"]})
    path = archive.write_table(tmp_path / f"x.{format}", table, format)
    assert archive.read_table(path).to_pydict() == table.to_pydict()
    assert archive.read_table(path, columns=["name"]).column_names == ["name"]


def test_csv_has_lists_as_json(tmp_path):
    path = archive.write_table(tmp_path / "x.csv", pa.table({"wave": [[1, 2]], "raw": [b"\x01\xff"]}), "csv")
    assert path.read_text() == '"wave","raw"\n"[1, 2]","01ff"\n'


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.csv", "x.xlsx"])
def test_a_file_that_is_no_table_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'\x00\x01"unclosed\n\n\x80,3,4\n5')
    with pytest.raises(FormatError, match=name):
        archive.read_table(path)


def test_another_format_is_refused(tmp_path):
    with pytest.raises(FormatError, match="wanted parquet, csv or arrow"):
        archive.write_table(tmp_path / "x.xls", pa.table({"a": [1]}), "xls")
