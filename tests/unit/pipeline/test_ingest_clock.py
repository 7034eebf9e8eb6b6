"""The recorder's clock: rollover, steps, restarts, and files in which time packets are few."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.pipeline import ingest
from telemus.series import Quality

WIDTH_S = 2**32


def quality_of(store, animal, stop_s):
    start = store.description.timeline.start_ns
    return store.raw_samples("ecg", f"S2510{animal}", start, start + stop_s * NS_PER_S).quality


def test_rollover_of_the_counter(recorder, store, write_packets, taken):
    recorder.clock = lambda second: ((WIDTH_S - 25 + second) * NS_PER_S + second * 20_000) % (WIDTH_S * NS_PER_S)
    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 60))])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    assert summary.files[0].clock_steps == ()
    assert summary.notes == ()


@pytest.mark.parametrize("step_s", [2.5, -2.5, 0.2, -0.2, 3600.0])
@pytest.mark.parametrize("at_s", [33, 30, 39])
def test_a_clock_step_is_found_where_it_happened(recorder, store, write_packets, taken, step_s, at_s):
    true = recorder.clock
    recorder.clock = lambda second: true(second) + (round(step_s * NS_PER_S) if second >= at_s else 0)
    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 90))])
    for animal in (1, 2):
        assert np.bincount(taken(store, "ecg", animal, 90)).tolist() == [1000] * 90
        flagged = np.flatnonzero(quality_of(store, animal, 90) & Quality.CLOCK_STEP)
        assert flagged.min() == (at_s - 1) * 1000
        assert flagged.max() == (at_s + 1) * 1000 - 1
    assert len(summary.files[0].clock_steps) == 1
    assert any("set or started again" in note for note in summary.notes)


@pytest.mark.parametrize("pause_s", [0, 7])
def test_a_restart_of_the_counter(recorder, store, write_packets, taken, pause_s):
    true = recorder.clock
    recorder.clock = lambda second: true(second) if second < 44 else round((second - 44 + 0.5) * NS_PER_S)
    packets = [one for one in recorder.record(0, 90) if not 44 - pause_s <= one.second < 44]
    ingest(store, [write_packets("a.bin", packets)])
    expected = [0 if 44 - pause_s <= second < 44 else 1000 for second in range(90)]
    assert np.bincount(taken(store, "ecg", 1, 90)).tolist() == expected


def test_a_step_in_a_scheduled_pause(recorder, store, write_packets, taken):
    true = recorder.clock
    recorder.clock = lambda second: true(second) + (round(2.5 * NS_PER_S) if second >= 1000 else 0)
    packets = [*recorder.record(0, 60), *recorder.record(1800, 1860)]
    ingest(store, [write_packets("a.bin", packets)])
    seconds = np.bincount(taken(store, "ecg", 1, 1860))
    assert seconds[:60].tolist() == [1000] * 60
    assert seconds[60:1800].sum() == 0
    assert seconds[1800:].tolist() == [1000] * 60


def test_packets_before_the_first_time_packet(recorder, store, write_packets, taken):
    packets = [one for one in recorder.record(0, 60) if one.second >= 3]
    ingest(store, [write_packets("a.bin", packets)])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [0] * 3 + [1000] * 57


def test_another_run_of_the_counter_before_the_first_time_packet_gets_no_time(recorder, store, write_packets, taken):
    true = recorder.clock
    recorder.clock = lambda second: true(second) if second < 6 else round((second - 6) * NS_PER_S)
    packets = [one for one in recorder.record(0, 60) if one.second >= 3]
    summary = ingest(store, [write_packets("a.bin", packets)])
    assert summary.files[0].untimed_packets == 3 * 5
    index = np.arange(6 * 1000, 60 * 1000)
    start = store.description.timeline.start_ns
    samples = store.raw_samples("ecg", "S25101", start, start + 60 * NS_PER_S)
    np.testing.assert_array_equal(samples.values, index % 60_000 - 30_000)


def test_a_packet_that_comes_late_behind_the_last_time_packet(recorder, store, write_packets, taken):
    packets = recorder.record(0, 60)
    late = next(row for row, one in enumerate(packets) if one.kind == "EcgWaveform" and one.second == 20)
    ingest(store, [write_packets("a.bin", [*packets[:late], *packets[late + 1 :], packets[late]])])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    assert np.flatnonzero(quality_of(store, 1, 60)).tolist() == list(range(20_000, 21_000))
    assert set(quality_of(store, 1, 60).tolist()) == {0, Quality.UNVERIFIED}


def test_a_single_time_packet_is_believed_at_the_nominal_rate(recorder, store, write_packets):
    recorder.correlation_every_s = 1000
    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 30))])
    quality = quality_of(store, 1, 31)
    assert len(quality) == 30_000
    assert (quality & Quality.UNVERIFIED).all()
    assert "a single time packet and the nominal rate" in summary.notes[0]


def test_no_time_packet_at_all_is_said_and_kept_at_level_0(recorder, store, write_packets):
    recorder.correlation_every_s = 1000
    summary = ingest(store, [write_packets("a.bin", recorder.record(1, 30))])
    assert summary.samples == 0
    assert summary.files[0].untimed_packets == 29 * 5
    assert "have no time packet to go by" in summary.notes[0]
    assert store.received()[0].bytes > 0


def test_a_file_without_time_packets_borrows_from_another(recorder, store, write_packets, taken):
    packets = recorder.record(0, 60)
    with_time = write_packets("a.bin", [one for one in packets if one.second < 40])
    without = [one for one in packets if one.second >= 40 and one.kind != "TimeCorrelation"]
    ingest(store, [with_time])
    summary = ingest(store, [write_packets("b.bin", without)])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    quality = quality_of(store, 1, 60)
    assert not quality[:40_000].any()
    assert (quality[40_000:] & Quality.UNVERIFIED).all()
    assert "time packets out of reach" in summary.notes[0]


def test_memory_forces_a_time_before_its_packet_came(recorder, store, write_packets, taken, monkeypatch):
    monkeypatch.setattr("telemus.pipeline.stamp.WAITING_BYTES", 100_000)
    monkeypatch.setattr("telemus.pipeline.blocks.BLOCK_BYTES", 20_000)
    recorder.correlation_every_s = 40
    ingest(store, [write_packets("a.bin", [one for one in recorder.record(0, 120) if one.second >= 5])])
    assert np.bincount(taken(store, "ecg", 1, 120)).tolist() == [0] * 5 + [1000] * 115
    quality = quality_of(store, 1, 120)
    assert (quality & Quality.UNVERIFIED).any()
    assert not (quality & ~np.uint32(Quality.UNVERIFIED)).any()


def test_a_wrong_time_packet_costs_little(recorder, store, write_packets, taken):
    """One time packet that states another hour makes a stretch of its own and does not bend its neighbours."""
    packets = recorder.record(0, 60)
    place = next(row for row, one in enumerate(packets) if one.kind == "TimeCorrelation" and one.second == 30)
    recorder.start_ns += 3600 * NS_PER_S
    wrong = next(iter(recorder.record(30, 31)))
    ingest(store, [write_packets("a.bin", [*packets[:place], wrong, *packets[place + 1 :]])])
    start = store.description.timeline.start_ns
    samples = store.raw_samples("ecg", "S25101", start, start + 60 * NS_PER_S)
    since = np.rint((samples.times_ns() - start) / 1e6).astype(np.int64)
    np.testing.assert_array_equal(samples.values, since % 60_000 - 30_000)
    assert len(samples) >= 50_000
