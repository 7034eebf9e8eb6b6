"""Ingest that dies at any durable step loses nothing that was acknowledged, shows nothing half done, and goes on."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest

from telemus import archive
from telemus.archive import disk
from telemus.errors import SpaceError
from telemus.pipeline import ingest, ingest_files
from telemus.pipeline import ingest_file as file_work

WAYS = ("killed", "torn", "power cut")
EVERY_WAY = os.environ.get("TELEMUS_FAULTS") == "all"


@pytest.fixture
def work(recorder, store, write_packets, monkeypatch, flight_plan, flight, faults, tmp_path):
    """Return five files, an empty archive, one into which they were ingested uninterrupted, and the steps of that."""
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 2_000)
    monkeypatch.setattr(ingest_files, "as_plan", lambda path: flight_plan)
    monkeypatch.setattr(disk, "_flush", lambda handle: None)  # what a flush would save is told by the faults
    monkeypatch.setattr(ingest_files, "update_pyramid", lambda archive: 0)  # it can always be made again
    recorder.animals = (1,)
    recorder.correlation_every_s = 1  # each file has its own clock, so no late file gives better times to another
    files = [write_packets(f"{start}.bin", recorder.record(start, start + 2)) for start in (0, 2, 4, 6, 8)]
    complete = archive.open(faults.copy_of(store.path, tmp_path / "complete"))
    steps = faults.steps_of(lambda: ingest(complete, files))
    return files, store, complete, steps


def content(store):
    """Return the current granules, each with its bytes."""
    return {(one.product, one.id): hashlib.sha256(one.path.read_bytes()).digest() for one in store.granules()}


def opened(path, like):
    """Return an archive whose mission, the same for all, is not read again."""
    found = archive.open(path)
    found.__dict__["description"] = like.description
    return found


def check_and_finish(place, files, complete, octets, expected):
    survivor = opened(place, complete)
    assert survivor.verify() == []
    assert {one.path.read_bytes() for one in survivor.received()} <= octets
    partial = content(survivor)
    ingest(survivor, files)
    assert content(survivor) == expected
    assert partial.items() <= expected.items()
    assert [*place.rglob(".*.part"), *place.glob("l0/.*")] == []


@pytest.mark.parametrize("way", WAYS)
def test_at_least_200_steps_at_which_ingest_may_die(work, faults, tmp_path, way):
    """Each step dies in one of the ways, in turn; with TELEMUS_FAULTS=all in every way."""
    files, empty, complete, steps = work
    octets = {path.read_bytes() for path in files}
    expected = content(complete)
    assert len(steps) >= 200
    assert set(steps) == set(faults.STEPS) - {"_unlink"}
    numbers = range(len(steps))
    for number in numbers if EVERY_WAY else numbers[WAYS.index(way) :: len(WAYS)]:
        place = faults.copy_of(empty.path, tmp_path / "victim")
        victim = opened(place, complete)
        assert faults.died(lambda to=victim: ingest(to, files), number, way), (number, steps[number])
        check_and_finish(place, files, complete, octets, expected)


def test_the_disk_may_be_full_at_every_write(work, faults, tmp_path):
    files, empty, complete, steps = work
    octets = {path.read_bytes() for path in files}
    expected = content(complete)
    for number in [one for one, step in enumerate(steps) if step in ("_write", "commit")][::5]:
        place = faults.copy_of(empty.path, tmp_path / "victim")
        with pytest.raises(SpaceError, match="full disk"), faults.Faults(number, "full"):
            ingest(opened(place, complete), files)
        check_and_finish(place, files, complete, octets, expected)


def test_what_is_read_after_an_interruption_is_what_was_sent(work, faults, tmp_path):
    files, empty, complete, steps = work
    whole = complete.raw_samples("ecg", "S25101", *complete.span())
    for number in range(0, len(steps), 29):
        place = faults.copy_of(empty.path, tmp_path / "victim")
        victim = opened(place, complete)
        faults.died(lambda to=victim: ingest(to, files), number, "killed")
        found = opened(place, complete).raw_samples("ecg", "S25101", *complete.span())
        index = np.rint((found.times_ns() - whole.start_ns) / 1e6).astype(
            int
        )  # the clock of the whole is a little better
        np.testing.assert_allclose(found.times_ns(), whole.times_ns()[index], rtol=0, atol=50_000)
        np.testing.assert_array_equal(found.values, whole.values[index])
