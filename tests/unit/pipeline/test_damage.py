"""Bits flip in every kind of file of an archive: each is found and named, or harmless, and none becomes a value."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from telemus import archive
from telemus.errors import ArchiveError, DamageError, TelemusError
from telemus.pipeline import ingest, ingest_files, rebuild
from telemus.pipeline import ingest_file as file_work

KINDS = {
    "archive.json": "format",
    "archive-copy.json": "format",
    "mission/mission.toml": "mission",
    "mission/packets.xml": "mission",
    "l0/*/received.bin": "received bytes",
    "l0/*/received.journal": "reception journal",
    "l0/*/manifest.json": "manifest",
    "l0/*/begun.json": "name",
    "l0/*/packets.parquet": "packet index",
    "l0/*/account.json": "account",
    "l0/*/ingested.json": "mark",
    "granules/samples/*.parquet": "granule",
    "granules/correlation/*.parquet": "granule",
    "pointers.jsonl": "pointers",
    "decisions.jsonl": "decisions",
    "account.json": "account",
    "catalogue.sqlite": "catalogue",
}
HEALED = {"format", "reception journal", "manifest", "name", "packet index", "account", "mark", "granule", "pointers"}


@pytest.fixture
def whole(recorder, store, write_packets, flight_plan, monkeypatch):
    """Return an archive with two files and a decision."""
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 20_000)
    monkeypatch.setattr(ingest_files, "as_plan", lambda path: flight_plan)
    recorder.correlation_every_s = 2
    ingest(store, [write_packets(f"{start}.bin", recorder.record(start, start + 5)) for start in (0, 5)])
    store.decisions.append("mark", subject="M1", text="artefact")
    return store


def answers(path):
    """Return everything that an archive answers: samples, events, accounts and decisions."""
    store = archive.open(path)
    start_ns = store.description.timeline.start_ns
    found = [store.raw_samples(name, "S25101", start_ns, start_ns + 10**10) for name in ("ecg", "pressure")]
    return (
        [(one.values.tolist(), one.quality.tolist(), one.times_ns().tolist()) for one in found],
        str(store.read("correlation").to_pylist()),  # NaN as text
        [one.packet_index(["offset", "length"]).to_pydict() for one in store.received()],
        [(one.name, one.bytes, one.sha256, one.account()) for one in store.received()],
        store.account(),
        [one["text"] for one in store.decisions.entries()],
    )


def flip(path, place):
    octets = bytearray(path.read_bytes())
    octets[place // 8] ^= 1 << place % 8
    path.write_bytes(octets)


@pytest.mark.parametrize("pattern", KINDS)
def test_a_flipped_bit_is_found_or_harmless(whole, tmp_path, faults, pattern):
    expected = answers(whole.path)
    decided = expected[-1]
    rng = np.random.default_rng(len(pattern))
    found = 0
    for _ in range(12):
        place = faults.copy_of(whole.path, tmp_path / "damaged")
        victim = sorted(place.glob(pattern))[0]
        flip(victim, int(rng.integers(0, victim.stat().st_size * 8)))
        told = archive.verify(place)
        assert all(one.kind == KINDS[pattern] and one.path == victim for one in told), [str(one) for one in told]
        found += bool(told)
        try:
            got = answers(place)
        except DamageError:
            assert told
            continue
        assert got[:-1] == expected[:-1]
        assert got[-1] == decided or (told and got[-1] == [])
    assert found >= (1 if pattern.endswith("sqlite") else 11)  # pages of a database are not full


@pytest.mark.parametrize("pattern", [name for name, kind in KINDS.items() if kind in {*HEALED, "catalogue"}])
def test_what_can_be_made_again_is_healed(whole, tmp_path, pattern):
    expected = answers(whole.path)
    victim = sorted(whole.path.glob(pattern))[0]
    flip(victim, victim.stat().st_size * 4 if pattern != "catalogue.sqlite" else 8 * 4096 + 5)
    summary = rebuild(whole.path, workers=1)
    assert summary.left == ()
    assert answers(whole.path) == expected


def test_everything_above_level_0_is_made_again(whole):
    expected = answers(whole.path)
    granules = {(one.product, one.id, one.crc32) for one in whole.granules()}
    shutil.rmtree(whole.path / "granules")
    for name in ("catalogue.sqlite", "pointers.jsonl", "account.json"):
        (whole.path / name).unlink()
    for folder in (whole.path / "l0").iterdir():
        for name in ("packets.parquet", "account.json", "ingested.json"):
            (folder / name).unlink()
    summary = rebuild(whole.path, workers=1)
    assert (summary.files, summary.left, summary.failures) == (2, (), ())
    assert {(one.product, one.id, one.crc32) for one in archive.open(whole.path).granules()} == granules
    assert answers(whole.path) == expected


def test_damaged_received_bytes_keep_the_packets_around_them(whole, monkeypatch, recorder, store, taken):
    """A run of 2 kB is one record here; the packets in it are lost and named, all others stay."""
    monkeypatch.setattr("telemus.archive.reception.RUN_BYTES", 2_000)
    packets = recorder.record(20, 40)
    with store.feed("live", flush_interval_s=0) as feed:
        for one in packets:
            feed.append(one.data, one.second)
    ingest(store, [])
    received = next(one for one in store.received() if one.name == "live")
    assert [one.received_utc_ns for one in received.scan().records][-1] == 39
    flip(received.path, 8 * (received.bytes // 2))
    ranges = received.damage()
    lost = [one for one in packets if one.address == 1 and one.kind == "EcgWaveform"]
    summary = rebuild(store.path, workers=1)
    assert [(one.kind, one.start, one.stop) for one in summary.left] == [("received bytes", *ranges[0])]
    assert summary.healed == ()
    received.unmark()
    notes = ingest(archive.open(store.path), []).notes
    assert any(f"bytes {ranges[0][0]} to {ranges[0][1]} of level 0" in note for note in notes)
    seconds = np.bincount(taken(store, "ecg", 1, 40))[20:]
    assert set(seconds.tolist()) <= {0, 1000}
    assert sum(seconds) >= 1000 * (len(lost) - 2)


def test_a_newer_format_and_no_archive_are_refused(whole, tmp_path):
    with pytest.raises(ArchiveError, match="wanted an archive made by Telemus"):
        archive.verify(tmp_path)
    with pytest.raises(TelemusError, match="wanted an archive made by Telemus"):
        rebuild(tmp_path)
