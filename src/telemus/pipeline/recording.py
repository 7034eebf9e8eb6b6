"""Analyses a laboratory's recording without a mission: the same functions as for a mission, on samples in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from telemus.errors import SignalError
from telemus.pipeline.derive_beats import Columns, Search, beats_between, chunks_of, no_beats, stacked
from telemus.pipeline.derive_level2 import CHUNK_S
from telemus.pipeline.derive_load import LIMIT
from telemus.pipeline.derive_windows import received_seconds, source_columns
from telemus.pipeline.registry import DETECTORS, REGISTRY, RULES, interval_summary
from telemus.pipeline.stretches import anchors_of
from telemus.pipeline.work import table_of
from telemus.product import Product
from telemus.series import NS_PER_S, Samples


class RecordedChannel(Protocol):
    """A channel of a recording: its name, what it measures, and its samples in canonical units."""

    @property
    def name(self) -> str:
        """Return the channel's name."""

    @property
    def quantity(self) -> str:
        """Return what it measures, a name of ``telemus.units.QUANTITIES``."""

    @property
    def samples(self) -> Samples:
        """Return its samples in the canonical unit."""


class ChannelResult(NamedTuple):
    """What one channel gave.

    ``beats``: one row per beat, beginning with ``time_s`` [s from the origin] (R peak of an ECG, foot of a pressure),
    ``channel``. ``windows``: one row per window with ``start_s``, ``stop_s``, ``channel``. ``account``: beats found,
    intervals kept, share rejected by reason, seconds recorded and usable, and the statistics of the kept intervals.
    """

    name: str
    quantity: str
    product: Product
    beats: pa.Table
    windows: pa.Table
    account: Mapping[str, Any]


class RecordingResult(NamedTuple):
    """What a recording gave, channel by channel; and the names of channels in which nobody looks for beats."""

    channels: tuple[ChannelResult, ...]
    skipped: tuple[str, ...]

    def beats(self) -> pa.Table:
        """Return the beats of all channels in one table; a measure that a channel does not have is null."""
        return _together([one.beats for one in self.channels])

    def windows(self) -> pa.Table:
        """Return the windows of all channels in one table; a measure that a channel does not have is null."""
        return _together([one.windows for one in self.channels])


def _together(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})


def analyse_recording(
    channels: Iterable[RecordedChannel],
    *,
    species: str | None = None,
    origin_ns: int = 0,
    window_s: float = 60.0,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> RecordingResult:
    """Find the beats of each channel of a recording, and sum them up in windows.

    Arterial pressure and ECG are searched; other channels are skipped and named. ``species`` gives the norms that
    mark beats; detection does not ask for it. ``origin_ns`` is the instant [ns] from which seconds are counted and
    windows stand; ``parameters`` product -> name -> value, where they differ from the default. A gap is never
    bridged; memory beyond the samples is bounded.

    Raises SignalError on an unknown species or a window that is not above 0 s, ProductError on an unknown parameter.
    """
    if not window_s > 0:
        raise SignalError(f"analyse_recording: got windows of {window_s} s, wanted a length above 0 s")
    searched = {detector.quantity: name for name, detector in DETECTORS.items()}
    results, skipped = [], []
    for channel in channels:
        if channel.quantity not in searched:
            skipped.append(channel.name)
            continue
        given = (parameters or {}).get(searched[channel.quantity], {})
        results.append(_analyse(channel, searched[channel.quantity], species, (origin_ns, window_s), given))
    return RecordingResult(tuple(results), tuple(skipped))


def _analyse(
    channel: RecordedChannel,
    table: str,
    species: str | None,
    grid: tuple[int, float],
    given: Mapping[str, Any],
) -> ChannelResult:
    product = REGISTRY[table].product
    samples = channel.samples
    rate_hz = samples.segments[0].rate_hz if samples.segments else 1000.0
    known = {name: value for name, value in product.with_parameters(given).items() if name != LIMIT}
    how = Search(DETECTORS[table], rate_hz, known, species)
    beats = samples_beats(samples, how)
    windows, received_s = _windows(channel.name, samples, beats, grid)
    account = {
        "recorded_s": float(sum(one.count / one.rate_hz for one in samples.segments)),
        "usable_s": received_s,
        **interval_summary(beats, species, REGISTRY["windows_1min"].product.with_parameters({})),
    }
    time_s = (beats["tai_ns"] - grid[0]) / NS_PER_S
    rows = {"time_s": time_s, "channel": np.full(len(time_s), channel.name, dtype=object)}
    rows |= {name: column for name, column in beats.items() if name != "tai_ns"}
    return ChannelResult(channel.name, channel.quantity, product, _table(rows, product), windows, account)


def samples_beats(samples: Samples, how: Search) -> Columns:
    """Return the beats of samples in memory, chunk by chunk, as the pipeline does for an archive."""
    if not samples.segments:
        return no_beats(how)
    anchors = anchors_of(samples.segments)
    chunks = chunks_of(anchors.spans_ns(), samples.start_ns, samples.stop_ns + 1, CHUNK_S)
    return stacked(list(beats_between(samples.between, anchors, chunks, how)))


def _windows(name: str, samples: Samples, beats: Columns, grid: tuple[int, float]) -> tuple[pa.Table, float]:
    """Return the windows of a channel, and how many seconds of it are usable."""
    origin_ns, window_s = grid
    length_ns = round(window_s * NS_PER_S)
    first = (samples.start_ns - origin_ns) // length_ns
    last = max(-((origin_ns - samples.stop_ns) // length_ns), first + 1)
    edges_ns = origin_ns + length_ns * np.arange(first, last + 1, dtype=np.int64)
    product = REGISTRY["windows_1min"].product
    rows = source_columns("", beats, edges_ns, RULES, product.with_parameters({}))
    received = received_seconds(samples, edges_ns)
    columns: Columns = {
        "start_s": (edges_ns[:-1] - origin_ns) / NS_PER_S,
        "stop_s": (edges_ns[1:] - origin_ns) / NS_PER_S,
        "channel": np.full(len(received), name, dtype=object),
        "received_share": np.minimum(received / window_s, 1.0),
    }
    columns |= {key.removeprefix("_"): column for key, column in rows.items()}
    shown = (received > 0) | (columns["n_beats"] > 0)
    return _table({key: column[shown] for key, column in columns.items()}, product), float(received.sum())


def _table(columns: Mapping[str, Any], product: Product) -> pa.Table:
    seconds = {name: pa.array(columns[name]) for name in ("time_s", "start_s", "stop_s") if name in columns}
    text = {"channel": pa.array(list(columns["channel"]), pa.string())}
    rest = {name: column for name, column in columns.items() if name not in {*seconds, "channel"}}
    table = table_of(rest, product)
    fixed = seconds | text
    return pa.table(fixed | {name: table[name] for name in table.column_names}).cast(
        pa.schema([*(pa.field(name, column.type) for name, column in fixed.items()), *table.schema])
    )
