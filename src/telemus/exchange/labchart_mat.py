"""Reads LabChart's export to MATLAB (.mat): blocks, channels of several rates, comments.

Source: ADInstruments, "How does MATLAB open exported data?", knowledge base, read 2026-11. Rows are channels, columns
blocks; ``data`` holds all samples, ``datastart`` and ``dataend`` their first and last places from 1, -1 where a channel
is empty; ``unittextmap`` points into ``unittext`` from 1; 16-bit exports become physical as (data + scaleoffset) *
scaleunits; ``blocktimes`` are MATLAB date numbers; ``com`` has a row per comment: channel, block, tick, kind, place in
``comtext``. LabChart exports base units: what it showed in mV comes in V.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, utc_to_tai
from telemus.errors import ClockError, FormatError
from telemus.exchange.guard import check_rate, foreign
from telemus.exchange.marks import mark_missing, mark_rails
from telemus.exchange.mat_file import read_arrays
from telemus.exchange.recording import Contents, Source, remarks
from telemus.series import Events, Samples, Segment

_NEEDED = ("data", "datastart", "dataend", "titles", "samplerate")
_USED = (
    *_NEEDED, "rangemin", "rangemax", "unittext", "unittextmap", "blocktimes", "tickrate", "firstsampleoffset",
    "scaleunits", "scaleoffset", "com", "comtext",
)  # fmt: skip
_EPOCH_DATENUM = 719529  # MATLAB's day number of 1970-01-01
_RAIL_SHARE = 1e-4  # of the range: exported floats are not exactly its ends
_OVERLAP_NS = 1_000_000  # a date number resolves 10 us: blocks that follow at once may seem to overlap by that


class _Span(NamedTuple):
    """The samples of a channel in a block: block from 0, first and stop in ``data`` from 0, rate [Hz]."""

    block: int
    first: int
    stop: int
    rate_hz: float


class _Export(NamedTuple):
    """A file's arrays, its number of channels and blocks, the zero of its times and the start of each block [ns]."""

    path: Path
    table: dict[str, NDArray[Any]]
    channels: int
    blocks: int
    start_tai_ns: int | None
    offsets_ns: tuple[int, ...] | None

    def cell(self, name: str, row: int, block: int, default: float) -> float:
        """Return an entry of a channel by block matrix; a column that is given once holds for all blocks."""
        if name not in self.table:
            return default
        matrix = np.atleast_2d(self.table[name])
        if row >= matrix.shape[0] or matrix.shape[1] == 0:
            return default
        value = float(matrix[row, min(block, matrix.shape[1] - 1)])
        return value if np.isfinite(value) else default

    def words(self, name: str) -> list[str]:
        """Return a column of text."""
        return [str(text).strip() for text in np.ravel(self.table.get(name, np.zeros(0, "U1")))]

    def block_ns(self, block: int) -> int:
        """Return where a block begins on the scale of the samples [ns]."""
        return (self.start_tai_ns or 0) + (self.offsets_ns[block] if self.offsets_ns else 0)


def read_labchart_mat(path: Path) -> Contents:
    """List the channels of a LabChart .mat file.

    Channels without samples are listed as empty; comments become events; ``blocktimes`` have no zone and are taken as
    UTC.
    Raises FormatError where the file is no MATLAB file, is cut short or is no export of LabChart.
    """
    table, names = read_arrays(path, _USED)
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        has = ", ".join(sorted(names)[:20]) or "nothing"
        raise FormatError(
            f"got a MATLAB file without {', '.join(missing)} (it has {has}), wanted LabChart's export to MATLAB",
            path=path,
        )
    notes: list[str] = []
    with foreign(path, "LabChart export", notes):
        starts, ends = np.atleast_2d(table["datastart"]), np.atleast_2d(table["dataend"])
        if starts.shape != ends.shape or starts.size == 0:
            raise FormatError(f"got datastart {starts.shape} and dataend {ends.shape}, wanted one shape", path=path)
        start_tai_ns, offsets_ns = _block_times(table, starts.shape[1], notes)
        export = _Export(path, table, starts.shape[0], starts.shape[1], start_tai_ns, offsets_ns)
        sources = tuple(_source(export, row) for row in range(export.channels))
        events = _comments(export, notes)
    facts = {"blocks": str(export.blocks), "channels": str(export.channels)}
    return Contents("labchart-mat", sources, start_tai_ns, events, facts, tuple(notes))


def _block_times(
    table: dict[str, NDArray[Any]], blocks: int, notes: list[str]
) -> tuple[int | None, tuple[int, ...] | None]:
    """Return the start [ns TAI] and the offset of each block from it [ns]; None where the file does not say."""
    days = np.ravel(table.get("blocktimes", np.zeros(0))).astype(np.float64)
    if len(days) < blocks or not np.all(np.isfinite(days)) or np.any(np.abs(days) > 4e6):
        if blocks > 1:
            notes.append("blocktimes are missing: blocks are set end to end")
        return None, None
    # a date number resolves 10 us in our days: to the microsecond is all that can be had
    instants = [round((float(day) - _EPOCH_DATENUM) * 86_400e6) * 1000 for day in days[:blocks]]
    offsets = tuple(instant - instants[0] for instant in instants)
    try:
        start_tai_ns = int(utc_to_tai(instants[0]))
    except (ClockError, OverflowError):
        return None, offsets
    notes.append("blocktimes have no time zone: taken as UTC")
    return start_tai_ns, offsets


