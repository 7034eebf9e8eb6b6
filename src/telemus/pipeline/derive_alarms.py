"""Derives alarms (L2): when a channel was outside the limits that were valid then, over everything archived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.mission import Channel, Limits
from telemus.pipeline import calibrate
from telemus.pipeline.channel_rules import canonical_limits, rows_between
from telemus.pipeline.sources import Source
from telemus.pipeline.subtraction import UNTRUSTED, subtract
from telemus.pipeline.work import Work, table_of
from telemus.provenance import digest
from telemus.series import NS_PER_S, Samples

_BUCKET_NS = 60 * NS_PER_S
"""Stored minima and maxima of this length say where samples have to be looked at [ns]."""
_MOST_SAMPLES = 4_000_000
"""Samples of one channel held at once."""
_LOW, _HIGH = "low", "high"


class Excursions(NamedTuple):
    """Runs of samples beyond one end of a range: start and stop [ns TAI], extreme value, samples; each (m,)."""

    start_ns: NDArray[np.int64]
    stop_ns: NDArray[np.int64]
    extreme: NDArray[np.float64]
    n: NDArray[np.int64]


def make_alarms(work: Work) -> pa.Table:
    """Make ``alarms`` of one bin: of every channel with limits (or those named), of every entity."""
    named = watched_channels(work.parameters)
    rows = [
        row
        for channel in work.mission.channels
        if channel.limits and (not named or channel.name in named)
        for entity in work.mission.entities(channel.entity)
        for row in _alarms_of(work, channel, entity.id)
    ]
    rows.sort(key=lambda row: (row["start_ns"], row["channel"], row["entity"], row["level"]))
    names = [column.name for column in work.product.columns]
    kinds = {"extreme": np.float64, "limit": np.float64, "n": np.int64, "start_ns": np.int64, "stop_ns": np.int64}
    columns = {name: np.array([row[name] for row in rows], dtype=kinds.get(name, object)) for name in names}
    return _typed(table_of(columns, work.product))


def watched_channels(parameters: Mapping[str, Any]) -> list[str]:
    """Return the channels that the parameter ``channels`` names; none means all.

    >>> watched_channels({"channels": "battery, temperature"})
    ['battery', 'temperature']
    """
    return [name.strip() for name in str(parameters.get("channels", "")).split(",") if name.strip()]


def _typed(table: pa.Table) -> pa.Table:
    """Return the table with the types that its columns have even where no row tells them."""
    kinds = {"continued": pa.bool_(), "since_ns": pa.int64()}
    kept = {"extreme", "limit", "n", "start_ns", "stop_ns"}
    fields = [one if one.name in kept else one.with_type(kinds.get(one.name, pa.string())) for one in table.schema]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def _alarms_of(work: Work, channel: Channel, entity: str) -> Iterator[dict[str, Any]]:
    """Yield the alarms of one channel of one entity in the work's span."""
    found: dict[tuple[Limits, str], list[Excursions]] = {}
    for source in _sources(work, channel, entity):
        for part in _spans_to_look_at(work, source):
            samples = _values(work, source._replace(start_ns=part[0], stop_ns=part[1]))
            for limits, side, excursions in _judged(channel, samples, *part):
                found.setdefault((limits, side), []).append(excursions)
    join_ns = round(float(work.parameters["join_s"]) * NS_PER_S)
    for (limits, side), parts in found.items():
        whole = joined(Excursions._make(np.concatenate(one) for one in zip(*parts, strict=True)), join_ns, side)
        low, high = canonical_limits(channel, limits)
        limit = low if side == _LOW else high
        told = {
            "entity": entity,
            "channel": channel.name,
            "unit": calibrate.quantity_unit(_quantity(channel)),
            "level": limits.level,
            "side": side,
            "limit": limit,
            "since_ns": limits.since_ns,
            "definition": definition_of(channel, limits),
        }
        for start_ns, stop_ns, extreme, n in zip(*(column.tolist() for column in whole), strict=True):
            if n >= int(work.parameters["least_samples"]):
                at = {"start_ns": start_ns, "stop_ns": stop_ns, "extreme": extreme, "n": n}
                yield told | at | {"continued": stop_ns > work.stop_ns - join_ns}


def definition_of(channel: Channel, limits: Limits) -> str:
    """Return the name of one definition of limits: a hash of what an alarm by it depends on."""
    return digest(
        {
            "channel": channel.name,
            "unit": channel.unit,
            "level": limits.level,
            "low": limits.low,
            "high": limits.high,
            "since_ns": limits.since_ns,
        }
    )


def _quantity(channel: Channel) -> str:
    return channel.reference.quantity if channel.reference else channel.quantity


def _sources(work: Work, channel: Channel, entity: str) -> list[Source]:
    """Return the spans of a channel: with a reference those in which its sensor was somewhere, else the whole bin."""
    if channel.reference is None:
        return [Source(channel, entity, None, work.start_ns, work.stop_ns)]
    spans = [
        Source(channel, entity, one.place, max(one.since_ns, work.start_ns), min(one.until_ns or 2**62, work.stop_ns))
        for one in work.mission.description.installation
        if one.sensor == entity
    ]
    return [one for one in spans if one.start_ns < one.stop_ns]


