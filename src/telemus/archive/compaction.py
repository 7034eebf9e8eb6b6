"""Put small granules of samples together: many short passes become one granule for each period, row for row.

Rows are copied as they stand, blob for blob, so no value, time or quality can change; what was received twice stays
twice, and reading resolves it as before. The new granule is durable and current before the old ones cease to be, and
these are removed last: an interruption at any moment leaves the same samples, at worst twice, and the next call goes on
from there. The recipe names the granules that it was put together from, and the files they came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from telemus.archive import disk
from telemus.archive.granule import Draft, Granule
from telemus.archive.row_groups import RowGroups
from telemus.archive.samples import SAMPLES, SCHEMA, grouped_rows
from telemus.errors import DamageError

if TYPE_CHECKING:
    from telemus.archive.store import Archive

VERSION = 1
"""Grows when the same granules would be put together otherwise."""
PERIOD_S = 3600.0
LARGEST_BYTES = 256 << 20
"""Granules are not put together beyond this size [bytes]."""
_NS_PER_S = 1_000_000_000


class CompactionSummary(NamedTuple):
    """What a compaction did: granules before and after, of those that were put together, and bytes freed."""

    before: int
    after: int
    freed_bytes: int


def compact(
    archive: Archive, period_s: float = PERIOD_S, progress: Callable[[int, int], None] | None = None
) -> CompactionSummary:
    """Put the current granules of samples that begin in one period [s] together, up to 256 MiB each.

    Granules of files that are not ingested to the end, or whose times may still be bettered, are left alone. Takes
    the lock of the writer. Raises SpaceError on a full disk, DamageError where a granule is not what was written: then
    nothing of its period has changed.
    """
    with archive.writing():
        _finish_interrupted(archive)
        plans = list(_plans(archive, round(period_s * _NS_PER_S)))
        freed = 0
        for number, parts in enumerate(plans, 1):
            freed += _put_together(archive, parts)
            if progress is not None:
                progress(number, len(plans))
    return CompactionSummary(sum(map(len, plans)), len(plans), freed)


def _plans(archive: Archive, period_ns: int) -> Iterator[list[Granule]]:
    """Yield the granules that are to become one, in order of time."""
    unsettled = {one.sha256 for one in archive.received() if not one.ingested or one.mark().get("clock_doubtful")}
    periods: defaultdict[int, list[Granule]] = defaultdict(list)
    for one in archive.granules(SAMPLES):
        if unsettled.isdisjoint(_sources(one)):
            periods[one.start_ns // period_ns].append(one)
    for _, granules in sorted(periods.items()):
        parts: list[Granule] = []
        for one in granules:
            if parts and sum(part.bytes for part in parts) + one.bytes > LARGEST_BYTES:
                yield from _several(parts)
                parts = []
            parts.append(one)
        yield from _several(parts)


def _several(parts: list[Granule]) -> Iterator[list[Granule]]:
    if len(parts) > 1:
        yield parts


def _sources(granule: Granule) -> list[str]:
    """Return the SHA-256 of the received files that a granule was made from."""
    own = granule.recipe.get("source")
    return [*granule.recipe.get("sources", ()), *([own] if own else [])]


def _put_together(archive: Archive, parts: list[Granule]) -> int:
    """Put granules together and return the bytes that this frees on the disk."""
    archive.require_space(sum(part.bytes for part in parts), "granules put together")
    recipe = {
        "product": SAMPLES,
        "compaction": VERSION,
        "inputs": [part.id for part in parts],
        "sources": sorted({source for part in parts for source in _sources(part)}),
    }
    start_ns, stop_ns = min(part.start_ns for part in parts), max(part.stop_ns for part in parts)
    draft = Draft(SAMPLES, 1, VERSION, recipe, start_ns, stop_ns, slot="+".join(part.id[:16] for part in parts))
    whole = archive.seal(draft, grouped_rows(_tables(parts)))
    wanted = sum(part.rows for part in parts)
    if whole.rows != wanted:
        raise DamageError(f"{whole.path}: got {whole.rows} rows, wanted the {wanted} of what it is put together from")
    archive.supersede(whole, parts)
    for part in parts:
        disk.remove(part.path)
    return sum(part.bytes for part in parts) - whole.bytes


def _tables(parts: list[Granule]) -> Iterator[pa.Table]:
    """Yield the rows of granules, of one channel of one entity at a time, in order of time."""
    groups = RowGroups()
    names = [groups.read(group, ("channel", "entity")) for part in parts for group in groups.of(part)]
    pairs = pa.concat_tables(names).group_by(["channel", "entity"]).aggregate([])
    for channel, entity in sorted(zip(*(pairs[name].to_pylist() for name in ("channel", "entity")), strict=True)):
        found = []
        for part in parts:
            for group in groups.of(part):
                if group.holds(channel, entity, part.start_ns, part.stop_ns + 1):
                    table = groups.read(group, tuple(SCHEMA.names))
                    found.append(_complete(table.filter(pa.array(group.rows_of(table, channel, entity)))))
        whole = pa.concat_tables(found)
        yield whole.take(pc.sort_indices(whole, sort_keys=[("start_ns", "ascending")])).combine_chunks()


def _complete(table: pa.Table) -> pa.Table:
    """Return rows with the columns that there were not yet when they were written."""
    for field in SCHEMA:
        if field.name not in table.column_names:
            missing = [0 if pa.types.is_integer(field.type) else b""] * table.num_rows
            table = table.append_column(field, pa.array(missing, field.type))
    return table.select(SCHEMA.names).replace_schema_metadata(None).cast(SCHEMA)


def _finish_interrupted(archive: Archive) -> None:
    """Retire and remove what a compaction that was interrupted had put together already."""
    current = archive.granules(SAMPLES)
    wholes = [one for one in current if "compaction" in one.recipe]
    for whole in wholes:
        inputs = set(whole.recipe["inputs"])
        left = [one for one in archive.granules(SAMPLES, current=False) if one.id in inputs]
        if any(one.current for one in left):
            archive.supersede(whole, [one for one in left if one.current])
        for one in left:
            disk.remove(one.path)
