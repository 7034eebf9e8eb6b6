"""A whole flight with animals: the same from one process and two, true to the schedule, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from telemus import mission
from telemus.clock import NS_PER_S
from telemus.errors import MissionError
from telemus.mission import Mission
from telemus.packets import Decoder, decode_file
from telemus.simulate import Summary, simulate_mission

REHEARSAL = mission.load("mtb2", "rehearsal")
APIDS = {"TimeCorrelation": 16, "Housekeeping": 17, "Event": 18, "Acceleration": 19, "CageEnvironment": 32,
         "PressureWaveform": 48, "EcgWaveform": 49, "ImplantSlow": 50}  # fmt: skip
LAUNCH_S = 15 * 3600 + 45 * 60
"""The rehearsal's launch phase begins then [s after the timeline's start]; it records 60 s of every 120 s."""


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """Half an hour around the launch, with faults, by two processes."""
    out = tmp_path_factory.mktemp("flown") / "out"
    summary = simulate_mission(
        REHEARSAL, out, start_s=LAUNCH_S, duration_s=1800, seed=3, faults="flight", workers=2, block_s=120
    )
    return out, summary


def table(out: Path, name: str) -> pa.Table:
    with pa.ipc.open_file(out / "truth" / f"{name}.arrow") as file:
        return file.read_all()


def test_one_process_gives_the_same_bytes(flown: tuple[Path, Summary], tmp_path: Path) -> None:
    out, _ = flown
    simulate_mission(REHEARSAL, tmp_path / "one", start_s=LAUNCH_S, duration_s=1800, seed=3, faults="flight", workers=1)
    for name in ("packets/00002.bin", "truth/beats.arrow", "truth/faults.arrow", "truth/recorded.arrow"):
        assert (out / name).read_bytes() == (tmp_path / "one" / name).read_bytes(), name


def test_packets_are_those_of_the_schedule(tmp_path: Path) -> None:
    simulate_mission(REHEARSAL, tmp_path / "out", start_s=LAUNCH_S, duration_s=600, workers=1)
    decoder = Decoder(REHEARSAL.definition_path)
    for _ in decode_file(tmp_path / "out" / "packets" / "00002.bin", REHEARSAL.definition_path, decoder=decoder):
        pass
    account = decoder.account()
    seconds, spans, animals = 360, 6, 8
    minutes_inside = 4  # of the clock, inside a span: 120, 240, 420 and 540 s
    wanted = {
        "TimeCorrelation": 2 * spans + minutes_inside, "Housekeeping": seconds // 10, "Event": 2 * spans,
        "Acceleration": seconds, "CageEnvironment": seconds * animals, "PressureWaveform": seconds * animals,
        "EcgWaveform": seconds * animals, "ImplantSlow": seconds // 10 * animals,
    }  # fmt: skip
    assert {name: account.apids[apid].packets for name, apid in APIDS.items()} == wanted
    assert account.missing == account.rejected_bytes == 0


def test_truth_knows_what_was_recorded(flown: tuple[Path, Summary]) -> None:
    out, summary = flown
    recorded = table(out, "recorded")
    start_ns = REHEARSAL.timeline.start_ns + LAUNCH_S * NS_PER_S
    wanted = REHEARSAL.timeline.recorded(start_ns, start_ns + 1800 * NS_PER_S)
    assert np.array_equal(np.stack([column.to_numpy() for column in recorded.columns], axis=1), wanted)
    assert summary.recorded_s == 18 * 60


def test_beats_lie_in_recorded_time_and_in_order(flown: tuple[Path, Summary]) -> None:
    out, summary = flown
    beats = table(out, "beats")
    assert beats.num_rows == summary.beats
    assert set(beats["subject"].unique().to_pylist()) == {f"M{number}" for number in range(1, 9)}
    assert set(beats["kind"].unique().to_pylist()) <= {"sinus", "ectopic"}
    r_ns = beats["r_before_tai_ns"].to_numpy()
    assert (np.diff(r_ns) >= 0).all()
    spans = table(out, "recorded")
    row = np.searchsorted(spans["start_tai_ns"].to_numpy(), r_ns + NS_PER_S // 10, side="right") - 1
    assert (r_ns < spans["stop_tai_ns"].to_numpy()[row]).all()
    rate_bpm = 60.0 * 8.0 * summary.beats / (summary.recorded_s * 64.0)
    assert 300 < rate_bpm < 700


def test_a_beat_is_told_before_and_after_the_sensor(flown: tuple[Path, Summary]) -> None:
    beats = table(flown[0], "beats")
    pulse_before = beats["sbp_before_mmhg"].to_numpy() - beats["dbp_before_mmhg"].to_numpy()
    pulse_after = beats["sbp_mmhg"].to_numpy() - beats["dbp_mmhg"].to_numpy()
    known = ~np.isnan(pulse_before) & ~np.isnan(pulse_after)
    assert known.mean() > 0.999
    assert (pulse_after[known] <= pulse_before[known] + 1e-9).mean() > 0.999  # a low-pass adds nothing
    foot, systole = beats["foot_tai_ns"].to_numpy(), beats["systole_tai_ns"].to_numpy()
    assert (systole > foot).all()
    interval_ms = beats["interval_ns"].to_numpy() / 1e6
    assert 60 < np.nanmedian(interval_ms) < 250
    mean = beats["map_mmhg"].to_numpy()
    assert ((mean > beats["dbp_mmhg"].to_numpy()) & (mean < beats["sbp_mmhg"].to_numpy()))[known].mean() > 0.999


def test_every_subject_and_channel_has_its_faults(flown: tuple[Path, Summary]) -> None:
    out, summary = flown
    faults = table(out, "faults")
    assert {"radio_dropout", "lost_packet", "restart", "clock_step", "truncated"} <= set(summary.faults)
    starts, stops = faults["start_tai_ns"].to_numpy(), faults["stop_tai_ns"].to_numpy()
    assert (stops > starts).all()
    assert (np.diff(starts) >= 0).all()
    known = {channel.name for channel in REHEARSAL.channels} | {"TimeCorrelation", "Event"}
    assert set(faults["channel"].unique().to_pylist()) <= known | {None}


def events(path: Path) -> list[str]:
    codes: list[str] = []
    for found in decode_file(path, REHEARSAL.definition_path):
        if found.container == "Event":
            codes += np.asarray(found.calibrated("EVENT_CODE")).tolist()
    return codes


def test_events_tell_the_flight(tmp_path: Path) -> None:
    flight = mission.load("mtb2", "flight")
    simulate_mission(flight, tmp_path / "out", start_s=168 * 3600 - 20, duration_s=60, workers=1, block_s=20)
    assert events(tmp_path / "out" / "packets" / "00027.bin") == ["RECORDING_START"]
    assert events(tmp_path / "out" / "packets" / "00028.bin") == ["LAUNCH", "LIGHT_OFF", "RECORDING_STOP"]
    simulate_mission(flight, tmp_path / "dawn", start_s=12 * 3600 - 10, duration_s=20, workers=1)
    assert events(tmp_path / "dawn" / "packets" / "00001.bin") == ["RECORDING_START"]
    assert events(tmp_path / "dawn" / "packets" / "00002.bin") == ["LIGHT_ON", "RECORDING_STOP"]


def test_a_subject_without_an_implant_at_that_time_is_named(tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "mission"
    shutil.copytree(REHEARSAL.folder, folder)
    text = (folder / "mission.toml").read_text()
    first = text.index("since = ")
    (folder / "mission.toml").write_text(
        text[:first] + "since = 2031-01-01T00:00:00Z" + text[text.index("\n", first) :]
    )
    later: Mission = mission.load(folder, "rehearsal")
    with pytest.raises(MissionError, match=r"subject M1: got no installation then"):
        simulate_mission(later, tmp_path / "out", duration_s=60)


_GROWTH = """
import resource, sys
from pathlib import Path
from telemus import mission
from telemus.simulate import simulate_mission
flying = mission.load("mtb2", "flight")
simulate_mission(flying, Path(sys.argv[1]), duration_s=float(sys.argv[2]), faults="flight", workers=1, block_s=60)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_flight(tmp_path: Path) -> None:
    peak_kb = [
        int(
            subprocess.run(
                [sys.executable, "-c", _GROWTH, tmp_path / minutes, str(60 * int(minutes))],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for minutes in ("10", "60")
    ]  # fmt: skip
    # truth waits until it fills a batch of 65 536 rows, which ten minutes may not
    assert peak_kb[1] - peak_kb[0] < 30_000, peak_kb
