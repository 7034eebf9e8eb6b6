"""Alarms over what is archived, by the limits that were valid then."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from telemus import archive as archives
from telemus.cli.process import command
from telemus.clock import NS_PER_S, format_utc
from telemus.errors import ArchiveError, DamageError
from telemus.pipeline import check_mission, process, revise
from telemus.provenance import folder_sha256
from telemus.series import Quality

HOUR = 3600
TWO_HOURS_ON = "2025-06-02T10:00:00Z"
WARM = '{ level = "warning", high = 38.0, source = "test" }'
BASE = '{ low = 20.0, high = 45.0, source = "test" }'


def with_limits(folder, limits, channels="temperature"):
    """Give the temperature other limits in a mission's folder, and ask for alarms."""
    path = folder / "channels.toml"
    kept = path.read_text(encoding="utf-8").split("[[channel]]")
    place = next(k for k, one in enumerate(kept) if 'name = "temperature"' in one)
    lines = [f"limits = {limits}" if line.startswith("limits") else line for line in kept[place].splitlines()]
    kept[place] = "\n".join(lines) + "\n\n"
    path.write_text("[[channel]]".join(kept), encoding="utf-8")
    wanted = folder / "products.toml"
    told = wanted.read_text(encoding="utf-8")
    if "alarms" not in told:
        asked = f'parameters = {{ channels = "{channels}" }}\nwhy = "a test"\n'
        wanted.write_text(told + f'\n[[product]]\nname = "alarms"\n{asked}', encoding="utf-8")


@pytest.fixture
def limited(recorder, mission_folder):
    """Return a function that gives the recorder's archive a mission with other limits."""

    def change(limits=f"[{BASE}, {WARM}]", channels="temperature"):
        with_limits(mission_folder, limits, channels)
        recorder.store = revise(recorder.store, mission_folder)
        return recorder.store

    return change


def counts(*degc):
    return np.round(np.array(degc) * 100).astype(np.uint16)


def temperature(recorder, degc, at_s=HOUR, **more):
    recorder.write([recorder.row("temperature", "S25101", 0.1, counts(*degc), at_s, **more)])


def alarms(store):
    assert process(store, workers=1).failures == ()
    return store.read("alarms").to_pylist()


def seconds(row, recorder):
    return [(row[name] - recorder.start_ns) / NS_PER_S for name in ("start_ns", "stop_ns")]


def test_start_stop_extreme_and_limit(recorder, limited):
    store = limited()
    temperature(recorder, [37.0, 38.0, 38.5, 39.25, 38.1, 37.0, 19.0, 37.0])
    rows = alarms(store)
    assert [(one["level"], one["side"], one["n"]) for one in rows] == [("warning", "high", 3), ("limit", "low", 1)]
    high, low = rows
    assert seconds(high, recorder) == [HOUR + 20, HOUR + 50]
    assert (high["extreme"], high["limit"], high["unit"]) == (pytest.approx(39.25), 38.0, "degC")
    assert (low["extreme"], low["limit"]) == (pytest.approx(19.0), 20.0)
    assert {one["entity"] for one in rows} == {"S25101"}
    assert not high["continued"]
    assert high["since_ns"] is None
    assert high["definition"] != low["definition"]


def test_the_limits_of_the_time_hold(recorder, limited):
    later = f'{{ level = "warning", high = 36.0, since = {TWO_HOURS_ON}, source = "test" }}'
    store = limited(f"[{BASE}, {WARM}, {later}]")
    temperature(recorder, [37.0] * 12, at_s=2 * HOUR - 60)
    (row,) = alarms(store)
    assert seconds(row, recorder) == [2 * HOUR, 2 * HOUR + 60]
    assert (row["limit"], row["n"]) == (36.0, 6)
    assert format_utc(row["since_ns"], decimals=0) == TWO_HOURS_ON


def test_only_alarms_are_made_again_when_a_warning_changes(recorder, limited):
    store = limited()
    recorder.write(recorder.animal(1, HOUR, 30))
    assert alarms(store) == []
    before = {(one.product, one.id) for one in store.granules()}
    store = limited(f"[{BASE}, {WARM.replace('38.0', '35.5')}]")
    (row,) = alarms(store)
    assert row["limit"] == 35.5
    after = {(one.product, one.id) for one in store.granules()}
    assert {product for product, _ in before ^ after} == {"alarms"}
    (old,) = before - after
    kept = next(one for one in store.granules("alarms", current=False) if one.id == old[1])
    assert kept.path.is_file()
    told = store.provenance(kept)["recipe"]["mission"]["limits"]
    assert ["warning", None, None, 38.0] in dict(told)["temperature"]


def test_what_is_not_trusted_raises_no_alarm(recorder, limited):
    store = limited()
    bad = [0, Quality.CHECKSUM_FAILED, 0, Quality.UNVERIFIED, 0]
    temperature(recorder, [37.0, 50.0, 37.0, 39.0, 37.0], quality=bad)
    assert alarms(store) == []


