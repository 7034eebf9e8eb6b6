"""Ingest: what comes out of an archive is what the recorder measured, at the time it measured it."""

from __future__ import annotations

import numpy as np
import pytest

from telemus import archive
from telemus.archive.disk import shutil as disk_shutil
from telemus.errors import ArchiveError, DefinitionError, FormatError, SpaceError
from telemus.pipeline import ingest
from telemus.pipeline import ingest_file as file_work
from telemus.series import Quality


def test_every_sample_comes_out_at_its_own_time(recorder, store, write_packets, taken):
    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 60))])
    for animal in (1, 2):
        for channel, rate in (("pressure", 500), ("ecg", 1000)):
            seconds = taken(store, channel, animal, 60)
            np.testing.assert_array_equal(np.bincount(seconds), np.full(60, rate))
    assert summary.files[0].status == "ingested"
    assert summary.notes == ()
    assert summary.samples == 60 * (2 * 1500 + 3)
    samples = store.raw_samples("pressure", "S25101", *store.span())
    assert len(samples.segments) == 1
    assert not samples.quality.any()


def test_the_account_closes_and_adds_up_over_files(recorder, store, write_packets):
    first = write_packets("a.bin", recorder.record(0, 20))
    second = write_packets("b.bin", recorder.record(20, 40))
    octets = ingest(store, [first, second]).account["bytes"]
    assert octets["received"] == first.stat().st_size + second.stat().st_size
    assert octets["received"] == sum(octets[name] for name in ("packets", "duplicates", "framing", "idle", "rejected"))
    assert store.account()["bytes"] == octets
    assert [one["name"] for one in store.account()["files"]] == ["a.bin", "b.bin"]


def test_the_same_bytes_twice_change_nothing(recorder, store, write_packets, tmp_path):
    path = write_packets("a.bin", recorder.record(0, 20))
    ingest(store, [path])
    before = {one: one.stat().st_mtime_ns for one in store.path.rglob("*.parquet")}
    renamed = tmp_path / "other name.bin"
    renamed.write_bytes(path.read_bytes())
    summary = ingest(store, [renamed])
    assert summary.files[0].status == "already there"
    assert {one: one.stat().st_mtime_ns for one in store.path.rglob("*.parquet")} == before
    assert len(store.received()) == 1


def test_files_in_the_wrong_order_go_where_they_belong(recorder, store, write_packets, taken):
    packets = recorder.record(0, 60)
    late = write_packets("late.bin", [one for one in packets if one.second < 30])
    early = write_packets("early.bin", [one for one in packets if one.second >= 30])
    ingest(store, [early])
    ingest(store, [late])
    assert np.bincount(taken(store, "ecg", 1, 60)).tolist() == [1000] * 60
    assert len(store.raw_samples("ecg", "S25101", *store.span()).segments) == 1


def test_a_pass_received_twice_with_different_losses_is_whole(recorder, store, write_packets, taken):
    packets = recorder.record(0, 60)
    one = write_packets("one.bin", [p for p in packets if not 10 <= p.second < 15])
    two = write_packets("two.bin", [p for p in packets if not 40 <= p.second < 44 or p.address == 2])
    summary = ingest(store, [one, two])
    assert np.bincount(taken(store, "pressure", 1, 60)).tolist() == [500] * 60
    assert np.bincount(taken(store, "pressure", 2, 60)).tolist() == [500] * 60
    twice = sum(not 10 <= p.second < 15 and (not 40 <= p.second < 44 or p.address == 2) for p in packets)
    assert summary.files[1].notes == (
        f"{twice} packets came in other files too; each sample is read once, from the verified copy",
    )


def test_packets_out_of_order_in_one_file(recorder, store, write_packets, taken):
    packets = recorder.record(0, 60)
    order = np.random.default_rng(3).permutation(40) + 100
    shuffled = [*packets[:100], *(packets[row] for row in order), *packets[140:]]
    ingest(store, [write_packets("a.bin", shuffled)])
    assert np.bincount(taken(store, "ecg", 2, 60)).tolist() == [1000] * 60


def test_a_packet_twice_in_one_file_counts_once(recorder, store, write_packets, taken):
    packets = recorder.record(0, 20)
    summary = ingest(store, [write_packets("a.bin", [*packets[:50], packets[40], *packets[50:]])])
    assert np.bincount(taken(store, "ecg", 1, 20)).tolist() == [1000] * 20
    assert summary.account["bytes"]["duplicates"] == len(packets[40].data)


