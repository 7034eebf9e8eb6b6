"""The radio link: dropouts of three kinds, rails and spikes, exact to the sample, the same however the time is cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from telemus import mission
from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.mission import FaultRates
from telemus.packets import Decoder, decode_file
from telemus.simulate import registry, simulate_mission
from telemus.simulate.environment import cabin
from telemus.simulate.implant import make_mouse
from telemus.simulate.link import Dropout, Excursion, Held, hold, sample_span, strike, time_ns
from telemus.simulate.model import Artefact, Block
from telemus.simulate.recorder import Digitiser
from telemus.simulate.sensor import SensorParameters

MTB2 = mission.load("mtb2")
CHANNEL = MTB2.channel("ecg")
DIGITISER = Digitiser(CHANNEL, 1000, True, 1.0, 0.0, -32768, 32767)
QUANTITIES = {"pressure_arterial": 500, "ecg": 1000, "temperature_body": 0.1, "activity": 0.1}


class Ramp:
    """A stand-in for an animal: every sample says its own number, every second has one beat."""

    def __init__(self, rates_hz: Mapping[str, float]) -> None:
        self.rates_hz = rates_hz

    def render(self, start_s: float, count_s: int) -> Block:
        signals = {}
        for name, rate_hz in self.rates_hz.items():
            rate = Fraction(rate_hz).limit_denominator(1000)
            first, stop = -(-start_s * rate // 1), -(-(start_s + count_s) * rate // 1)
            index = np.arange(int(first), int(stop), dtype=np.float64)
            signals[name] = 80.0 + index % 97 if name == "pressure_arterial" else index % 13 / 4.0
        beats = {name: np.arange(count_s) + 0.5 for name in ("r_s", "sensor_r_s")}
        for name in ("foot_s", "systole_s", "interval_s", "rr_s", "sbp_mmhg", "dbp_mmhg", "map_mmhg"):
            beats[name] = beats[f"sensor_{name}"] = np.arange(count_s) + 0.5
        beats["kind"] = np.zeros(count_s)
        return Block(signals, beats, (Artefact(-1.0, 0.5, "ecg", "motion"),) if start_s % 50 == 0 else ())


def make_ramp(
    flying: mission.Mission, subject: str, seed: int, sensor: SensorParameters, rates_hz: Mapping[str, float]
) -> Ramp:
    return Ramp(rates_hz)


@pytest.fixture(autouse=True)
def _ramps(monkeypatch: pytest.MonkeyPatch) -> None:
    physics = registry.Physics(cabin, frozenset(QUANTITIES), make_ramp)
    monkeypatch.setitem(registry.MODELS, "mouse", physics)


def with_rates(**rates: float) -> mission.Mission:
    simulation = MTB2.simulation
    assert simulation is not None
    return replace(MTB2, simulation=replace(simulation, fate=(), faults={"some": FaultRates(**rates)}))  # type: ignore[arg-type]


def waves(out: Path) -> dict[tuple[str, int], dict[int, np.ndarray]]:
    """Return (parameter, implant) -> second since the start -> samples."""
    found: dict[tuple[str, int], dict[int, np.ndarray]] = {}
    zero_s = 0
    decoder = Decoder(MTB2.definition_path)
    for path in sorted((out / "packets").iterdir()):
        for table in decode_file(path, MTB2.definition_path, decoder=decoder):
            parameter = {"PressureWaveform": "WAVE_PRESSURE", "EcgWaveform": "WAVE_ECG"}.get(table.container)
            if table.container == "TimeCorrelation" and not zero_s:
                zero_s = int(np.asarray(table.columns["OBT_COARSE"])[0])
            if parameter is None or table.onboard_ns is None:
                continue
            seconds = np.rint(table.onboard_ns / NS_PER_S).astype(int) - zero_s
            rows = zip(seconds, np.asarray(table.columns["IMPLANT"]), np.asarray(table.columns[parameter]), strict=True)
            for second, implant, samples in rows:
                found.setdefault((parameter, int(implant)), {})[int(second)] = samples
    return found


def faults_of(out: Path) -> list[dict[str, Any]]:
    with pa.ipc.open_file(out / "truth" / "faults.arrow") as file:
        rows: list[dict[str, Any]] = file.read_all().to_pylist()
    return rows


PARAMETER = {"pressure": ("WAVE_PRESSURE", 500), "ecg": ("WAVE_ECG", 1000)}


def compare(tmp_path: Path, **rates: float) -> tuple[dict[Any, Any], dict[Any, Any], list[dict[str, Any]]]:
    simulate_mission(with_rates(), tmp_path / "clean", duration_s=900, faults="some", workers=1)
    simulate_mission(with_rates(**rates), tmp_path / "hit", duration_s=900, faults="some", workers=1)
    truth = [row for row in faults_of(tmp_path / "hit") if row["kind"] != "artefact"]
    return waves(tmp_path / "clean"), waves(tmp_path / "hit"), truth


def untouched(clean: dict[Any, Any], hit: dict[Any, Any], truth: list[dict[str, Any]]) -> None:
    """Check that outside the intervals of truth every sample is as it was without faults."""
    zero_ns = MTB2.timeline.start_ns
    for (parameter, implant), seconds in clean.items():
        channel, rate = next((name, rate) for name, (known, rate) in PARAMETER.items() if known == parameter)
        good = np.ones(900 * rate, bool)
        for row in truth:
            if row["subject"] == f"M{implant}" and row["channel"] == channel:
                edges = [(row[name] - zero_ns) * rate / NS_PER_S for name in ("start_tai_ns", "stop_tai_ns")]
                good[int(np.ceil(edges[0])) : int(np.ceil(edges[1]))] = False
        for second, samples in seconds.items():
            part = good[second * rate : (second + 1) * rate]
            if second not in hit[parameter, implant]:
                assert not part.any(), f"{parameter} of {implant}, second {second} is missing and truth does not say so"
                continue
            got = hit[parameter, implant][second]
            assert np.array_equal(samples[part], got[part])


def test_dropouts_are_what_truth_says(tmp_path: Path) -> None:
    clean, hit, truth = compare(tmp_path, radio_dropouts=60.0, radio_dropout_s=1.5)
    assert {row["detail"] for row in truth} == {"missing", "held", "rail"}
    assert {row["kind"] for row in truth} == {"radio_dropout"}
    untouched(clean, hit, truth)
    zero_ns = MTB2.timeline.start_ns
    for row in truth:
        if row["channel"] not in PARAMETER:
            continue
        parameter, rate = PARAMETER[row["channel"]]
        implant = int(row["subject"][1:])
        first = (row["start_tai_ns"] - zero_ns) * rate // NS_PER_S
        stop = (row["stop_tai_ns"] - zero_ns) * rate // NS_PER_S
        inside = [hit[parameter, implant].get(int(at) // rate) for at in range(first, stop)]
        if row["detail"] == "missing":
            assert all(samples is None for samples in inside)
            continue
        values = {
            int(samples[at % rate])
            for at, samples in zip(range(first, stop), inside, strict=True)
            if samples is not None
        }
        if any(other is not row and overlap(row, other) for other in truth):
            continue
        assert len(values) == 1
        if row["detail"] == "rail":
            assert values == {0 if parameter == "WAVE_PRESSURE" else -32768}
    expected = 60.0 * 8 * 900 / 3600
    began = {(row["subject"], row["start_tai_ns"]) for row in truth if row["channel"] == "ecg"}
    assert expected * 0.7 < len(began) < expected * 1.3


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    same = one["subject"] == other["subject"] and one["channel"] == other["channel"]
    return bool(same and one["start_tai_ns"] < other["stop_tai_ns"] and other["start_tai_ns"] < one["stop_tai_ns"])


def test_signal_strength_falls_in_a_dropout(tmp_path: Path) -> None:
    rates = {"radio_dropouts": 200.0, "radio_dropout_s": 8.0}
    simulate_mission(with_rates(**rates), tmp_path / "hit", duration_s=900, faults="some", workers=1)
    tables = decode_file(tmp_path / "hit" / "packets" / "00000.bin", MTB2.definition_path)
    slow = [np.asarray(table.columns["SIGNAL_STRENGTH"]) for table in tables if table.container == "ImplantSlow"]
    found = np.concatenate(slow)
    assert (found < 100).sum() > 20
    assert (found > 600).sum() > 300
    assert not ((found > 100) & (found < 600)).any()


def test_rails_and_spikes_are_what_truth_says(tmp_path: Path) -> None:
    clean, hit, truth = compare(tmp_path, rails=400.0, spikes=400.0)
    kinds = [row["kind"] for row in truth]
    assert 60 < kinds.count("rail") < 140  # 100 expected of each
    assert 60 < kinds.count("spike") < 140
    untouched(clean, hit, truth)
    zero_ns = MTB2.timeline.start_ns
    for row in truth:
        parameter, rate = PARAMETER[row["channel"]]
        implant = int(row["subject"][1:])
        at = (row["start_tai_ns"] - zero_ns) * rate // NS_PER_S
        got = int(hit[parameter, implant][at // rate][at % rate])
        if row["kind"] == "spike":
            assert row["stop_tai_ns"] - row["start_tai_ns"] == NS_PER_S // rate
            assert abs(got - int(clean[parameter, implant][at // rate][at % rate])) > 3000
        elif not any(other is not row and overlap(row, other) for other in truth):
            low, high = (0, 65535) if parameter == "WAVE_PRESSURE" else (-32768, 32767)
            assert got == (high if row["detail"] == "+1" else low)


def test_link_faults_do_not_depend_on_blocks(tmp_path: Path) -> None:
    flying = with_rates(radio_dropouts=200.0, radio_dropout_s=4.0, rails=200.0, spikes=200.0)
    for name, block_s in (("one", 300), ("two", 7), ("three", 61)):
        simulate_mission(flying, tmp_path / name, duration_s=200, faults="some", workers=1, block_s=block_s)
    packets = [(tmp_path / name / "packets" / "00000.bin").read_bytes() for name in ("one", "two", "three")]
    assert packets[0] == packets[1] == packets[2]
    truths = [
        [row for row in faults_of(tmp_path / name) if row["kind"] != "artefact"] for name in ("one", "two", "three")
    ]
    assert truths[0] == truths[1] == truths[2]


def test_artefacts_are_cut_to_the_recorded_span(tmp_path: Path) -> None:
    simulate_mission(with_rates(), tmp_path / "out", start_s=50, duration_s=100, faults="some", workers=1, block_s=50)
    rows = [row for row in faults_of(tmp_path / "out") if row["kind"] == "artefact" and row["subject"] == "M1"]
    zero_ns = MTB2.timeline.start_ns
    spans = [((row["start_tai_ns"] - zero_ns) / NS_PER_S, (row["stop_tai_ns"] - zero_ns) / NS_PER_S) for row in rows]
    assert spans == [(50.0, 50.5)]  # the later one began in the block before it, which told of it already
    assert rows[0]["channel"] == "ecg"


def test_fates_last_to_the_end_of_the_window(tmp_path: Path) -> None:
    dying = replace(with_rates(), simulation=MTB2.simulation)
    start_s = 170 * 3600.0  # two hours after lift-off: the clot of M4 is at 6 h, the death of M6 at 21 h
    simulate_mission(dying, tmp_path / "out", start_s=start_s, duration_s=60, workers=1)
    assert {row["kind"] for row in faults_of(tmp_path / "out")} <= {"artefact"}
    simulate_mission(dying, tmp_path / "late", start_s=start_s + 20 * 3600.0, duration_s=60, workers=1)
    rows = {row["kind"]: row for row in faults_of(tmp_path / "late") if row["kind"] != "artefact"}
    assert rows["clot"]["subject"] == "M4"
    assert rows["death"]["subject"] == "M6"
    stop_ns = MTB2.timeline.start_ns + round((start_s + 20 * 3600.0 + 60) * NS_PER_S)
    assert rows["death"]["stop_tai_ns"] == rows["clot"]["stop_tai_ns"] == stop_ns


def test_gauge_and_barometer_add_up_to_what_the_implant_feels(tmp_path: Path) -> None:
    simulate_mission(with_rates(), tmp_path / "out", start_s=0, duration_s=20, faults="some", workers=1)
    pressure = waves(tmp_path / "out")["WAVE_PRESSURE", 3]
    barometer = []
    for table in decode_file(tmp_path / "out" / "packets" / "00000.bin", MTB2.definition_path):
        if table.container == "CageEnvironment":
            mine = np.asarray(table.columns["CAGE"]) == 3
            barometer.append(np.asarray(table.columns["PRESSURE"])[mine] * 0.01 * 100.0 / 133.322387415)
    air_mmhg = np.concatenate(barometer)
    absolute_mmhg = np.array([pressure[second][0] for second in range(20)]) * 0.02 + 400.0
    gauge_mmhg = 80.0 + (np.arange(20) * 500) % 97
    (zero,) = [one for one in MTB2.description.zero if one.sensor == "S25103"]
    assert MTB2.simulation is not None
    per_day = MTB2.simulation.zero_drift_mmhg_per_day
    drift_mmhg = per_day * (MTB2.timeline.start_ns - zero.at_ns) / NS_PER_S / 86400.0
    assert absolute_mmhg - air_mmhg == pytest.approx(gauge_mmhg + zero.offset + drift_mmhg, abs=0.02)


def test_holding_repeats_the_last_undamaged_count() -> None:
    counts = np.arange(100, 110)
    state = hold(counts, 1000, DIGITISER, [Dropout(1.0025, 1.0055, "held"), Dropout(1.0075, 1.02, "held")], None)
    assert counts.tolist() == [100, 101, 102, 102, 102, 102, 106, 107, 107, 107]
    assert state == Held(109, 107)
    counts = np.arange(110, 120)
    assert hold(counts, 1010, DIGITISER, [Dropout(1.0075, 1.0115, "held")], state) == Held(119, 107)
    assert counts.tolist() == [107, 107, 112, 113, 114, 115, 116, 117, 118, 119]


def test_a_spike_is_one_sample_and_a_rail_is_held() -> None:
    counts = np.zeros(10, np.int64)
    strike(
        counts, 0, DIGITISER, [Excursion("spike", 0.0025, 0.0025, -1, 0.2), Excursion("rail", 0.0045, 0.0065, 1, 0.1)]
    )
    assert counts.tolist() == [0, 0, 0, -13107, 0, 32767, 32767, 0, 0, 0]


def test_sample_times_are_exact() -> None:
    assert sample_span(0.001, 0.001, Fraction(1000)) == (2, 3)  # 0.001 as a float lies above a thousandth
    assert time_ns(3, Fraction(1, 10)) == 30 * NS_PER_S


def test_the_model_of_record_makes_a_mouse() -> None:
    sensor = SensorParameters()
    mouse = make_mouse(MTB2, "M1", 1, sensor, {"ecg": 1000.0})
    assert mouse.render(0.0, 1).signals["ecg"].shape == (1000,)
    assert TAI_1958_NS < 0
