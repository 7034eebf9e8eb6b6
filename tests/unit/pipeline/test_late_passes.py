"""Passes in any order lead to the same archive; a late one makes only those products again that it touches."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest

from telemus import archive
from telemus.pipeline import ingest, make_plan

PASSES = ((0, 14), (10, 24), (20, 34))


@pytest.fixture
def files(recorder, write_packets):
    """Return three passes that overlap, each with time packets of its own."""
    recorder.correlation_every_s = 2
    packets = recorder.record(0, 34)
    return [write_packets(f"{a}.bin", [one for one in packets if a <= one.second < b]) for a, b in PASSES]


def answers(store):
    start_ns = store.description.timeline.start_ns
    span = start_ns, start_ns + 40 * 10**9
    found = [store.raw_samples(name, f"S2510{number}", *span) for name in ("ecg", "pressure") for number in (1, 2)]
    bounds = store.decimated("ecg", "S25101", *span, 8)
    return (
        [(one.values.tolist(), one.quality.tolist()) for one in found],
        [one.times_ns() - start_ns for one in found],
        store.account()["bytes"],
        {(one.product, one.id) for one in store.granules() if "pyramid" not in one.product},
        str([bounds.minimum.tolist(), bounds.maximum.tolist(), bounds.samples.tolist()]),  # NaN as text
    )


def test_three_passes_in_all_orders_give_one_archive(files, flight, tmp_path):
    results = []
    for number, order in enumerate(permutations(files)):
        store = archive.create(tmp_path / str(number), flight.folder, "rehearsal")
        for one in order:
            ingest(store, [one])
        results.append(answers(store))
        assert store.verify() == []
    values, times, octets, granules, bounds = results[0]
    for other in results[1:]:
        assert other[0] == values
        assert all(abs(one - two).max() <= 1_000 for one, two in zip(other[1], times, strict=True))
        assert other[2:] == (octets, granules, bounds)


def test_again_nothing_is_made(files, store):
    ingest(store, files)
    before = {one: one.stat().st_mtime_ns for one in store.path.rglob("*.parquet")}
    pointers = (store.path / "pointers.jsonl").read_bytes()
    summary = ingest(store, files)
    assert [one.status for one in summary.files] == ["already there"] * 3
    assert {one: one.stat().st_mtime_ns for one in store.path.rglob("*.parquet")} == before
    assert (store.path / "pointers.jsonl").read_bytes() == pointers


def test_a_late_pass_touches_only_its_own_bins(recorder, store, write_packets):
    """Three passes in three bins of 12 h; a fourth, late one in the second bin: nothing of the others is made again."""
    recorder.correlation_every_s = 2
    hours = (0, 13, 26)
    ingest(store, [write_packets(f"{one}.bin", recorder.record(one * 3600, one * 3600 + 6)) for one in hours])
    before = {(one.product, one.id) for one in store.granules()}
    planned = {(one.product, one.id): one for one in make_plan(store, store.description).tasks}
    ingest(store, [write_packets("late.bin", recorder.record(13 * 3600 + 20, 13 * 3600 + 26))])
    assert {one for one in before if "pyramid" not in one[0]} <= {(one.product, one.id) for one in store.granules()}
    again = {(one.product, one.id): one for one in make_plan(store, store.description).tasks}
    fresh = [one for key, one in again.items() if key not in planned]
    late_ns = store.description.timeline.start_ns + 13 * 3600 * 10**9
    assert fresh
    assert all(one.start_ns <= late_ns < one.stop_ns for one in fresh)
    by_bin = Counter(one.place for one in planned.values() if one.product == "beats_ecg")
    assert len({place[1:] for place in by_bin}) == 3
    assert sum(one.product == "beats_ecg" for one in fresh) * 3 == sum(by_bin.values())
