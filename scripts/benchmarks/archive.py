"""Measure how fast received files reach level 0, against a plain write and flush of the same bytes on the same disk.

    PYTHONPATH=scripts python -m benchmarks.archive [megabytes]

Both ways take turns at going first, each on a disk that has nothing left to write, so that what else the disk does
meets both; the median of each is told, and their ratio.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from telemus.archive import backup, create, verify
from telemus.mission import MISSIONS

MEGABYTES = 512
ROUNDS = 5
_BLOCK = 4 << 20


def plain_copy(source: Path, target: Path) -> None:
    """Copy a file and flush it: the disk's own speed, without checksums, journal and folders."""
    with source.open("rb", buffering=0) as reading, target.open("wb", buffering=0) as writing:
        while block := reading.read(_BLOCK):
            writing.write(block)
        os.fsync(writing.fileno())


def measure(megabytes: int = MEGABYTES, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Return one row for each way: MB/s, and how many times longer than the plain write it takes."""
    with tempfile.TemporaryDirectory(prefix="telemus-bench-") as scratch:
        return _rows(Path(scratch), megabytes, rounds)


def _rows(scratch: Path, megabytes: int, rounds: int) -> list[dict[str, Any]]:
    size = megabytes * 1_000_000
    store = create(scratch / "archive", next(MISSIONS.glob("*/mission.toml")).parent, "flight")
    rng = np.random.default_rng(1)
    times: dict[str, list[float]] = {"plain write and flush: the bound": [], "telemus, level 0": []}
    for number in range(rounds):
        source = scratch / f"{number}.bin"
        source.write_bytes(rng.bytes(size + number))
        calls = {
            "plain write and flush: the bound": lambda s=source: plain_copy(s, scratch / "plain"),
            "telemus, level 0": lambda s=source: store.receive(s),
        }
        for way in list(calls)[:: 1 if number % 2 else -1]:
            os.sync()
            times[way].append(_seconds(calls[way]))
        source.unlink()
        (scratch / "plain").unlink()
    times["telemus, verify"] = [_seconds(lambda: verify(store.path)) / rounds]
    times["telemus, backup with verification"] = [_seconds(lambda: backup(store.path, scratch / "copy")) / rounds]
    bound = statistics.median(times["plain write and flush: the bound"])
    return [
        {
            "way": way,
            "mb_per_s": size / 1e6 / statistics.median(found),
            "best_mb_per_s": size / 1e6 / min(found),
            "slower_than_bound": statistics.median(found) / bound,
        }
        for way, found in times.items()
    ]


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:2])), indent=1))
