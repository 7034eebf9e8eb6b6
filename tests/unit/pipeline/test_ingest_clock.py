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


@pytest.mark.parametrize("at_s", [0, 30, 50])
def test_a_wrong_time_packet_is_rejected_with_its_reason(recorder, store, write_packets, taken, at_s):
    """One time packet that states another hour: the first, one in the middle, or the last; nothing is lost."""
    packets = recorder.record(0, 60)
    place = next(row for row, one in enumerate(packets) if one.kind == "TimeCorrelation" and one.second == at_s)
    recorder.start_ns += 3600 * NS_PER_S
    wrong = next(iter(recorder.record(at_s, at_s + 1)))
    summary = ingest(store, [write_packets("a.bin", [*packets[:place], wrong, *packets[place + 1 :]])])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    assert not quality_of(store, 1, 60).any()
    (one,) = summary.files
    assert one.clock_steps == ()
    assert one.clock["time_packets"]["used"] == 5
    assert sum(one.clock["time_packets"]["rejected"].values()) == 1
    assert any("a time packet that was off by" in note for note in one.notes)
    (event,) = store.read("events_clock").to_pylist()
    assert event["kind"] == "time packet rejected"
    assert abs(abs(event["amount_ns"]) - 3600 * NS_PER_S) < NS_PER_S


def test_the_clock_is_accounted_for(recorder, store, write_packets):
    true = recorder.clock
    recorder.clock = lambda second: (
        true(second) if second < 30 else true(second) - 3 * NS_PER_S if second < 60 else (second - 60) * NS_PER_S
    )
    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 90))])
    clock = summary.account["level_1"]["clock"]
    assert [one["points"] for one in clock["stretches"]] == [3, 3, 3]
    for one in clock["stretches"][:2]:
        assert one["drift_ppm"] == pytest.approx(-20, abs=0.01)
        assert one["drift_error_ppm"] < 0.01
        assert one["largest_ns"] <= 120  # two grains of a counter of 3 fine octets [ns]
        assert one["rms_ns"] <= one["largest_ns"]
    assert clock["stretches"][2]["drift_ppm"] == pytest.approx(0, abs=0.01)
    assert [one["kind"] for one in clock["events"]] == ["set back", "restart"]
    told = store.read("events_clock").to_pylist()
    assert [one["kind"] for one in told] == ["set back", "restart"]
    assert told[0]["amount_ns"] == pytest.approx(-3 * NS_PER_S, abs=1000)
    assert store.read("correlation")["stretch"].to_pylist() == [0] * 3 + [1] * 3 + [2] * 3


def test_time_packets_of_a_later_file_stamp_again_only_what_changes(recorder, store, write_packets, taken):
    """The first file has a single time packet; the second, late, brings those of the same minutes."""
    packets = recorder.record(0, 60)
    first = [one for one in packets if one.kind != "TimeCorrelation" or one.second == 20]
    ingest(store, [write_packets("a.bin", first)])
    assert (quality_of(store, 1, 60) & Quality.UNVERIFIED).all()
    before = {one.id for one in store.granules("samples")}
    late = write_packets("b.bin", [one for one in packets if one.kind == "TimeCorrelation" and one.second != 20])
    summary = ingest(store, [late])
    assert [one.status for one in summary.files] == ["ingested", "stamped again"]
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    assert not quality_of(store, 1, 60).any()
    after = {one.id for one in store.granules("samples")}
    assert not before & after
    again = ingest(store, [late])
    assert [one.status for one in again.files] == ["already there"]
    assert {one.id for one in store.granules("samples")} == after


def test_parts_whose_times_stay_keep_their_granules(recorder, store, write_packets, taken, monkeypatch):
    """Time packets end at 60 s; those that come later reach the last minutes only."""
    monkeypatch.setattr("telemus.pipeline.ingest_file.GATHERED_BYTES", 300_000)
    monkeypatch.setattr("telemus.pipeline.blocks.BLOCK_BYTES", 50_000)
    packets = [*recorder.record(0, 100), *recorder.record(1990, 2040)]
    ingest(
        store, [write_packets("a.bin", [one for one in packets if one.second <= 60 or one.kind != "TimeCorrelation"])]
    )
    before = {one.id for one in store.granules("samples")}
    assert (quality_of(store, 1, 2040)[-50_000:] & Quality.UNVERIFIED).all()
    times = [one for one in packets if one.kind == "TimeCorrelation"] + recorder.record(2040, 2060)
    summary = ingest(store, [write_packets("b.bin", times)])
    assert summary.files[-1].status == "stamped again"
    after = {one.id for one in store.granules("samples")}
    assert before & after
    assert before - after
    assert np.bincount(taken(store, "ecg", 1, 2060))[1990:].tolist() == [1000] * 70
    assert not (quality_of(store, 1, 2060) & Quality.UNVERIFIED).any()


def test_a_file_that_has_its_own_time_is_not_touched_by_others(recorder, store, write_packets):
    ingest(store, [write_packets("a.bin", recorder.record(0, 60))])
    before = {one.id for one in store.granules("samples")}
    recorder.start_ns += 1_000_000
    summary = ingest(store, [write_packets("b.bin", recorder.record(60, 120))])
    assert [one.status for one in summary.files] == ["ingested"]
    assert before <= {one.id for one in store.granules("samples")}


def test_a_step_between_two_files_is_not_bridged(recorder, store, write_packets):
    """The first file has one time packet; the counter was set by half a second before the second file begins."""
    packets = recorder.record(0, 30)
    ingest(
        store, [write_packets("a.bin", [one for one in packets if one.kind != "TimeCorrelation" or one.second == 10])]
    )
    times = store.raw_samples("ecg", "S25101", 0, 2**62).times_ns()
    true = recorder.clock
    recorder.clock = lambda second: true(second) + NS_PER_S // 2
    summary = ingest(store, [write_packets("b.bin", recorder.record(30, 90))])
    assert [one.status for one in summary.files] == ["ingested"]
    assert (quality_of(store, 1, 30) & Quality.UNVERIFIED).all()
    np.testing.assert_array_equal(store.raw_samples("ecg", "S25101", 0, int(times[-1]) + 1).times_ns(), times)
