"""Query one channel of one entity in the unit of the channel: every sample as batches, or buckets as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive import Archive
from telemus.clock import format_utc
from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Mission


class Carrier(NamedTuple):
    """A channel of the entity that carries it, over a span [ns TAI]."""

    channel: Channel
    entity: str
    start_ns: int
    stop_ns: int


class Holding(NamedTuple):
    """What an archive holds of a channel of an entity: number of samples, union of their quality."""

    channel: str
    entity: str
    unit: str
    rate_hz: float
    samples: int
    quality: int


def carrier_of(mission: Mission, channel: str, entity: str, start_ns: int, stop_ns: int) -> Carrier:
    """Return who carries a channel of an entity: it itself, or of a subject the sensor or place it had then.

    The span is cut to the time for which a subject had it. Raises MissionError where a name is not in the mission, or
    where the subject had none, or more than one: those are named.
    """
    described, holder = mission.channel(channel), mission.entity(entity)
    if holder.kind == described.entity:
        return Carrier(described, entity, start_ns, stop_ns)
    found = []
    for one in mission.description.installation:
        first = max(start_ns, one.since_ns)
        last = stop_ns if one.until_ns is None else min(stop_ns, one.until_ns)
        own = [name for name in (one.sensor, one.place) if mission.entity(name).kind == described.entity]
        if one.subject == entity and first < last and own:
            found.append(Carrier(described, own[0], first, last))
    if len(found) == 1:
        return found[0]
    spans = [f"{one.entity} from {format_utc(one.start_ns)} to {format_utc(one.stop_ns)}" for one in found]
    wanted = f"one of {', '.join(spans)}" if spans else f"an entity of kind {described.entity}, which carries {channel}"
    raise MissionError(f"mission {mission.name}", (Fault(f"entity of channel {channel}", entity, wanted),))


def sample_schema(carrier: Carrier, value_type: pa.DataType) -> pa.Schema:
    """Return the columns of samples at full rate, with unit and meaning of each."""
    unit = carrier.channel.unit
    return pa.schema(
        [
            _field("tai_ns", pa.int64(), "ns TAI", "time of the sample"),
            _field("value", pa.float64(), unit, "calibrated value"),
            _field("value_raw", value_type, "count", "raw value"),
            _field("quality", pa.uint32(), "", "quality bits"),
            _field("segment", pa.int32(), "1", "counts up where samples are missing before this one"),
        ]
    )


def channel_batches(archive: Archive, carrier: Carrier) -> Iterator[pa.RecordBatch]:
    """Yield every sample, row by row of the archive, calibrated value and raw value side by side; at least one batch.

    Nothing is bridged and nothing filled: ``segment`` tells where samples are missing. Memory is bounded.
    """
    schema = sample_schema(carrier, pa.int64())
    empty = True
    for batch in archive.sample_batches(carrier.channel.name, carrier.entity, carrier.start_ns, carrier.stop_ns):
        raw = batch["value"]
        if empty:
            schema, empty = sample_schema(carrier, raw.type), False
        value = pa.array(_calibrated(carrier.channel, raw.to_numpy()))
        columns = [batch["tai_ns"], value, raw.cast(schema.field("value_raw").type), batch["quality"], batch["segment"]]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
    if empty:
        yield from schema.empty_table().to_batches() or [pa.RecordBatch.from_pylist([], schema=schema)]


def channel_buckets(archive: Archive, carrier: Carrier, buckets: int, *, counts: bool = False) -> pa.Table:
    """Return the statistics of buckets: extremes and mean in the channel's unit (or raw), samples, quality.

    A bucket without samples has nulls. Raises SignalError on buckets without width.
    """
    found = archive.decimated(carrier.channel.name, carrier.entity, carrier.start_ns, carrier.stop_ns, buckets)
    low, high, mean = found.minimum, found.maximum, found.mean
    if not counts:
        low, high, mean = (_calibrated(carrier.channel, one) for one in (low, high, mean))
        low, high = np.fmin(low, high), np.fmax(low, high)  # a negative gain turns them round
    unit = "count" if counts else carrier.channel.unit
    columns = {
        _field("start_ns", pa.int64(), "ns TAI", "start of the bucket"): found.edges_ns[:-1],
        _field("stop_ns", pa.int64(), "ns TAI", "end of the bucket, which is not in it"): found.edges_ns[1:],
        _field("start_utc", pa.string(), "", "start of the bucket, UTC"): _utc(found.edges_ns[:-1]),
        _field("minimum", pa.float64(), unit, "smallest value"): low,
        _field("maximum", pa.float64(), unit, "largest value"): high,
        _field("mean", pa.float64(), unit, "mean of the values"): mean,
        _field("samples", pa.int64(), "1", "number of samples"): found.samples,
        _field("quality", pa.uint32(), "", "union of the quality bits of all samples"): found.quality,
    }
    arrays = [pa.array(column, field.type, from_pandas=True) for field, column in columns.items()]  # NaN becomes null
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(columns)))


def channel_holdings(archive: Archive) -> list[Holding]:
    """Return what the archive holds, by channel and entity, in the order of the mission."""
    start_ns, stop_ns = archive.span()
    found = []
    for channel in archive.description.channels:
        for entity in archive.description.entities(channel.entity):
            one = archive.decimated(channel.name, entity.id, start_ns, stop_ns, 1)
            if one.samples[0]:
                count, quality = int(one.samples[0]), int(one.quality[0])
                found.append(Holding(channel.name, entity.id, channel.unit, channel.rate_hz, count, quality))
    return found


def _calibrated(channel: Channel, counts: NDArray[Any]) -> NDArray[np.float64]:
    """Return counts in the channel's unit: gain * counts + offset; uncalibrated counts are values."""
    values = np.asarray(counts, np.float64)
    return values * channel.calibration.gain + channel.calibration.offset if channel.calibration else values


def _utc(times_ns: NDArray[np.int64]) -> list[str]:
    return [format_utc(one) for one in times_ns.tolist()]


def _field(name: str, kind: pa.DataType, unit: str, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit, "meaning": meaning})
