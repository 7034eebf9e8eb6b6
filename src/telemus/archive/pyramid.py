"""The stored pyramid: statistics of all channels on ever wider grids, so that a long view reads as little as a short.

::

    raw samples          rows of the granules of samples
    100 ms               beside the values, in the same rows (samples.py)
    1 s, 10 s ... 10^4 s granules of their own, one product for each width, 14 400 buckets (a tile) in each granule

A tile is made of what is one step below it, and only while that is current: a granule of samples that becomes current,
or ceases to be, takes the tiles that it touches out of use in the same breath (``touched``). Where a tile is missing,
the step below answers; so the answer is always that of the samples, and late data cost time, never truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from telemus.archive.buckets import Buckets, concatenated, empty
from telemus.archive.granule import Granule
from telemus.archive.row_groups import RowGroups

VERSION = 1
"""Grows when the same samples would give other tiles."""
FACTOR = 10
TILE_BUCKETS = 14_400
"""Buckets of one channel in a granule: tiles of 1 s are 4 h long, those of 100 s 17 days."""
REACH_NS = 600 * 1_000_000_000
"""Samples so near a tile may bear on which copy of a sample in it is taken [ns]: half a sample, of any channel."""


class Level(NamedTuple):
    """One width of the pyramid: its number, the product that holds it, the width of its buckets [ns]."""

    number: int
    product: str
    width_ns: int

    @property
    def tile_ns(self) -> int:
        """Return the span of a tile [ns]."""
        return self.width_ns * TILE_BUCKETS

    def tiles(self, start_ns: int, stop_ns: int) -> range:
        """Return the numbers of the tiles that a span [ns TAI] touches."""
        return range(start_ns // self.tile_ns, -(-stop_ns // self.tile_ns))


LEVELS = tuple(Level(number, f"pyramid_{FACTOR**number}s", FACTOR**number * 1_000_000_000) for number in range(5))
"""The widths that have granules of their own, narrowest first."""
PRODUCTS = tuple(level.product for level in LEVELS)


def _field(name: str, kind: pa.DataType, unit: str, meaning: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"unit": unit, "meaning": meaning})


SCHEMA = pa.schema(
    [
        _field("channel", pa.string(), "", "channel of the mission"),
        _field("entity", pa.string(), "", "entity that carries the channel"),
        _field("start_ns", pa.int64(), "ns TAI", "start of the bucket, a multiple of the width; empty ones are absent"),
        _field("minimum", pa.float64(), "count", "smallest raw value; NaN where none is a number"),
        _field("maximum", pa.float64(), "count", "largest raw value; NaN where none is a number"),
        _field("sum", pa.float64(), "count", "sum of the raw values"),
        _field("samples", pa.int64(), "1", "number of raw values that are numbers"),
        _field("quality", pa.uint32(), "", "union of the quality bits of all samples"),
    ]
)
"""Columns of every level."""
ENCODINGS = {"start_ns": "DELTA_BINARY_PACKED", "samples": "DELTA_BINARY_PACKED"} | dict.fromkeys(
    ("minimum", "maximum", "sum"), "BYTE_STREAM_SPLIT"
)
"""How Parquet keeps the numbers: a fifth of the room that dictionaries take."""


def touched(find: Callable[[str, int, int], list[Granule]], granules: Iterable[Granule]) -> dict[str, list[str]]:
    """Return the identifiers of the current tiles, by product, that granules of samples bear on."""
    spans = [(one.start_ns - REACH_NS, one.stop_ns + REACH_NS) for one in granules]
    if not spans:
        return {}
    first, last = min(start for start, _ in spans), max(stop for _, stop in spans)
    found = {}
    for product in PRODUCTS:
        tiles = find(product, first, last)
        hit = [one.id for one in tiles if any(one.start_ns < stop and one.stop_ns > start for start, stop in spans)]
        if hit:
            found[product] = hit
    return found


def tile_table(channel: str, entity: str, found: Buckets) -> pa.Table:
    """Return buckets of one channel of one entity as rows of a tile."""
    names = (pa.array([name] * len(found.start_ns), pa.string()) for name in (channel, entity))
    arrays = [*names, *(pa.array(column) for column in found)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def read_tiles(
    groups: RowGroups, tiles: Sequence[Granule], channel: str, entity: str, start_ns: int, stop_ns: int
) -> Buckets:
    """Return the buckets of a channel of an entity in tiles, those that start in a span [ns TAI]."""
    parts = [empty()]
    for tile in tiles:
        for group in groups.of(tile):
            if group.holds(channel, entity, start_ns, stop_ns):
                table = groups.read(group, tuple(SCHEMA.names))
                own = group.rows_of(table, channel, entity)
                columns = [table[name].to_numpy()[own] for name in Buckets._fields]
                low, high = np.searchsorted(columns[0], [start_ns, stop_ns])
                parts.append(Buckets._make(column[low:high] for column in columns))
    return concatenated(parts)
