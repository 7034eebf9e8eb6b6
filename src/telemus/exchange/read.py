"""Reads a laboratory's recording, whatever its format: find the format, list the channels, choose, load, convert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from telemus.errors import FormatError
from telemus.exchange.choose import Choice, Wanted, apply_units, choose
from telemus.exchange.guard import check_rate
from telemus.exchange.marks import BLOCK
from telemus.exchange.recording import Channel, Contents, Recording, Source
from telemus.exchange.sniff import FORMATS, sniff
from telemus.series import Samples
from telemus.units import CANONICAL, Unit, unit_of


def read_contents(
    path: str | Path,
    *,
    format: str | None = None,
    rate_hz: float | None = None,
    units: Mapping[str, str] | None = None,
) -> Contents:
    """List the channels of a recording without loading any.

    ``format`` is one of FORMATS, None to tell it from the bytes; ``rate_hz`` [Hz] is needed for text without a time
    column, and refused where the file states its own; ``units`` gives channels (by name or number from 1) the unit that
    the file lacks.
    Raises FormatError where the file is missing, empty, cut short before anything whole, or foreign; UnitError on a
    unit that is unknown.
    """
    where = Path(path)
    name = sniff(where) if format is None else format
    if name not in FORMATS:
        raise FormatError(f"got format {name!r}, wanted one of {', '.join(FORMATS)}", path=where)
    if rate_hz is not None:
        check_rate(where, "", rate_hz)
    stated = dict(units or {})
    contents = _reader(name, rate_hz, stated)(where)
    if rate_hz is not None and name not in ("csv", "parquet"):
        note = f"the rate of {rate_hz:g} Hz that was given was not used: the file states its own"
        contents = Contents(**{**vars(contents), "notes": (*contents.notes, note)})
    if name in ("csv", "parquet"):  # the unit of a time column has been used by the reader
        stated = {key: symbol for key, symbol in stated.items() if unit_of(symbol).dimension != "time"}
    return Contents(**{**vars(contents), "sources": apply_units(where, contents.sources, stated)})


def _reader(name: str, rate_hz: float | None, units: Mapping[str, str]) -> Callable[[Path], Contents]:
    """Return the reader of a format; each is imported when it is needed, with the library behind it."""
    if name == "wfdb":
        from telemus.exchange.wfdb import read_wfdb

        return read_wfdb
    if name == "edf":
        from telemus.exchange.edf import read_edf

        return read_edf
    if name == "labchart-mat":
        from telemus.exchange.labchart_mat import read_labchart_mat

        return read_labchart_mat
    if name == "labchart-text":
        from telemus.exchange.labchart_text import read_labchart_text

        return read_labchart_text
    if name == "parquet":
        from telemus.exchange.parquet import read_parquet

        return lambda path: read_parquet(path, rate_hz=rate_hz, units=units)
    from telemus.exchange.delimited import read_delimited

    return lambda path: read_delimited(path, rate_hz=rate_hz, units=units)


def read_recording(
    path: str | Path,
    *,
    format: str | None = None,
    rate_hz: float | None = None,
    pressure: Wanted = None,
    ecg: Wanted = None,
    units: Mapping[str, str] | None = None,
) -> Recording:
    """Read the pressure and ECG channels of a recording, in mmHg and mV.

    ``pressure`` and ``ecg`` name channels, or number them from 1; None leaves the choice to unit and name. ``format``,
    ``rate_hz`` [Hz] and ``units`` as in ``read_contents``. Gaps are the time between segments; a value that the file
    marks as missing is NaN with DROPOUT; a run at the end of the converter's range has RAIL. A file that is cut short
    gives what is whole, with a note.
    Raises FormatError where the file is no recording or the channels are missing or ambiguous, UnitError where a wanted
    channel has no unit of its quantity. Both messages list the channels that were found.
    """
    where = Path(path)
    contents = read_contents(where, format=format, rate_hz=rate_hz, units=units)
    choices, notes = choose(where, contents.sources, pressure=pressure, ecg=ecg)
    start_tai_ns = contents.start_tai_ns
    if contents.prepare is not None:
        start_tai_ns = contents.prepare(sorted({choice.place for choice in choices}))
    gathered = [*contents.notes, *notes]
    channels = tuple(_load(where, contents.sources[choice.place], choice, gathered) for choice in choices)
    skipped = [source.name for source in contents.sources if source.count == 0]
    if skipped:
        gathered.append(f"empty channels were skipped: {', '.join(skipped[:40])}")
    return Recording(
        where,
        contents.format,
        channels,
        start_tai_ns,
        contents.events,
        contents.facts,
        tuple(dict.fromkeys(gathered)),
        tuple(source.describe(number) for number, source in enumerate(contents.sources, 1)),
    )


def _load(path: Path, source: Source, choice: Choice, notes: list[str]) -> Channel:
    samples, found = source.load()
    notes.extend(found)
    if len(samples) == 0:
        raise FormatError(f"channel {choice.place + 1} {source.name!r}: got no samples, wanted some", path=path)
    converted = convert(samples, choice.unit)
    return Channel(source.name, choice.quantity, converted.unit, source.unit, converted, choice.place + 1)


def convert(samples: Samples, unit: Unit) -> Samples:
    """Return samples in the canonical unit of their dimension; NaN stays NaN, and the float width stays.

    >>> from telemus.units import unit_of
    >>> convert(Samples.of(np.array([16.0]), 1, unit="kPa"), unit_of("kPa")).values.round(3).tolist()
    [120.01]
    """
    canonical = CANONICAL.get(unit.dimension, unit.symbol)
    if unit.factor == 1.0 and unit.offset == 0.0:
        return Samples(samples.segments, samples.values, samples.quality, canonical)
    values = np.empty_like(samples.values)
    for start in range(0, len(values), BLOCK):
        part = samples.values[start : start + BLOCK].astype(np.float64)
        values[start : start + BLOCK] = part * unit.factor + unit.offset
    return Samples(samples.segments, values, samples.quality, canonical)
