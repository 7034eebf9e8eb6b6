"""Make the tiles of the pyramid that are missing: those of 1 s from rows of samples, wider ones from narrower."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive.buckets import Buckets, widened, within
from telemus.archive.granule import Draft, Granule
from telemus.archive.pyramid import (
    FACTOR,
    LEVELS,
    REACH_NS,
    SCHEMA,
    TILE_BUCKETS,
    VERSION,
    Level,
    tile_table,
)
from telemus.archive.row_groups import RowGroups
from telemus.archive.samples import SAMPLES
from telemus.archive.statistics import on_grid
from telemus.archive.stored_rows import StoredRow

if TYPE_CHECKING:
    from telemus.archive.store import Archive

_SMALL_ROWS = 2_000


def update_pyramid(archive: Archive) -> int:
    """Make and seal every tile that is missing, and return how many were; those of an untouched span stay as they are.

    Takes the lock of the writer. An interruption leaves tiles missing, which the next call makes; meanwhile queries
    are slower, and right.
    """
    with archive.writing():
        made = 0
        for level in LEVELS:
            fresh = [_tile(archive, level, number) for number in _missing(archive, level)]
            archive.adopt(fresh)
            made += len(fresh)
    return made


def _missing(archive: Archive, level: Level) -> list[int]:
    """Return the numbers of the tiles of a level that have something below them and are not there, in order."""
    below = SAMPLES if level.number == 0 else LEVELS[level.number - 1].product
    reach_ns = 0 if level.number else REACH_NS
    wanted = {
        number
        for one in archive.granules(below)
        for number in level.tiles(one.start_ns - reach_ns, one.stop_ns + reach_ns)
    }
    return sorted(wanted - {one.start_ns // level.tile_ns for one in archive.granules(level.product)})


def _tile(archive: Archive, level: Level, number: int) -> Granule:
    start_ns, stop_ns = number * level.tile_ns, (number + 1) * level.tile_ns
    if level.number == 0:
        inputs = archive.granules(SAMPLES, None, start_ns - REACH_NS, stop_ns + REACH_NS)
        content = _from_rows(archive, level, start_ns, stop_ns)
    else:
        inputs = archive.granules(LEVELS[level.number - 1].product, None, start_ns, stop_ns)
        content = _from_tiles(inputs, level, start_ns, stop_ns)
    recipe = {
        "product": level.product,
        "version": VERSION,
        "tile": number,
        "buckets": TILE_BUCKETS,
        "factor": FACTOR,
        "inputs": sorted(one.id for one in inputs),
    }
    draft = Draft(level.product, 1, VERSION, recipe, start_ns, stop_ns, slot=f"{number}")
    return archive.seal(draft, _row_groups(content))


def _from_rows(archive: Archive, level: Level, start_ns: int, stop_ns: int) -> Iterator[pa.Table]:
    """Yield the buckets of each channel of each entity, from the rows of samples."""
    own: defaultdict[tuple[str, str], list[StoredRow]] = defaultdict(list)
    for row in archive.stored.rows_within(None, None, start_ns - REACH_NS, stop_ns + REACH_NS, buckets=True):
        own[row.channel, row.entity].append(row)
    for (channel, entity), rows in sorted(own.items()):
        narrow = on_grid(archive.stored, rows, start_ns, stop_ns, level.width_ns)
        yield tile_table(channel, entity, widened(narrow, level.width_ns))


def _from_tiles(inputs: list[Granule], level: Level, start_ns: int, stop_ns: int) -> Iterator[pa.Table]:
    """Yield the buckets of each channel of each entity, from the tiles one step below, taken apart at once."""
    groups = RowGroups()
    tables = [groups.read(group, tuple(SCHEMA.names)) for one in inputs for group in groups.of(one)]
    whole = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
    channels, entities = (_numbered(whole[name]) for name in ("channel", "entity"))
    pair = channels.number * len(entities.names) + entities.number
    narrow = Buckets._make(whole[name].to_numpy() for name in Buckets._fields)
    order = np.lexsort((narrow.start_ns, pair))
    narrow, pair = Buckets._make(column[order] for column in narrow), pair[order]
    for part in np.split(np.arange(len(pair)), np.flatnonzero(np.diff(pair)) + 1):
        if len(part):
            channel, entity = divmod(int(pair[part[0]]), len(entities.names))
            own = Buckets._make(column[part[0] : part[-1] + 1] for column in narrow)
            own = widened(within(own, start_ns, stop_ns), level.width_ns)
            yield tile_table(channels.names[channel], entities.names[entity], own)


class _Numbered(NamedTuple):
    """A column of text as numbers (n,) of distinct names, which are in order."""

    number: NDArray[np.int64]
    names: list[str]


def _numbered(column: pa.ChunkedArray) -> _Numbered:
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    ranks = np.argsort(np.argsort(np.array(names, object)))
    return _Numbered(ranks[encoded.indices.to_numpy()] if names else np.zeros(0, np.int64), sorted(names))


def _row_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables as row groups: a large one is one, small ones share one. At least one is yielded."""
    small = [SCHEMA.empty_table()]
    for table in tables:
        if table.num_rows >= _SMALL_ROWS:
            yield table
        else:
            small.append(table)
    yield pa.concat_tables(small).combine_chunks()
