"""Decimate: one minimum, maximum, mean, number of samples and union of quality for each of some buckets over any span.

::

    asked     |----------------------------------------------------------|   start, stop, number of buckets
    width of the pyramid's step: at least four of its buckets in each of those asked for
    read      |raw|100ms|  1 s  |        100 s        |  1 s  |100ms|raw|   the inside as wide as may be, the ends exact

How much is read depends on the number of buckets, not on the span. The edges inside are moved to the grid of the step
that is read, by at most an eighth of a bucket; the two ends are those asked for, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive.buckets import Buckets, concatenated, empty, grouped
from telemus.archive.granule import Granule
from telemus.archive.pyramid import LEVELS, read_tiles
from telemus.archive.row_groups import RowGroups
from telemus.archive.samples import BUCKET_NS, SAMPLES
from telemus.archive.statistics import between_edges, on_grid, taken_between
from telemus.archive.stored_rows import StoredRows
from telemus.errors import SignalError

STEPS_PER_BUCKET = 4
"""A bucket that is asked for is made of at least so many of the pyramid's."""
WIDTHS_NS = (BUCKET_NS, *(level.width_ns for level in LEVELS))
"""What there is to be made of, narrowest first; below it there are the samples."""


class Decimated(NamedTuple):
    """Statistics of the raw counts in consecutive buckets.

    ``edges_ns`` (n + 1,) [ns TAI]: bucket k holds the samples at or after ``edges_ns[k]`` and before
    ``edges_ns[k + 1]``; ``minimum``, ``maximum``, ``mean`` (n,) [count], NaN where there is no number; ``samples``
    (n,) how many of them are numbers; ``quality`` (n,) the union of the bits of all. A bucket in a gap has 0 samples
    and quality 0.
    """

    edges_ns: NDArray[np.int64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    mean: NDArray[np.float64]
    samples: NDArray[np.int64]
    quality: NDArray[np.uint32]

    def table(self) -> pa.Table:
        """Return the buckets as a table: ``start_ns``, ``stop_ns`` and the statistics."""
        ends = {"start_ns": pa.array(self.edges_ns[:-1]), "stop_ns": pa.array(self.edges_ns[1:])}
        return pa.table(ends | {name: pa.array(getattr(self, name)) for name in self._fields[1:]})


class Decimator:
    """Answers from the rows of samples and from the tiles that ``find`` gives by product and span [ns TAI]."""

    def __init__(self, stored: StoredRows, find: Callable[[str, int, int], list[Granule]]) -> None:
        self._stored, self._find = stored, find
        self._groups = RowGroups()

    def decimated(self, channel: str, entity: str, start_ns: int, stop_ns: int, buckets: int) -> Decimated:
        """Return the statistics of a channel of an entity in buckets between two times [ns TAI]."""
        edges, step = edges_of(start_ns, stop_ns, buckets)
        ask = _Question(self._stored, self._find, self._groups, channel, entity, edges)
        found = grouped(ask.statistics(step, start_ns, stop_ns), edges)
        place = np.searchsorted(edges, found.start_ns)
        low, high, mean = (np.full(buckets, np.nan) for _ in range(3))
        samples, quality = np.zeros(buckets, np.int64), np.zeros(buckets, np.uint32)
        samples[place], quality[place] = found.samples, found.quality
        low[place], high[place] = found.minimum, found.maximum
        mean[place] = np.where(found.samples > 0, found.sum, np.nan) / np.maximum(found.samples, 1)
        return Decimated(edges, low, high, mean, samples, quality)


def edges_of(start_ns: int, stop_ns: int, buckets: int) -> tuple[NDArray[np.int64], int]:
    """Return the edges (n + 1,) of buckets over a span [ns TAI], and the step that they are made of.

    The step is a place in ``WIDTHS_NS``, -1 for the samples. Raises SignalError where a bucket would have no width.

    >>> edges, step = edges_of(1_000, 10_000_000_007, 3)
    >>> edges.tolist(), WIDTHS_NS[step]
    ([1000, 3300000000, 6700000000, 10000000007], 100000000)
    """
    if not 0 < buckets <= stop_ns - start_ns:
        raise SignalError(
            f"buckets: got {buckets} over {stop_ns - start_ns} ns, wanted at least one, each at least 1 ns wide"
        )
    span_ns = stop_ns - start_ns
    edges = [start_ns + span_ns * number // buckets for number in range(buckets + 1)]
    step = sum(span_ns >= STEPS_PER_BUCKET * width * buckets for width in WIDTHS_NS) - 1
    if step >= 0:
        half, width = WIDTHS_NS[step] // 2, WIDTHS_NS[step]
        edges[1:-1] = [(edge + half) // width * width for edge in edges[1:-1]]
    return np.array(edges, np.int64), step


class _Question(NamedTuple):
    """One question while it is answered step by step."""

    stored: StoredRows
    find: Callable[[str, int, int], list[Granule]]
    groups: RowGroups
    channel: str
    entity: str
    edges_ns: NDArray[np.int64]

    def statistics(self, step: int, start_ns: int, stop_ns: int) -> Buckets:
        """Return the statistics of a span [ns TAI] from a step of the pyramid, its ends from the steps below."""
        if stop_ns <= start_ns:
            return empty()
        if step < 0:
            rows = self.stored.rows(self.channel, self.entity, start_ns, stop_ns)
            inside = self.edges_ns[(self.edges_ns > start_ns) & (self.edges_ns < stop_ns)]
            edges = np.concatenate(([start_ns], inside, [stop_ns]))
            return between_edges(self.stored, taken_between(rows, start_ns, stop_ns), edges)
        width = WIDTHS_NS[step]
        first, last = -(-start_ns // width) * width, stop_ns // width * width
        if last <= first:
            return self.statistics(step - 1, start_ns, stop_ns)
        parts = [self.statistics(step - 1, start_ns, first)]
        parts += [self._whole(step, first, last)]
        parts += [self.statistics(step - 1, last, stop_ns)]
        return concatenated(parts)

    def _whole(self, step: int, start_ns: int, stop_ns: int) -> Buckets:
        """Return the statistics of a span whose ends lie on the grid of a step."""
        if step == 0:
            return concatenated([self._of_rows(*span) for span in self._recorded(start_ns, stop_ns)])
        level = LEVELS[step - 1]
        tiles = self.find(level.product, start_ns, stop_ns)
        parts = [read_tiles(self.groups, tiles, self.channel, self.entity, start_ns, stop_ns)]
        parts += [self._whole(step - 1, *span) for span in _missing(tiles, start_ns, stop_ns)]
        return concatenated(parts)

    def _of_rows(self, start_ns: int, stop_ns: int) -> Buckets:
        rows = self.stored.rows(self.channel, self.entity, start_ns, stop_ns, buckets=True)
        return on_grid(self.stored, rows, start_ns, stop_ns, BUCKET_NS)

    def _recorded(self, start_ns: int, stop_ns: int) -> Iterator[tuple[int, int]]:
        """Yield what of a span on the grid of tiles may hold samples, a tile's length at a time: memory is bounded."""
        granules = self.find(SAMPLES, start_ns, stop_ns)
        if granules:
            level = LEVELS[0]
            low = max(start_ns, min(one.start_ns for one in granules))
            high = min(stop_ns, max(one.stop_ns for one in granules))
            for number in level.tiles(low, high):
                yield max(start_ns, number * level.tile_ns), min(stop_ns, (number + 1) * level.tile_ns)


def _missing(tiles: list[Granule], start_ns: int, stop_ns: int) -> list[tuple[int, int]]:
    """Return the parts of a span for which a level has no tile, in order; tiles do not overlap."""
    found, reached = [], start_ns
    for tile in sorted(tiles, key=lambda one: one.start_ns):
        if tile.start_ns > reached:
            found.append((reached, tile.start_ns))
        reached = max(reached, tile.stop_ns)
    return found + ([(reached, stop_ns)] if reached < stop_ns else [])
