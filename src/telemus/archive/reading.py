"""Read samples of one channel of one entity at full rate: as one whole, or streamed in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from telemus.archive.merge import Run, as_samples, follows
from telemus.archive.statistics import taken_between
from telemus.archive.stored_rows import StoredRows
from telemus.series import Samples, Segment

STREAM_NS = 86_400 * 1_000_000_000
"""Rows are looked for a day at a time while streaming [ns]: 1300 at 1 kHz, each loaded when its turn comes."""


def runs_between(stored: StoredRows, channel: str, entity: str, start_ns: int, stop_ns: int) -> Iterator[Run]:
    """Yield the samples of a span [ns TAI] row by row, in order of time, each sample time once."""
    found = taken_between(stored.rows(channel, entity, start_ns, stop_ns), start_ns, stop_ns)
    loaded = stored.load(row for row, _ in found)
    for (_, piece), (values, quality) in zip(found, loaded, strict=True):
        yield Run(piece.part, values[piece.first : piece.last], quality[piece.first : piece.last])


def raw_samples(stored: StoredRows, channel: str, entity: str, start_ns: int, stop_ns: int) -> Samples:
    """Return the samples of a span [ns TAI] as one."""
    return as_samples(list(runs_between(stored, channel, entity, start_ns, stop_ns)))


def sample_batches(
    stored: StoredRows, channel: str, entity: str, start_ns: int, stop_ns: int
) -> Iterator[pa.RecordBatch]:
    """Yield samples as batches: ``tai_ns``, ``value`` [count], ``quality``, ``segment``, row by row.

    ``segment`` counts up where samples are missing before a row: what stands between two of its numbers is a gap.
    """
    before: Segment | None = None
    number = 0
    for at in range(start_ns, stop_ns, STREAM_NS):
        for run in runs_between(stored, channel, entity, at, min(at + STREAM_NS, stop_ns)):
            if before is not None and not follows(before, run.segment):
                number += 1
            before = run.segment
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(run.segment.times_ns()),
                    pa.array(run.values),
                    pa.array(run.quality),
                    pa.array(np.full(len(run.values), number, np.int32)),
                ],
                names=["tai_ns", "value", "quality", "segment"],
            )
