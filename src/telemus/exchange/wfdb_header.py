"""Reads the header file of a WFDB record (.hea).

Source: G. B. Moody, "WFDB Applications Guide", header(5), https://physionet.org/physiotools/wag/header-5.htm.
Departures: comments may stand before the record line, and blank lines anywhere, as in records that are in circulation.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from telemus.clock import NS_PER_S, utc_to_tai
from telemus.errors import ClockError, FormatError
from telemus.exchange.guard import check_rate, read_small_text

DEFAULT_RATE_HZ = 250.0  # header(5): "if missing, a value of 250 samples per second per signal is assumed"
DEFAULT_GAIN = 200.0  # header(5): "a default value of 200 ADC units per physical unit"
DEFAULT_UNIT = "mV"  # header(5): "if this field is missing, the units may be assumed to be mV"

_NUMBER = r"[-+]?\d{0,20}\.?\d{1,20}(?:[eE][-+]?\d{1,3})?"
_WHOLE = r"\d{1,12}"  # no count or place in a real header is longer
_RECORD = re.compile(
    rf"^(?P<name>\S+?)(?:/(?P<segments>{_WHOLE}))?\s+(?P<signals>{_WHOLE})"
    rf"(?:\s+(?P<rate>{_NUMBER})(?:/(?P<counter>{_NUMBER})(?:\(({_NUMBER})\))?)?"
    rf"(?:\s+(?P<samples>\d+)(?:\s+(?P<time>[\d:.]+)(?:\s+(?P<date>\d\d?/\d\d?/\d\d\d\d))?)?)?)?\s*$"
)
_SIGNAL = re.compile(
    rf"^(?P<file>\S+)\s+(?P<format>{_WHOLE})(?:x(?P<per_frame>{_WHOLE}))?"
    rf"(?::(?P<skew>{_WHOLE}))?(?:\+(?P<offset>{_WHOLE}))?"
    rf"(?:\s+(?P<gain>{_NUMBER})(?:\((?P<baseline>-?{_WHOLE})\))?(?:/(?P<unit>\S*))?"
    rf"(?:\s+(?P<bits>{_WHOLE})(?:\s+(?P<zero>-?{_WHOLE})(?:\s+(?P<initial>-?{_WHOLE})"
    rf"(?:\s+(?P<checksum>-?{_WHOLE})(?:\s+(?P<block>{_WHOLE})(?:\s+(?P<name>.*))?)?)?)?)?)?)?\s*$"
)
_CLOCK_PART = re.compile(r"^\d{1,4}(\.\d{1,9})?$")
_MOST_DIGITS = 18  # of a count of samples
_MOST_SIGNALS = 4096


class SignalLine(NamedTuple):
    """One signal of a record, as its header line declares it; ``samples = (digital - baseline) / gain`` [unit]."""

    file: str
    format: int
    per_frame: int
    skew: int
    offset: int
    gain: float
    baseline: int
    unit: str
    bits: int
    zero: int
    initial: int
    checksum: int | None
    name: str
    calibrated: bool
    unit_stated: bool


class Header(NamedTuple):
    """A record's header: rate of frames [Hz], frames in all (None where not stated), start, signals or segments.

    ``segments`` holds (name, frames) of a multi-segment record, "~" for a gap; it is empty for a simple record.
    """

    path: Path
    name: str
    rate_hz: float
    frames: int | None
    start_tai_ns: int | None
    base_time: str
    signals: tuple[SignalLine, ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]

    @property
    def rate(self) -> Fraction:
        """Return the rate of frames as an exact fraction [1/s]."""
        return Fraction(repr(self.rate_hz))


def read_header(path: Path) -> Header:
    """Return the header of a WFDB record.

    Raises FormatError, with the line, where a line is not what header(5) says.
    """
    lines, comments = _split(read_small_text(path))
    if not lines:
        raise FormatError("got no record line, wanted 'NAME SIGNALS RATE SAMPLES'", path=path)
    number, line = lines[0]
    record = _RECORD.match(line)
    if record is None or len(record["samples"] or "") > _MOST_DIGITS:
        raise FormatError(
            f"line {number}: got {line[:80]!r}, wanted a record line 'NAME SIGNALS RATE SAMPLES'", path=path
        )
    count = int(record["segments"] or record["signals"])
    if count > _MOST_SIGNALS and not record["segments"]:
        raise FormatError(f"line {number}: got {count} signals, wanted at most {_MOST_SIGNALS}", path=path)
    body = lines[1:]
    if len(body) < count:
        what = "segments" if record["segments"] else "signals"
        raise FormatError(f"got {len(body)} of the {count} lines of {what} that line {number} announces", path=path)
    segments = tuple(_segment(path, *line) for line in body[:count]) if record["segments"] else ()
    signals = (
        () if record["segments"] else tuple(_signal(path, *line, place) for place, line in enumerate(body[:count], 1))
    )
    return Header(
        path,
        record["name"],
        _rate(path, number, record["rate"]),
        int(record["samples"]) if record["samples"] and int(record["samples"]) else None,
        _start(record["time"], record["date"]),
        f"{record['time'] or ''} {record['date'] or ''}".strip(),
        signals,
        segments,
        comments,
    )


def _split(text: str) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """Return (number, line) of each line that says something, and the comments."""
    lines, comments = [], []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            comments.append(stripped[1:].strip())
        elif stripped:
            lines.append((number, stripped))
    return lines, tuple(comments)


def _rate(path: Path, number: int, text: str | None) -> float:
    rate = float(text) if text else DEFAULT_RATE_HZ
    check_rate(path, f"line {number}: ", rate)
    return rate


def _segment(path: Path, number: int, line: str) -> tuple[str, int]:
    parts = line.split()
    if len(parts) != 2 or not parts[1].isdecimal() or len(parts[1]) > 15:
        raise FormatError(f"line {number}: got {line[:80]!r}, wanted 'SEGMENT SAMPLES'", path=path)
    return parts[0], int(parts[1])


def _signal(path: Path, number: int, line: str, place: int) -> SignalLine:
    found = _SIGNAL.match(line)
    if found is None:
        raise FormatError(f"line {number}: got {line[:80]!r}, wanted a signal line 'FILE FORMAT GAIN ...'", path=path)
    zero = int(found["zero"] or 0)
    gain = float(found["gain"] or 0)
    if not -1e30 < gain < 1e30:
        raise FormatError(f"line {number}: got a gain of {found['gain']}, wanted a finite number", path=path)
    return SignalLine(
        file=found["file"],
        format=int(found["format"]),
        per_frame=max(int(found["per_frame"] or 1), 1),
        skew=int(found["skew"] or 0),
        offset=int(found["offset"] or 0),
        gain=gain or DEFAULT_GAIN,
        baseline=int(found["baseline"]) if found["baseline"] is not None else zero,
        unit=found["unit"] or DEFAULT_UNIT,
        bits=int(found["bits"] or 0),
        zero=zero,
        initial=int(found["initial"]) if found["initial"] is not None else zero,
        checksum=int(found["checksum"]) if found["checksum"] is not None else None,
        name=(found["name"] or f"signal {place}").strip(),
        calibrated=gain != 0.0,
        unit_stated=bool(found["unit"]),
    )


def _start(time: str | None, date: str | None) -> int | None:
    """Return the start [ns TAI], a time without zone being taken as UTC; None where no date is stated or it is none."""
    if not time or not date:
        return None
    fields = [float(part) for part in time.split(":") if _CLOCK_PART.match(part)]
    seconds = sum(value * scale for value, scale in zip(reversed(fields), (1, 60, 3600), strict=False))
    day, month, year = (int(part) for part in date.split("/"))
    try:
        moment = datetime(year, month, day, tzinfo=UTC) + timedelta(seconds=seconds)
        return int(utc_to_tai(round(moment.timestamp() * 1000) * (NS_PER_S // 1000)))
    except (ValueError, OverflowError, ClockError):
        return None
