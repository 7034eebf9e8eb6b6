"""The one door to Parquet: tables in and out, with units and definitions in the metadata of the fields."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from telemus.archive import disk
from telemus.errors import DamageError, FormatError
from telemus.product import Column

Format = Literal["parquet", "csv", "arrow"]
Footer: TypeAlias = pq.FileMetaData
"""What the end of a Parquet file says of its row groups."""
ROWS_PER_GROUP = 1 << 17
"""Rows of one row group of a plain table: what is decoded together when a part is read."""


class Layout(NamedTuple):
    """How tables are laid out in a Parquet file.

    ``group_per_part``: each part becomes a row group. ``blobs``: columns that are compressed already and are stored as
    they are, without dictionary and statistics. ``numbers``: the encoding of columns that no dictionary suits.
    """

    group_per_part: bool = False
    blobs: tuple[str, ...] = ()
    numbers: Mapping[str, str] | None = None


PLAIN = Layout()


def annotate(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Return the table with unit and meaning of each declared column in the metadata of its field.

    Columns that are not declared stay as they are.
    """
    declared = {column.name: column for column in columns}
    fields = [
        field.with_metadata({"unit": declared[field.name].unit, "meaning": declared[field.name].meaning})
        if field.name in declared
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def batches_of(content: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch | pa.Table]) -> Iterator[pa.Table]:
    """Yield a table, a batch or an iterable of either as tables."""
    if isinstance(content, pa.Table):
        yield content
    elif isinstance(content, pa.RecordBatch):
        yield pa.Table.from_batches([content])
    else:
        for part in content:
            yield from batches_of(part)


def write_parquet(
    file: IO[bytes],
    content: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch | pa.Table],
    *,
    metadata: Mapping[str, str] | None = None,
    layout: Layout = PLAIN,
) -> int:
    """Write tables of one schema as a Parquet file and return the number of rows.

    Every page carries a checksum, so that a flipped bit is an error on reading and never a value. Raises ValueError
    where ``content`` is an empty iterable, which has no schema.
    """
    writer: pq.ParquetWriter | None = None
    rows = 0
    try:
        for part in batches_of(content):
            if writer is None:
                schema = part.schema.with_metadata({**(part.schema.metadata or {}), **(metadata or {})})
                writer = _writer(file, schema, layout)
            writer.write_table(
                part.replace_schema_metadata(writer.schema.metadata),
                row_group_size=max(part.num_rows, 1) if layout.group_per_part else ROWS_PER_GROUP,
            )
            rows += part.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ValueError("granule: got no table, wanted at least one (it may have no rows)")
    return rows


def _writer(file: IO[bytes], schema: pa.Schema, layout: Layout = PLAIN) -> pq.ParquetWriter:
    if not layout.blobs:
        numbers = layout.numbers
        return pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in schema.names if name not in numbers] if numbers else True,
            column_encoding=dict(numbers) if numbers else None,
            write_page_checksum=True,
        )
    plain = [name for name in schema.names if name not in layout.blobs]
    return pq.ParquetWriter(
        file,
        schema,
        compression={name: "NONE" if name in layout.blobs else "ZSTD" for name in schema.names},
        use_dictionary=[name for name in plain if not pa.types.is_integer(schema.field(name).type)],
        write_statistics=plain,
        write_page_checksum=True,
    )


@contextmanager
def table_writer(
    path: Path, schema: pa.Schema, checks: disk.Checks | None = None
) -> Iterator[Callable[[pa.Table], None]]:
    """Give a function that appends tables of a schema to a Parquet file, for tables larger than memory.

    The file appears under its name when the block ends well, whole and flushed; else not at all.
    """
    waiting: list[pa.Table] = []

    def write_out() -> None:
        writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]), row_group_size=ROWS_PER_GROUP)
        waiting.clear()

    def append(table: pa.Table) -> None:
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= ROWS_PER_GROUP:  # a group for each would fill the footer
            write_out()

    with disk.put(path, checks) as file, _writer(file, schema) as writer:
        yield append
        write_out()


def open_parquet(path: Path, source: io.RawIOBase | Path, footer: Footer | None = None) -> pq.ParquetFile:
    """Return an open Parquet file, read from ``source`` and named ``path``, whose pages are checked as they are read.

    A known footer is not read again.

    Raises DamageError where it is not, or no longer, a Parquet file.
    """
    try:
        return pq.ParquetFile(source, metadata=footer, page_checksum_verification=True, pre_buffer=False)
    except DamageError:
        raise
    except (pa.ArrowInvalid, OSError) as error:
        raise DamageError(f"{path}: got {_first_line(error)}, wanted a whole Parquet file") from error


def read_groups(file: pq.ParquetFile, path: Path, groups: Sequence[int], columns: Sequence[str] | None) -> pa.Table:
    """Return the rows of some row groups; DamageError where a page fails its checksum."""
    try:
        return file.read_row_groups(list(groups), columns=None if columns is None else list(columns), use_threads=False)
    except DamageError:
        raise
    except (pa.ArrowInvalid, OSError) as error:
        raise DamageError(f"{path}: got {_first_line(error)}, wanted pages as they were written") from error


def write_table(path: Path | str, table: pa.Table, format: Format = "parquet") -> Path:
    """Write one table as Parquet, CSV or Arrow IPC file, whole or not at all, and return its path.

    In CSV nested columns are written as JSON text, for that format has no nesting. Raises FormatError on another
    format.
    """
    target = Path(path)
    if format not in ("parquet", "csv", "arrow"):
        raise FormatError(f"got format {format!r}, wanted parquet, csv or arrow", path=target)
    with disk.put(target) as file:
        if format == "parquet":
            write_parquet(file, table)
        elif format == "csv":
            pa.csv.write_csv(_flat(table), file)
        else:
            with pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
    return target


def read_table(path: Path | str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the table of a .parquet, .csv or .arrow file, by its ending.

    Raises FormatError where the ending or the content is none of these, FileNotFoundError where there is no file.
    """
    source = Path(path)
    ending = source.suffix.lower()
    if ending not in (".parquet", ".csv", ".arrow"):
        raise FormatError(f"got a file ending {ending!r}, wanted .parquet, .csv or .arrow", path=source)
    try:
        if ending == ".parquet":
            return pq.read_table(source, columns=columns, page_checksum_verification=True)
        if ending == ".csv":
            table = pa.csv.read_csv(source)
        else:
            with pa.ipc.open_file(source) as reader:
                table = reader.read_all()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FormatError(f"got {_first_line(error)}, wanted a {ending[1:]} table", path=source) from error
    return table if columns is None else table.select(list(columns))


def _flat(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = [None if value is None else json.dumps(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
        elif pa.types.is_binary(field.type):
            texts = [None if value is None else value.hex() for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
