"""Level 1 "samples": rows of evenly spaced counts of many channels and entities, in and out of one granule.

One row is a run without a hole of one channel of one entity, of one trust (a row is verified or it is not), at most
65 536 samples long, with its exact period. Beside its values stand those of its buckets of 100 ms, the lowest step of
the pyramid. Rows of one channel and entity stand together in row groups, so that reading one touches nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive.buckets import counted, encode_buckets, grid_of, union_of
from telemus.archive.codec import encode, encode_quality
from telemus.series import Segment

SAMPLES = "samples"
"""Name of the product of level 1 that holds raw counts of all channels."""
MAX_ROW_SAMPLES = 1 << 16
"""Longest row: 66 s at 1 kHz, decoded in 0.5 ms."""
BUCKET_NS = 100_000_000
"""Width of the buckets that stand beside the values [ns]."""
_BUCKET_SAMPLES = 16
"""Buckets are worth their room where they hold at least so many samples each; else the values are as quick to read."""
_SMALL_GROUP_BYTES = 1 << 18
_LARGE_GROUP_BYTES = 1 << 20
_WORKERS = 2
BLOBS = ("values", "quality", "buckets", "buckets_quality")


def _field(name: str, kind: pa.DataType, unit: str, meaning: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"unit": unit, "meaning": meaning})


SCHEMA = pa.schema(
    [
        _field("channel", pa.string(), "", "channel of the mission"),
        _field("entity", pa.string(), "", "entity that carries the channel"),
        _field("start_ns", pa.int64(), "ns TAI", "time of the first sample"),
        _field("stop_ns", pa.int64(), "ns TAI", "time at which the sample after the last would stand"),
        _field("period_num", pa.int64(), "ns", "numerator of the exact sampling period"),
        _field("period_den", pa.int64(), "1", "denominator of the exact sampling period"),
        _field("count", pa.int32(), "1", "number of samples"),
        _field("minimum", pa.float64(), "count", "smallest raw value"),
        _field("maximum", pa.float64(), "count", "largest raw value"),
        _field("quality_union", pa.uint32(), "", "union of the quality bits of all samples"),
        _field("codec", pa.string(), "", "how values are encoded: raw, delta1-zstd, delta2-zstd, bytes-zstd"),
        _field("dtype", pa.string(), "", "numpy's name of the type of a raw value"),
        _field("values", pa.binary(), "count", "raw values, encoded"),
        _field("quality", pa.binary(), "", "runs of quality words: little-endian uint32 (length, word); empty = good"),
        _field("bucket_ns", pa.int64(), "ns", "width of the buckets, on a grid from the epoch; 0 where there are none"),
        _field("buckets", pa.binary(), "count", "minimum, maximum and sum of each bucket, encoded"),
        _field("buckets_quality", pa.binary(), "", "runs of the union of quality of each bucket; empty = good"),
    ]
)
"""Columns of the product ``samples``."""


class SampleRow(NamedTuple):
    """A run of raw samples of one channel of one entity: segment, values (n,), quality (n,) uint32."""

    channel: str
    entity: str
    segment: Segment
    values: NDArray[Any]
    quality: NDArray[np.uint32]


def tables_of(rows: Iterable[SampleRow]) -> Iterator[pa.Table]:
    """Yield tables of encoded rows, one for each row group, ordered by channel, entity and time.

    Rows longer than 65 536 samples are cut. Channels of few bytes share a group.
    """
    ordered = sorted(rows, key=lambda row: (row.channel, row.entity, row.segment.start_ns))
    groups = [list(group) for _, group in groupby(ordered, key=lambda row: (row.channel, row.entity))]
    with ThreadPoolExecutor(_WORKERS) as pool:
        yield from grouped_rows(pool.map(_encoded, groups))


def grouped_rows(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of encoded rows, each of one channel of one entity, as row groups of a good size to read.

    Up to 1 MiB: 10 s are read without a whole hour. Channels of few bytes share a group. At least one is yielded.
    """
    small: list[pa.Table] = []
    large = False
    for table in tables:
        if table.nbytes < _SMALL_GROUP_BYTES:
            small.append(table)
            continue
        large = True
        pieces = -(-table.nbytes // _LARGE_GROUP_BYTES)
        rows = -(-table.num_rows // pieces)
        yield from (table.slice(at, rows) for at in range(0, table.num_rows, rows))
    if small or not large:
        yield pa.concat_tables([SCHEMA.empty_table(), *small]).combine_chunks()


def _encoded(rows: list[SampleRow]) -> pa.Table:
    """Return the rows of one channel of one entity, cut and encoded."""
    pieces = [piece for row in rows for piece in _cut(row)]
    blobs = [encode(piece.values) for piece in pieces]
    segments = [piece.segment for piece in pieces]
    columns: list[Any] = [
        [piece.channel for piece in pieces],
        [piece.entity for piece in pieces],
        [segment.start_ns for segment in segments],
        [segment.stop_ns for segment in segments],
        [segment.period_ns.numerator for segment in segments],
        [segment.period_ns.denominator for segment in segments],
        [segment.count for segment in segments],
        [float(piece.values.min()) for piece in pieces],
        [float(piece.values.max()) for piece in pieces],
        [union_of(piece.quality) for piece in pieces],
        [blob.codec for blob in blobs],
        [blob.dtype for blob in blobs],
        [blob.data for blob in blobs],
        [encode_quality(piece.quality) for piece in pieces],
        *zip(*(_buckets(piece) for piece in pieces), strict=True),
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _cut(row: SampleRow) -> Iterator[SampleRow]:
    segment = row.segment
    if segment.count <= MAX_ROW_SAMPLES:
        yield row
        return
    for first in range(0, segment.count, MAX_ROW_SAMPLES):
        last = min(first + MAX_ROW_SAMPLES, segment.count)
        start = int(segment.time_at(np.array([first]))[0])
        part = Segment(start, segment.period_ns, last - first)
        yield row._replace(segment=part, values=row.values[first:last], quality=row.quality[first:last])


def _buckets(row: SampleRow) -> tuple[int, bytes, bytes]:
    """Return the width [ns] and the encoded buckets of a row; 0 and nothing where they are not worth their room."""
    kind = row.values.dtype
    exact = kind.kind == "f" or (kind.kind in "iu" and kind.itemsize <= 4)
    if not exact or row.segment.period_ns * _BUCKET_SAMPLES > BUCKET_NS or row.segment.count < _BUCKET_SAMPLES:
        return 0, b"", b""
    if kind.kind == "f" and np.isnan(row.values).any():
        return 0, b"", b""
    found = counted(*grid_of(row.segment, BUCKET_NS), row.values, row.quality)
    return BUCKET_NS, *encode_buckets(found, kind)
