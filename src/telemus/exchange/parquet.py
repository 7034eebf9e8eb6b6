"""Reads recordings in Parquet: a column of time and columns of signals, with units in names or field metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.arrow_columns import as_floats, as_integers
from telemus.exchange.column_names import split_unit, time_unit
from telemus.exchange.guard import file_size, foreign
from telemus.exchange.recording import Contents
from telemus.exchange.table import Column, Table, find_time, signal_places, sources_of

_MOST_BYTES_PER_BYTE = 10_000  # what a column that never changes may unfold to; more is a forged length


def read_parquet(path: Path, *, rate_hz: float | None, units: Mapping[str, str]) -> Contents:
    """List the columns of a Parquet file as channels; time and rate as for delimited text.

    A field's metadata ``unit`` wins over a unit in its name. Columns that are neither numbers nor times are passed
    over.
    Raises FormatError where the file is damaged, or neither time nor rate is known.
    """
    size = file_size(path)
    with foreign(path, "Parquet"):
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
            unfolded = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
            rows, fields = int(metadata.num_rows), list(schema)
    if rows < 1 or unfolded > size * _MOST_BYTES_PER_BYTE or rows > size * _MOST_BYTES_PER_BYTE:
        raise FormatError(f"got {rows} rows that claim {unfolded} bytes in a file of {size}, wanted a table", path=path)
    notes: list[str] = []
    kept = [(place, field) for place, field in enumerate(fields) if _kind(field.type) is not None]
    if len(kept) < len(fields):
        skipped = [field.name for field in fields if _kind(field.type) is None]
        notes.append(f"columns that are neither numbers nor times were passed over: {', '.join(skipped[:40])}")
    columns = tuple(_column(field) for _, field in kept)
    time = find_time(columns, [time_unit(field.name) for _, field in kept], units)
    if time is None and rate_hz is None:
        raise FormatError(
            f"got no time column among {', '.join(column.name for column in columns[:40])} and no rate, wanted either: "
            "give the rate with --rate HZ",
            path=path,
        )
    if time is not None and rate_hz is not None:
        notes.append(f"time column {columns[time.place].name!r} was not used: a rate of {rate_hz:g} Hz was given")
    names = [field.name for _, field in kept]
    table = Table(path, columns, time, rate_hz, lambda kinds: _parse(path, names, kinds))
    places = signal_places(columns, time)
    facts = {"columns": str(len(fields)), "rows": str(rows)}
    return Contents(
        "parquet", sources_of(table, places), None, facts=facts, notes=tuple(notes),
        prepare=lambda chosen: table.prepare_all(places, chosen, []),
    )  # fmt: skip


def _kind(kind: Any) -> str | None:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "moment" if kind.tz is None else "zoned"
    return "number" if pa.types.is_floating(kind) or pa.types.is_integer(kind) else None


def _column(field: Any) -> Column:
    name, unit = split_unit(field.name)
    stated = (field.metadata or {}).get(b"unit", b"").decode("utf-8", "replace").strip()
    return Column(name, stated or unit, _kind(field.type) or "number")


def _parse(path: Path, names: list[str], kinds: Mapping[int, str]) -> dict[int, NDArray[Any]]:
    """Return columns as float64, or times as int64 [ns]; integers beyond 2^53 lose their last digits."""
    with foreign(path, "Parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(path, columns=[names[place] for place in kinds], use_threads=False, memory_map=True)
        parsed: dict[int, NDArray[Any]] = {}
        for place, kind in kinds.items():
            column = table.column(names[place])
            if kind == "number":
                parsed[place] = as_floats(column.cast(pa.float64()))
            else:
                parsed[place] = as_integers(column.cast(pa.timestamp("ns", column.type.tz)))
    return parsed