def test_gaps_say_why(recorder, store, write_packets, flight):
    packets = recorder.record(0, 60)  # the rehearsal's recorder is on for 60 s in every 1800 s
    kept = [
        p
        for p in packets
        if not (p.kind == "PressureWaveform" and p.address == 1 and 10 <= p.second < 13) and not 30 <= p.second < 32
    ]
    ingest(store, [write_packets("a.bin", kept)])
    start = flight.timeline.start_ns
    found = store.gaps("pressure", "S25101", start, start + 100 * 10**9)
    told = [(round((gap.start_ns - start) / 1e9), round((gap.stop_ns - start) / 1e9), gap.kind) for gap in found]
    assert told == [(10, 13, "dropout"), (30, 32, "common"), (60, 100, "scheduled_off")]


def test_counts_at_the_end_of_the_converter_are_flagged(recorder, store, write_packets, in_order):
    packets = recorder.record(0, 20)
    counts = np.full((1, 500), 7)
    counts[0, 100:110] = 65535
    railed = recorder.send("PressureWaveform", 5, {"IMPLANT": 3, "ANTENNA": 1, "WAVE_PRESSURE": counts}, 3)
    ingest(store, [write_packets("a.bin", in_order([*packets, railed]))])
    start = store.description.timeline.start_ns
    samples = store.raw_samples("pressure", "S25103", start, start + 20 * 10**9)
    assert np.flatnonzero(samples.quality & Quality.RAIL).tolist() == list(range(100, 110))


def test_an_unknown_entity_is_counted_and_kept_at_level_0(recorder, store, write_packets, in_order):
    packets = recorder.record(0, 20)
    columns = {"IMPLANT": 77, "ANTENNA": 1, "WAVE_PRESSURE": np.zeros((1, 500), int)}
    stranger = recorder.send("PressureWaveform", 5, columns, 77)
    summary = ingest(store, [write_packets("a.bin", in_order([*packets, stranger]))])
    assert dict(summary.files[0].unknown_entities) == {"sensor 77": 1}
    assert "1 packets are of sensor 77" in summary.notes[0]
    assert store.received()[0].path.read_bytes().count(stranger.data) == 1


def test_an_undefined_apid_is_a_line_in_the_account(recorder, store, write_packets):
    packets = recorder.record(0, 20)
    foreign = bytes.fromhex("0bb8c0000003") + b"\x01\x02\x03\x04"
    path = write_packets("a.bin", packets)
    path.write_bytes(path.read_bytes() + foreign * 3)
    account = ingest(store, [path]).account
    assert account["apids"]["952"]["name"] == "unknown APID 952"


def test_events_and_the_clock_are_tables_of_their_own(recorder, store, write_packets, in_order):
    packets = recorder.record(0, 30)
    launch = recorder.send("Event", 7, {"EVENT_CODE": 5, "EVENT_DETAIL": 12})
    ingest(store, [write_packets("a.bin", in_order([*packets, launch]))])
    event = store.read("events_onboard").to_pylist()[0]
    assert (event["container"], event["label"]) == ("Event", "LAUNCH")
    assert abs(event["tai_ns"] - store.description.timeline.start_ns - 7 * 10**9) < 200
    correlation = store.read("correlation")
    assert correlation.num_rows == 3
    assert np.nanmean(correlation["drift_ppm"].to_numpy()) == pytest.approx(-20.0, abs=0.1)
    assert correlation.schema.field("residual_ns").metadata[b"unit"] == b"ns"


def test_the_index_has_every_packet(recorder, store, write_packets):
    packets = recorder.record(0, 20)
    ingest(store, [write_packets("a.bin", packets)])
    index = store.received()[0].packet_index(["offset", "length"])
    octets = store.received()[0].path.read_bytes()
    rows = sorted(zip(index["offset"].to_pylist(), index["length"].to_pylist(), strict=True))
    assert [octets[offset : offset + length] for offset, length in rows] == [packet.data for packet in packets]


@pytest.mark.parametrize("content", [b"", bytes(5000), np.random.default_rng(1).bytes(5000)])
def test_a_file_without_packets_is_named(store, tmp_path, content):
    path = tmp_path / "foreign.bin"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"foreign\.bin") as caught:
        ingest(store, [path])
    assert caught.value.path == path
    assert caught.value.offset == 0


def test_a_foreign_file_is_foreign_the_second_time_too(store, tmp_path):
    path = tmp_path / "foreign.bin"
    path.write_bytes(bytes(5000))
    for _ in range(2):
        with pytest.raises(FormatError, match="is a packet of the definition"):
            ingest(store, [path])


def test_a_missing_file_is_named(store, tmp_path):
    with pytest.raises(FormatError, match=r"nowhere\.bin.*got no file"):
        ingest(store, [tmp_path / "nowhere.bin"])


def test_a_bad_file_does_not_spoil_a_good_one(recorder, store, write_packets, tmp_path, taken):
    empty = tmp_path / "empty.bin"
    empty.touch()
    foreign = tmp_path / "foreign.bin"
    foreign.write_bytes(bytes(4000))
    summary = ingest(store, [empty, write_packets("a.bin", recorder.record(0, 20)), foreign])
    assert [one.status for one in summary.files] == ["refused", "ingested", "no packets"]
    assert np.bincount(taken(store, "ecg", 1, 20)).tolist() == [1000] * 20
    assert summary.account["bytes"]["rejected"] == 4000


