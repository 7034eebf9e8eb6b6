"""A backup is an archive of its own: as the first was at one moment, also while it is written; new things only."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from telemus import archive
from telemus.archive import backup
from telemus.errors import ArchiveError
from telemus.pipeline import ingest, rebuild
from telemus.pipeline import ingest_file as file_work


def samples(store, seconds):
    start = store.description.timeline.start_ns
    found = store.raw_samples("ecg", "S25101", start, start + seconds * 10**9)
    return found.values.tolist(), found.times_ns().tolist()


def granules(store):
    return {(one.product, one.id, one.crc32) for one in store.granules()}


@pytest.fixture
def whole(recorder, store, write_packets):
    """Return an archive with one file of ten seconds and a decision."""
    recorder.correlation_every_s = 2
    ingest(store, [write_packets("a.bin", recorder.record(0, 10))])
    store.decisions.append("mark", text="artefact")
    return store


def test_a_backup_is_the_same_archive(whole, tmp_path):
    summary = backup(whole.path, tmp_path / "copy")
    copy = archive.open(tmp_path / "copy")
    assert (summary.damage, summary.damage_of_copy) == ((), ())
    assert summary.copied > 3
    assert granules(copy) == granules(whole)
    assert samples(copy, 10) == samples(whole, 10)
    assert copy.account() == whole.account()
    assert [one["text"] for one in copy.decisions.entries()] == ["artefact"]
    assert copy.received()[0].path.read_bytes() == whole.received()[0].path.read_bytes()
    assert ingest(copy, []).files == ()  # nothing is left to be done


def test_the_second_time_only_what_is_new_is_copied(whole, recorder, write_packets, tmp_path):
    backup(whole.path, tmp_path / "copy")
    again = backup(whole.path, tmp_path / "copy")
    assert (again.copied, again.copied_bytes) == (0, 0)
    ingest(whole, [write_packets("b.bin", recorder.record(10, 20))])
    third = backup(whole.path, tmp_path / "copy")
    assert third.copied_bytes < sum(one.stat().st_size for one in whole.path.rglob("*") if one.is_file())
    assert third.present >= 1
    copy = archive.open(tmp_path / "copy")
    assert granules(copy) == granules(whole)
    assert samples(copy, 20) == samples(whole, 20)


def test_while_a_writer_is_running(recorder, store, write_packets, tmp_path, monkeypatch, taken):
    """Backups are taken all the time while six files come in: each is whole, and holds only what is true."""
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 20_000)
    recorder.correlation_every_s = 2
    files = [write_packets(f"{start}.bin", recorder.record(start, start + 10)) for start in range(0, 60, 10)]
    writer = threading.Thread(target=lambda: [ingest(store, [one]) for one in files])
    writer.start()
    copies = 0
    while writer.is_alive() or copies < 2:
        summary = backup(store.path, tmp_path / "copy")
        assert (summary.damage, summary.damage_of_copy) == ((), ())
        copy = archive.open(tmp_path / "copy")
        seconds = np.bincount(taken(copy, "ecg", 1, 60), minlength=60)  # every sample says its own time
        assert set(seconds.tolist()) <= {0, 1000}
        copies += 1
    writer.join()
    backup(store.path, tmp_path / "copy")
    assert granules(archive.open(tmp_path / "copy")) == granules(store)


def test_a_live_pass_is_in_the_backup_as_far_as_it_was_acknowledged(store, tmp_path):
    with store.feed("pass 1", flush_interval_s=60) as feed:
        feed.append(b"acknowledged")
        feed.commit()
        feed.append(b"not yet")
        backup(store.path, tmp_path / "copy")
        copy = archive.open(tmp_path / "copy")
        copy.tidy()
        assert [one.path.read_bytes() for one in copy.received()] == [b"acknowledged"]


def test_damage_is_told_and_never_copied_over_what_is_sound(whole, tmp_path):
    backup(whole.path, tmp_path / "copy")
    granule = whole.granules("samples")[0]
    granule.path.write_bytes(granule.path.read_bytes()[:-9] + b"damaged!!")
    assert backup(whole.path, tmp_path / "copy").damage_of_copy == ()
    assert samples(archive.open(tmp_path / "copy"), 10)
    fresh = backup(whole.path, tmp_path / "fresh")
    assert granule.id in fresh.damage[0]
    assert [one.kind for one in fresh.damage_of_copy] == ["granule"]
    assert rebuild(tmp_path / "fresh", workers=1).left == ()


def test_a_copy_that_suffered_is_mended(whole, tmp_path):
    backup(whole.path, tmp_path / "copy")
    granule = archive.open(tmp_path / "copy").granules("samples")[0]
    granule.path.write_bytes(granule.path.read_bytes()[:-9] + b"damaged!!")
    summary = backup(whole.path, tmp_path / "copy")
    assert (summary.copied, summary.damage_of_copy) == (1, ())


def test_what_is_no_copy_is_not_written_over(whole, tmp_path, flight):
    other = archive.create(tmp_path / "other", flight.folder, "rehearsal")
    with pytest.raises(ArchiveError, match="got a folder with something else in it"):
        backup(whole.path, other.path)
    with pytest.raises(ArchiveError, match="got a folder of the archive itself"):
        backup(whole.path, whole.path / "copy")