def _source(export: _Export, row: int) -> Source:
    titles = export.words("titles")
    name = titles[row] if row < len(titles) and titles[row] else f"Channel {row + 1}"
    found = (_span(export, row, block, name) for block in range(export.blocks))
    spans = [span for span in found if span is not None]
    unit = _unit(export, row)
    count = sum(span.stop - span.first for span in spans)
    return Source(name, unit, spans[0].rate_hz if spans else None, count, lambda: _load(export, row, name, spans))


def _unit(export: _Export, row: int) -> str:
    """Return the unit of a channel, that of its last block that has one."""
    texts = export.words("unittext")
    for block in reversed(range(export.blocks)):
        place = int(export.cell("unittextmap", row, block, -1))
        if 1 <= place <= len(texts):
            return texts[place - 1]
    return ""


def _span(export: _Export, row: int, block: int, name: str) -> _Span | None:
    """Return where a channel's samples of a block stand, or None where it is empty."""
    first, last = (export.cell(key, row, block, -1.0) for key in ("datastart", "dataend"))
    if not (first >= 1 and last >= first):
        return None
    rate, size = export.cell("samplerate", row, block, 0.0), export.table["data"].size
    where = f"channel {name!r}, block {block + 1}: "
    if last > size:
        raise FormatError(
            f"{where}got samples {first:.0f} to {last:.0f} of {size} in 'data', wanted places inside it",
            path=export.path,
        )
    check_rate(export.path, where, rate)
    return _Span(block, int(first) - 1, int(last), rate)


def _load(export: _Export, row: int, name: str, spans: list[_Span]) -> tuple[Samples, tuple[str, ...]]:
    """Return one channel, a segment for each block."""
    data, notes = export.table["data"].reshape(-1), list[str]()
    segments: list[Segment] = []
    values: list[NDArray[Any]] = [np.zeros(0, np.float32)]
    words = [np.zeros(0, np.uint32)]
    for span in spans:
        part = _scaled(export, data[span.first : span.stop], row, span.block)
        quality = mark_missing(part)
        railed = _mark_range(export, part, row, span.block, quality)
        if railed:
            notes.append(f"{name}, block {span.block + 1}: {railed} samples stand at an end of the amplifier's range")
        begin = _begin(export, row, span)
        if segments and begin < segments[-1].stop_ns:
            if export.offsets_ns and begin < segments[-1].stop_ns - _OVERLAP_NS:
                notes.append(f"{name}: block {span.block + 1} begins before the one ahead ends: set end to end")
            begin = segments[-1].stop_ns
        segments.append(Segment(begin, NS_PER_S / Fraction(span.rate_hz).limit_denominator(10**6), len(part)))
        values.append(part)
        words.append(quality)
    joined = values[1] if len(values) == 2 else np.concatenate(values)
    return Samples(tuple(segments), joined, np.concatenate(words), _unit(export, row)), tuple(notes)


def _begin(export: _Export, row: int, span: _Span) -> int:
    """Return the time of a span's first sample [ns]: the block's start and the channel's own lead in ticks."""
    tick_hz = export.cell("tickrate", 0, span.block, span.rate_hz)
    lead_s = export.cell("firstsampleoffset", row, span.block, 0.0) / tick_hz if tick_hz > 0 else 0.0
    return export.block_ns(span.block) + round(lead_s * NS_PER_S)


def _scaled(export: _Export, part: NDArray[Any], row: int, block: int) -> NDArray[Any]:
    """Return samples in the channel's unit: as they are, or for 16-bit exports (data + scaleoffset) * scaleunits."""
    if part.dtype.kind == "f":
        return part
    gain, offset = export.cell("scaleunits", row, block, 1.0), export.cell("scaleoffset", row, block, 0.0)
    return np.asarray((part.astype(np.float64) + offset) * gain, np.float32)


def _mark_range(export: _Export, part: NDArray[Any], row: int, block: int, quality: NDArray[np.uint32]) -> int:
    """Mark samples at an end of the amplifier's range, which LabChart states in the channel's own unit."""
    low, high = (export.cell(key, row, block, 0.0) for key in ("rangemin", "rangemax"))
    margin = (high - low) * _RAIL_SHARE
    if not margin > 0 or bool(np.any((part < low - margin) | (part > high + margin))):
        return 0
    at_ends = np.where(part <= low + margin, low, np.where(part >= high - margin, high, part))
    return mark_rails(at_ends, low, high, quality)


def _comments(export: _Export, notes: list[str]) -> Events:
    """Return comments as events; one that points nowhere is left out and counted."""
    comments = export.table.get("com", np.zeros((0, 5)))
    texts = export.words("comtext")
    rows, lost = [], 0
    for comment in comments if comments.ndim == 2 and comments.shape[1] >= 5 else ():
        channel, block, tick, _, place = (float(value) for value in comment[:5])
        rate_hz = export.cell("tickrate", 0, int(block) - 1, 0.0) if 1 <= block <= export.blocks else 0.0
        if not (1 <= place <= len(texts) and rate_hz > 0 and 0 <= tick < 1e15):
            lost += 1
            continue
        where = "" if channel < 1 else f" (channel {channel:.0f})"
        time_ns = export.block_ns(int(block) - 1) + round(tick / rate_hz * NS_PER_S)
        rows.append((time_ns, float("nan"), texts[int(place) - 1] + where))
    if lost:
        notes.append(f"{lost} comments point to no text, block or time and were left out")
    return remarks(rows)
