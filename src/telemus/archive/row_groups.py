"""Row groups of granules that hold many channels: which to read for one channel of one entity, and reading them.

What the footer of a granule says is kept, for a granule never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from telemus.archive.granule import Granule
from telemus.archive.parquet import Footer, read_groups
from telemus.archive.recent import Recent

_FOOTER_BYTES = 8 << 20
_TABLE_BYTES = 16 << 20
"""Kept at once [bytes]: neighbours are asked for next, and copies of one stretch come by turns."""


class Group(NamedTuple):
    """A row group: its file, number in it, first and last channel and entity, first start and last stop [ns TAI]."""

    path: Path
    number: int
    channels: tuple[str, str]
    entities: tuple[str, str]
    start_ns: int
    stop_ns: int

    def rows_of(self, table: pa.Table, channel: str | None, entity: str | None) -> NDArray[np.bool_]:
        """Return which rows of a table of the group are of a channel of an entity (None: of any)."""
        kept = np.ones(table.num_rows, np.bool_)
        for name, value, ends in (("channel", channel, self.channels), ("entity", entity, self.entities)):
            if value is not None and ends != (value, value):
                kept &= pc.equal(table[name], value).to_numpy()
        return kept

    def holds(self, channel: str | None, entity: str | None, start_ns: int, stop_ns: int) -> bool:
        """Return whether rows of a channel of an entity (None: of any) that touch a span [ns TAI] may be in it."""
        return (
            (channel is None or self.channels[0] <= channel <= self.channels[1])
            and (entity is None or self.entities[0] <= entity <= self.entities[1])
            and self.start_ns < stop_ns
            and self.stop_ns > start_ns
        )


class RowGroups:
    """Reads row groups of granules with columns ``channel``, ``entity`` and ``start_ns``, and keeps the latest."""

    def __init__(self) -> None:
        self._granules: dict[Path, Granule] = {}
        self._groups: dict[Path, list[Group]] = {}
        self._footers: Recent[Path, Footer] = Recent(_FOOTER_BYTES)
        self._tables: Recent[tuple[Group, tuple[str, ...]], pa.Table] = Recent(_TABLE_BYTES)

    def of(self, granule: Granule) -> list[Group]:
        """Return the row groups of a granule, in their order. Raises DamageError where it is not as written."""
        groups = self._groups.get(granule.path)
        if groups is None:
            self._granules[granule.path] = granule
            groups = self._groups[granule.path] = list(_groups_in(granule.path, self._footer(granule.path)))
        return groups

    def read(self, group: Group, columns: tuple[str, ...]) -> pa.Table:
        """Return columns of a row group; those that the granule lacks are left out. Raises DamageError."""
        table = self._tables.get((group, columns))
        if table is None:
            footer = self._footer(group.path)
            file = self._granules[group.path].open(footer)
            there = set(footer.schema.names)
            table = read_groups(file, group.path, [group.number], [name for name in columns if name in there])
            self._tables.put((group, columns), table, table.nbytes)
        return table

    def _footer(self, path: Path) -> Footer:
        footer = self._footers.get(path)
        if footer is None:
            footer = self._granules[path].open().metadata
            self._footers.put(path, footer, footer.serialized_size)
        return footer


def _groups_in(path: Path, footer: Footer) -> Iterator[Group]:
    """Yield what the footer of a granule says of its row groups; a row without ``stop_ns`` is an instant."""
    place = {footer.schema.column(number).name: number for number in range(footer.num_columns)}
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        if group.num_rows:
            channel, entity, start = (
                group.column(place[name]).statistics for name in ("channel", "entity", "start_ns")
            )
            stop = group.column(place["stop_ns"]).statistics.max if "stop_ns" in place else start.max + 1
            yield Group(path, number, (channel.min, channel.max), (entity.min, entity.max), start.min, stop)
