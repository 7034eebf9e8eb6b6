"""Reads WFDB records: header and signal files, simple or in segments.

Sources: header(5) and signal(5) of the WFDB Applications Guide (telemus.exchange.wfdb_header, wfdb_formats). Only files
beside the header are opened, whatever the header names.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.guard import check_rate, file_size
from telemus.exchange.marks import mark_missing, mark_rails, physical
from telemus.exchange.recording import Contents, Source
from telemus.exchange.wfdb_formats import FORMATS, SampleFormat
from telemus.exchange.wfdb_header import Header, SignalLine, read_header
from telemus.series import NS_PER_S, Samples, Segment

_MOST_SEGMENTS = 100_000


def header_of(path: Path) -> Path | None:
    """Return the header file that belongs to a path given with or without extension, or None where there is none."""
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        for candidate in (path, path.with_name(path.name + ".hea"), path.with_suffix(".hea")):
            if candidate.suffix == ".hea" and candidate.is_file():
                return candidate
    return None


class _Part(NamedTuple):
    """One signal in one segment of a record: where its samples stand, and the frame at which the segment begins."""

    header: Header
    signal: int
    first_frame: int


def read_wfdb(path: Path) -> Contents:
    """List the channels of a WFDB record, given by its header, its name without extension or its signal file.

    A start without date is kept as a fact only; one with a date has no zone and is taken as UTC, with a note.
    Raises FormatError where the header is missing or is none, or no signal file is there.
    """
    header_path = header_of(path)
    if header_path is None:
        raise FormatError(f"got no header, wanted {path.with_suffix('.hea').name} beside it", path=path)
    header = read_header(header_path)
    notes: list[str] = []
    parts = _segmented(header, notes) if header.segments else _simple(header)
    absent = _absent_files([part for _, held in parts for part in held])
    if absent and len(absent) == len({part.header.signals[part.signal].file for _, held in parts for part in held}):
        raise FormatError(f"got no samples, wanted the signal file beside the header: {absent[0]}", path=header_path)
    notes.extend(f"signal file left out: {reason}" for reason in absent)
    origin_ns = header.start_tai_ns or 0
    sources = tuple(_source(header, name, place, origin_ns, notes) for name, place in parts)
    facts = {"record": header.name, "rate_hz": f"{header.rate_hz:g}"}
    if header.base_time:
        facts["start as written"] = header.base_time
    if header.comments:
        facts["comments"] = "; ".join(header.comments)[:2000]
    if header.start_tai_ns is not None:
        notes.append(f"start {header.base_time} has no time zone: taken as UTC")
    return Contents("wfdb", sources, header.start_tai_ns, facts=facts, notes=tuple(notes))


def _simple(header: Header) -> list[tuple[str, list[_Part]]]:
    return [(line.name, [_Part(header, index, 0)]) for index, line in enumerate(header.signals)]


def _absent_files(parts: list[_Part]) -> list[str]:
    """Return for each signal file that cannot be read why that is so."""
    reasons: dict[str, str] = {}
    for part in parts:
        name = part.header.signals[part.signal].file
        try:
            file_size(_beside(part.header, name))
        except FormatError as error:
            reasons[name] = str(error)
    return list(reasons.values())


def _segmented(header: Header, notes: list[str]) -> list[tuple[str, list[_Part]]]:
    """Return for each signal name the segments that hold it; a segment that is missing or no record is noted and left
    out.
    """
    if len(header.segments) > _MOST_SEGMENTS:
        raise FormatError(f"got {len(header.segments)} segments, wanted at most {_MOST_SEGMENTS}", path=header.path)
    parts: dict[str, list[_Part]] = {}
    frame = 0
    for name, frames in header.segments:
        if name != "~" and frames:  # a segment of 0 frames is the layout, which only lists names
            try:
                segment = read_header(_beside(header, name + ".hea"))
            except FormatError as error:
                notes.append(f"segment {name} was left out: {error}")
            else:
                if segment.rate_hz != header.rate_hz or segment.segments:
                    notes.append(f"segment {name} was left out: got another rate or segments of its own")
                else:
                    for index, line in enumerate(segment.signals):
                        parts.setdefault(line.name, []).append(_Part(segment, index, frame))
        frame += frames
    if not parts:
        raise FormatError(f"got none of the {len(header.segments)} segments, wanted at least one", path=header.path)
    return list(parts.items())


def _beside(header: Header, name: str) -> Path:
    """Return the path of a file beside the header; a header must not send us anywhere else."""
    if Path(name).name != name or name in ("", ".", "..") or "\0" in name:
        raise FormatError(f"got the file name {name[:80]!r}, wanted one in the same folder", path=header.path)
    return header.path.with_name(name)


def _source(record: Header, name: str, parts: list[_Part], origin_ns: int, notes: list[str]) -> Source:
    """Return the channel of one signal, with doubts about its calibration noted."""
    line = parts[0].header.signals[parts[0].signal]
    if not line.calibrated:
        notes.append(
            f"{name}: no gain is stated, so the default of 200 per unit was taken: amplitudes are uncalibrated"
        )
    if not line.unit_stated:
        notes.append(f"{name}: no unit is stated, so mV was taken, as header(5) says")
    parts = [part for part in parts if _same_unit(part, line, name, notes)]
    count = sum(_frames_present(part) * line.per_frame for part in parts)
    rate_hz = record.rate_hz * line.per_frame
    check_rate(record.path, f"signal {name!r}: ", rate_hz)
    return Source(
        name, line.unit, rate_hz, count, lambda: _load(parts, record.rate * line.per_frame, origin_ns, line.unit)
    )


def _same_unit(part: _Part, line: SignalLine, name: str, notes: list[str]) -> bool:
    mine = part.header.signals[part.signal]
    same = (mine.unit, mine.per_frame) == (line.unit, line.per_frame)
    if not same:
        notes.append(f"{name}: segment {part.header.name} was left out: got unit {mine.unit!r}, wanted {line.unit!r}")
    return same


def _group(header: Header, index: int) -> list[int]:
    """Return the signals that share a file with this one, in the order of their samples in a frame."""
    name = header.signals[index].file
    return [other for other, line in enumerate(header.signals) if line.file == name]


def _format_of(header: Header, index: int) -> SampleFormat:
    number = header.signals[index].format
    if number not in FORMATS:
        known = ", ".join(map(str, FORMATS))
        raise FormatError(f"got signal format {number}, wanted one of {known}", path=header.path)
    return FORMATS[number]


def _frames_in_file(header: Header, index: int) -> int:
    """Return the whole frames that the bytes of a signal file hold; 0 where it is missing, empty or of an unknown
    format.
    """
    line = header.signals[index]
    form = FORMATS.get(line.format)
    try:
        size = file_size(_beside(header, line.file)) - line.offset
    except FormatError:
        return 0
    if form is None or size <= 0:
        return 0
    samples = size // form.group_bytes * form.group_samples
    if line.format == 212 and size % 3 == 2:
        samples += 1
    return samples // sum(header.signals[other].per_frame for other in _group(header, index))


def _frames_present(part: _Part) -> int:
    frames = _frames_in_file(part.header, part.signal)
    return frames if part.header.frames is None else min(frames, part.header.frames)


def _load(parts: list[_Part], rate: Fraction, origin_ns: int, unit: str) -> tuple[Samples, tuple[str, ...]]:
    """Return one signal over all segments that hold it; segments that touch become one."""
    notes: list[str] = []
    segments: list[Segment] = []
    values: list[NDArray[np.float32] | NDArray[np.float64]] = []
    words: list[NDArray[np.uint32]] = []
    stop = -1
    for part in parts:
        part_values, quality = _load_part(part, notes)
        per_frame = part.header.signals[part.signal].per_frame
        first = part.first_frame * per_frame
        period = NS_PER_S / rate
        if segments and first == stop:
            segments[-1] = Segment(segments[-1].start_ns, period, segments[-1].count + len(part_values))
        elif len(part_values):
            segments.append(Segment(origin_ns + round(first * period), period, len(part_values)))
        stop = first + len(part_values)
        values.append(part_values)
        words.append(quality)
    joined = values[0] if len(values) == 1 else np.concatenate(values)
    return Samples(tuple(segments), joined, words[0] if len(words) == 1 else np.concatenate(words), unit), tuple(notes)


def _load_part(part: _Part, notes: list[str]) -> tuple[NDArray[np.float32] | NDArray[np.float64], NDArray[np.uint32]]:
    """Return (values, quality) of one signal in one segment, calibrated."""
    header, index = part.header, part.signal
    line, form = header.signals[index], _format_of(header, index)
    digital = _digital(header, index, notes)
    _check_sum(line, header, digital, notes)
    if line.skew:
        digital = digital[line.skew * line.per_frame :]
    values = physical(digital, 1.0 / line.gain, -line.baseline / line.gain, form.missing)
    quality = mark_missing(values)
    lowest, highest = _range(line, form, digital)
    railed = mark_rails(digital, lowest, highest, quality)
    if railed:
        notes.append(f"{line.name}: {railed} samples stand at an end of the converter's range")
    return values, quality


def _digital(header: Header, index: int, notes: list[str]) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return the samples of one signal as whole numbers, as many as its file holds whole."""
    line, form = header.signals[index], _format_of(header, index)
    path = _beside(header, line.file)
    size = file_size(path)
    frames = _frames_in_file(header, index)
    if frames == 0:
        raise FormatError(
            f"got {size} bytes, less than one frame of samples, wanted signals of {header.path.name}", path=path
        )
    if header.frames is not None and frames < header.frames:
        notes.append(
            f"{line.file}: truncated: got {frames} of the {header.frames} samples per signal that "
            f"{header.path.name} announces ({(header.frames - frames) / header.rate_hz:.3f} s are missing at the end)"
        )
    if header.frames is not None and frames > header.frames + form.group_samples:
        notes.append(
            f"{line.file}: got {frames - header.frames} frames more than the header announces; they were left out"
        )
    frames = frames if header.frames is None else min(frames, header.frames)
    group = _group(header, index)
    first = sum(header.signals[other].per_frame for other in group if other < index)
    width = sum(header.signals[other].per_frame for other in group)
    samples = form.unpack(np.memmap(path, np.uint8, "r", offset=line.offset))[: frames * width]
    if width == 1 and line.format != 8:
        return samples
    by_frame: NDArray[Any] = samples.reshape(frames, width)
    mine = by_frame[:, first : first + line.per_frame].ravel()
    return mine if line.format != 8 else _summed(mine, line.initial)


