"""Reads EDF, EDF+C, EDF+D and BDF through edfio; records that do not follow on one another become segments.

Sources: B. Kemp et al., Electroencephalogr Clin Neurophysiol 1992;82:391-3, doi 10.1016/0013-4694(92)90009-7 (EDF);
Kemp and Olivan 2003, doi 10.1016/S1388-2457(03)00123-8 (EDF+). edfio reads the header and the digital values; onsets
and annotations are read here, because edfio gives up all of them where one is spoiled, and joins the records of EDF+D.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, utc_to_tai
from telemus.errors import ClockError, FormatError
from telemus.exchange.edf_annotations import Lists, Remark, read_lists
from telemus.exchange.guard import check_rate, file_size, foreign
from telemus.exchange.marks import mark_missing, mark_rails, physical
from telemus.exchange.recording import Contents, Source, remarks
from telemus.series import Samples, Segment

_MOST_NS = 2**62


class Runs(NamedTuple):
    """Data records that follow on one another: (first record, records, onset [s] of the first from the first of
    all).
    """

    runs: tuple[tuple[int, int, Fraction], ...]
    first_onset_s: Fraction


def read_edf(path: Path) -> Contents:
    """List the channels of an EDF or BDF file.

    The start has no time zone in this format and is taken as UTC, with a note. Annotations become events. A file that
    is cut short gives its whole data records and a note.
    Raises FormatError where the header is none, or no data record is whole.
    """
    size = file_size(path)
    notes: list[str] = []
    with foreign(path, "EDF", notes):
        file = _open(path)
        signals = list(file._signals)  # edfio shows the ordinary ones only; the annotation signals are read here
        per_record = [int(signal.samples_per_data_record) for signal in signals]
        duration = Fraction(str(file.data_record_duration))
        records = int(file.num_data_records)
        marked = [bool(signal._is_annotation_signal) for signal in signals]
    if any(count < 0 for count in per_record) or duration < 0 or (duration == 0 and not all(marked)):
        raise FormatError(
            f"got a data record of {float(duration)} s with {per_record[:8]} samples, wanted more than 0", path=path
        )
    if records < 1:
        raise FormatError(f"got {size} bytes, too few for the header and one data record", path=path)
    plus = file.reserved[:5]
    with foreign(path, "EDF annotations", notes):
        lists = _annotations(signals, marked, records)
    runs = _runs(path, lists, records, duration, discontinuous=plus.endswith("D"), notes=notes)
    start_tai_ns = _start(file, runs.first_onset_s, notes)
    origin_ns = start_tai_ns or 0
    sources = tuple(
        _source(path, signal, _Layout(count, duration, records, runs, origin_ns))
        for signal, count, annotation in zip(signals, per_record, marked, strict=True)
        if not annotation
    )
    return Contents(
        "edf",
        sources,
        start_tai_ns,
        _events(lists.remarks, runs, origin_ns, notes),
        _facts(file, plus, records),
        tuple(notes),
    )


def _open(path: Path) -> Any:
    import edfio

    with path.open("rb") as raw:
        if raw.read(1) == b"\xff":
            return edfio.read_bdf(path, header_encoding="latin-1")
    return edfio.read_edf(path, lazy_load_data=True, header_encoding="latin-1")


def _annotations(signals: list[Any], marked: list[bool], records: int) -> Lists:
    """Return onsets and remarks of all annotation signals; the first keeps the time."""
    onsets: list[Fraction | None] = []
    found: list[Remark] = []
    spoiled = 0
    for signal in (signal for signal, annotation in zip(signals, marked, strict=True) if annotation):
        lists = read_lists(np.asarray(signal.digital).view(np.uint8).reshape(records, -1), keeps_time=not onsets)
        onsets = onsets or lists.onsets_s
        found += lists.remarks
        spoiled += lists.spoiled
    return Lists(onsets, found, spoiled)


def _runs(path: Path, lists: Lists, records: int, duration: Fraction, *, discontinuous: bool, notes: list[str]) -> Runs:
    """Join records that follow on one another; one that begins before the record ahead ends is left out and noted."""
    if lists.spoiled:
        notes.append(f"{lists.spoiled} annotation lists could not be read and were left out")
    first = lists.onsets_s[0] if lists.onsets_s and lists.onsets_s[0] is not None else Fraction(0)
    if not discontinuous:
        return Runs(((0, records, Fraction(0)),), first)
    if not lists.onsets_s:
        raise FormatError(
            "got EDF+D without an annotation signal, wanted one that keeps the time of each record", path=path
        )
    tolerance = duration / 1000  # a millisecond in a second of record: writers round onsets
    runs: list[tuple[int, int, Fraction]] = []
    end, left_out = Fraction(0), 0
    for record, onset in enumerate(lists.onsets_s):
        begin = end if onset is None else onset - first
        if runs and begin < end - tolerance:
            left_out += 1
        elif runs and begin <= end + tolerance and record == runs[-1][0] + runs[-1][1]:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, runs[-1][2])
            end = runs[-1][2] + runs[-1][1] * duration
        else:
            runs.append((record, 1, max(begin, end) if runs else begin))
            end = runs[-1][2] + duration
    if left_out:
        notes.append(f"{left_out} of {records} data records begin before the one ahead ends: left out")
    if len(runs) > 1:
        notes.append(f"discontinuous (EDF+D): {len(runs)} runs of records with gaps between them")
    return Runs(tuple(runs), first)


def _start(file: Any, first_onset_s: Fraction, notes: list[str]) -> int | None:
    """Return the start [ns TAI], or None with a note where the header states none that can be read."""
    moment = _stated_start(file)
    if moment is None:
        notes.append("the header states no start that can be read: times count from 0")
        return None
    if abs(first_onset_s) > 86_400:
        notes.append(f"the first data record begins {float(first_onset_s):g} s after the start: times count from 0")
        return None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    try:
        tai_ns = int(utc_to_tai(seconds * NS_PER_S)) + round(first_onset_s * NS_PER_S)
    except (ClockError, OverflowError):
        notes.append(f"start {moment:%Y-%m-%d} lies before 1972: times count from 0")
        return None
    notes.append(f"start {moment:%Y-%m-%dT%H:%M:%S} has no time zone: taken as UTC")
    return tai_ns


def _stated_start(file: Any) -> datetime | None:
    """Return date and time of the header; an EDF+ date of X (made anonymous) counts as none.

    The EDF+ recording field carries a full year; the old field has two digits, 85 to 99 meaning 1985 to 1999.
    """
    clock = re.fullmatch(rb"\s?(\d{1,2})[.:](\d{1,2})[.:](\d{1,2})\s*", file._starttime)
    short = re.fullmatch(rb"\s?(\d{1,2})[./-](\d{1,2})[./-](\d{2})\s*", file._startdate)
    words = file.local_recording_identification.split()
    if words[:2] == ["Startdate", "X"] or clock is None or short is None:
        return None
    day, month, year = (int(part) for part in short.groups())
    year += 1900 if year >= 85 else 2000
    if len(words) > 1 and words[0] == "Startdate" and words[1][-4:].isdecimal():
        year = int(words[1][-4:])
    try:
        hour, minute, second = (int(part) for part in clock.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


class _Layout(NamedTuple):
    """How a signal lies in the file: samples and seconds of a record, records, their runs, the zero of times [ns]."""

    per_record: int
    duration_s: Fraction
    records: int
    runs: Runs
    origin_ns: int


def _source(path: Path, signal: Any, layout: _Layout) -> Source:
    """Return one ordinary signal as a channel; nothing is read until it is chosen."""
    runs, per_record = layout.runs, layout.per_record
    name, unit = " ".join(signal.label.split()), signal.physical_dimension.strip()
    count = per_record * sum(run[1] for run in runs.runs)
    if not count:
        return Source(name, unit, None, 0, lambda: (_empty(unit), ()))
    rate = per_record / layout.duration_s
    check_rate(path, f"signal {name!r}: ", float(rate))

    def load() -> tuple[Samples, tuple[str, ...]]:
        notes: list[str] = []
        with foreign(path, f"EDF signal {name!r}", notes):
            digital = np.asarray(signal.digital).reshape(layout.records, per_record)
            values, quality = _calibrate(signal, _kept(digital, runs), notes)
        segments = tuple(
            Segment(_time(path, layout.origin_ns, onset), NS_PER_S / rate, length * per_record)
            for _, length, onset in runs.runs
        )
        return Samples(segments, values, quality, unit), tuple(notes)

    return Source(name, unit, float(rate), count, load)


def _empty(unit: str) -> Samples:
    return Samples((), np.zeros(0, np.float32), np.zeros(0, np.uint32), unit)


def _time(path: Path, origin_ns: int, onset_s: Fraction) -> int:
    time_ns = origin_ns + round(onset_s * NS_PER_S)
    if abs(time_ns) > _MOST_NS:
        raise FormatError(f"got a record onset of {float(onset_s):g} s, wanted one within 146 years", path=path)
    return time_ns


def _kept(digital: NDArray[Any], runs: Runs) -> NDArray[Any]:
    if len(runs.runs) == 1 and runs.runs[0][1] == len(digital):
        return digital.reshape(-1)
    return np.concatenate([digital[first : first + length].reshape(-1) for first, length, _ in runs.runs])


def _calibrate(signal: Any, digital: NDArray[Any], notes: list[str]) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """Return (physical values, quality) by the line through both ends of the digital and the physical range."""
    low, high = int(signal.digital_min), int(signal.digital_max)
    bottom, top = float(signal.physical_min), float(signal.physical_max)
    gain, offset = 1.0, 0.0
    if high == low or top == bottom:
        notes.append(f"{signal.label}: range {low}..{high} for {bottom:g}..{top:g} gives no scale: left uncalibrated")
    else:
        gain = (top - bottom) / (high - low)
        offset = bottom - low * gain
    values = physical(digital, gain, offset)
    quality = mark_missing(values)
    railed = mark_rails(digital, min(low, high), max(low, high), quality)
    if railed:
        notes.append(f"{signal.label}: {railed} samples stand at an end of the converter's range")
    return values, quality


def _events(found: list[Remark], runs: Runs, origin_ns: int, notes: list[str]) -> Any:
    """Return the annotations as events on the scale of the samples; one beyond 146 years is left out."""
    rows = []
    for remark in found:
        time_ns = origin_ns + round((remark.onset_s - runs.first_onset_s) * NS_PER_S)
        if abs(time_ns) < _MOST_NS:
            duration = float("nan") if remark.duration_s is None else float(remark.duration_s)
            rows.append((time_ns, duration, remark.text))
    if len(rows) < len(found):
        notes.append(f"{len(found) - len(rows)} annotations lie beyond any time and were left out")
    return remarks(rows)


def _facts(file: Any, plus: str, records: int) -> dict[str, str]:
    facts = {
        "variant": plus or type(file).__name__.upper(),
        "recording": file.local_recording_identification.strip(),
        "subject": file.local_patient_identification.strip(),
        "data records": str(records),
    }
    return {name: " ".join(text.split()) for name, text in facts.items() if text.strip()}
