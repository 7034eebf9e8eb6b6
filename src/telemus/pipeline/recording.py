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
from telemus.pipeline.recording_table import channel_table, grid_edges, window_times
from telemus.pipeline.recording_variability import NOTHING, ChannelVariability, channel_variability
from telemus.pipeline.registry import DETECTORS, REGISTRY, RULES, interval_summary
from telemus.pipeline.stretches import anchors_of
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
    variability: ChannelVariability


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

    def variability(self) -> pa.Table:
        """Return the windows of variability of all channels; no columns where the species is not known."""
        return _together([one.variability.intervals for one in self.channels])

    def pressure_variability(self) -> pa.Table:
        """Return the windows of variability of all pressures; no columns where there is none."""
        return _together([one.variability.pressures for one in self.channels])


def _together(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})


def analyse_recording(
    channels: Iterable[RecordedChannel],
    *,
    species: str | None = None,
    origin_ns: int = 0,
    window_s: float = 60.0,
    variability_s: float = 180.0,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> RecordingResult:
    """Find the beats of each channel of a recording, and sum them up in windows.

    Arterial pressure and ECG are searched; other channels are skipped and named. ``species`` gives the norms that
    mark beats; detection does not ask for it. ``origin_ns`` is the instant [ns] from which seconds are counted and
    windows stand; ``variability_s`` [s] the length of a window of variability, which is computed where the species is
    known, for its bands belong to a species; ``parameters`` product -> name -> value, where they differ from the
    default. A gap is never bridged; memory beyond the samples is bounded.

    Raises SignalError on an unknown species or a window that is not above 0 s, ProductError on an unknown parameter.
    """
    if not (window_s > 0 and variability_s > 0):
        got = f"{window_s} and {variability_s} s"
        raise SignalError(f"analyse_recording: got windows of {got}, wanted lengths above 0 s")
    searched = {detector.quantity: name for name, detector in DETECTORS.items()}
    results, skipped = [], []
    for channel in channels:
        if channel.quantity not in searched:
            skipped.append(channel.name)
            continue
        grid = origin_ns, window_s
        results.append(_analyse(channel, searched[channel.quantity], species, grid, variability_s, parameters or {}))
    return RecordingResult(tuple(results), tuple(skipped))


def _analyse(
    channel: RecordedChannel,
    table: str,
    species: str | None,
    grid: tuple[int, float],
    variability_s: float,
    parameters: Mapping[str, Mapping[str, Any]],
) -> ChannelResult:
    product = REGISTRY[table].product
    given = parameters.get(table, {})
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
    varied = NOTHING
    if species is not None:
        varied = channel_variability(channel.name, samples, beats, species, (grid[0], variability_s), parameters)
    return ChannelResult(
        channel.name, channel.quantity, product, channel_table(rows, product), windows, account, varied
    )


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
    edges_ns = grid_edges(samples, origin_ns, window_s)
    product = REGISTRY["windows_1min"].product
    rows = source_columns("", beats, edges_ns, RULES, product.with_parameters({}))
    received = received_seconds(samples, edges_ns)
    columns = window_times(name, edges_ns[:-1], edges_ns[1:], origin_ns)
    columns["received_share"] = np.minimum(received / window_s, 1.0)
    columns |= {key.removeprefix("_"): column for key, column in rows.items()}
    shown = (received > 0) | (columns["n_beats"] > 0)
    return channel_table({key: column[shown] for key, column in columns.items()}, product), float(received.sum())