def test_a_truncated_file_keeps_what_is_whole(recorder, store, write_packets, taken):
    path = write_packets("a.bin", recorder.record(0, 30))
    octets = path.read_bytes()
    path.write_bytes(octets[100:-100])
    summary = ingest(store, [path])
    assert np.bincount(taken(store, "ecg", 1, 30)).tolist() == [1000] * 30
    assert np.bincount(taken(store, "ecg", 2, 30)).tolist() == [1000] * 29  # the last packet lost its end
    assert summary.account["bytes"]["rejected"] > 0
    assert any("bytes are in no packet" in note for note in summary.notes)


def test_interrupted_it_goes_on_where_it_was(recorder, store, write_packets, tmp_path, monkeypatch):
    path = write_packets("a.bin", recorder.record(0, 60))
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 50_000)
    with monkeypatch.context() as patch:

        def stop(*_):
            raise KeyboardInterrupt

        patch.setattr(archive.Archive, "adopt", stop)
        with pytest.raises(KeyboardInterrupt):
            ingest(store, [path])
    assert store.granules("samples") == []
    sealed = list(store.path.glob("granules/samples/*.parquet"))
    assert len(sealed) > 1
    again = archive.open(store.path)
    ingest(again, [])  # the unfinished file is done again though nobody names it
    assert {one.path for one in again.granules("samples")} == set(sealed)
    other = archive.create(tmp_path / "other", again.mission(), "rehearsal")
    ingest(other, [path])
    assert [one.id for one in other.granules()] == [one.id for one in again.granules()]


def test_the_result_does_not_depend_on_blocks_and_granules(recorder, store, write_packets, monkeypatch, taken):
    path = write_packets("a.bin", recorder.record(0, 60))
    monkeypatch.setattr(file_work, "GATHERED_BYTES", 30_000)
    monkeypatch.setattr("telemus.pipeline.blocks.BLOCK_BYTES", 7_001)
    ingest(store, [path])
    assert len(store.granules("samples")) > 5
    assert np.bincount(taken(store, "pressure", 2, 60)).tolist() == [500] * 60
    assert len(store.raw_samples("pressure", "S25102", *store.span()).segments) == 1


def test_a_full_disk_is_told_before_it_is_needed(recorder, store, write_packets, monkeypatch):
    path = write_packets("a.bin", recorder.record(0, 20))
    usage = disk_shutil.disk_usage(store.path)
    monkeypatch.setattr(disk_shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(SpaceError, match=r"0 MB free, wanted 3\d MB"):
        ingest(store, [path])
    assert store.received() == []


def test_a_channel_that_the_definition_lacks_is_told_before_any_byte(tmp_path, flight, recorder, write_packets):
    import shutil

    folder = tmp_path / "mtb2"
    shutil.copytree(flight.folder, folder)
    channels = folder / "channels.toml"
    channels.write_text(channels.read_text().replace('parameter = "WAVE_ECG"', 'parameter = "WAVE_EEG"'))
    store = archive.create(tmp_path / "archive2", folder, "rehearsal")
    with pytest.raises(DefinitionError, match="WAVE_EEG, wanted one of"):
        ingest(store, [write_packets("a.bin", recorder.record(0, 20))])
    assert store.received() == []


def test_progress_ends_at_the_total(recorder, store, write_packets):
    told = []
    path = write_packets("a.bin", recorder.record(0, 20))
    ingest(store, [path], progress=lambda *one: told.append(one))
    size = float(path.stat().st_size)
    assert ("receive", size, size) in told
    assert told[-1] == ("ingest", size, size)


def test_the_summary_is_plain_data(recorder, store, write_packets):
    import json

    summary = ingest(store, [write_packets("a.bin", recorder.record(0, 20))])
    assert json.loads(json.dumps(summary.to_dict()))["files"][0]["status"] == "ingested"


def test_a_second_writer_is_refused(recorder, store, write_packets):
    path = write_packets("a.bin", recorder.record(0, 20))
    with store.writing(), pytest.raises(ArchiveError, match=r"second writer while process \d+"):
        ingest(archive.open(store.path), [path])


def test_damage_after_reception_is_found(recorder, store, write_packets, tmp_path):
    ingest(store, [write_packets("a.bin", recorder.record(0, 60))])
    assert store.verify() == []
    received = store.received()[0].path
    octets = bytearray(received.read_bytes())
    octets[1000] ^= 1
    received.write_bytes(octets)
    granule = store.granules("samples")[0].path
    damaged = bytearray(granule.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    granule.write_bytes(damaged)
    found = [(one.kind, one.path, one.start) for one in store.verify()]
    assert found == [("received bytes", received, 0), ("granule", granule, 0)]
