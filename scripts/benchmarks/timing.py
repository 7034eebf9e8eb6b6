"""Time calls, and name the machine that the times belong to."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

LIBRARIES = ("numpy", "numba", "scipy", "pyarrow", "ccsdspy")


class Timed(NamedTuple):
    """Shortest and median time of the repetitions [s]."""

    best_s: float
    median_s: float


def timed(call: Callable[[], Any], repetitions: int = 5) -> Timed:
    """Return the times of a call after one that warms up: compiled code loaded, pages touched, files cached."""
    call()
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return Timed(min(times), statistics.median(times))


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, versions, load before the run, date."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.is_file():
        facts = dict(line.split(":", 1) for line in told.read_text().splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in facts.items()}
        model = named.get("model name", platform.processor())
        return f"{model}, family {named['cpu family']}" if "cpu family" in named else model
    return platform.processor()
