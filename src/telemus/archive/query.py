"""Read rows of current granules by subject and span, as batches or as one table sorted by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from telemus.archive.granule import Granule
from telemus.archive.intervals import Spans, joined
from telemus.archive.parquet import read_groups

TIME_COLUMNS = ("tai_ns", "start_ns")
"""What a row's time is called, the first that is there."""


def time_column(names: Iterable[str]) -> str | None:
    """Return the name of the column that is a row's time, None where a table has none."""
    there = set(names)
    return next((name for name in TIME_COLUMNS if name in there), None)


def batches(
    granules: Sequence[Granule],
    subject: str | None,
    start_ns: int | None,
    stop_ns: int | None,
    columns: Sequence[str] | None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of granules that belong to a subject and span, row group by row group, sorted within each."""
    for granule in granules:
        file = granule.open()
        schema = file.schema_arrow
        time = time_column(schema.names)
        needed = _needed(schema.names, columns, time, subject if granule.subject is None else None)
        empty = True
        for number in range(file.metadata.num_row_groups):
            table = read_groups(file, granule.path, [number], needed).replace_schema_metadata(None)
            table = _kept(table, time, start_ns, stop_ns, subject if granule.subject is None else None)
            if columns is not None:
                table = table.select(list(columns))
            empty = empty and table.num_rows == 0
            yield from table.combine_chunks().to_batches()
        if empty:  # the columns are known even where no row is
            bare = pa.schema(list(schema)).empty_table()
            bare = bare if columns is None else bare.select(list(columns))
            yield pa.RecordBatch.from_pylist([], bare.schema)


def table(parts: Iterable[pa.RecordBatch]) -> pa.Table:
    """Return batches as one table sorted by time; granules of older versions may lack columns, which become null."""
    found = list(parts)
    if not found:
        return pa.table({})
    whole = pa.concat_tables([pa.Table.from_batches([one]) for one in found], promote_options="permissive")
    time = time_column(whole.column_names)
    if time is None or whole.num_rows < 2:
        return whole
    times = whole[time].to_numpy()
    if np.all(times[1:] >= times[:-1]):
        return whole.combine_chunks()
    return whole.take(pa.array(np.argsort(times, kind="stable")))


def coverage(tables: Iterable[pa.Table], start_ns: int, stop_ns: int) -> dict[str, Spans]:
    """Return the joined spans of each entity in tables of sample rows, cut to a span [ns TAI].

    Rows that follow within half a sample are joined.
    """
    found: dict[str, list[Spans]] = {}
    bridge: dict[str, int] = {}
    for one in tables:
        if not one.num_rows:
            continue
        entities = np.asarray(one["entity"].to_pylist(), object)
        starts, stops, counts = (one[name].to_numpy() for name in ("start_ns", "stop_ns", "count"))
        for entity in sorted(set(entities.tolist())):
            rows = entities == entity
            found.setdefault(entity, []).append(np.stack([starts[rows], stops[rows]], axis=1))
            half = int(np.min((stops[rows] - starts[rows]) // np.maximum(counts[rows], 1)) // 2)
            bridge[entity] = min(bridge.get(entity, half), half)
    whole = {entity: joined(np.concatenate(parts), bridge[entity]) for entity, parts in found.items()}
    return {entity: np.clip(spans, start_ns, stop_ns) for entity, spans in whole.items()}


def _needed(
    names: Sequence[str], columns: Sequence[str] | None, time: str | None, subject: str | None
) -> list[str] | None:
    if columns is None:
        return None
    extra = [name for name in (time, "subject" if subject is not None and "subject" in names else None) if name]
    return [*columns, *(name for name in extra if name not in columns)]


def _kept(
    table: pa.Table, time: str | None, start_ns: int | None, stop_ns: int | None, subject: str | None
) -> pa.Table:
    if time is not None and start_ns is not None:
        table = table.filter(pc.greater_equal(table[time], start_ns))
    if time is not None and stop_ns is not None:
        table = table.filter(pc.less(table[time], stop_ns))
    if subject is not None and "subject" in table.column_names:
        table = table.filter(pc.equal(table["subject"], subject))
    if time is not None and table.num_rows > 1:
        times = table[time].to_numpy()
        if not np.all(times[1:] >= times[:-1]):
            table = table.take(pa.array(np.argsort(times, kind="stable")))
    return table
