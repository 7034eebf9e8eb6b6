"""Running a plan: several processes, failures that stop nothing else, interruptions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.archive.identity import new_identity, write_identity
from telemus.pipeline import make_plan, process, registry, run

HOUR = 3600


@pytest.fixture
def recorded(recorder):
    for at_s in (HOUR, 9 * HOUR):
        recorder.write([row for number in (1, 2) for row in recorder.animal(number, at_s, 10)])
    return recorder


def tables(store):
    return {
        (one.product, one.subject, one.start_ns): store.read(
            one.product, subject=one.subject, start_ns=one.start_ns, stop_ns=one.stop_ns
        )
        for one in store.granules()
        if one.product != "samples"
    }


def test_two_processes_make_what_one_makes(recorded, tmp_path, mission_folder):
    process(recorded.store, workers=1)
    other = archives.create(tmp_path / "other", mission_folder, "short")
    twin = type(recorded)(other)
    for at_s in (HOUR, 9 * HOUR):
        twin.write([row for number in (1, 2) for row in twin.animal(number, at_s, 10)])
    done = process(other, workers=2)
    assert done.failures == ()
    one, two = tables(recorded.store), tables(other)
    assert one.keys() == two.keys()
    for key in (key for key in one if key[0].startswith("beats") and key[1] in ("M1", "M2")):
        assert one[key].num_rows > 70
        for name in one[key].column_names:
            np.testing.assert_array_equal(one[key][name].to_numpy(), two[key][name].to_numpy(), err_msg=f"{key} {name}")
    assert {g.id for g in recorded.store.granules()} == {g.id for g in other.granules()}


def broken(work):
    if work.subject == "M1":
        raise ZeroDivisionError("made to fail")
    return registry.REGISTRY_KEPT["beats_ecg"].make(work)


@pytest.fixture
def one_fails(monkeypatch):
    kept = dict(registry.REGISTRY)
    monkeypatch.setattr(registry, "REGISTRY_KEPT", kept, raising=False)
    monkeypatch.setitem(registry.REGISTRY, "beats_ecg", kept["beats_ecg"]._replace(make=broken))


def test_a_failing_job_stops_nothing_else(recorded, one_fails):
    done = process(recorded.store, workers=1)
    told = [str(one) for one in done.failures]
    assert any(line.startswith("beats_ecg of M1, 2025-06-02") and "made to fail" in line for line in told)
    lost = {(one.product, one.subject) for one in done.failures}
    assert ("windows_1min", "M1") in lost  # made from it
    assert ("phases", "M1") in lost
    assert not any(one.subject == "M2" for one in done.failures)
    assert recorded.store.read("beats_pressure", subject="M1").num_rows > 150
    assert recorded.store.read("phases", subject="M2").num_rows > 0


def test_the_next_run_makes_what_failed(recorded, monkeypatch):
    kept = dict(registry.REGISTRY)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "REGISTRY_KEPT", kept, raising=False)
        patch.setitem(registry.REGISTRY, "beats_ecg", kept["beats_ecg"]._replace(make=broken))
        failed = process(recorded.store, workers=1).failures
    done = process(recorded.store, workers=1)
    assert done.failures == ()
    assert done.made == len(failed)


def test_an_interruption_leaves_an_archive_that_goes_on(recorded, monkeypatch):
    kept = dict(registry.REGISTRY)
    calls = []

    def interrupted(work):
        calls.append(work.subject)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return kept["beats_ecg"].make(work)

    with monkeypatch.context() as patch:
        patch.setitem(registry.REGISTRY, "beats_ecg", kept["beats_ecg"]._replace(make=interrupted))
        patch.setattr(run, "ADOPT_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            process(recorded.store, workers=1)
    again = archives.open(recorded.store.path)
    assert again.verify() == []
    plan = make_plan(again, again.description)
    assert 0 < plan.present < len(plan.tasks)
    assert process(again, workers=1).present == plan.present
    assert make_plan(again, again.description).missing == []


def test_progress_counts_to_the_end(recorded):
    told = []
    process(recorded.store, workers=1, progress=lambda what, done, total: told.append((what, done, total)))
    assert {what for what, _, _ in told} == {"beats", "phases"}
    for name in ("beats", "phases"):
        steps = [(done, total) for what, done, total in told if what == name]
        assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
        assert steps[-1][0] == steps[-1][1]


def test_the_summary_is_plain_json(recorded, one_fails):
    import json

    told = process(recorded.store, workers=1).to_dict()
    assert json.loads(json.dumps(told))["failures"][0]["product"] == "beats_ecg"


def test_tables_carry_units_and_meanings(recorded):
    process(recorded.store, workers=1)
    (granule, *_) = recorded.store.granules("windows_1min")
    schema = archives.read_table(granule.path).schema
    assert schema.field("map_mmhg").metadata[b"unit"] == b"mmHg"
    assert schema.field("tai_ns").type == pa.int64()
    declared = {column.name for column in registry.REGISTRY["windows_1min"].product.columns}
    assert set(schema.names) <= declared


@pytest.mark.parametrize("name", list(registry.REGISTRY))
def test_every_column_written_is_declared(recorded, name):
    process(recorded.store, workers=1)
    found = recorded.store.granules(name)
    if not found:
        pytest.skip("not wanted by this mission")
    declared = {column.name for column in registry.REGISTRY[name].product.columns}
    assert set(archives.read_table(found[0].path).column_names) <= declared


def test_a_dead_animal_is_found_and_left_out_of_what_follows(recorder):
    for hour in range(0, 44, 2):
        dead = hour >= 30
        rows = recorder.animal(1, hour * HOUR, 60)
        rows += recorder.animal(2, hour * HOUR, 60, rate_bpm=0 if dead else 600, map_mmhg=8 if dead else 100,
                                temperature_degc=max(36 - 1.5 * max(hour - 28, 0), 23))  # fmt: skip
        recorder.write(rows)
    assert process(recorder.store, workers=2).failures == ()
    (found,) = [one for one in recorder.store.read("findings").to_pylist() if one["kind"] == "dead"]
    assert found["subject"] == "M2"
    assert found["start_ns"] == recorder.start_ns + 30 * HOUR * 10**9
    rows = {(r["subject"], r["phase"], r["measure"]): r for r in recorder.store.read("phases").to_pylist()}
    flight = rows["M2", "flight", "heart_rate_bpm"]
    assert flight["n"] == 3  # hours 24, 26 and 28
    assert flight["mean"] == pytest.approx(600, abs=1)
    assert rows["M2", "flight", "temperature_degc"]["mean"] > 30


def test_beats_under_acceleration_are_marked_and_no_others(recorder, mission_folder):
    """The flight phase is made a launch; from its second 20 to 29 the recorder feels 3 g along two axes."""
    text = (mission_folder / "timelines" / "short.toml").read_text(encoding="utf-8")
    text = text.replace('kind = "flight"', 'kind = "launch"')
    for folder in (mission_folder, recorder.store.mission()):
        (folder / "timelines" / "short.toml").write_text(text, encoding="utf-8")
    write_identity(recorder.store.path, new_identity(missions.load(folder, "short"), folder))
    store = archives.open(recorder.store.path)
    at_s = 24 * HOUR
    rows = recorder.animal(1, at_s, 60)
    felt = np.where((np.arange(3000) // 50 >= 20) & (np.arange(3000) // 50 < 30), 2120, 1000)
    rows += [recorder.row(f"acceleration_{axis}", "recorder", 50, felt.astype(np.int16), at_s) for axis in "xy"]
    recorder.write(rows)
    assert process(store, workers=1).failures == ()
    beats = store.read("beats_pressure", subject="M1")
    second = (beats["tai_ns"].to_numpy() - recorder.start_ns - at_s * 10**9) // 10**9
    marked = (beats["quality"].to_numpy() & (1 << 23)) != 0
    assert marked.sum() > 90
    assert (marked == ((second >= 20) & (second < 30))).all()
    assert store.read("beats_ecg", subject="M1").num_rows > 500
