"""Measure queries on archives of one 1 kHz channel that grow: 1 h, 1 day and, with --long, 30 days.

    PYTHONPATH=scripts .venv/bin/python -m benchmarks.queries [--long] [--json]

The bound is the time in which the bytes of the result are read from a file in memory: no answer can come sooner.
"Fresh" is an archive opened for this one question, its files in the page cache; "from disk" the same with its files
dropped from the page cache first; "warm" the same question again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import timed
from telemus import archive as archives
from telemus.archive import SAMPLES, Archive, Draft, SampleRow, tables_of, update_pyramid
from telemus.series import Segment

S = 1_000_000_000
START_NS = 1_755_000_000 * S + 123_456_789
CHANNEL, ENTITY, RATE_HZ = "ecg", "S25101", 1000
PIXELS = 2000
SPANS = {"1 h": 1, "1 day": 24, "30 days": 720}
"""Length of an archive [h]; the last only with --long: 3 GB."""


def hour(number: int, wave: np.ndarray[Any, Any]) -> SampleRow:
    """Return one hour of the channel; each is moved against the others, so that no two are alike."""
    segment = Segment(START_NS + number * 3600 * S, Fraction(S, RATE_HZ), len(wave))
    values = np.roll(wave, 7919 * number)
    return SampleRow(CHANNEL, ENTITY, segment, values, np.zeros(len(wave), np.uint32))


def build(folder: Path, hours: int) -> dict[str, float]:
    """Make an archive of one granule an hour, and its pyramid; return seconds and bytes of each."""
    store = archives.create(folder, "mtb2", "flight")
    rng = np.random.default_rng(30)
    phase = 2 * np.pi * np.cumsum(9 + 0.5 * np.sin(np.arange(3600 * RATE_HZ) / 16_000)) / RATE_HZ
    wave = np.rint(2000 * np.sin(phase) ** 9 + rng.normal(0, 20, phase.size)).astype(np.int16)
    rows = (hour(number, wave) for number in range(hours))
    began, sealed_s = time.perf_counter(), 0.0
    for row in rows:
        begin = time.perf_counter()
        start, stop = row.segment.start_ns, row.segment.stop_ns
        store.write(Draft(SAMPLES, 1, 1, {"hour": start}, start, stop, slot=f"{start}"), tables_of([row]))
        sealed_s += time.perf_counter() - begin
    began = time.perf_counter()
    update_pyramid(store)
    pyramid_s = time.perf_counter() - began
    stored = {kind: sum(one.bytes for one in store.granules() if (one.product == SAMPLES) == kind) for kind in (0, 1)}
    raw = hours * wave.nbytes
    return {
        "raw_bytes": raw,
        "sealed_mb_per_s": raw / sealed_s / 1e6,
        "pyramid_mb_per_s": raw / pyramid_s / 1e6,
        "packed": raw / stored[1],
        "pyramid_share": stored[0] / stored[1],
    }


def questions(hours: int) -> Iterator[tuple[str, Callable[[Archive], int]]]:
    """Yield what is asked, and the call that answers it and returns the bytes of the result."""
    span_ns, rng = hours * 3600 * S, np.random.default_rng(hours)

    def view(archive: Archive, start_ns: int, length_ns: int) -> int:
        found = archive.decimated(CHANNEL, ENTITY, start_ns, start_ns + length_ns, PIXELS)
        return int(sum(column.nbytes for column in found))

    def raw(archive: Archive) -> int:
        start_ns = START_NS + int(rng.integers(0, span_ns - 10 * S))
        found = archive.raw_samples(CHANNEL, ENTITY, start_ns, start_ns + 10 * S)
        return int(found.values.nbytes + found.quality.nbytes)

    yield f"{PIXELS} buckets of all of it", lambda archive: view(archive, START_NS + 1, span_ns - 2)
    yield f"{PIXELS} buckets of 30 min", lambda archive: view(archive, START_NS + span_ns // 3, 1800 * S)
    yield "10 s of samples anywhere", raw


def drop_pages(folder: Path) -> None:
    """Drop the files of a folder from the page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def bound_s(folder: Path, size_bytes: int) -> float:
    """Return the time in which so many bytes are read from a file that is in memory [s]."""
    path = folder / "result.bin"
    path.write_bytes(bytes(size_bytes))
    return timed(path.read_bytes, 20).median_s


def measure(long: bool = False, repetitions: int = 9) -> dict[str, list[dict[str, Any]]]:
    """Return one row for each archive, and one for each question to it: milliseconds and times the bound."""
    built, asked = [], []
    for name, hours in SPANS.items():
        if hours > 24 and not long:
            continue
        with tempfile.TemporaryDirectory(prefix="telemus-bench-") as scratch:
            folder = Path(scratch) / "archive"
            built.append({"archive": name, **build(folder, hours)})
            for question, call in questions(hours):
                asked.append({"archive": name, "question": question, **_times(folder, call, repetitions)})
    return {"built": built, "asked": asked}


def _times(folder: Path, call: Callable[[Archive], int], repetitions: int) -> dict[str, float]:
    opened = archives.open(folder)
    size = call(opened)
    warm = timed(lambda: call(opened), repetitions).median_s
    fresh = timed(lambda: call(archives.open(folder)), repetitions).median_s
    cold = []
    for _ in range(3):
        drop_pages(folder)
        began = time.perf_counter()
        call(archives.open(folder))
        cold.append(time.perf_counter() - began)
    least = bound_s(folder.parent, size)
    return {
        "result_bytes": size,
        "warm_ms": warm * 1e3,
        "fresh_ms": fresh * 1e3,
        "disk_ms": sorted(cold)[1] * 1e3,
        "bound_ms": least * 1e3,
        "slower_than_bound": fresh / least,
    }


def built_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of what it takes to make the archives."""
    head = [
        "| archive | raw [MB] | sealed [MB/s] | pyramid made [MB/s] | packed | pyramid |",
        "|---|---|---|---|---|---|",
    ]
    return head + [
        f"| {one['archive']} | {one['raw_bytes'] / 1e6:.0f} | {one['sealed_mb_per_s']:.0f} | "
        f"{one['pyramid_mb_per_s']:.0f} | {one['packed']:.2f} times | {one['pyramid_share'] * 100:.2f} % |"
        for one in rows
    ]


def asked_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of what the questions cost."""
    head = [
        "| question | archive | warm [ms] | fresh [ms] | from disk [ms] | bound [ms] | fresh, bound = 1 |",
        "|---|---|---|---|---|---|---|",
    ]
    return head + [
        f"| {one['question']} | {one['archive']} | {one['warm_ms']:.1f} | {one['fresh_ms']:.1f} | "
        f"{one['disk_ms']:.1f} | {one['bound_ms']:.3f} | {one['slower_than_bound']:.0f} |"
        for one in sorted(rows, key=lambda row: row["question"])
    ]


def main() -> int:
    """Measure and print what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure queries on archives of one channel that grow.")
    parser.add_argument("--long", action="store_true", help="also 30 days: minutes and 5 GB of a temporary folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    found = measure(given.long)
    rows = [*built_rows(found["built"]), "", *asked_rows(found["asked"])]
    print(json.dumps(found, indent=2) if given.json else "\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
