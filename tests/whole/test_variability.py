"""Variability of a recording by the command line: the files, the page, and the value that its waves have."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from telemus import cli

RATE_HZ = 500


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A pressure of 200 s whose beat lasts 110 ms, longer and shorter with a wave of 0.5 Hz and 4 ms: 8 ms^2 in LF."""
    beats_s, now = [], 0.0
    while now < 200.0:
        beats_s.append(now)
        now += 0.110 + 0.004 * np.sin(2 * np.pi * 0.5 * now)
    time_s = np.arange(200 * RATE_HZ) / RATE_HZ
    phase = np.interp(time_s, beats_s, np.arange(len(beats_s))) % 1.0
    noise = np.random.default_rng(0).normal(0, 0.2, len(time_s))
    pressure = 90.0 + 30.0 * np.exp(-0.5 * ((phase - 0.3) / 0.1) ** 2) + noise
    path = tmp_path / "made.csv"
    rows = "\n".join(f"{t:.3f},{p:.3f}" for t, p in zip(time_s, pressure, strict=True))
    path.write_text("time_s,ABP [mmHg]\n" + rows + "\n", encoding="utf-8")
    return path


def analyse(*words: str) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["analyse", *words])
    assert left.value.code == 0


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_page_and_the_power_of_a_known_wave(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    analyse(str(recording), "--species", "mouse", "--out", str(out))
    rows = rows_of(out / "variability.csv")
    assert [row["stop_s"] for row in rows] == ["180", "360"]
    first = rows[0]
    for method in ("lomb", "welch", "ar", "fft"):
        assert float(first[f"{method}_lf_ms2"]) == pytest.approx(8.0, rel=0.05), method
        assert float(first[f"{method}_lf_peak_hz"]) == pytest.approx(0.5, abs=0.02)
    assert first["bands"].endswith("behar-2018 v1")
    assert first["correction"] == "removal"
    assert {row["series"] for row in rows_of(out / "variability_pressure.csv")} == {"sbp_mmhg", "dbp_mmhg", "map_mmhg"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Variability of intervals" in page
    assert "With and without rejection" in page
    assert "variability.csv" in capsys.readouterr().out

    again = tmp_path / "again"
    analyse(str(recording), "--species", "mouse", "--variability-window", "60", "--out", str(again))
    assert [row["stop_s"] for row in rows_of(again / "variability.csv")] == ["60", "120", "180", "240"]

    unknown = tmp_path / "unknown"
    analyse(str(recording), "--out", str(unknown))
    assert not (unknown / "variability.csv").exists()
    assert "No variability: its bands belong to a species" in (unknown / "report.html").read_text(encoding="utf-8")
