"""Reads recordings in delimited text: CSV, TSV, tables set out by blanks; compressed or not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path

from telemus.errors import FormatError
from telemus.exchange.column_names import time_unit
from telemus.exchange.guard import read_head
from telemus.exchange.recording import Contents
from telemus.exchange.sniff import HEAD_BYTES, expand
from telemus.exchange.table import Column, Table, TimeColumn, find_time, signal_places, sources_of
from telemus.exchange.text_columns import TextColumns
from telemus.exchange.text_layout import Layout, is_clock, is_moment, layout_of
from telemus.exchange.text_stream import open_text

_EVEN = 0.02  # a column without a name is the time if its first steps agree to this share


def read_delimited(path: Path, *, rate_hz: float | None, units: Mapping[str, str]) -> Contents:
    """List the columns of a table of numbers as channels.

    The time is a column of dates, or one named so (time, t, timestamp, ...), or in a table without headings a first
    column that rises evenly by less than a second; ``rate_hz`` [Hz] takes the rows as evenly spaced instead. ``units``
    may give the time column its unit, too.
    Raises FormatError where no line holds numbers, or neither time nor rate is known.
    """
    layout = layout_of(_decoded(expand(path, read_head(path, HEAD_BYTES))))
    if layout is None:
        raise FormatError("got text without a line of numbers, wanted a table with one row per sample", path=path)
    headed = enumerate(zip(layout.headings, layout.units, strict=True))
    columns = tuple(Column(name, unit, _kind(layout, place)) for place, (name, unit) in headed)
    time_units = [time_unit(f"{column.name} [{column.unit}]" if column.unit else column.name) for column in columns]
    time = find_time(columns, time_units, units) or _unnamed_time(layout)
    notes: list[str] = []
    if time is not None and rate_hz is not None:
        notes.append(f"time column {columns[time.place].name!r} was not used: a rate of {rate_hz:g} Hz was given")
    if time is None and rate_hz is None:
        listed = ", ".join(f"{name!r}" for name in layout.headings[:40])
        raise FormatError(
            f"got no time column among {listed} and no rate, wanted either: give the rate with --rate HZ, or the "
            "time column's unit with --unit NAME=s",
            path=path,
        )
    parser = TextColumns(
        path,
        separator=" " if layout.squeeze else layout.separator,
        decimal=layout.decimal,
        skip_lines=layout.skip_lines,
        width=len(columns),
    )
    opener = partial(open_text, path, squeeze=layout.squeeze)
    table = Table(path, columns, time, rate_hz, lambda kinds: parser.parse(opener, kinds, notes))
    places = [place for place in signal_places(columns, time) if time is None or place != time.place]
    facts = {"columns": str(len(columns))}
    if layout.preamble:
        facts["preamble"] = "; ".join(layout.preamble)[:2000]
    return Contents(
        "csv",
        sources_of(table, places),
        None,
        facts=facts,
        notes=(),
        prepare=lambda chosen: table.prepare_all(places, chosen, notes),
    )


def _decoded(head: bytes) -> str:
    """Return the first bytes as text: UTF-16 by its mark, UTF-8 where it is, else Latin-1."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    cut = head if len(head) < HEAD_BYTES else head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError:
        return cut.decode("latin-1")


def _kind(layout: Layout, place: int) -> str:
    """Return what a column holds, told from its first rows: number, moment (no zone), zoned, clock."""
    cells = [row[place] for row in layout.rows if row[place]]
    if cells and all(is_moment(cell) for cell in cells):
        return "zoned" if cells[0][-1] == "Z" or "+" in cells[0] or "-" in cells[0][10:] else "moment"
    return "clock" if cells and all(is_clock(cell) for cell in cells) else "number"


def _unnamed_time(layout: Layout) -> TimeColumn | None:
    """Return the first column of a table without headings where it rises evenly by less than a second."""
    if layout.headings[0] != "column 1" or len(layout.headings) < 2 or len(layout.rows) < 5:
        return None
    try:
        first = [float(row[0].replace(",", ".")) for row in layout.rows]
    except ValueError:
        return None
    steps = [after - before for before, after in pairwise(first)]
    typical = sorted(steps)[len(steps) // 2]
    even = sum(abs(step - typical) <= max(_EVEN * typical, 1e-9) for step in steps)
    return TimeColumn(0, "s") if 0 < typical < 1 and min(steps) > 0 and even >= 0.9 * len(steps) else None
