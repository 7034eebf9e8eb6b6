"""A recording gives the same beats however it is cut for reading: chunked equals whole, bit for bit."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.pipeline.derive_beats import Search, beats_between, chunks_of, find_in, stacked
from telemus.pipeline.derive_load import LIMIT
from telemus.pipeline.registry import DETECTORS, REGISTRY
from telemus.pipeline.stretches import anchors_of, stretches
from telemus.series import Quality, Samples, Segment

PERIODS = {"beats_pressure": Fraction(2_000_040), "beats_ecg": Fraction(1_000_020)}


def parameters(table):
    return {name: value for name, value in REGISTRY[table].product.with_parameters({}).items() if name != LIMIT}


def drifting(table, lengths_s, gap_after=()):
    """Rows of a recording whose clock drifts: each row has a slightly different period; some are followed by a gap."""
    random = np.random.default_rng(3)
    segments, values = [], []
    start = 1_700_000_000 * NS_PER_S
    rate_hz = NS_PER_S / float(PERIODS[table])
    for number, length_s in enumerate(lengths_s):
        count = round(length_s * rate_hz)
        period = PERIODS[table] + Fraction(number % 3, 7)
        segment = Segment(start, period, count)
        time_s = (segment.times_ns() - 1_700_000_000 * NS_PER_S) / NS_PER_S
        beat = np.cumsum(np.full(count, 9.0 / rate_hz) * (1 + 0.15 * np.sin(2 * np.pi * 0.3 * time_s)))
        phase = (beat + 9.0 * time_s[0]) % 1.0
        if table == "beats_pressure":
            wave = 90 + 30 * np.exp(-0.5 * ((phase - 0.3) / 0.08) ** 2) + random.normal(0, 0.2, count)
        else:
            wave = 0.9 * np.exp(-0.5 * ((phase - 0.3) / 0.012) ** 2) + random.normal(0, 0.02, count)
        segments.append(segment)
        values.append(wave)
        start = segment.stop_ns + (3 * NS_PER_S if number in gap_after else 0)
    joined = np.concatenate(values)
    quality = np.zeros(len(joined), np.uint32)
    quality[len(joined) // 3 : len(joined) // 3 + 400] = Quality.RAIL
    return Samples(tuple(segments), joined, quality)


def merged(samples):
    """Return the samples as an archive reads them: rows that touch joined into one segment of a mean period."""
    parts = []
    for segment in samples.segments:
        ahead = parts[-1] if parts else None
        if ahead is not None and abs(segment.start_ns - ahead.stop_ns) < float(segment.period_ns) / 2:
            count = ahead.count + segment.count
            parts[-1] = Segment(ahead.start_ns, Fraction(segment.stop_ns - ahead.start_ns, count), count)
        else:
            parts.append(segment)
    return Samples(tuple(parts), samples.values, samples.quality)


@pytest.mark.parametrize("table", ["beats_pressure", "beats_ecg"])
def test_any_cut_gives_the_same_beats(table):
    samples = drifting(table, [61.3, 40.1, 55.7, 80.2, 33.3], gap_after=(2,))
    anchors = anchors_of(samples.segments)
    how = Search(DETECTORS[table], round(samples.segments[0].rate_hz), parameters(table), None)
    whole = find_in(samples, anchors, how)
    assert len(whole["tai_ns"]) > 2000
    random = np.random.default_rng(11)
    for _ in range(3):
        inner = np.sort(random.integers(samples.start_ns, samples.stop_ns, 6)).tolist()
        edges = [samples.start_ns - NS_PER_S, *inner, samples.stop_ns + NS_PER_S]

        def read(start_ns, stop_ns):
            return merged(samples.between(start_ns, stop_ns))

        parts = beats_between(read, anchors, list(pairwise(edges)), how)
        cut = stacked(list(parts))
        for name, column in whole.items():
            np.testing.assert_array_equal(cut[name], column, err_msg=name)


@pytest.mark.parametrize("table", ["beats_pressure", "beats_ecg"])
def test_no_interval_crosses_a_gap(table):
    samples = drifting(table, [20.0, 20.0], gap_after=(0,))
    how = Search(DETECTORS[table], round(samples.segments[0].rate_hz), parameters(table), None)
    beats = find_in(samples, anchors_of(samples.segments), how)
    before = np.flatnonzero(beats["tai_ns"] < samples.segments[0].stop_ns)[-1]
    assert np.isnan(beats["interval_s"][before])
    assert np.isnan(beats["heart_rate_bpm"][before])
    assert np.nanmax(beats["interval_s"]) < 0.2


def test_intervals_are_differences_of_the_corrected_times():
    samples = drifting("beats_ecg", [30.0])
    how = Search(DETECTORS["beats_ecg"], 1000, parameters("beats_ecg"), None)
    beats = find_in(samples, anchors_of(samples.segments), how)
    known = np.isfinite(beats["interval_s"])
    steps = np.append(np.diff(beats["tai_ns"]), 0) / NS_PER_S
    assert known.sum() > 200
    np.testing.assert_array_equal(beats["interval_s"][known], steps[known])


def test_rows_that_touch_are_one_stretch_and_keep_their_own_time():
    rows = (
        Segment(0, Fraction(100_000), 10),
        Segment(1_000_001, Fraction(100_010), 10),
        Segment(5_000_000, Fraction(100_000), 10),
    )
    samples = Samples(rows, np.arange(30.0), np.zeros(30, np.uint32))
    found = list(stretches(samples, anchors_of(rows)))
    assert [len(one.values) for one in found] == [20, 10]
    assert [one.number for one in found] == [0, 0]
    times = found[0].time_at(np.array([0.5, 9.0, 10.0, 12.5]))
    assert times.tolist() == [50_000, 900_000, 1_000_001, 1_250_026]


def test_a_stretch_cut_inside_keeps_its_numbers():
    rows = (Segment(0, Fraction(100_000), 10), Segment(1_000_001, Fraction(100_010), 10))
    samples = Samples(rows, np.arange(20.0), np.zeros(20, np.uint32))
    part = next(stretches(samples.between(1_200_000, 1_800_000), anchors_of(rows)))
    assert part.number == 12
    assert part.values[0] == 12
    assert part.time_at(np.array([0.0])).tolist() == [1_200_021]


def test_rows_that_overlap_count_each_sample_once():
    rows = [Segment(0, Fraction(100), 10), Segment(500, Fraction(100), 10), Segment(1500, Fraction(100), 5)]
    assert anchors_of(rows).number.tolist() == [0, 5, 15]


def test_chunks_tile_the_span_and_hold_about_as_much_as_wanted():
    minute = 60 * NS_PER_S
    spans = np.array([[k * 30 * minute, k * 30 * minute + minute] for k in range(100)])
    chunks = chunks_of(spans, 0, 3000 * minute, 600.0)
    assert len(chunks) == 10
    assert chunks[0][0] == 0
    assert chunks[-1][1] == 3000 * minute
    assert all(one[1] == after[0] for one, after in pairwise(chunks))
    assert chunks_of(np.zeros((0, 2), np.int64), 5, 9, 600.0) == [(5, 9)]
