"""Reception: what is acknowledged is there after any death; the journal finds its way behind a bad record."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus import archive
from telemus.archive import disk
from telemus.archive.received import take_up
from telemus.archive.records import RECORD_BYTES, Record, scan
from telemus.errors import ArchiveError, SpaceError

PARTS = [bytes([number]) * (100 + number) for number in range(12)]


def test_a_live_feed_stands_among_the_received_files(store):
    with store.feed("pass 1") as feed:
        for number, part in enumerate(PARTS):
            feed.append(part, received_utc_ns=1000 + number)
    received = store.received()[0]
    assert (received.name, received.received_utc_ns) == ("pass 1", 1000)
    assert received.path.read_bytes() == b"".join(PARTS)
    assert [one.received_utc_ns for one in received.scan().records] == list(range(1000, 1012))
    assert store.verify() == []


def test_bytes_are_durable_after_the_stated_interval(store):
    with store.feed("pass 1", flush_interval_s=0.05) as feed:
        length = feed.append(PARTS[0])
        deadline = time.monotonic() + 10
        while feed.acknowledged_bytes < length and time.monotonic() < deadline:
            time.sleep(0.01)
        assert feed.acknowledged_bytes == length == 100
        assert scan(disk.read(feed.folder / "received.journal")).records[0].length == 100


def test_one_flush_serves_all_that_waits(store, monkeypatch):
    flushed = []
    original = disk._flush
    monkeypatch.setattr(disk, "_flush", lambda handle: flushed.append(handle) or original(handle))
    with store.feed("pass 1", flush_interval_s=60) as feed:
        before = len(flushed)
        for part in PARTS:
            feed.append(part)
        assert len(flushed) == before
        assert feed.commit() == sum(map(len, PARTS))
        assert len(flushed) == before + 2


def test_a_feed_without_bytes_leaves_nothing(store):
    with store.feed("pass 1"):
        pass
    assert store.received() == []
    assert list((store.path / "l0").iterdir()) == []


def test_a_second_writer_is_refused_while_a_feed_is_open(store):
    with store.feed("pass 1"), pytest.raises(ArchiveError, match="second writer"), archive.open(store.path).feed("2"):
        pass


@pytest.mark.parametrize("way", ["killed", "torn", "power cut"])
def test_what_was_acknowledged_survives_at_every_step(store, faults, tmp_path, way):
    told = tmp_path / "acknowledged"

    def work(place):
        with archive.open(place).feed("pass 1", flush_interval_s=0) as feed:
            for part in PARTS[:6]:
                feed.append(part)
                told.write_text(str(feed.acknowledged_bytes))

    steps = faults.steps_of(lambda: work(faults.copy_of(store.path, tmp_path / "whole")))
    octets = b"".join(PARTS[:6])
    for number in range(len(steps)):
        told.write_text("0")
        place = faults.copy_of(store.path, tmp_path / "victim")
        assert faults.died(lambda to=place: work(to), number, way)
        survivor = archive.open(place)
        survivor.tidy()
        found = [one.path.read_bytes() for one in survivor.received()]
        assert survivor.verify() == []
        assert octets.startswith(b"".join(found))
        assert len(b"".join(found)) >= int(told.read_text())


def test_a_full_disk_ends_a_feed_and_loses_nothing_acknowledged(store, faults):
    def work():
        with store.feed("pass 1", flush_interval_s=0) as feed:
            feed.append(PARTS[0])
            with faults.Faults(0, "full"):
                feed.append(PARTS[1])

    with pytest.raises(SpaceError, match="full disk"):
        work()
    store.tidy()
    assert [one.path.read_bytes() for one in store.received()] == [PARTS[0]]


def test_a_pass_left_behind_is_taken_up(store):
    l0 = store.path / "l0"
    with store.feed("pass 1", flush_interval_s=0) as feed:
        feed.append(PARTS[3])
        aside = l0 / ".live-77"
        aside.mkdir()
        for one in feed.folder.iterdir():
            (aside / one.name).write_bytes(one.read_bytes())
        with (aside / "received.bin").open("ab") as file:
            file.write(b"never acknowledged")
        with (aside / "received.journal").open("ab") as file:
            file.write(b"TLMr torn")
        (aside / "begun.json").write_bytes((feed.folder / "begun.json").read_bytes())
        feed.append(PARTS[4])
    take_up(l0)
    assert sorted(one.path.read_bytes() for one in store.received()) == sorted([PARTS[3], PARTS[3] + PARTS[4]])
    assert store.verify() == []


records = st.lists(
    st.builds(Record, st.integers(0, 2**64 - 1), *[st.integers(0, 2**32 - 1)] * 2, st.integers(-(2**63), 2**63 - 1)),
    min_size=2,
    max_size=8,
)


@given(records, st.data())
def test_a_bad_record_costs_itself(found, data):
    octets = bytearray(b"".join(one.packed() for one in found))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    told = scan(bytes(octets))
    hit = place // RECORD_BYTES
    assert told.records == [*found[:hit], *found[hit + 1 :]]
    assert told.bad == [(hit * RECORD_BYTES, (hit + 1) * RECORD_BYTES)]


@given(records, st.binary(max_size=50), st.integers(0, 8))
def test_bytes_that_came_between_records_are_passed_over(found, junk, place):
    parts = [one.packed() for one in found]
    parts.insert(min(place, len(parts)), junk)
    assert scan(b"".join(parts)).records == found


def test_two_feeds_of_the_same_bytes_are_one(store):
    rng = np.random.default_rng(1).bytes(3000)
    for name in ("one", "two"):
        with store.feed(name) as feed:
            feed.append(rng)
    assert [one.name for one in store.received()] == ["one"]
