"""Variability of a laboratory's recording: windows of its intervals, and of its pressures where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.derive_windows import received_seconds
from telemus.pipeline.recording_table import channel_table, grid_edges, window_times
from telemus.pipeline.registry import PRESSURES, REGISTRY, VARY
from telemus.series import Samples


class ChannelVariability(NamedTuple):
    """Windows of the intervals of one channel, and of its pressures; a table without columns where there is none."""

    intervals: pa.Table
    pressures: pa.Table


NOTHING = ChannelVariability(pa.table({}), pa.table({}))
"""What is said of variability where the species is not known: its bands belong to a species."""


def channel_variability(
    name: str,
    samples: Samples,
    beats: Columns,
    species: str,
    grid: tuple[int, float],
    given: Mapping[str, Mapping[str, Any]],
) -> ChannelVariability:
    """Compute the variability of one channel in windows of ``grid`` = (origin [ns], length [s]).

    Coverage is measured against the usable samples of each window: the last one, which the recording does not fill, is
    not thought empty. ``given``: product -> parameters that differ from the default.
    """
    intervals = _windows("variability", name, samples, beats, species, grid, given)
    if not all(pressure in beats for pressure in PRESSURES):
        return ChannelVariability(intervals, pa.table({}))
    pressures = _windows("variability_pressure", name, samples, beats, species, grid, given)
    return ChannelVariability(intervals, pressures)


def _windows(
    table: str,
    name: str,
    samples: Samples,
    beats: Columns,
    species: str,
    grid: tuple[int, float],
    given: Mapping[str, Mapping[str, Any]],
) -> pa.Table:
    origin_ns, window_s = grid
    product = REGISTRY[table].product
    edges_ns = grid_edges(samples, origin_ns, window_s)
    parameters = product.with_parameters(given.get(table, {}))
    rows = VARY[table](beats, edges_ns, received_seconds(samples, edges_ns), species, parameters)
    times = window_times(name, rows.pop("start_ns"), rows.pop("stop_ns"), origin_ns)
    return channel_table(times | rows, product)
