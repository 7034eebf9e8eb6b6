"""An archive of format 1 becomes one of format 2 when it is opened, with the same answers, whatever interrupts it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib

import numpy as np
import pyarrow as pa
import pytest

from telemus import archive
from telemus.archive import disk
from telemus.archive.documents import read_document
from telemus.archive.identity import FORMAT
from telemus.archive.journal import Journal
from telemus.errors import ArchiveError, DamageError

INDEX = pa.schema([("offset", pa.int64())])


def as_format_1(path):
    """Bring an archive down to format 1, as it was written before there were checksums in documents."""
    told = read_document(path / "archive.json")
    names = ("mission", "timeline", "mission_sha256")
    plain(path / "archive.json", {"format": 1} | {name: told[name] for name in names})
    (path / "archive-copy.json").unlink()
    for folder in (path / "l0").iterdir():
        octets = (folder / "received.bin").read_bytes()
        length = 1 << 20
        blocks = [zlib.crc32(octets[at : at + length]) for at in range(0, len(octets), length)]
        plain(
            folder / "manifest.json",
            {**read_document(folder / "manifest.json"), "block_bytes": length, "crc32": blocks},
        )
        mark = read_document(folder / "ingested.json")
        plain(folder / "ingested.json", {name: value for name, value in mark.items() if name != "index"})
        plain(folder / "account.json", read_document(folder / "account.json"))
        for name in ("received.journal", "begun.json"):
            (folder / name).unlink()
    plain(path / "account.json", read_document(path / "account.json"))
    journal = Journal(path / "pointers.jsonl")
    journal.replace([old_entry(entry) for entry in journal.entries()])
    (path / "catalogue.sqlite").unlink()
    with sqlite3.connect(path / "catalogue.sqlite") as old:
        old.execute("CREATE TABLE granule (product TEXT, id TEXT)")
    old.close()


def old_entry(entry):
    if entry["kind"] != "current":
        return entry
    return {
        **entry,
        "granules": [{name: one[name] for name in ("product", "id", "crc32")} for one in entry["granules"]],
    }


def plain(path, content):
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def beats(*times_ns):
    return pa.table({"tai_ns": list(times_ns), "sbp_mmhg": [float(one) for one in times_ns]})


@pytest.fixture
def old(store, tmp_path):
    """Return an archive of format 1 with a received file of 2.5 MB, granules that were replaced and retired."""
    source = tmp_path / "pass.bin"
    source.write_bytes(np.random.default_rng(1).bytes(2_500_000))
    received, _ = store.receive(source)
    checks = archive.BlockChecks()
    with received.index_writer(INDEX, checks) as append:
        append(pa.table({"offset": [1, 2]}, INDEX))
    received.set_account({"bytes": {"received": 2_500_000}})
    received.mark_ingested({"packets": 1, "granules": [], "index": {"bytes": checks.bytes, "blocks": checks.blocks}})
    store.set_account({"bytes": {"received": 2_500_000}})
    for number in (1, 2):
        store.write(archive.Draft("beats", 2, 1, {"k": number}, 0, 100, "M1"), beats(number))
    gone = store.write(archive.Draft("beats", 2, 1, {"k": 9}, 0, 100, "M9"), beats(9))
    store.retire("beats", [gone])
    before = answers(store)
    as_format_1(store.path)
    return store.path, before


def answers(store):
    received = store.received()[0]
    return (
        store.read("beats").to_pylist(),
        [(one.id, one.current, one.crc32) for one in store.granules(current=False)],
        (received.name, received.bytes, received.sha256, received.received_utc_ns, received.account()),
        received.packet_index(["offset"]).to_pydict(),
        store.account(),
    )


def test_it_is_migrated_with_the_same_answers(old):
    path, before = old
    opened = archive.open(path)
    assert answers(opened) == before
    assert read_document(path / "archive.json")["format"] == FORMAT == 2
    assert opened.verify() == []
    assert answers(archive.open(path)) == before


def test_migration_may_die_at_every_step(old, faults, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "_flush", lambda handle: None)
    path, before = old
    steps = faults.steps_of(lambda: archive.open(faults.copy_of(path, tmp_path / "whole")))
    assert len(steps) > 30
    for number in range(0, len(steps), 3):
        place = faults.copy_of(path, tmp_path / "victim")
        assert faults.died(lambda to=place: archive.open(to), number, "torn")
        survivor = archive.open(place)
        survivor.tidy()
        assert answers(survivor) == before
        assert survivor.verify() == []


def test_damage_from_before_is_still_found(old):
    path, _ = old
    received = next((path / "l0").iterdir()) / "received.bin"
    octets = bytearray(received.read_bytes())
    octets[1_500_000] ^= 1
    received.write_bytes(octets)
    told = archive.open(path).verify()
    assert [(one.kind, one.start, one.stop) for one in told] == [("received bytes", 1 << 20, 2 << 20)]


def test_a_changed_mission_is_not_believed(old):
    path, _ = old
    (path / "mission" / "README.md").write_text("changed")
    with pytest.raises(DamageError, match="got other files than when the archive was made"):
        archive.open(path)


@pytest.mark.parametrize("number", [0, 3])
def test_other_formats_are_refused(store, number):
    shutil.copy(store.path / "archive.json", store.path / "kept.json")
    plain(store.path / "archive.json", {"format": number})
    with pytest.raises(ArchiveError, match=f"got an archive of format {number}, wanted format 2 or 1"):
        archive.open(store.path)
