"""The pyramid: made of what is below it, made anew only where samples changed, never believed when it is not true."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from telemus import archive
from telemus.archive import SAMPLES, Draft, SampleRow, disk, row_groups, tables_of, update_pyramid
from telemus.archive.pyramid import LEVELS
from telemus.errors import SignalError
from telemus.series import Segment

S = 1_000_000_000
TILE_S = LEVELS[0].tile_ns // S
BEGIN = 1_755_000_000 * S // LEVELS[0].tile_ns * LEVELS[0].tile_ns
HOUR = 3600 * S


def put(store, start_ns, values, period_ns=Fraction(2_000_000), slot=None):
    segment = Segment(start_ns, Fraction(period_ns), len(values))
    row = SampleRow("ecg", "S25101", segment, values, np.zeros(len(values), np.uint32))
    slot = f"{start_ns}" if slot is None else slot
    draft = Draft(SAMPLES, 1, 1, {"slot": slot}, start_ns, segment.stop_ns, slot=slot)
    return store.write(draft, tables_of([row]))


def counts(seconds, seed=0):
    return np.random.default_rng(seed).integers(-3000, 3000, 500 * seconds).astype(np.int16)


def whole(store, buckets=7, start_ns=BEGIN, stop_ns=BEGIN + 12 * TILE_S * S):
    return store.decimated("ecg", "S25101", start_ns, stop_ns, buckets)


def test_a_tile_says_what_it_was_made_of_and_the_next_is_made_of_it(store):
    sample = put(store, BEGIN + HOUR, counts(100))
    assert update_pyramid(store) == len(LEVELS)
    [first] = store.granules(LEVELS[0].product)
    [second] = store.granules(LEVELS[1].product)
    assert first.recipe["inputs"] == [sample.id]
    assert second.recipe["inputs"] == [first.id]
    assert store.provenance(second)["recipe"] == second.recipe
    table = store.read(LEVELS[1].product)
    assert table.num_rows == 10
    assert table["samples"].to_pylist() == [5000] * 10
    assert table["sum"][3].as_py() == counts(100)[15_000:20_000].sum()


def test_late_samples_touch_their_own_tiles_only(store):
    for number in (0, 3, 6):
        put(store, BEGIN + number * TILE_S * S + HOUR, counts(60, number))
    update_pyramid(store)
    before = {one.start_ns: one.id for one in store.granules(LEVELS[0].product)}
    put(store, BEGIN + 3 * TILE_S * S + 2 * HOUR, counts(60, 9))
    assert {one.start_ns for one in store.granules(LEVELS[0].product)} == set(before) - {BEGIN + 3 * TILE_S * S}
    assert whole(store).samples.sum() == 4 * 30_000, "the rows answer until the tile is made anew"
    update_pyramid(store)
    after = {one.start_ns: one.id for one in store.granules(LEVELS[0].product)}
    assert {start for start in after if after[start] != before[start]} == {BEGIN + 3 * TILE_S * S}
    assert whole(store).samples.sum() == 4 * 30_000
    assert update_pyramid(store) == 0


def test_retired_samples_are_in_no_view(store):
    sample = put(store, BEGIN + HOUR, counts(60))
    put(store, BEGIN + 2 * HOUR, counts(60, 1))
    update_pyramid(store)
    store.retire(SAMPLES, [sample])
    assert whole(store).samples.sum() == 30_000
    update_pyramid(store)
    assert whole(store).samples.sum() == 30_000


def test_a_damaged_granule_takes_its_tiles_along(store):
    sample = put(store, BEGIN + HOUR, counts(60))
    put(store, BEGIN + 5 * TILE_S * S + HOUR, counts(60, 1))
    update_pyramid(store)
    octets = bytearray(sample.path.read_bytes())
    octets[len(octets) // 2] ^= 1
    sample.path.write_bytes(octets)
    store.restore()
    again = archive.open(store.path)
    assert [one.start_ns for one in again.granules(LEVELS[0].product)] == [BEGIN + 5 * TILE_S * S]
    assert whole(again).samples.sum() == 30_000


def test_a_damaged_tile_is_named_and_answered_for_from_below(store):
    put(store, BEGIN + HOUR, counts(60))
    update_pyramid(store)
    good = whole(store)
    for level in LEVELS:
        [tile] = store.granules(level.product)
        disk.remove(tile.path)
    assert len(store.verify()) == len(LEVELS)
    store.restore()
    again = archive.open(store.path)
    np.testing.assert_array_equal(whole(again).mean, good.mean)
    assert update_pyramid(again) == len(LEVELS)
    assert again.verify() == []


def test_as_little_is_read_for_a_long_span_as_for_a_short(store, monkeypatch):
    for number in range(12):
        put(store, BEGIN + number * TILE_S * S, counts(1200, number))
    update_pyramid(store)
    read = []
    original = row_groups.read_groups
    monkeypatch.setattr(
        row_groups, "read_groups", lambda *given: read.append(original(*given).nbytes) or original(*given)
    )
    sums = {}
    for tiles in (1, 3, 12):
        read.clear()
        whole(archive.open(store.path), 200, BEGIN + 1, BEGIN + tiles * TILE_S * S - 1)
        sums[tiles] = sum(read)
    assert sums[12] < 2 * sums[1], sums


@pytest.mark.parametrize("period_ns", [Fraction(1_000_000_007, 999), Fraction(65_000_000_001, 65_000), Fraction(7 * S)])
def test_odd_periods_lie_in_the_buckets_of_their_times(store, period_ns):
    values = np.arange(100_000, dtype=np.int32)
    put(store, BEGIN + 12_345, values, period_ns)
    stop_ns = BEGIN + 12_345 + round(period_ns * len(values))
    for made in (False, True):
        if made:
            update_pyramid(store)
        found = whole(store, 23, BEGIN + 777, stop_ns - 1)
        for number in range(23):
            edges = found.edges_ns[number : number + 2].tolist()
            own = store.raw_samples("ecg", "S25101", *edges).values
            assert (found.samples[number], found.minimum[number]) == (len(own), own[0])
            assert found.mean[number] == pytest.approx(own.mean(), rel=1e-15)


def test_what_is_no_number_is_not_counted(store):
    values = np.linspace(0, 1, 5000)
    values[100:2000] = np.nan
    put(store, BEGIN, values)
    for made in (False, True):
        if made:
            update_pyramid(store)
        found = whole(store, 5, BEGIN, BEGIN + 10 * S)
        assert found.samples.tolist() == [100, 0, 1000, 1000, 1000]
        assert np.isnan(found.mean).tolist() == [False, True, False, False, False]
        assert found.maximum[4] == 1.0


def test_sums_of_large_integers_do_not_wrap(store):
    put(store, BEGIN, np.full(5000, 2**32 - 1, np.uint32))
    update_pyramid(store)
    assert whole(store, 1, BEGIN, BEGIN + 10 * S).mean[0] == 2**32 - 1


@pytest.mark.parametrize(("span_ns", "buckets"), [(100, 0), (100, 101), (0, 1), (-5, 1)])
def test_buckets_without_width_are_refused(store, span_ns, buckets):
    with pytest.raises(SignalError, match="wanted at least one, each at least 1 ns wide"):
        store.decimated("ecg", "S25101", BEGIN, BEGIN + span_ns, buckets)


def test_nothing_recorded_is_nothing_found(store):
    found = whole(store)
    assert found.samples.tolist() == [0] * 7
    assert np.isnan(found.minimum).all()
    assert list(store.sample_batches("ecg", "S25101", BEGIN, BEGIN + HOUR)) == []
