"""Derives windows of any channel of any entity: count, minimum, mean and maximum. No animal is needed for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.mission import Channel
from telemus.pipeline import calibrate
from telemus.pipeline.derive_beats import Columns, stacked
from telemus.pipeline.schedule import overlap_s
from telemus.pipeline.sources import Source
from telemus.pipeline.subtraction import UNTRUSTED
from telemus.pipeline.work import Work, table_of
from telemus.series import NS_PER_S, Samples

_MOST_SAMPLES = 4_000_000
"""Samples of one channel held at once."""


def make_channel_windows(work: Work) -> pa.Table:
    """Make ``channel_windows``: every channel of every entity in one bin, in canonical units, before any correction."""
    parts = [
        part
        for channel in work.mission.channels
        for entity in work.mission.entities(channel.entity)
        for part in _channel_parts(work, channel, entity.id)
    ]
    if not parts:
        empty = Samples((), np.zeros(0), np.zeros(0, np.uint32))
        nothing = sample_windows(empty, np.array([work.start_ns, work.stop_ns]), np.zeros((0, 2), np.int64), 1.0)
        texts = {name: np.array([], dtype=str) for name in ("entity", "channel", "unit")}
        parts = [{name: column[:0] for name, column in nothing.items()} | texts]
    return table_of(stacked(parts), work.product)


def _channel_parts(work: Work, channel: Channel, entity: str) -> Iterator[Columns]:
    length_ns = int(work.parameters["window_min"]) * 60 * NS_PER_S
    whole = (work.stop_ns - work.start_ns) // length_ns
    at_once = max(int(_MOST_SAMPLES / (channel.rate_hz * length_ns / NS_PER_S)), 1)
    for first in range(0, whole, at_once):
        windows = np.arange(first, min(first + at_once, whole) + 1, dtype=np.int64)
        edges_ns = work.start_ns + windows * length_ns
        source = Source(channel, entity, None, int(edges_ns[0]), int(edges_ns[-1]))
        samples = calibrate.source_samples(work.archive, work.mission, source, channel.quantity)
        if len(samples) == 0:
            continue
        scheduled = work.mission.timeline.recorded(int(edges_ns[0]), int(edges_ns[-1]))
        columns = sample_windows(samples, edges_ns, scheduled, channel.rate_hz)
        shown = columns["n"] > 0
        columns = {name: column[shown] for name, column in columns.items()}
        texts = {"entity": entity, "channel": channel.name, "unit": samples.unit}
        yield columns | {name: np.full(int(shown.sum()), text, dtype=object) for name, text in texts.items()}


def sample_windows(
    samples: Samples, edges_ns: NDArray[np.int64], scheduled_ns: NDArray[np.int64], rate_hz: float
) -> Columns:
    """Return count, minimum, mean and maximum of the usable samples of each window (m,), and the union of quality.

    A window without a usable sample has n = 0 and NaN.

    >>> found = sample_windows(
    ...     Samples.of(np.array([1.0, 5.0, 3.0]), 1), np.array([0, 2, 4]) * NS_PER_S, np.array([[0, 4 * NS_PER_S]]), 1.0
    ... )
    >>> found["mean"].tolist(), found["maximum"].tolist(), found["received_share"].tolist()
    ([3.0, 3.0], [5.0, 3.0], [1.0, 0.5])
    """
    count = len(edges_ns) - 1
    index = np.searchsorted(edges_ns, samples.times_ns(), side="right") - 1
    inside = (index >= 0) & (index < count)
    quality = np.zeros(count, np.uint32)
    np.bitwise_or.at(quality, index[inside], samples.quality[inside])
    good = inside & ((samples.quality & np.uint32(UNTRUSTED)) == 0) & np.isfinite(samples.values)
    rows, values = index[good], samples.values[good]
    n = np.bincount(rows, minlength=count)
    columns: Columns = {"tai_ns": edges_ns[:-1], "stop_ns": edges_ns[1:], "n": n}
    for name in ("minimum", "mean", "maximum"):
        columns[name] = np.full(count, np.nan)
    filled = np.flatnonzero(n)
    if len(filled):
        starts = np.concatenate([[0], np.cumsum(n[filled])[:-1]])
        columns["minimum"][filled] = np.minimum.reduceat(values, starts)
        columns["mean"][filled] = np.add.reduceat(values, starts) / n[filled]
        columns["maximum"][filled] = np.maximum.reduceat(values, starts)
    scheduled_s = overlap_s(scheduled_ns, edges_ns)
    due = np.where(scheduled_s > 0, scheduled_s * rate_hz, np.maximum(n, 1))
    return columns | {"scheduled_s": scheduled_s, "received_share": np.minimum(n / due, 1.0), "quality": quality}
