"""Raw samples in and out: exact values and times, overlaps resolved, gaps named, little read for little asked."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from telemus.archive import SAMPLES, Draft, SampleRow, row_groups, tables_of
from telemus.series import Quality, Segment

PERIOD = Fraction(1_000_000)


def row(start_ms, values, *, channel="ecg", entity="S25101", quality=0, period=PERIOD):
    values = np.asarray(values, np.int16)
    words = np.full(len(values), quality, np.uint32)
    return SampleRow(channel, entity, Segment(start_ms * 1_000_000, period, len(values)), values, words)


def put(store, rows, slot="a"):
    start, stop = min(one.segment.start_ns for one in rows), max(one.segment.stop_ns for one in rows)
    return store.write(Draft(SAMPLES, 1, 1, {"slot": slot}, start, stop, slot=slot), tables_of(rows))


def read(store, start_ms=0, stop_ms=10**6, entity="S25101"):
    return store.raw_samples("ecg", entity, start_ms * 1_000_000, stop_ms * 1_000_000)


def test_values_times_and_quality_come_back(store):
    put(store, [row(0, range(100), quality=4), row(300, range(300, 350))])
    found = read(store)
    assert found.values.tolist() == [*range(100), *range(300, 350)]
    assert (found.times_ns() // 1_000_000).tolist() == [*range(100), *range(300, 350)]
    assert found.quality.tolist() == [4] * 100 + [0] * 50
    assert [one.count for one in found.segments] == [100, 50]
    assert read(store, 50, 310).values.tolist() == [*range(50, 100), *range(300, 310)]
    assert len(read(store, 100, 300)) == 0
    assert len(read(store, entity="S25102")) == 0


def test_long_rows_are_cut_and_read_as_one(store):
    values = np.arange(200_000, dtype=np.int64).astype(np.int16)
    put(store, [row(0, values)])
    assert store.granules(SAMPLES)[0].rows == 4
    found = read(store)
    np.testing.assert_array_equal(found.values, values)
    assert found.segments == (Segment(0, PERIOD, 200_000),)


def test_an_odd_period_keeps_its_exactness(store):
    period = Fraction(1_000_000_007, 999_983)
    put(store, [row(0, np.zeros(1000), period=period)])
    assert read(store).segments == (Segment(0, period, 1000),)


def test_the_first_of_two_equal_copies_counts_once(store):
    put(store, [row(0, range(100))], "a")
    put(store, [row(50, range(50, 150))], "b")
    found = read(store)
    assert found.values.tolist() == list(range(150))
    assert len(found.segments) == 1


def test_the_verified_copy_wins(store):
    put(store, [row(0, [-1] * 100, quality=Quality.UNVERIFIED)], "a")
    put(store, [row(30, range(30, 60))], "b")
    found = read(store)
    assert found.values.tolist() == [-1] * 30 + list(range(30, 60)) + [-1] * 40
    assert found.quality.tolist() == [64] * 30 + [0] * 30 + [64] * 40


def test_a_copy_fills_the_holes_of_another(store):
    put(store, [row(0, range(20)), row(40, range(40, 60))], "a")
    put(store, [row(10, range(10, 70))], "b")
    assert read(store).values.tolist() == list(range(70))


def test_samples_a_little_apart_are_the_same_samples(store):
    """Two correlations of one clock differ by less than half a sample: no sample may come twice or be lost."""
    put(store, [row(0, range(100))], "a")
    shifted = row(0, range(40, 140))
    put(store, [shifted._replace(segment=Segment(40_000_000 + 300_000, PERIOD, 100))], "b")
    assert read(store).values.tolist() == list(range(140))


def test_gaps_of_one_and_of_all(store):
    timeline = store.description.timeline
    start_ms = timeline.start_ns // 1_000_000
    sensors = [one.id for one in store.description.entities("sensor")]
    rows = [row(start_ms, np.zeros(5000), entity=one) for one in sensors]
    rows += [row(start_ms + 7000, np.zeros(3000), entity=one) for one in sensors[1:]]
    rows += [row(start_ms + 8000, np.zeros(2000), entity=sensors[0])]
    put(store, rows)
    start = timeline.start_ns
    found = store.gaps("ecg", sensors[0], start, start + 10_000 * 1_000_000)
    told = [((one.start_ns - start) // 10**6, (one.stop_ns - start) // 10**6, one.kind) for one in found]
    assert told == [(5000, 7000, "common"), (7000, 8000, "dropout")]
    assert [one.kind for one in store.gaps("ecg", sensors[1], start, start + 10_000 * 1_000_000)] == ["common"]


def test_never_recorded_is_one_gap(store):
    start = store.description.timeline.start_ns
    found = store.gaps("ecg", "S25101", start, start + 60 * 10**9)
    assert [(one.start_ns, one.stop_ns, one.kind) for one in found] == [(start, start + 60 * 10**9, "common")]


def test_little_is_read_for_little_asked(store, monkeypatch):
    rng = np.random.default_rng(1)
    rows = [
        row(0, rng.integers(-3000, 3000, 300_000), channel=channel, entity=f"S2510{number}")
        for channel in ("ecg", "pressure")
        for number in range(1, 9)
    ]
    put(store, rows)
    read_groups = set()
    original = row_groups.read_groups
    monkeypatch.setattr(row_groups, "read_groups", lambda *args: read_groups.update(args[2]) or original(*args))
    assert len(read(store, 1000, 2000, "S25103")) == 1000
    assert read_groups == {2}


def test_minimum_maximum_and_quality_stand_beside_the_row(store):
    put(store, [row(0, [5, -7, 3], quality=2)])
    table = store.read(SAMPLES, columns=["minimum", "maximum", "quality_union", "codec"])
    assert table.to_pylist() == [{"minimum": -7.0, "maximum": 5.0, "quality_union": 2, "codec": "raw"}]


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<u4", "<f4", "<f8"])
def test_any_type_of_count(store, dtype):
    values = np.linspace(0, 100, 5000).astype(dtype)
    one = SampleRow("ecg", "S25101", Segment(0, PERIOD, 5000), values, np.zeros(5000, np.uint32))
    put(store, [one])
    found = read(store)
    np.testing.assert_array_equal(found.values, values)
    assert found.values.dtype == values.dtype.newbyteorder("<")
