"""The page of benchmarks has every row that scripts/bench measures, each with its figures and the machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
STAGES = ["simulate", "ingest", "process", "report"]
ROWS = {
    "machine": ["Processor", "Cores", "Memory", "Python", "Libraries", "Date"],
    "decoding": ["bound", "telemus, in memory", "telemus, file in blocks", "ccsdspy", "CRC-16"],
    "frames": ["encode", "clean words", "16 wrong", "AOS", "TM", "USLP", "merged", "noise", "peak of memory"],
    "kernels": ["bound", "compiled sum of int16", "find_beats", "find_r_peaks", "scipy"],
    "chain": [*STAGES, "whole chain"],
    "memory of 1 h": STAGES,
    "memory of 24 h": STAGES,
}


def _table(name: str) -> list[str]:
    head, tail = f"<!-- {name}: written by scripts/bench -->", f"<!-- end of {name} -->"
    return [line for line in PAGE.split(head)[1].split(tail)[0].splitlines() if line.startswith("|")]


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in ROWS.items() for row in rows])
def test_row_is_there_with_its_figures(name: str, row: str) -> None:
    lines = [line for line in _table(name) if row in line]
    assert lines, f"{name}: no row {row!r}"
    for line in lines:
        assert re.search(r"\d", line.split("|", 2)[2]), line


@pytest.mark.parametrize("packets", ["fixed 212 B", "mission pressure", "mission ECG"])
def test_every_kind_of_packet_is_decoded_in_every_way(packets: str) -> None:
    assert len([line for line in _table("decoding") if packets in line]) >= 4


def test_memory_of_frames_does_not_grow_with_the_stream() -> None:
    """Peaks of two streams, one four times as long as the other, in the last column."""
    peaks = [float(line.strip("|").split("|")[-1]) for line in _table("frames") if "peak of memory" in line]
    assert len(peaks) == 2
    assert max(peaks) < 1.1 * min(peaks)


def test_memory_does_not_grow_with_the_flight() -> None:
    """Peaks of 24 h are at most half as much again as those of 1 h: allocation scatters, growth would not stop."""

    def bounds_mb(name: str) -> dict[str, float]:
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _table(name)[2:]]
        return {cells[0]: float(cells[4]) for cells in rows}

    hour, day = bounds_mb("memory of 1 h"), bounds_mb("memory of 24 h")
    for stage in STAGES:
        assert day[stage] < 1.5 * hour[stage], stage
