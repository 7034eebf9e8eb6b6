"""Ingest killed at any flush to the disk loses nothing that was acknowledged and shows nothing half done."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from telemus import archive
from telemus.pipeline import ingest
from telemus.pipeline import ingest_file as file_work

STEP = 4


def killed_at(number, work):
    """Run ``work`` in a child that dies by SIGKILL at its ``number``-th fsync; return whether it died."""
    child = os.fork()
    if child == 0:
        flush, left = os.fsync, [number]

        def fsync(handle):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            flush(handle)

        os.fsync = fsync
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.fixture
def whole(recorder, store, write_packets, monkeypatch):
    """Return two files, and an archive into which they were ingested without interruption."""
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 60_000)
    packets = recorder.record(0, 40)
    files = [
        write_packets("a.bin", [one for one in packets if one.second < 20]),
        write_packets("b.bin", [one for one in packets if one.second >= 20]),
    ]
    ingest(store, files)
    return files, store


def names(store):
    return sorted((one.product, one.id, one.crc32, one.rows) for one in store.granules())


@pytest.mark.parametrize("first", range(STEP))
def test_killed_at_every_flush(whole, tmp_path, first):
    files, complete = whole
    octets = {path.read_bytes() for path in files}
    expected = complete.raw_samples("ecg", "S25101", *complete.span())
    number, died = first, True
    while died:
        place = tmp_path / f"killed at {number}"
        victim = archive.create(place, complete.mission(), "rehearsal")
        died = killed_at(number, lambda to=victim: ingest(to, files))
        survivor = archive.open(place)
        assert survivor.verify() == []
        assert {one.path.read_bytes() for one in survivor.received()} <= octets
        assert set(names(survivor)) <= set(names(complete))
        ingest(survivor, files)
        assert names(survivor) == names(complete)
        found = survivor.raw_samples("ecg", "S25101", *complete.span())
        np.testing.assert_array_equal(found.values, expected.values)
        assert [*place.rglob(".*.part"), *place.glob("l0/.file-*")] == []
        number += STEP
    assert number > 20
