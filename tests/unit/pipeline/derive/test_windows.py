"""Windows: weighted by time, measured against what was scheduled."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.pipeline.derive_windows import best_rate, received_seconds, window_columns, window_means
from telemus.pipeline.registry import REGISTRY, RULES
from telemus.pipeline.schedule import bins_of, day_origin_ns, lit, overlap_s, phase_names
from telemus.series import Quality, Samples

MINUTE = 60 * NS_PER_S
PARAMETERS = REGISTRY["windows_1min"].product.with_parameters({})


def beats(times_s, interval_s, **measures):
    times = np.rint(np.asarray(times_s) * NS_PER_S).astype(np.int64)
    columns = {"tai_ns": times, "interval_s": np.asarray(interval_s, float)}
    return columns | measures | {"quality": np.zeros(len(times), np.uint32)}


def columns_of(table, scheduled_s, received=60.0):
    edges = np.array([0, MINUTE, 2 * MINUTE])
    spans = np.array(scheduled_s).reshape(-1, 2) * NS_PER_S
    return window_columns(edges, spans, {"pressure": table}, {"pressure": np.full(2, received)}, {}, RULES, PARAMETERS)


def test_coverage_is_against_what_was_scheduled():
    """30 s of beats in a minute in which the recorder was on for 30 s: all of it is covered."""
    times = np.arange(0, 30, 0.1)
    table = beats(times, np.full(len(times), 0.1), map_mmhg=np.full(len(times), 100.0))
    found = columns_of(table, [[0, 30]], received=30.0)
    assert found["scheduled_s"].tolist() == [30.0, 0.0]
    assert found["pressure_coverage"][0] == pytest.approx(1.0)
    assert found["pressure_received_share"][0] == 1.0


def test_a_minute_off_by_schedule_has_no_row():
    found = columns_of(beats([1.0], [np.nan], map_mmhg=np.array([1.0])), [[0, 30]], received=0.0)
    assert found["tai_ns"].tolist() == [0]


def test_means_are_weighted_by_time():
    """One second at 100 mmHg in slow beats, one at 80 mmHg in twice as many: 90 mmHg in time, 86.7 over beats."""
    times = np.concatenate([np.arange(0, 10, 0.2), np.arange(10, 20, 0.1)])
    interval = np.where(times < 10 - 1e-9, 0.2, 0.1)
    pressure = np.where(times < 10 - 1e-9, 100.0, 80.0)
    found = columns_of(beats(times, interval, map_mmhg=pressure), [[0, 60]])
    kept = found["pressure_n_intervals"][0] / len(times)
    assert kept > 0.7  # the change of rate itself is rejected
    assert abs(found["map_mmhg"][0] - 90.0) < 3.0
    assert found["map_mmhg"][0] > 88.0


def test_heart_rate_is_that_of_the_better_covered_source():
    columns = {
        "pressure_coverage": np.array([0.9, 0.2, np.nan]),
        "ecg_coverage": np.array([0.5, 0.8, np.nan]),
        "pressure_heart_rate_bpm": np.array([600.0, 500.0, np.nan]),
        "ecg_heart_rate_bpm": np.array([610.0, 505.0, np.nan]),
    }
    found = best_rate(columns, ["pressure", "ecg"])
    assert found["heart_rate_bpm"][:2].tolist() == [600.0, 505.0]
    assert found["heart_rate_source"].tolist() == ["pressure", "ecg", ""]
    assert found["coverage"].tolist() == [0.9, 0.8, 0.0]


def test_means_leave_out_what_is_not_trusted():
    quality = [0, 0, int(Quality.UNVERIFIED), 0]
    samples = Samples.of(np.array([1.0, 3.0, 99.0, 5.0]), 1, quality=quality)
    assert window_means(samples, np.array([0, 2, 4, 6]) * NS_PER_S)[:2].tolist() == [2.0, 5.0]


def test_received_seconds_by_a_plain_count():
    random = np.random.default_rng(5)
    quality = np.where(random.random(5000) < 0.3, int(Quality.RAIL), 0)
    samples = Samples.of(np.zeros(5000), 500, start_ns=300_000_000, quality=quality)
    edges = np.arange(0, 12 * NS_PER_S, NS_PER_S)
    times = samples.times_ns()
    plain = [np.sum((times >= a) & (times < b) & (quality == 0)) / 500 for a, b in pairwise(edges)]
    assert received_seconds(samples, edges) == pytest.approx(plain)


def test_overlap_by_a_plain_loop():
    spans = np.array([[3, 8], [8, 9], [20, 50]]) * NS_PER_S
    edges = np.array([-5, 0, 4, 10, 30, 60]) * NS_PER_S
    seconds = {t for a, b in (spans // NS_PER_S).tolist() for t in range(a, b)}
    plain = [
        len(seconds & set(range(a, b)))
        for a, b in zip(*(e.tolist() for e in (edges[:-1] // NS_PER_S, edges[1:] // NS_PER_S)), strict=True)
    ]
    assert overlap_s(spans, edges).tolist() == plain


def test_bins_stand_on_the_days_of_utc(store):
    timeline = store.description.timeline
    origin = day_origin_ns(timeline.start_ns)
    assert timeline.start_ns - origin == 8 * 60 * MINUTE
    bins = bins_of((timeline.start_ns, timeline.stop_ns), 12.0, origin)
    assert bins[0] == (origin, origin + 12 * 60 * MINUTE)
    assert len(bins) == 5


def test_phases_and_light_at_the_borders(store):
    timeline = store.description.timeline
    start = timeline.start_ns
    times = np.array([start - 1, start, start + 24 * 60 * MINUTE - 1, start + 24 * 60 * MINUTE, timeline.stop_ns])
    assert phase_names(timeline, times) == [None, "baseline", "baseline", "flight", None]
    light = store.description.description.light
    assert lit(np.array([light.on_h, light.off_h, light.off_h - 1e-9]), light).tolist() == [True, False, True]
