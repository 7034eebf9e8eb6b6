"""Reads LabChart's export to text: a header of KEY=VALUE lines and rows of numbers, both repeated for each block.

Source: ADInstruments, "How can channel titles, ranges, intervals, etc. for a text file be imported into LabChart?",
knowledge base, read 2026-11, and a genuine export. Interval is the time between rows; ExcelDateTime counts days from
1899-12-30; TimeFormat says what the first column counts from; a comment ends its row as one more cell that begins with
"#".
"""

from __future__ import annotations

import codecs
import io
import mmap
import re
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, utc_to_tai
from telemus.errors import ClockError, FormatError
from telemus.exchange.guard import check_rate, file_size
from telemus.exchange.marks import mark_missing
from telemus.exchange.recording import Contents, Source, remarks
from telemus.exchange.text_columns import TextColumns
from telemus.exchange.text_stream import PLAIN
from telemus.series import Events, Samples, Segment

_HEADER_LINE = re.compile(rb"([A-Za-z ]{2,30})=([^\r\n]*)(?:\r\n|\r|\n|$)")
_COMMENT = re.compile(rb"\t#([^\r\n]*)")
_SECONDS = {
    "hr": Fraction(3600), "min": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000),
    "µs": Fraction(1, 10**6), "us": Fraction(1, 10**6),
}  # fmt: skip
_EXCEL_EPOCH_DAYS = 25569  # from 1899-12-30 to 1970-01-01
_MOST_BLOCKS = 1_000_000
_LONGEST_S = 1e9  # thirty years


class _Block(NamedTuple):
    """A block: its header, the bytes of its rows, the period [s], the columns ahead of the first channel."""

    header: dict[str, list[str]]
    start: int
    stop: int
    period_s: Fraction
    titles: tuple[str, ...]
    lead: int
    decimal: str


class _Layout(NamedTuple):
    """All blocks, and where each begins from the first row of the file [ns]."""

    path: Path
    blocks: tuple[_Block, ...]
    begins_ns: tuple[int, ...]
    origin_ns: int


