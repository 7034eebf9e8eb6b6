"""Level 1 "samples": rows of evenly spaced counts of many channels and entities, in and out of one granule.

One row is a run without a hole of one channel of one entity, of one trust (a row is verified or it is not), at most
65 536 samples long, with its exact period. Rows of one channel and entity stand together in a row group, so that
reading one touches nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from telemus.archive.codec import Blob, decode, decode_quality, encode, encode_quality
from telemus.archive.parquet import open_parquet, read_groups
from telemus.series import Segment

MAX_ROW_SAMPLES = 1 << 16
"""Longest row: 66 s at 1 kHz, decoded in 0.5 ms."""
_GROUP_BYTES = 1 << 18
_WORKERS = 2
BLOBS = ("values", "quality")


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


class Run(NamedTuple):
    """A run of raw samples as read: segment, values (n,), quality (n,) uint32, union of its quality."""

    segment: Segment
    values: NDArray[Any]
    quality: NDArray[np.uint32]
    quality_union: int


def tables_of(rows: Iterable[SampleRow]) -> Iterator[pa.Table]:
    """Yield tables of encoded rows, one for each row group, ordered by channel, entity and time.

    Rows longer than 65 536 samples are cut. Channels of few bytes share a group.
    """
    ordered = sorted(rows, key=lambda row: (row.channel, row.entity, row.segment.start_ns))
    groups = [list(group) for _, group in groupby(ordered, key=lambda row: (row.channel, row.entity))]
    small: list[pa.Table] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for table in pool.map(_encoded, groups):
            if table.nbytes >= _GROUP_BYTES:
                yield table
            else:
                small.append(table)
    if small or not groups:
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
        [int(np.bitwise_or.reduce(piece.quality)) for piece in pieces],
        [blob.codec for blob in blobs],
        [blob.dtype for blob in blobs],
        [blob.data for blob in blobs],
        [encode_quality(piece.quality) for piece in pieces],
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


class GroupBounds(NamedTuple):
    """What the footer of a granule says of one row group: its number, channels, entities and times."""

    number: int
    channels: tuple[str, str]
    entities: tuple[str, str]
    start_ns: int
    stop_ns: int


def bounds_of(path: Path) -> list[GroupBounds]:
    """Return the bounds of each row group of a granule of samples, from its footer alone."""
    file = open_parquet(path)
    columns = {file.schema_arrow.names[index]: index for index in range(len(file.schema_arrow.names))}
    found = []
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        if group.num_rows == 0:
            continue
        channel, entity, start, stop = (
            group.column(columns[name]).statistics for name in ("channel", "entity", "start_ns", "stop_ns")
        )
        found.append(GroupBounds(number, (channel.min, channel.max), (entity.min, entity.max), start.min, stop.max))
    return found


def read_rows(
    path: Path,
    bounds: list[GroupBounds],
    channel: str,
    entity: str | None,
    span: tuple[int, int],
    *,
    columns: list[str] | None = None,
) -> pa.Table:
    """Return the rows of a channel (of one entity, or of all) that touch a span [ns TAI], undecoded."""
    start_ns, stop_ns = span
    groups = [
        one.number
        for one in bounds
        if one.channels[0] <= channel <= one.channels[1]
        and (entity is None or one.entities[0] <= entity <= one.entities[1])
        and one.start_ns < stop_ns
        and one.stop_ns > start_ns
    ]
    if not groups:
        return SCHEMA.empty_table() if columns is None else SCHEMA.empty_table().select(columns)
    table = read_groups(open_parquet(path), path, groups, columns)
    wanted = pc.and_(pc.less(table["start_ns"], stop_ns), pc.greater(table["stop_ns"], start_ns))
    wanted = pc.and_(wanted, pc.equal(table["channel"], channel))
    if entity is not None:
        wanted = pc.and_(wanted, pc.equal(table["entity"], entity))
    return table.filter(wanted)


def decoded(table: pa.Table) -> Iterator[Run]:
    """Yield the rows of a table of samples, decoded."""
    for row in table.to_pylist():
        segment = Segment(row["start_ns"], Fraction(row["period_num"], row["period_den"]), row["count"])
        values = decode(Blob(row["codec"], row["dtype"], row["values"]), row["count"])
        yield Run(segment, values, decode_quality(row["quality"], row["count"]), row["quality_union"])
