"""Faults between recorder and ground: each kind really happens, and its row of truth covers the damaged bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from telemus import mission
from telemus.clock import NS_PER_S
from telemus.mission import FaultRates
from telemus.packets import Decoder, crc16, decode_file
from telemus.simulate import simulate_mission

BALLOON = Path(__file__).parents[2] / "whole" / "balloon"
CLEAN = mission.load(BALLOON)
ZERO_NS = CLEAN.timeline.start_ns
LENGTH_NS = {"Pressure": NS_PER_S, "Slow": 2 * NS_PER_S, "TimeCorrelation": NS_PER_S}
CHANNELS = {"pressure": "Pressure", "temperature": "Slow", "altitude": "Slow", "TimeCorrelation": "TimeCorrelation"}


class Flown:
    """One flight with fault rates of its own, beside the same flight without any."""

    def __init__(self, tmp_path: Path, **rates: float) -> None:
        simulation = CLEAN.simulation
        assert simulation is not None
        faulty = replace(CLEAN, simulation=replace(simulation, faults={"some": FaultRates(**rates)}))  # type: ignore[arg-type]
        self.summary = simulate_mission(faulty, tmp_path / "faulty", duration_s=7200, faults="some")
        simulate_mission(CLEAN, tmp_path / "clean", duration_s=7200)
        self.octets = (tmp_path / "faulty" / "packets" / "00000.bin").read_bytes()
        self.clean = (tmp_path / "clean" / "packets" / "00000.bin").read_bytes()
        with pa.ipc.open_file(tmp_path / "faulty" / "truth" / "faults.arrow") as file:
            self.truth = file.read_all().to_pylist()
        decoder = Decoder(CLEAN.definition_path)
        for _ in decode_file(tmp_path / "faulty" / "packets" / "00000.bin", CLEAN.definition_path, decoder=decoder):
            pass
        self.account = decoder.account()

    def rows(self, kind: str) -> list[dict[str, object]]:
        return [row for row in self.truth if row["kind"] == kind]


def packet_at(octets: bytes, offset: int) -> bytes:
    return octets[offset : offset + 7 + int.from_bytes(octets[offset + 4 : offset + 6], "big")]


def test_without_faults_truth_is_empty(tmp_path: Path) -> None:
    simulate_mission(CLEAN, tmp_path / "out", duration_s=600)
    with pa.ipc.open_file(tmp_path / "out" / "truth" / "faults.arrow") as file:
        assert file.read_all().num_rows == 0


def test_flipped_bits_are_where_truth_says(tmp_path: Path) -> None:
    flown = Flown(tmp_path, bit_flips=120.0)
    assert len(flown.octets) == len(flown.clean)
    differing = np.flatnonzero(np.frombuffer(flown.octets, np.uint8) != np.frombuffer(flown.clean, np.uint8))
    offsets = {int(str(row["offset"])) for row in flown.rows("bit_flip")}
    assert len(offsets) == len(differing)
    assert 150 < len(offsets) < 340  # 240 expected in two hours
    for row in flown.rows("bit_flip"):
        offset = int(str(row["offset"]))
        packet = packet_at(flown.clean, offset)
        inside = differing[(differing >= offset) & (differing < offset + len(packet))]
        assert len(inside) == 1
        bit = int(str(row["detail"]).removeprefix("bit "))
        assert inside[0] == offset + bit // 8
        assert crc16(packet) == 0
        assert crc16(flown.octets[offset : offset + len(packet)]) != 0
        kind = CHANNELS[str(row["channel"])]
        assert int(str(row["stop_tai_ns"])) - int(str(row["start_tai_ns"])) == LENGTH_NS[kind]


def test_lost_packets_leave_gaps_in_the_counts(tmp_path: Path) -> None:
    flown = Flown(tmp_path, lost_packets=60.0)
    lost = {(CHANNELS[str(row["channel"])], row["start_tai_ns"]) for row in flown.rows("lost_packet")}
    assert 70 < len(lost) < 170
    assert flown.account.missing == len(lost)
    assert flown.account.rejected_bytes == 0
    assert all(row["offset"] is None for row in flown.rows("lost_packet"))


def test_duplicates_come_twice_within_a_second(tmp_path: Path) -> None:
    flown = Flown(tmp_path, duplicate_packets=60.0)
    twice = {int(str(row["offset"])) for row in flown.rows("duplicate")}
    assert 70 < len(twice) < 170
    assert len(flown.octets) - len(flown.clean) == sum(len(packet_at(flown.octets, at)) for at in twice)
    for at in twice:
        packet = packet_at(flown.octets, at)
        assert packet in flown.octets[max(at - 200, 0) : at]
    assert sum(one.duplicates for one in flown.account.apids.values()) == len(twice)


def test_the_end_is_cut_off(tmp_path: Path) -> None:
    flown = Flown(tmp_path, truncated_bytes=50)
    assert flown.octets == flown.clean[:-50]
    rows = flown.rows("truncated")
    last_s = 7199
    assert {(row["channel"], row["start_tai_ns"]) for row in rows} >= {("pressure", ZERO_NS + last_s * NS_PER_S)}
    first = min(int(str(row["offset"])) for row in rows)
    assert first <= len(flown.octets)
    assert crc16(packet_at(flown.clean, first)) == 0


def test_a_restart_silences_the_recorder_and_resets_its_counts(tmp_path: Path) -> None:
    flown = Flown(tmp_path, restarts=1)
    (row,) = flown.rows("restart")
    assert row["subject"] is None
    assert row["channel"] is None
    seconds = (int(str(row["stop_tai_ns"])) - int(str(row["start_tai_ns"]))) // NS_PER_S
    assert seconds == 12
    assert flown.summary.containers["Pressure"] == 7200 - seconds
    pressure = flown.account.apids[100]
    assert pressure.restarts == 1
    assert pressure.missing == 0


def test_a_clock_step_moves_the_counter_only(tmp_path: Path) -> None:
    flown = Flown(tmp_path, clock_steps=1, clock_step_s=3.0)
    (row,) = flown.rows("clock_step")
    start_s = (int(str(row["start_tai_ns"])) - ZERO_NS) // NS_PER_S
    assert row["detail"] == "+3 s"
    assert flown.summary.containers["Pressure"] == 7200
    tables = [
        table
        for table in decode_file(tmp_path / "faulty" / "packets" / "00000.bin", CLEAN.definition_path)
        if table.container == "Pressure"
    ]
    onboard = np.concatenate([table.onboard_ns for table in tables if table.onboard_ns is not None])
    jumps = np.flatnonzero(np.abs(np.diff(onboard) % (NS_PER_S << 32) - NS_PER_S) > NS_PER_S // 10)
    assert jumps.tolist() == [start_s - 1]
    assert np.diff(onboard)[jumps[0]] == pytest.approx(4 * NS_PER_S, abs=10**5)


def test_every_fault_at_once_still_adds_up(tmp_path: Path) -> None:
    rates = {"bit_flips": 30.0, "lost_packets": 30.0, "duplicate_packets": 30.0, "restarts": 2, "clock_steps": 2}
    flown = Flown(tmp_path, **rates, clock_step_s=-1.5, truncated_bytes=33)
    assert flown.account.is_balanced
    assert set(flown.summary.faults) == {
        "bit_flip", "lost_packet", "duplicate", "restart", "clock_step", "truncated",
    }  # fmt: skip
    assert flown.summary.faults["restart"] == flown.summary.faults["clock_step"] == 2
    assert flown.summary.bytes == len(flown.octets)
