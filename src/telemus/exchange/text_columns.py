"""Parses chosen columns of delimited text with Arrow; cells that are no numbers become missing and are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.arrow_columns import as_flags, as_floats, as_integers
from telemus.exchange.guard import foreign
from telemus.exchange.text_layout import MISSING

_BLOCK_BYTES = 4 << 20
_CELL = {
    ".": r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$",
    ",": r"^\s*[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d{1,3})?\s*$",
}
_MOST_BAD_SHARE = 0.1
"""Of the rows (or of a column's cells) that may be unreadable before the whole is taken for something else."""
_NULLS = sorted(
    {spelling for cell in MISSING for spelling in (cell, cell.upper(), cell.capitalize())} | {"NaN", "N/A", "#N/A"}
)


class TextColumns:
    """A parser of one laid-out text: rows, their separator and decimal sign."""

    def __init__(self, path: Path, *, separator: str, decimal: str, skip_lines: int, width: int) -> None:
        self.path, self.separator, self.decimal = path, separator, decimal
        self.skip_lines, self.width = skip_lines, width

    def parse(
        self, open_stream: Callable[[], IO[bytes]], kinds: Mapping[int, str], notes: list[str]
    ) -> dict[int, NDArray[np.float64] | NDArray[np.int64]]:
        """Return columns by place from 0: kind "number" as float64, "moment", "zoned" and "clock" as int64 [ns].

        ``open_stream`` gives the text from its start, a second time where a cell is no number. Rows of another width
        are left out; cells that are no numbers become NaN; both are noted, with the first of them. Raises FormatError
        where a tenth of the rows or cells is such, or no row is left.
        """
        import pyarrow as pa

        types = {
            "number": pa.float64(), "text": pa.binary(),
            "moment": pa.timestamp("ns"), "zoned": pa.timestamp("ns", "UTC"), "clock": pa.time64("ns"),
        }  # fmt: skip
        try:
            with open_stream() as stream:
                table, left_out = self._read(stream, {place: types[kind] for place, kind in kinds.items()})
        except pa.ArrowInvalid:  # some cell is no number: read text and convert cell by cell
            cautious = {place: types["text" if kind == "number" else kind] for place, kind in kinds.items()}
            with open_stream() as stream, foreign(self.path, "delimited text"):
                table, left_out = self._read(stream, cautious)
        self._check_rows(table.num_rows, left_out, notes)
        columns = {}
        for place, kind in kinds.items():
            column = table.column(f"f{place}")
            columns[place] = as_integers(column) if kind != "number" else self._numbers(column, place, notes)
        return columns

    def _read(self, stream: Any, types: Mapping[int, Any]) -> tuple[Any, list[str]]:
        """Return the table of chosen columns, and the rows that were left out for their width."""
        from pyarrow import csv

        left_out: list[str] = []

        def skip(row: Any) -> str:
            left_out.append(str(row.text)[:80] if len(left_out) < 3 else "")
            return "skip"

        names = {f"f{place}": kind for place, kind in types.items()}
        table = csv.read_csv(
            stream,
            csv.ReadOptions(
                skip_rows=self.skip_lines, autogenerate_column_names=True, block_size=_BLOCK_BYTES, use_threads=False
            ),
            csv.ParseOptions(delimiter=self.separator, invalid_row_handler=skip, ignore_empty_lines=self.width > 1),
            csv.ConvertOptions(
                column_types=names, include_columns=list(names), null_values=_NULLS, strings_can_be_null=True,
                decimal_point=self.decimal, check_utf8=False,
            ),
        )  # fmt: skip
        return table, left_out

    def _check_rows(self, rows: int, left_out: Sequence[str], notes: list[str]) -> None:
        if rows == 0 or len(left_out) > _MOST_BAD_SHARE * (rows + len(left_out)):
            raise FormatError(
                f"got {len(left_out)} of {rows + len(left_out)} rows without the {self.width} columns of the first "
                f"(such as {left_out[0] if left_out else 'nothing'!r}), wanted a table",
                path=self.path,
            )
        if left_out:
            notes.append(
                f"{len(left_out)} rows were left out: they do not have {self.width} columns (first: {left_out[0]!r})"
            )

    def _numbers(self, column: Any, place: int, notes: list[str]) -> NDArray[np.float64]:
        """Return a column as float64; text that is no number becomes NaN and is counted."""
        import pyarrow as pa

        if pa.types.is_floating(column.type):
            return as_floats(column)
        import pyarrow.compute as pc

        readable = pc.match_substring_regex(column, _CELL[self.decimal])
        wrong = np.flatnonzero(as_flags(pc.invert(readable)))
        bad = len(wrong)
        first = f"row {wrong[0] + 1}: {column[int(wrong[0])].as_py()[:40].decode('latin-1')!r}" if bad else ""
        kept = pc.if_else(readable, column, pa.scalar(None, column.type)).cast(pa.string())
        plain = pc.replace_substring(pc.utf8_trim_whitespace(kept), self.decimal, ".")
        values = as_floats(plain.cast(pa.float64()))
        if bad > _MOST_BAD_SHARE * len(column):
            raise FormatError(
                f"column {place + 1}: got {bad} of {len(column)} cells that are no numbers ({first})", path=self.path
            )
        notes.append(f"column {place + 1}: {bad} cells are no numbers and count as missing (the first: {first})")
        return values
