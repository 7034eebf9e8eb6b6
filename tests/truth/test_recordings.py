"""Real recordings through ``telemus analyse``: the command finds what people marked and recorders counted."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus import cli
from telemus.numerics import match_events

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, called by wfdb


class Analysed(NamedTuple):
    """What the command said, and the times of the beats [s from the start] by channel."""

    told: dict[str, Any]
    times_s: dict[str, NDArray[np.float64]]


@pytest.fixture
def analyse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Analysed]:
    """Return a function that runs ``telemus analyse FILE`` with options and reads its beats.csv."""

    def run(file: Path, *options: str) -> Analysed:
        with pytest.raises(SystemExit) as left:
            cli.main(["analyse", str(file), "--out", str(tmp_path / "result"), "--json", *options])
        told = capsys.readouterr()
        assert left.value.code == 0, told.err
        with (tmp_path / "result" / "beats.csv").open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        assert next(iter(rows[0])) == "time_s"
        names = {row["channel"] for row in rows}
        times = {name: np.array([float(row["time_s"]) for row in rows if row["channel"] == name]) for name in names}
        return Analysed(json.loads(told.out), times)

    return run


def test_r_peaks_of_the_annotated_mouse_without_being_told_the_polarity(
    shared_data: Path, analyse: Callable[..., Analysed]
) -> None:
    """PhysioZoo mouse 24: sensitivity and predictivity at least 0.999 within 5 ms of the annotations."""
    import wfdb

    record = shared_data / "physio" / "mouse_ecg_physiozoo" / "Mouse_24"
    header = wfdb.rdheader(str(record))
    marked = wfdb.rdann(str(record), "qrs")
    found = analyse(record.with_suffix(".hea"), "--species", "mouse")
    (times_s,) = found.times_s.values()
    true_ns = np.rint(marked.sample / header.fs * 1e9).astype(np.int64)
    matched = match_events(np.rint(times_s * 1e9).astype(np.int64), true_ns, 5_000_000)
    assert matched.sensitivity >= 0.999
    assert matched.predictivity >= 0.999


def test_r_peaks_of_the_labchart_mouse(shared_data: Path, analyse: Callable[..., Analysed]) -> None:
    """The author of the export counts 349 beats in its 45.2 s."""
    export = shared_data / "physio" / "labchart" / "mouse_ecg_breathing_2khz.mat"
    found = analyse(export, "--ecg", "1", "--species", "mouse")
    (times_s,) = found.times_s.values()
    assert abs(len(times_s) - 349) <= 1


@pytest.mark.parametrize("name", ["ssbn13hs01", "sshs05"])
def test_a_rat_has_the_beats_that_its_kernel_finds(
    shared_data: Path, analyse: Callable[..., Analysed], name: str
) -> None:
    """The kernel is held to the spectrum in test_pressure_real.py; the command finds the same beats."""
    import wfdb

    from telemus.physiology import find_beats

    record = shared_data / "physio" / "rat_pressure_dahl" / name
    held = wfdb.rdrecord(str(record))
    feet = find_beats(held.p_signal[:, 0], float(held.fs)).foot_index / held.fs
    (times_s,) = analyse(record.with_suffix(".hea"), "--species", "rat").times_s.values()
    assert abs(len(times_s) - len(feet)) <= 1
    assert np.abs(times_s[:, None] - feet[None]).min(axis=1).max() < 0.002