def _spans_to_look_at(work: Work, source: Source) -> Iterator[tuple[int, int]]:
    """Yield spans [ns TAI] in which a sample may be outside a limit, by stored minima and maxima; not too long each."""
    channel = source.channel
    longest_ns = max(round(_MOST_SAMPLES / channel.rate_hz * NS_PER_S), _BUCKET_NS)
    if channel.reference is not None:  # what is subtracted moves: every sample is looked at
        for start_ns in range(source.start_ns, source.stop_ns, longest_ns):
            yield start_ns, min(start_ns + longest_ns, source.stop_ns)
        return
    buckets = max((source.stop_ns - source.start_ns) // _BUCKET_NS, 1)
    delay_ns = round(channel.latency_ms * 1e6)
    span = source.start_ns + delay_ns, source.stop_ns + delay_ns
    stored = work.archive.decimated(channel.name, source.entity, *span, buckets)
    ends = calibrate.physical_of(np.stack([stored.minimum, stored.maximum]), channel)
    bounds = np.array([canonical_limits(channel, one) for one in channel.limits])
    hit = (ends.min(axis=0) < bounds[:, 0].max()) | (ends.max(axis=0) > bounds[:, 1].min())
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hit, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2).tolist():
        start_ns, stop_ns = (int(stored.edges_ns[edge]) - delay_ns for edge in (first, last))
        for begin_ns in range(start_ns, stop_ns, longest_ns):
            yield begin_ns, min(begin_ns + longest_ns, stop_ns)


def _values(work: Work, source: Source) -> Samples:
    """Return the values of a source that limits judge, before any rule of limits marked them."""
    raw = calibrate.delayed_raw(work.archive, source)
    values = calibrate.calibrated(raw, source.channel)
    if source.channel.reference is None or len(values) == 0:
        return values
    return subtract(values, calibrate.source_correction(work.archive, work.mission, source))


def _judged(
    channel: Channel, samples: Samples, start_ns: int, stop_ns: int
) -> Iterator[tuple[Limits, str, Excursions]]:
    """Yield the excursions of samples by the limits of each level that are valid at each time."""
    usable = ((samples.quality & np.uint32(UNTRUSTED)) == 0) & np.isfinite(samples.values)
    for level in dict.fromkeys(one.level for one in channel.limits):
        for begin_ns, end_ns, limits in channel.limits_between(level, start_ns, stop_ns):
            part = rows_between(samples, begin_ns, end_ns)
            low, high = canonical_limits(channel, limits)
            for side, outside in ((_LOW, samples.values[part] < low), (_HIGH, samples.values[part] > high)):
                rows = np.flatnonzero(outside & usable[part]) + part.start
                if len(rows):
                    yield limits, side, excursions_of(samples, rows, side)


def excursions_of(samples: Samples, rows: NDArray[np.int64], side: str) -> Excursions:
    """Return runs of neighbouring rows (k,) ascending; an excursion ends where its last sample does.

    >>> found = excursions_of(Samples.of(np.array([0.0, 7.0, 9.0, 0.0, 8.0]), 1), np.array([1, 2, 4]), "high")
    >>> (found.start_ns // NS_PER_S).tolist(), (found.stop_ns // NS_PER_S).tolist(), found.extreme.tolist()
    ([1, 4], [3, 5], [9.0, 8.0])
    """
    counts = np.array([segment.count for segment in samples.segments])
    ends = np.cumsum(counts)
    segment_of = np.searchsorted(ends, rows, side="right")
    within = rows - (ends - counts)[segment_of]
    start_ns, stop_ns = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for number in np.unique(segment_of).tolist():
        here = segment_of == number
        start_ns[here] = samples.segments[number].time_at(within[here])
        stop_ns[here] = samples.segments[number].time_at(within[here] + 1)
    each = Excursions(start_ns, stop_ns, samples.values[rows].astype(np.float64), np.ones(len(rows), np.int64))
    new = np.concatenate([[True], (np.diff(rows) > 1) | (np.diff(segment_of) > 0)])
    return _grouped(each, new, side)


def joined(excursions: Excursions, join_ns: int, side: str) -> Excursions:
    """Return excursions in order of time, those that follow on another within ``join_ns`` as one.

    >>> columns = [0, 15, 90], [10, 20, 95], [1.0, 3.0, 2.0], [2, 1, 1]
    >>> whole = Excursions(*(np.array(column) for column in columns))
    >>> [column.tolist() for column in joined(whole, 5, "high")]
    [[0, 90], [20, 95], [3.0, 2.0], [3, 1]]
    """
    order = np.argsort(excursions.start_ns, kind="stable")
    ordered = Excursions._make(column[order] for column in excursions)
    reached = np.maximum.accumulate(ordered.stop_ns)
    new = np.concatenate([[True], ordered.start_ns[1:] - reached[:-1] > join_ns])
    return _grouped(ordered, new, side)


def _grouped(each: Excursions, new: NDArray[np.bool_], side: str) -> Excursions:
    first = np.flatnonzero(new)
    extreme = (np.minimum if side == _LOW else np.maximum).reduceat(each.extreme, first)
    stop_ns = np.maximum.reduceat(each.stop_ns, first)
    return Excursions(each.start_ns[first], stop_ns, extreme, np.add.reduceat(each.n, first))
