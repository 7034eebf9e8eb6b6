"""Measure the chain: simulate, ingest, process, report; each stage in a fresh process that tells its peak memory."""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MISSION, TIMELINE, WORKERS = "mtb2", "flight", 2
STAGES = ("simulate", "ingest", "process", "report")
BYTES_PER_HOUR = 500_000_000
"""Flight, archive and page of one hour of eight animals, with room to spare [bytes]."""


def run_stage(stage: str, folder: Path, hours: float) -> dict[str, float]:
    """Run one stage in this process; return its seconds, without the imports, and the peaks of memory [MB].

    The own peak is VmHWM where the system has it, for the peak of getrusage begins with that of the process which
    started this one. ``largest_child_mb`` is the largest worker, not a sum: workers share pages with their parent.
    """
    done = _stage(stage, folder, hours)
    began = time.perf_counter()
    done()
    seconds = time.perf_counter() - began
    child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": seconds, "own_mb": _own_peak_mb(), "largest_child_mb": child_mb}


def _stage(stage: str, folder: Path, hours: float) -> Any:
    from telemus import archive as archives
    from telemus.mission import load

    flight, place = folder / "flight", folder / "archive"
    if stage == "simulate":
        from telemus.simulate import simulate_mission

        mission = load(MISSION, TIMELINE)
        return lambda: simulate_mission(mission, flight, duration_s=3600.0 * hours, workers=WORKERS)
    if stage == "ingest":
        from telemus.pipeline import ingest

        archive = archives.open_or_create(place, flight / "mission", TIMELINE)
        return lambda: ingest(archive, sorted((flight / "packets").glob("*.bin")))
    if stage == "process":
        from telemus.pipeline import process

        archive = archives.open(place)
        return lambda: process(archive, workers=WORKERS)
    from telemus.report import mission_page, write

    return lambda: write(mission_page(archives.open(place)), folder / "report.html")


def _own_peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_chain(hours: float, stages: tuple[str, ...] = STAGES) -> dict[str, dict[str, float]]:
    """Run the stages one after the other on a flight of some hours in a temporary folder; return what each told."""
    wanted = int(BYTES_PER_HOUR * max(hours, 1.0))
    with tempfile.TemporaryDirectory(prefix="telemus-bench-") as scratch:
        if shutil.disk_usage(scratch).free < wanted:
            raise OSError(f"{scratch}: got too little room, wanted {wanted / 1e9:.1f} GB")
        return {stage: _in_process("stage", stage, scratch, str(hours)) for stage in stages}


def _in_process(*arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # as the program itself begins
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def section(name: str) -> Any:
    """Run a section of the benchmark in a process of its own, so that none inherits another's memory."""
    return _in_process("section", name)


def measure(animals: int, repetitions: int = 3) -> list[dict[str, Any]]:
    """Return one row for each stage of one hour, and the whole chain: seconds, animal-hours per second, peaks [MB]."""
    one_chain(1 / 30)  # compiles what is not in the cache
    runs = [one_chain(1.0) for _ in range(repetitions)]
    rows = [_row(stage, animals, [run[stage] for run in runs]) for stage in STAGES]
    totals = [sum(run[stage]["seconds"] for stage in STAGES) for run in runs]
    whole = statistics.median(totals)
    return [*rows, {"stage": "whole chain", "seconds": whole, "mouse_hours_per_s": animals / whole}]


def measure_long(animals: int, hours: float = 24.0) -> list[dict[str, Any]]:
    """Return one row for each stage of a long flight, run once."""
    run = one_chain(hours)
    return [_row(stage, animals, [run[stage]], hours) for stage in STAGES]


def _row(stage: str, animals: int, told: list[dict[str, float]], hours: float = 1.0) -> dict[str, Any]:
    seconds = statistics.median(one["seconds"] for one in told)
    return {
        "stage": stage,
        "seconds": seconds,
        "mouse_hours_per_s": animals * hours / seconds,
        "own_mb": max(one["own_mb"] for one in told),
        "largest_child_mb": max(one["largest_child_mb"] for one in told),
    }
