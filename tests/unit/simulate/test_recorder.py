"""The recorder: what is written is what the schedule says, stamped by its own clock, and the same for the same seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus import mission
from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.errors import MissionError, SettingsError, SpaceError
from telemus.packets import Account, DecodedTable, Decoder, compile_plan, decode_file, read_definition
from telemus.simulate import Summary, output, simulate_mission
from telemus.simulate.oscillator import Stretch, oscillator
from telemus.simulate.recorder import packet_kinds

BALLOON = Path(__file__).parents[2] / "whole" / "balloon"
Editor = Callable[[str, str, str], None]


def bytes_of(out: Path) -> dict[str, bytes]:
    """Return every file below packets/ and truth/ by name."""
    return {path.name: path.read_bytes() for room in ("packets", "truth") for path in sorted((out / room).iterdir())}


def decoded(out: Path, definition: Path) -> tuple[dict[str, list[DecodedTable]], Account]:
    decoder = Decoder(definition)
    tables: dict[str, list[DecodedTable]] = {}
    for path in sorted((out / "packets").iterdir()):
        for table in decode_file(path, definition, decoder=decoder):
            tables.setdefault(table.container, []).append(table)
    return tables, decoder.account()


def column(tables: list[DecodedTable], name: str) -> np.ndarray:
    return np.concatenate([np.asarray(table.columns[name]) for table in tables])


@pytest.fixture
def balloon(tmp_path: Path) -> mission.Mission:
    return mission.load(BALLOON)


@pytest.fixture
def edited(tmp_path: Path) -> tuple[Path, Editor]:
    """A copy of the mission, and a function that replaces a text in one of its files."""
    folder = tmp_path / "edited"
    shutil.copytree(BALLOON, folder)

    def edit(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return folder, edit


def test_every_scheduled_second_is_recorded_and_no_other(balloon: mission.Mission, tmp_path: Path) -> None:
    summary = simulate_mission(balloon, tmp_path / "out")
    recorded_s = 900 + 6300 + 45 * 30  # ground, ascent, and half of 45 minutes of fall
    assert summary.recorded_s == recorded_s
    tables, account = decoded(tmp_path / "out", balloon.definition_path)
    assert account.is_balanced
    assert account.rejected_bytes == account.duplicate_bytes == account.missing == 0
    counts = {name: sum(table.count for table in found) for name, found in tables.items()}
    # 30 s apart in the steady part; first and last second of each of the 46 spans (the long one starts on the grid)
    assert counts == {"Pressure": recorded_s, "Slow": recorded_s // 2, "TimeCorrelation": 7200 // 30 + 1 + 45 + 44}
    assert summary.containers == counts
    assert summary.packets == sum(counts.values())


def test_the_clock_rolls_over_drifts_and_is_tied_to_tai(balloon: mission.Mission, tmp_path: Path) -> None:
    summary = simulate_mission(balloon, tmp_path / "out", duration_s=3600)
    assert summary.rollovers == 1
    tables, _ = decoded(tmp_path / "out", balloon.definition_path)
    ties = tables["TimeCorrelation"]
    onboard = np.concatenate([table.onboard_ns for table in ties if table.onboard_ns is not None])
    tai = column(ties, "REFERENCE_TAI_S").astype(np.int64) * NS_PER_S + column(ties, "REFERENCE_TAI_NS") + TAI_1958_NS
    assert tai[0] == balloon.timeline.start_ns
    assert onboard[0] == 4_294_966_000 * NS_PER_S
    assert np.flatnonzero(np.diff(onboard) < 0).size == 1
    unwrapped = onboard + (NS_PER_S << 32) * (onboard < onboard[0])
    drift_ppm = ((unwrapped[-1] - unwrapped[0]) / (tai[-1] - tai[0]) - 1.0) * 1e6
    assert drift_ppm == pytest.approx(-12.5, abs=0.01)  # one count of 2^-16 s in an hour is 0.004


def test_samples_become_counts_by_the_inverse_calibration(balloon: mission.Mission, tmp_path: Path) -> None:
    simulate_mission(balloon, tmp_path / "out", start_s=900 + 2200, duration_s=10)
    tables, _ = decoded(tmp_path / "out", balloon.definition_path)
    # 2200 s at 5 m/s: 11 km, where ISO 2533 says 226.32 hPa and -56.5 degC
    assert column(tables["Pressure"], "AIR_PRESSURE")[0, 0] * 0.02 == pytest.approx(226.32, abs=0.02)
    assert column(tables["Slow"], "AIR_TEMPERATURE")[0] * 0.01 - 100.0 == pytest.approx(-56.5, abs=1.5)
    assert column(tables["Slow"], "ALTITUDE")[0] * 0.1 - 500.0 == pytest.approx(11_000, abs=10)
    assert set(column(tables["Slow"], "SONDE")) == {7}
    assert set(column(tables["Slow"], "GONDOLA")) == {1}


def test_same_seed_same_bytes_whatever_the_blocks(balloon: mission.Mission, tmp_path: Path) -> None:
    orders: list[dict[str, Any]] = [{"block_s": 300}, {"block_s": 7}, {"block_s": 3600, "workers": 1}]
    results = []
    for number, order in enumerate(orders):
        out = tmp_path / str(number)
        simulate_mission(balloon, out, seed=5, faults="flight", **order)
        results.append(bytes_of(out))
    assert results[0] == results[1] == results[2]
    simulate_mission(balloon, tmp_path / "other", seed=6, faults="flight")
    assert bytes_of(tmp_path / "other") != results[0]


def test_a_cut_of_the_timeline_holds_the_same_samples(balloon: mission.Mission, tmp_path: Path) -> None:
    simulate_mission(balloon, tmp_path / "whole", duration_s=1200)
    simulate_mission(balloon, tmp_path / "cut", start_s=600, duration_s=600)
    whole, _ = decoded(tmp_path / "whole", balloon.definition_path)
    cut, _ = decoded(tmp_path / "cut", balloon.definition_path)
    assert np.array_equal(column(whole["Pressure"], "AIR_PRESSURE")[600:], column(cut["Pressure"], "AIR_PRESSURE"))
    assert np.array_equal(column(whole["Pressure"], "OBT_FINE")[600:], column(cut["Pressure"], "OBT_FINE"))


def test_out_is_claimed_continued_and_refused(
    balloon: mission.Mission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("the only copy")
    with pytest.raises(SettingsError, match="something else"):
        simulate_mission(balloon, out, duration_s=60)
    (out / "thesis.txt").unlink()

    def interrupt(what: str, done: float, total: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_mission(balloon, out, duration_s=60, progress=interrupt)
    assert json.loads((out / "simulation.json").read_text())["state"] == "unfinished"
    with pytest.raises(SettingsError, match="another simulation"):
        simulate_mission(balloon, out, duration_s=60, seed=2)
    first = simulate_mission(balloon, out, duration_s=60)
    before = bytes_of(out)
    assert simulate_mission(balloon, out, duration_s=60) == first
    assert bytes_of(out) == before
    assert Summary(**json.loads((out / "simulation.json").read_text())["summary"]) == first
    assert (out / "mission" / "packets.xml").read_bytes() == (BALLOON / "packets.xml").read_bytes()


def test_room_on_the_disk_is_asked_for_before(
    balloon: mission.Mission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))  # type: ignore[attr-defined]
    with pytest.raises(SpaceError, match=r"got 0 MB of free disk, wanted \d+ MB"):
        simulate_mission(balloon, tmp_path / "out", duration_s=60)


@pytest.mark.parametrize("window", [(-1.0, 10.0), (1e9, None), (0.0, 0.0)])
def test_an_impossible_window_is_refused(
    balloon: mission.Mission, tmp_path: Path, window: tuple[float, float | None]
) -> None:
    with pytest.raises(SettingsError, match="window of the simulation"):
        simulate_mission(balloon, tmp_path / "out", start_s=window[0], duration_s=window[1])


def test_a_window_in_which_the_recorder_is_off_is_refused(balloon: mission.Mission, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="off by its schedule"):
        simulate_mission(balloon, tmp_path / "out", start_s=7200 + 35, duration_s=20)


def test_unknown_fault_rates_are_refused(balloon: mission.Mission, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"faults: got 'storm', wanted one of none, flight"):
        simulate_mission(balloon, tmp_path / "out", faults="storm")


@pytest.mark.parametrize(
    ("place", "old", "new", "said"),
    [
        ("channels.toml", 'quantity = "altitude"\nunit = "m"', 'quantity = "ecg"\nunit = "mV"', "ecg"),
        ("channels.toml", 'container = "Slow"', 'container = "Fast"', "wanted one of"),
        ("channels.toml", 'parameter = "ALTITUDE"', 'parameter = "HEIGHT"', "HEIGHT"),
        ("channels.toml", "rate_hz = 0.5", "rate_hz = 0.25", "one length"),
        ("mission.toml", "address = 7", "title_of_nothing = 7", "nobody reads"),
        ("mission.toml", "address = 7\n", "", "no address for SONDE"),
        ("packets.xml", 'Entry parameterRef="GONDOLA"', 'Entry parameterRef="SRC_SEQ_CTR"', "SRC_SEQ_CTR"),
        ("simulation.toml", 'model = "sounding"', 'model = "horse"', "horse"),
    ],
)
def test_what_cannot_be_simulated_is_named(
    edited: tuple[Path, Editor], place: str, old: str, new: str, said: str
) -> None:
    folder, edit = edited
    edit(place, old, new)
    with pytest.raises(MissionError, match=said):
        simulate_mission(mission.load(folder), folder / "out", duration_s=60)
    assert not (folder / "out").exists()


def test_values_beyond_the_converter_stay_at_its_rails(balloon: mission.Mission) -> None:
    kinds = packet_kinds(balloon, compile_plan(read_definition(balloon.definition_path)))
    pressure = kinds[0].digitisers[0]
    assert pressure.counts(np.array([-5.0, 1e9, np.nan])).tolist() == [0, 65535, 0]
    railed = replace(pressure, low=100, high=200)
    assert railed.counts(np.array([-5.0, 1e9])).tolist() == [100, 200]


def test_packets_begin_on_whole_multiples_of_their_length(balloon: mission.Mission) -> None:
    slow = packet_kinds(balloon, compile_plan(read_definition(balloon.definition_path)))[1]
    assert slow.length == Fraction(2)
    assert slow.times_ns(3, 8).tolist() == [4 * NS_PER_S, 6 * NS_PER_S]


def test_a_restart_begins_the_counter_at_zero_and_a_step_moves_it() -> None:
    clock = oscillator(0.0, 500, 4, restarts_s=[100], steps_s=[50, 150], step_s=-2.5)
    assert clock.stretches == (
        Stretch(0, 500 * NS_PER_S),
        Stretch(50 * NS_PER_S, 547_500_000_000),
        Stretch(100 * NS_PER_S, 0),
        Stretch(150 * NS_PER_S, 47_500_000_000),
    )