def test_a_gap_ends_an_alarm(recorder, limited):
    store = limited()
    temperature(recorder, [39.0, 39.0])
    temperature(recorder, [39.5, 39.0], at_s=HOUR + 300)
    rows = alarms(store)
    assert [seconds(one, recorder) for one in rows] == [[HOUR, HOUR + 20], [HOUR + 300, HOUR + 320]]


def test_an_alarm_over_the_border_of_two_granules_says_that_it_goes_on(recorder, limited):
    store = limited()
    border_s = 4 * HOUR  # the timeline begins at 08:00 UTC, granules at midnight and noon
    temperature(recorder, [39.0] * 12, at_s=border_s - 60)
    first, second = alarms(store)
    assert (first["continued"], second["continued"]) == (True, False)
    assert first["stop_ns"] == second["start_ns"]


def test_pressure_is_judged_after_its_correction(recorder, limited):
    """Absolute pressure is some 850 mmHg; the limits are of gauge pressure, 300 mmHg at most."""
    store = limited(BASE, channels="pressure")
    recorder.write(recorder.animal(1, HOUR, 30) + recorder.animal(2, HOUR, 30, map_mmhg=310.0))
    rows = alarms(store)
    assert {one["entity"] for one in rows} == {"S25102"}
    assert {(one["limit"], one["side"]) for one in rows} == {(300.0, "high")}
    assert max(one["extreme"] for one in rows) == pytest.approx(332, abs=3)


def test_stored_minima_and_maxima_find_what_every_sample_does(recorder, limited):
    store = limited()
    wave = 37.0 + 1.5 * np.sin(np.arange(3000) / 40.0) + np.random.default_rng(1).normal(0, 0.2, 3000)
    temperature(recorder, wave)
    rows = alarms(store)
    values = counts(*wave) / 100
    assert sum(one["n"] for one in rows) == np.count_nonzero(values > 38.0 + 1e-9) > 100
    assert max(one["extreme"] for one in rows) == pytest.approx(values.max())


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        (f"[{BASE}, {BASE}]", "each once"),
        ('{ level = "warning", source = "test" }', "one of them, or both"),
        ('{ level = "alarming", low = 1.0, source = "test" }', "watch"),
        ('{ low = 3.0, high = 2.0, source = "test" }', "low below high"),
        ('{ low = 3.0, since = "yesterday", source = "test" }', "ISO 8601"),
    ],
)
def test_wrong_limits_are_faults(mission_folder, limits, wanted):
    with_limits(mission_folder, limits)
    assert any(wanted in str(fault) for fault in check_mission(mission_folder))


def test_a_channel_without_limits_cannot_be_watched(mission_folder):
    with_limits(mission_folder, BASE, channels="temperature, activity, altitude")
    told = [str(fault) for fault in check_mission(mission_folder)]
    assert ["activity" in told[0], "altitude" in told[1], len(told)] == [True, True, 2]


def test_a_revised_mission_is_kept_beside_the_one_before(recorder, limited, mission_folder):
    before = recorder.store.identity.mission_sha256
    store = limited()
    assert folder_sha256(store.path / "missions" / before[:32]) == before
    assert store.identity.mission_sha256 == folder_sha256(mission_folder) != before
    assert [one["before"] for one in store.decisions.entries("mission revised")] == [before]
    assert store.verify() == []
    assert revise(store, mission_folder) is store


def test_a_change_that_reaches_level_1_needs_an_archive_of_its_own(recorder, mission_folder):
    path = mission_folder / "channels.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("rate_hz = 0.1", "rate_hz = 0.2", 1), encoding="utf-8")
    with pytest.raises(ArchiveError, match="needs an archive of its own"):
        revise(recorder.store, mission_folder)


def interrupted(*_):
    raise KeyboardInterrupt


def test_an_interrupted_change_of_the_mission_is_taken_up_again(recorder, mission_folder, monkeypatch):
    with_limits(mission_folder, BASE)
    with monkeypatch.context() as patch:
        patch.setattr("telemus.archive.revision.write_identity", interrupted)
        with pytest.raises(KeyboardInterrupt):
            revise(recorder.store, mission_folder)
    store = archives.open(recorder.store.path)
    with pytest.raises(DamageError, match="copy it from a backup"):
        _ = store.description
    assert revise(store, mission_folder).description.channel("temperature").limits[0].low == 20.0


def test_the_command_takes_a_changed_mission(recorder, mission_folder):
    temperature(recorder, [39.0] * 4)
    with_limits(mission_folder, f"[{BASE}, {WARM}]")
    asked = [str(recorder.store.path), "--mission", str(mission_folder), "--workers", "1", "--json"]
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 0, done.output
    (row,) = archives.open(recorder.store.path).read("alarms").to_pylist()
    assert (row["limit"], row["n"]) == (38.0, 4)
