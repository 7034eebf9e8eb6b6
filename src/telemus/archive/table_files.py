"""Write tables as they come, larger than memory, to Parquet, CSV or Arrow IPC files: whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from telemus.archive import disk
from telemus.archive.parquet import ROWS_PER_GROUP
from telemus.errors import FormatError

GROUP_BYTES = 32 << 20
"""Size in memory at which rows are written though they are fewer than a row group has."""
FORMATS = ("parquet", "csv", "arrow")
_OCTETS = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)


@contextmanager
def open_table(path: Path, schema: pa.Schema, format: str = "parquet") -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Give a function that appends batches of a schema to a file.

    The file appears under its name when the block ends well, whole and flushed; else not at all. In CSV, which has no
    nesting, lists and structs are JSON text and binary is hexadecimal digits. Raises FormatError on another format,
    SpaceError on a full disk.
    """
    if format not in FORMATS:
        raise FormatError(f"got format {format!r}, wanted one of {', '.join(FORMATS)}", path=path)
    waiting: list[pa.RecordBatch] = []

    def write_out() -> None:
        table = pa.Table.from_batches(waiting, schema)
        writer.write_table(flat_table(table) if format == "csv" else table)
        waiting.clear()

    def append(batch: pa.RecordBatch) -> None:
        waiting.append(batch)
        # A group for each would fill the footer; groups of many wide rows would fill the memory.
        if sum(one.num_rows for one in waiting) >= ROWS_PER_GROUP or sum(one.nbytes for one in waiting) >= GROUP_BYTES:
            write_out()

    with disk.put(path) as file, _writer(file, schema, format) as writer:
        yield append
        if waiting:
            write_out()


def _writer(file: IO[bytes], schema: pa.Schema, format: str) -> Any:
    if format == "parquet":
        return pq.ParquetWriter(file, schema, compression="zstd", compression_level=1, write_page_checksum=True)
    if format == "csv":
        return pa.csv.CSVWriter(file, flat_table(schema.empty_table()).schema)
    return pa.ipc.new_file(file, schema)


def flat_table(table: pa.Table) -> pa.Table:
    r"""Return a table without nesting: lists and structs as JSON text, binary as hexadecimal digits.

    >>> flat_table(pa.table({"wave": [[1, 2], None], "raw": [b"\x01\xff", b""]})).to_pylist()
    [{'wave': '[1, 2]', 'raw': '01ff'}, {'wave': None, 'raw': ''}]
    """
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            values = table.column(index).cast(_without_times(field.type)).to_pylist()
            texts = [None if value is None else json.dumps(value, default=bytes.hex) for value in values]
        elif any(holds(field.type) for holds in _OCTETS):
            texts = [None if value is None else value.hex() for value in table.column(index).to_pylist()]
        else:
            continue
        table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def _without_times(kind: pa.DataType) -> pa.DataType:
    """Return the type with times as text: Python's own have no nanoseconds."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_without_times(field.type)) for field in kind])
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_without_times(kind.value_type), kind.list_size)
    return pa.large_list(_without_times(kind.value_type)) if pa.types.is_large_list(kind) else kind
