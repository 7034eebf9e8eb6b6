"""Writes results as CSV: beats.csv, one row per beat, and windows.csv, one row per window.

The file is written beside its name and moved there when whole, so that a reader never meets half a table.
"""

from __future__ import annotations

import enum
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from telemus.errors import ArchiveError, SignalError, SpaceError
from telemus.series import flag_names

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMALS = 9  # of a second: shortest decimals that still hold a nanosecond


def write_beats_csv(path: str | Path, table: pa.Table, *, vocabularies: Sequence[type[enum.IntFlag]] = ()) -> None:
    """Write one row per beat: ``time_s``, ``channel``, ``quality`` in words, ``quality_bits``, then every other column.

    ``table`` has ``time_s`` (float64 [s] from the start of the recording: R peak of an ECG, foot of a pressure),
    ``channel`` and ``quality`` (uint32), and measures with their units in their names, in the order wanted. ``quality``
    is written as "good" or as names joined by "|", of the general bits and of ``vocabularies``. NaN is written as an
    empty cell; ``time_s`` has nine decimals at most, other floats the shortest digits that read back the same.
    Raises SignalError where one of the three is missing, SpaceError on a full disk, ArchiveError where the file cannot
    be written.
    """
    _write(Path(path), table, ("time_s", "channel", "quality"), vocabularies)


def write_windows_csv(path: str | Path, table: pa.Table, *, vocabularies: Sequence[type[enum.IntFlag]] = ()) -> None:
    """Write one row per window: ``start_s``, ``stop_s``, ``channel``, ``quality`` in words where there is one, then the
    measures.

    Digits, NaN and errors as in ``write_beats_csv``.
    """
    leading = ("start_s", "stop_s", "channel", *(("quality",) if "quality" in table.column_names else ()))
    _write(Path(path), table, leading, vocabularies)


def _write(path: Path, table: pa.Table, leading: Sequence[str], vocabularies: Sequence[type[enum.IntFlag]]) -> None:
    import pyarrow as pa

    missing = [name for name in leading if name not in table.column_names]
    if missing:
        raise SignalError(
            f"{path.name}: got a table without {', '.join(missing)} (it has {', '.join(table.column_names)})"
        )
    columns: dict[str, Any] = {}
    for name in (*leading, *(name for name in table.column_names if name not in leading)):
        column = table.column(name)
        if name == "quality":
            columns["quality"] = _in_words(column, vocabularies)
            columns["quality_bits"] = column
        else:
            columns[name] = _digits(column, rounded=name in ("time_s", "start_s", "stop_s"))
    partial = path.with_name(path.name + ".part")
    try:
        try:
            _write_rows(partial, pa.table(columns), "none")
        except pa.ArrowInvalid:  # some text holds a comma or a quote
            _write_rows(partial, pa.table(columns), "needed")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise SpaceError(f"{path}: the disk is full, {table.num_rows} rows were to be written") from error
        raise ArchiveError(f"{path}: cannot be written ({error})") from error


def _write_rows(path: Path, table: pa.Table, quoting: str) -> None:
    """Write headings and rows; the headings by ourselves, because Arrow puts them in quotes always."""
    from pyarrow import csv

    with path.open("wb") as file:
        headings = (f'"{name}"' if "," in name else name for name in table.column_names)
        file.write((",".join(headings) + "\n").encode())
        csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style=quoting))


def _digits(column: pa.ChunkedArray, *, rounded: bool) -> pa.ChunkedArray:
    """Return a float column with NaN as null (an empty cell) and times rounded; other types as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    if rounded:
        column = pc.round(column, ndigits=_DECIMALS)
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def _in_words(column: pa.ChunkedArray, vocabularies: Sequence[type[enum.IntFlag]]) -> pa.Array:
    """Return quality words as text; each distinct word is spelt once."""
    import pyarrow as pa

    words, places = np.unique(np.asarray(column.combine_chunks()), return_inverse=True)
    spelt = ["|".join(flag_names(int(word), *vocabularies)) or "good" for word in words]
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(spelt, pa.string())).cast(pa.string())