def read_labchart_text(path: Path) -> Contents:
    """List the channels of a LabChart text export.

    Blocks that follow on one another become one segment, others leave a gap. The start has no zone and is taken as UTC.
    Raises FormatError where a header states no interval or no titles, or no block holds a row.
    """
    size = file_size(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        starts = _headers(text)
        if not starts or len(starts) > _MOST_BLOCKS:
            raise FormatError(
                f"got {len(starts)} headers that begin with Interval=, wanted 1 to {_MOST_BLOCKS}", path=path
            )
        bounds = zip(starts, [*starts[1:], size], strict=True)
        found = [_block(path, text, start, stop) for start, stop in bounds]
        blocks = tuple(block for block in found if block is not None)
        if not blocks:
            raise FormatError("got headers without rows, wanted at least one row of numbers", path=path)
        notes: list[str] = []
        first_times = [_first_time(text, block) for block in blocks]
        start_tai_ns = _start(blocks[0], first_times[0], notes)
        layout = _Layout(path, blocks, _begins(blocks, first_times), start_tai_ns or 0)
        events = _comments(text, layout)
    titles = list(dict.fromkeys(title for block in blocks for title in block.titles))
    sources = tuple(_source(layout, title) for title in titles)
    facts = {"headers": str(len(starts)), "time format": "; ".join(blocks[0].header.get("TimeFormat", []))}
    return Contents("labchart-text", sources, start_tai_ns, events, facts, tuple(notes))


def _headers(text: mmap.mmap) -> list[int]:
    """Return where lines begin with Interval=, at most one more of them than are allowed."""
    starts: list[int] = []
    place = text.find(b"Interval=")
    while place >= 0 and len(starts) <= _MOST_BLOCKS:
        if place == 0 or text[place - 1 : place] in (b"\n", b"\r") or (place == 3 and text[:3] == codecs.BOM_UTF8):
            starts.append(place)
        place = text.find(b"Interval=", place + 1)
    return starts


def _block(path: Path, text: mmap.mmap, start: int, stop: int) -> _Block | None:
    """Return one block, or None where its header is followed by no row."""
    header: dict[str, list[str]] = {}
    place = start
    while match := _HEADER_LINE.match(text, place, stop):
        values = match[2].decode("utf-8", "replace").strip("\t ").split("\t")
        header[match[1].decode("ascii")] = [value.strip().strip('"') for value in values]
        place = match.end()
    row = re.compile(rb"[^\r\n]*").match(text, place, stop)
    cells = _COMMENT.sub(b"", row[0]).split(b"\t") if row else []
    if not cells or not cells[0].strip():
        return None
    titles = tuple(header.get("ChannelTitle", []))
    lead = len(cells) - len(titles)
    if not titles or not 0 <= lead <= 3:
        raise FormatError(
            f"got a row of {len(cells)} cells under {len(titles)} channel titles, wanted a time, perhaps a date, "
            "and the channels",
            path=path,
            offset=place,
        )
    interval = header.get("Interval", [""])[0]
    return _Block(header, place, stop, _period(path, interval, start), titles, lead, "," if "," in interval else ".")


def _period(path: Path, interval: str, offset: int) -> Fraction:
    number, _, unit = interval.replace(",", ".").partition(" ")
    try:
        period = Fraction(number) * _SECONDS[unit.strip() or "s"]
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise FormatError(
            f"got an interval of {interval!r}, wanted such as '0.001 s'", path=path, offset=offset
        ) from error
    if period <= 0:
        raise FormatError(f"got an interval of {interval!r}, wanted one above 0", path=path, offset=offset)
    check_rate(path, f"interval {interval!r}: ", float(1 / period))
    return period


def _first_time(text: mmap.mmap, block: _Block) -> float | None:
    """Return the first row's time [s], written as seconds or as h:min:s; None where the rows have no time."""
    cell = re.compile(rb"[^\t\r\n]*").match(text, block.start, block.stop)
    if block.lead == 0 or cell is None:
        return None
    parts = cell[0].decode("latin-1").replace(",", ".").split(":")
    try:
        time_s = sum(float(part) * scale for part, scale in zip(reversed(parts), (1, 60, 3600), strict=False))
    except ValueError:
        return None
    return time_s if abs(time_s) < _LONGEST_S else None


def _excel_days(block: _Block) -> float | None:
    try:
        days = float(block.header.get("ExcelDateTime", [""])[0].replace(",", "."))
    except ValueError:
        return None
    return days if 0 < days < 100_000 else None


def _start(block: _Block, first_s: float | None, notes: list[str]) -> int | None:
    """Return the time of the first row [ns TAI], from the header's date; None where it states none."""
    days = _excel_days(block)
    if days is None:
        return None
    begin_s = (days - _EXCEL_EPOCH_DAYS) * 86_400
    form = _form(block)
    if first_s is not None and form == "TimeOfDay":
        begin_s += (first_s - begin_s % 86_400 + 43_200) % 86_400 - 43_200
    elif first_s is not None and form.startswith("StartOf"):
        begin_s += first_s
    try:
        start_tai_ns = int(utc_to_tai(round(begin_s * 1e6) * 1000))
    except (ClockError, OverflowError):
        return None
    notes.append(f"start {datetime.fromtimestamp(begin_s, UTC):%Y-%m-%dT%H:%M:%S} has no time zone: taken as UTC")
    return start_tai_ns


def _form(block: _Block) -> str:
    return block.header.get("TimeFormat", [""])[0]


def _begins(blocks: tuple[_Block, ...], first_times: list[float | None]) -> tuple[int, ...]:
    """Return where each block begins, from the first row of the file [ns]; never before the block ahead is thought
    to.
    """
    begins: list[int] = []
    for block, first_s in zip(blocks, first_times, strict=True):
        days, days_0 = _excel_days(block), _excel_days(blocks[0])
        since = 0.0 if days is None or days_0 is None else (days - days_0) * 86_400
        moved = 0.0 if first_s is None or first_times[0] is None else first_s - first_times[0]
        if _form(block) == "TimeOfDay":
            since = moved + (86_400.0 if begins and moved < begins[-1] / NS_PER_S - 43_200 else 0.0)
        elif first_s is not None and _form(block) != "StartOfBlock":
            since = moved
        else:
            since += moved
        begins.append(round(since * 1e6) * 1000)
    return tuple(begins)


def _source(layout: _Layout, title: str) -> Source:
    holders = [block for block in layout.blocks if title in block.titles]
    unit = _unit(holders[0], holders[0].titles.index(title))
    return Source(title, unit, float(1 / holders[0].period_s), None, lambda: _load(layout, title, unit))


def _unit(block: _Block, place: int) -> str:
    """Return the unit of a channel: UnitName where it is given, else the unit behind the range ("1.10 V")."""
    names, ranges = block.header.get("UnitName", []), block.header.get("Range", [])
    if place < len(names) and names[place].strip("* "):
        return names[place].strip("* ")
    return ranges[place].partition(" ")[2].strip() if place < len(ranges) else ""


def _load(layout: _Layout, title: str, unit: str) -> tuple[Samples, tuple[str, ...]]:
    """Return one channel over all blocks that have it; a block that begins where the one ahead ends continues it."""
    notes: list[str] = []
    segments: list[Segment] = []
    values: list[NDArray[Any]] = []
    with layout.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for block, begin_ns in zip(layout.blocks, layout.begins_ns, strict=True):
            if title not in block.titles:
                continue
            part = _column(layout.path, text, block, block.lead + block.titles.index(title), notes)
            period, start_ns = block.period_s * NS_PER_S, layout.origin_ns + begin_ns
            last = segments[-1] if segments else None
            if last is not None and last.period_ns == period and abs(start_ns - last.stop_ns) <= period / 2:
                segments[-1] = Segment(last.start_ns, period, last.count + len(part))
            else:
                if last is not None and start_ns < last.stop_ns:
                    notes.append(f"{title}: a block begins before the one ahead ends: set end to end")
                segments.append(Segment(max(start_ns, last.stop_ns if last else start_ns), period, len(part)))
            values.append(part)
    joined = np.concatenate(values)
    return Samples(tuple(segments), joined, mark_missing(joined), unit), tuple(dict.fromkeys(notes))


def _column(path: Path, text: mmap.mmap, block: _Block, place: int, notes: list[str]) -> NDArray[Any]:
    rows = text[block.start : block.stop]
    if text.find(b"\t#", block.start, block.stop) >= 0:
        rows = _COMMENT.sub(b"", rows)
    rows = rows.translate(PLAIN)
    parser = TextColumns(
        path, separator="\t", decimal=block.decimal, skip_lines=0, width=block.lead + len(block.titles)
    )
    return parser.parse(lambda: io.BytesIO(rows), {place: "number"}, notes)[place]


def _comments(text: mmap.mmap, layout: _Layout) -> Events:
    """Return the comments at the ends of rows as events."""
    rows = []
    for block, begin_ns in zip(layout.blocks, layout.begins_ns, strict=True):
        line, counted_to = 0, block.start
        first = text.find(b"\t#", block.start, block.stop)
        for match in _COMMENT.finditer(text, first, block.stop) if first >= 0 else ():
            between = text[counted_to : match.start()]
            line += between.count(b"\n") or between.count(b"\r")
            counted_to = match.start()
            time_ns = layout.origin_ns + begin_ns + round(line * block.period_s * NS_PER_S)
            rows.append((time_ns, float("nan"), match[1].decode("utf-8", "replace").lstrip("*0123456789 ").strip()))
    return remarks(rows)
