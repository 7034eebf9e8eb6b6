"""Finds out how a table of numbers is laid out in text: separator, decimal sign, heading, first row of numbers."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from telemus.errors import UnitError
from telemus.exchange.column_names import split_unit
from telemus.units import unit_of

MISSING = ("", "nan", "na", "n/a", "#n/a", "null", "none", "-", "--", "nil", "inf", "-inf", "+inf", ".", "?", "missing")
"""Cells that mean "no value", in lower case."""
_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
_NUMBER_COMMA = re.compile(r"^[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$")
_CLOCK = re.compile(r"^\d{1,2}:\d\d:\d\d(\.\d+)?$")
_LINES = 400
_STYLES = ((";", ","), ("\t", ","), ("\t", "."), (";", "."), (",", "."), (" ", "."), (" ", ","), ("\0", "."))
"""Separator and decimal sign, in the order in which they are tried; "\\0" stands for a single column."""


class Layout(NamedTuple):
    """How a table is laid out: separator, decimal sign, lines ahead of the numbers, headings, units, first rows of
    cells.

    ``squeeze`` says that runs of blanks separate the columns. ``preamble`` are the lines ahead of the heading.
    """

    separator: str
    decimal: str
    squeeze: bool
    skip_lines: int
    headings: tuple[str, ...]
    units: tuple[str, ...]
    preamble: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def layout_of(text: str) -> Layout | None:
    r"""Return the layout of a table from its first lines, or None where no line holds numbers.

    Rows of numbers begin where a line is mostly numbers and the next has as many cells. The line ahead, of as many
    cells, is the heading; a line of units between them is taken as such.

    >>> layout = layout_of("subject 7\ntime;ABP [mmHg]\n0,000;101,5\n0,002;101,9\n")
    >>> layout.separator, layout.decimal, layout.skip_lines, layout.headings, layout.units
    (';', ',', 2, ('time', 'ABP'), ('', 'mmHg'))
    """
    lines = re.split(r"\r\n|\r|\n", text)[:_LINES]
    best: tuple[float, int, Layout] | None = None
    for separator, decimal in _STYLES:
        found = _try(lines, separator, decimal, squeeze=separator == " ")
        if found is None:
            continue
        score = (_readable_share(found), len(found.headings))
        if best is None or score > best[:2]:
            best = (*score, found)
    return None if best is None else best[2]


def _readable_share(layout: Layout) -> float:
    """Return the share of cells in the first rows that are numbers, times or missing."""
    cells = [cell for row in layout.rows for cell in row]
    readable = sum(_is_value(cell, layout.decimal) or cell.lower() in MISSING for cell in cells)
    return round(readable / max(len(cells), 1), 3)


def is_moment(cell: str) -> bool:
    """Return whether a cell is a date and time of ISO 8601."""
    return bool(_MOMENT.match(cell))


def is_clock(cell: str) -> bool:
    """Return whether a cell is a time of day."""
    return bool(_CLOCK.match(cell))


def cells_of(line: str, separator: str, *, squeeze: bool) -> list[str]:
    """Return the cells of a line, without quotes and outer blanks."""
    parts = line.split() if squeeze else line.split(separator)
    return [part.strip().strip('"').strip() for part in parts]


def _is_value(cell: str, decimal: str) -> bool:
    return _is_number(cell, decimal) or is_moment(cell) or is_clock(cell)


def _is_number(cell: str, decimal: str) -> bool:
    return bool((_NUMBER if decimal == "." else _NUMBER_COMMA).match(cell))


def _try(lines: list[str], separator: str, decimal: str, *, squeeze: bool) -> Layout | None:
    """Return the layout under one separator and decimal sign, or None where the lines do not bear it out."""
    table = [cells_of(line, separator, squeeze=squeeze) for line in lines]
    data = [number for number, cells in enumerate(table) if lines[number].strip() and _is_data(cells, decimal)]
    if not data:
        return None
    width = Counter(len(table[number]) for number in data[:100]).most_common(1)[0][0]
    first = next(number for number in data if len(table[number]) == width)
    if decimal == "," and not any("," in cell for number in data[:50] for cell in table[number]):
        return None
    above = [number for number in range(first) if lines[number].strip() and not lines[number].startswith("#")]
    headings, units, used = _headings(table, above, width)
    preamble = tuple(lines[number].strip() for number in range(first) if number not in used and lines[number].strip())
    rows = tuple(tuple(table[number]) for number in data[:200] if len(table[number]) == width)
    return Layout(separator, decimal, squeeze, first, headings, units, preamble, rows)


def _is_data(cells: list[str], decimal: str) -> bool:
    """Return whether a line's cells are numbers, times or missing, at least one of them a number, none anything
    else.
    """
    values = sum(_is_value(cell, decimal) for cell in cells)
    missing = sum(cell.lower() in MISSING for cell in cells)
    return any(_is_number(cell, decimal) for cell in cells) and values + missing >= max(1, (3 * len(cells)) // 4)


def _headings(
    table: list[list[str]], above: list[int], width: int
) -> tuple[tuple[str, ...], tuple[str, ...], set[int]]:
    """Return headings and units of the columns and the lines they stand in, from the lines above the numbers."""
    fitting = [number for number in above if len(table[number]) == width]
    if not fitting or fitting[-1] != above[-1]:
        return tuple(f"column {place}" for place in range(1, width + 1)), ("",) * width, set()
    last = table[fitting[-1]]
    if len(fitting) >= 2 and fitting[-2] == above[-2] and _are_units(last):
        names = table[fitting[-2]]
        return _named(names), tuple(cell.strip("[](){} ") for cell in last), {fitting[-1], fitting[-2]}
    split = [split_unit(cell) for cell in last]
    return _named([name for name, _ in split]), tuple(unit for _, unit in split), {fitting[-1]}


def _named(names: list[str]) -> tuple[str, ...]:
    return tuple(name or f"column {place}" for place, name in enumerate(names, 1))


def _are_units(cells: list[str]) -> bool:
    """Return whether every cell is a known unit or empty, at least one of them a unit."""
    known = 0
    for cell in cells:
        symbol = cell.strip("[](){} ")
        if not symbol:
            continue
        try:
            unit_of(symbol)
        except UnitError:
            return False
        known += 1
    return known > 0
