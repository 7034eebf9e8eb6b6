"""Calibrates (L1): counts to physical values in canonical units, with quality.

    counts --calibration--> channel's unit --units--> canonical unit --minus barometer, minus zero--> gauge pressure

An implant measures absolute pressure: arterial pressure is what it shows, minus the barometer of the subject's own
place at that time, minus the sensor's zero offset. Raw counts stay in the archive; the correction is a product of its
own (``corrections``), so that raw value, calibration and correction stand side by side.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from telemus.mission import Channel, Mission
from telemus.pipeline.channel_rules import flagged
from telemus.pipeline.sources import Source, needed_source, sources
from telemus.pipeline.subtraction import BAROMETER_GAP_NS, Correction, subtract
from telemus.pipeline.zero_offset import zero_offset, zero_readings
from telemus.series import Quality, Samples, Segment
from telemus.units import CANONICAL, quantity_of, to_canonical


class RawReader(Protocol):
    """What calibration needs of an archive: the counts of a channel of an entity."""

    def raw_samples(self, channel: str, entity: str, start_ns: int, stop_ns: int) -> Samples:
        """Return counts and quality between two instants [ns TAI]."""


def physical(
    archive: RawReader,
    mission: Mission,
    subject: str,
    quantity: str,
    start_ns: int,
    stop_ns: int,
) -> Samples:
    """Return a quantity of a subject (or of any entity) between two instants [ns TAI], in its canonical unit.

    Values are float64; a missing one is NaN with its quality bit. ``pressure_arterial`` is gauge pressure: where the
    barometer of the subject's place is missing for more than ``BAROMETER_GAP_NS`` the value is NaN with UNVERIFIED,
    never guessed. Values outside the channel's limits keep their number and get UNVERIFIED. The channel's latency is
    taken from its times. Spans in which no sensor was installed have no samples.

    Raises MissionError where nothing in the mission can measure the quantity.
    """
    needed_source(mission, subject, quantity)
    parts = [
        source_samples(archive, mission, source, quantity)
        for source in sources(mission, subject, quantity, start_ns, stop_ns)
    ]
    return joined(parts, quantity_unit(quantity))


def source_samples(archive: RawReader, mission: Mission, source: Source, quantity: str) -> Samples:
    """Return a quantity from one source, in its canonical unit, over the source's span."""
    raw = delayed_raw(archive, source)
    values = calibrated(raw, source.channel)
    if source.channel.reference is None or source.channel.quantity == quantity:
        return flagged(values, raw, source.channel, limits=source.channel.reference is None)
    knots = source_correction(archive, mission, source)
    return flagged(subtract(values, knots), raw, source.channel, limits=True)


def delayed_raw(archive: RawReader, source: Source) -> Samples:
    """Return the counts of a source with the channel's latency [ms] taken from their times."""
    delay_ns = round(source.channel.latency_ms * 1e6)
    raw = archive.raw_samples(source.channel.name, source.entity, source.start_ns + delay_ns, source.stop_ns + delay_ns)
    if delay_ns == 0:
        return raw
    moved = tuple(Segment(one.start_ns - delay_ns, one.period_ns, one.count) for one in raw.segments)
    return Samples(moved, raw.values, raw.quality, raw.unit)


def calibrated(raw: Samples, channel: Channel) -> Samples:
    """Return counts (n,) as float64 values in the canonical unit of the channel's quantity; dropouts become NaN.

    value = gain * counts + offset [channel's unit], then to the canonical unit; uncalibrated counts are values.
    """
    values = physical_of(raw.values, channel)
    missing = (raw.quality & np.uint32(Quality.DROPOUT)) != 0
    if missing.any():
        values[missing] = np.nan
    return Samples(raw.segments, values, raw.quality, quantity_unit(channel.quantity))


def physical_of(counts: NDArray[Any], channel: Channel) -> NDArray[np.float64]:
    """Return counts, of any shape, as values in the canonical unit of the channel's quantity."""
    factor, shift = to_canonical(channel.unit, quantity_of(channel.quantity).dimension)
    gain, offset = (channel.calibration.gain, channel.calibration.offset) if channel.calibration else (1.0, 0.0)
    values = counts * (gain * factor)
    values += offset * factor + shift
    return np.asarray(values, np.float64)


def quantity_unit(quantity: str) -> str:
    """Return the canonical unit of a quantity.

    >>> quantity_unit("pressure_arterial")
    'mmHg'
    """
    return CANONICAL.get(quantity_of(quantity).dimension, "kB")  # information is the one dimension without


def correction(archive: RawReader, mission: Mission, subject: str, start_ns: int, stop_ns: int) -> Correction:
    """Return what makes arterial pressure of a subject's absolute pressure between two instants [ns TAI]."""
    found = sources(mission, subject, "pressure_arterial", start_ns, stop_ns)
    parts = [
        source_correction(archive, mission, one, margin_ns=0) for one in found if one.channel.reference is not None
    ]
    if not parts:
        return Correction(np.zeros(0, np.int64), *(np.zeros(0),) * 2, np.zeros(0, np.bool_), np.zeros(0, np.uint32))
    return Correction(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def source_correction(
    archive: RawReader, mission: Mission, source: Source, margin_ns: int = BAROMETER_GAP_NS
) -> Correction:
    """Return the correction of one source: its place's reference channel and its sensor's zero offset."""
    if source.channel.reference is None:
        message = f"channel {source.channel.name} has no reference"
        raise ValueError(message)
    reference = mission.channel(source.channel.reference.channel)
    holder = _reference_holder(mission, reference, source)
    span = (source.start_ns - margin_ns, source.stop_ns + margin_ns)
    raw = delayed_raw(archive, Source(reference, holder, None, *span))
    air = flagged(calibrated(raw, reference), raw, reference, limits=True)
    times_ns = air.times_ns()
    zero = zero_offset(*zero_readings(mission, source.entity), times_ns)
    return Correction(times_ns, air.values, zero.offset_mmhg, zero.provisional, air.quality)


def _reference_holder(mission: Mission, reference: Channel, source: Source) -> str:
    """Return the entity whose reference channel counts for a source: its place, or the nearest ancestor with one."""
    here: str | None = source.place or source.entity
    while here is not None:
        entity = mission.entity(here)
        if entity.kind == reference.entity:
            return here
        here = entity.parent
    return source.place or source.entity


def joined(parts: list[Samples], unit: str) -> Samples:
    """Return samples one after the other as one; empty where there is none."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Samples((), np.zeros(0), np.zeros(0, np.uint32), unit)
    segments = tuple(segment for part in parts for segment in part.segments)
    values, quality = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "quality"))
    return Samples(segments, values, quality, unit)
