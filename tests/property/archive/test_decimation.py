"""Decimated samples equal the plain way, one sample at a time, over any span and number of buckets."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus import archive
from telemus.archive import SAMPLES, Draft, SampleRow, tables_of, update_pyramid
from telemus.mission import MISSIONS
from telemus.series import Quality, Segment

SHIPPED = sorted(path.parent for path in MISSIONS.glob("*/mission.toml"))[-1]
S = 1_000_000_000
BEGIN = 1_750_000_000 * S + 123_456_789
UNVERIFIED = np.uint32(Quality.UNVERIFIED)

# (start after BEGIN [s], samples, period [ns], bit of every sample): overlaps, gaps, hours and days apart
FIRST = [
    (0.0, 90_000, 5_000_000, 0),  # 7.5 min at 200 Hz
    (500.0, 20_000, 5_000_000, 0),
    (560.0, 20_000, 5_000_000, int(UNVERIFIED)),  # a second copy of 40 s, which gives way, and 60 s more
    (14_390.0, 30_000, 5_000_000, 0),  # over the border of a tile
    (200_000.0, 5_000, 5_000_000, 4),
    (2_000_000.0, 3_000, 1_000_000_000, 0),  # slow: no buckets beside it
]
LATE = [(440.0, 12_000, 5_000_000, 0), (1_000_000.0, 10_000, 5_000_000, 0)]


def rows_of(described, seed):
    """Return rows on one grid of samples, so that copies fall on the same instants, with spots of bad quality."""
    rng = np.random.default_rng(seed)
    rows = []
    for start_s, count, period_ns, bit in described:
        values = rng.integers(-3000, 3000, count).astype(np.int16)
        quality = np.full(count, bit, np.uint32)
        quality[rng.integers(0, count, 5)] |= np.uint32(Quality.RAIL)
        segment = Segment(BEGIN + round(start_s * S), Fraction(period_ns), count)
        rows.append(SampleRow("ecg", "S25101", segment, values, quality))
    return rows


def put(store, rows, slot):
    start, stop = min(one.segment.start_ns for one in rows), max(one.segment.stop_ns for one in rows)
    store.write(Draft(SAMPLES, 1, 1, {"slot": slot}, start, stop, slot=slot), tables_of(rows))


def truth_of(rows):
    """Return every sample time once: times, values, quality; verified rows first, then the one that starts first."""
    ranked = sorted(rows, key=lambda row: (bool(row.quality[0] & UNVERIFIED), row.segment.start_ns))
    times, values, quality = (
        np.concatenate([getattr(row, name) if name else row.segment.times_ns() for row in ranked])
        for name in ("", "values", "quality")
    )
    kept, first = np.unique(times, return_index=True)
    return kept, values[first], quality[first]


@pytest.fixture(scope="module", params=["no pyramid", "pyramid", "late data", "late data, pyramid made anew"])
def filled(request, tmp_path_factory):
    store = archive.create(Path(tmp_path_factory.mktemp("flight")) / "archive", SHIPPED, "rehearsal")
    rows = rows_of(FIRST, 1)
    put(store, rows, "first")
    if request.param != "no pyramid":
        assert update_pyramid(store) > 0
    if "late" in request.param:
        late = rows_of(LATE, 2)
        put(store, late, "late")
        rows += late
    if "anew" in request.param:
        assert update_pyramid(store) > 0
    return store, truth_of(rows)


SPANS = st.one_of(
    st.tuples(st.floats(-100, 1200), st.floats(0.001, 1500)),
    st.tuples(st.floats(14_000, 15_000), st.floats(0.001, 3000)),
    st.tuples(st.floats(-1000, 2_100_000), st.floats(0.001, 2_500_000)),
)


def plain(truth, edges):
    times, values, quality = truth
    bounds = np.searchsorted(times, edges)
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = values[first:last].astype(float)
        union = int(np.bitwise_or.reduce(quality[first:last], initial=0))
        yield (own.min(), own.max(), own.mean(), len(own), union) if len(own) else (np.nan, np.nan, np.nan, 0, union)


@settings(max_examples=60, deadline=None)
@given(SPANS, st.integers(1, 60))
def test_decimated_equals_the_plain_way(filled, span, buckets):
    store, truth = filled
    start = BEGIN + round(span[0] * S)
    stop = start + max(round(span[1] * S), buckets)
    found = store.decimated("ecg", "S25101", start, stop, buckets)
    assert len(found.edges_ns) == buckets + 1
    assert (found.edges_ns[0], found.edges_ns[-1]) == (start, stop)
    assert (np.diff(found.edges_ns) > 0).all()
    even = start + (stop - start) * np.arange(buckets + 1) // buckets
    assert np.abs(found.edges_ns - even).max() * 8 <= (stop - start) / buckets + 8
    wanted = np.array(list(plain(truth, found.edges_ns)))
    got = np.stack([found.minimum, found.maximum, found.mean, found.samples, found.quality], axis=1)
    np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=0)


@settings(max_examples=40, deadline=None)
@given(SPANS)
def test_the_stream_is_every_sample_once(filled, span):
    store, (times, values, quality) = filled
    start, stop = BEGIN + round(span[0] * S), BEGIN + round((span[0] + min(span[1], 50_000)) * S)
    batches = list(store.sample_batches("ecg", "S25101", start, stop))
    names = ("tai_ns", "value", "quality", "segment")
    got = {name: np.concatenate([one[name].to_numpy() for one in batches] or [np.zeros(0, int)]) for name in names}
    kept = slice(*np.searchsorted(times, [start, stop]))
    for name, column in zip(names, (times, values, quality), strict=False):
        np.testing.assert_array_equal(got[name], column[kept])
    assert store.raw_samples("ecg", "S25101", start, stop).values.tolist() == values[kept].tolist()
    steps = np.diff(times[kept])
    np.testing.assert_array_equal(np.diff(got["segment"]) > 0, (steps != 5_000_000) & (steps != S) | _new_rate(steps))


def _new_rate(steps):
    return np.concatenate(([False], (steps[1:] != steps[:-1]) & (steps[1:] == S))) if len(steps) else steps > 0