def _summed(differences: NDArray[np.int16] | NDArray[np.int32], initial: int) -> NDArray[np.int32]:
    """Return the samples of format 8 from their differences; beyond 32 bits they are clipped."""
    limits = np.iinfo(np.int32)
    return np.clip(np.cumsum(differences, dtype=np.int64) + initial, limits.min, limits.max).astype(np.int32)


def _check_sum(
    line: SignalLine, header: Header, digital: NDArray[np.int16] | NDArray[np.int32], notes: list[str]
) -> None:
    """Note a checksum that differs (header(5): the 16-bit sum of all samples); it cannot say which samples are
    wrong.
    """
    whole = header.frames is not None and len(digital) == header.frames * line.per_frame
    if whole and line.checksum is not None and (int(digital.sum(dtype=np.int64)) - line.checksum) % 65536:
        notes.append(f"{line.name}: the checksum of the samples differs from the header's: the file was changed since")


def _range(line: SignalLine, form: SampleFormat, digital: NDArray[np.int16] | NDArray[np.int32]) -> tuple[float, float]:
    """Return the ends of the converter's range: the declared resolution where the samples keep to it, else the
    format's.
    """
    half = 1 << (line.bits - 1) if 1 < line.bits <= 32 else 1 << (form.bits - 1)
    lowest, highest = line.zero - half, line.zero + half - 1
    present = digital if form.missing is None else digital[digital != form.missing]
    if len(present) and (int(present.min()) < lowest or int(present.max()) > highest):
        lowest, highest = -(1 << (form.bits - 1)), (1 << (form.bits - 1)) - 1
    return (lowest if form.missing is None else max(lowest, form.missing + 1)), highest
