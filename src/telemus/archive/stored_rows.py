"""Find the rows of samples of a channel in the granules, and load their values: little is read for little asked.

Rows are read without their values first, and values only of those rows that are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive.codec import Blob, decode, decode_quality
from telemus.archive.granule import Granule
from telemus.archive.merge import untrusted
from telemus.archive.row_groups import Group, RowGroups
from telemus.series import Segment

_TOLD = ("channel", "entity", "start_ns", "period_num", "period_den", "count", "quality_union", "dtype")
_BUCKETS = ("bucket_ns", "buckets", "buckets_quality")
_LOADED = ("codec", "dtype", "count", "values", "quality")


class StoredRow(NamedTuple):
    """A row as its granule describes it: where it stands, its segment, whether it was verified, and its buckets.

    ``bucket_ns`` [ns] is 0 where the row has no buckets, or was written before there were any.
    """

    group: Group
    number: int
    channel: str
    entity: str
    segment: Segment
    trust_lost: bool
    dtype: str
    bucket_ns: int
    buckets: tuple[bytes, bytes]


class StoredRows:
    """The rows of samples of an archive; ``find`` gives the current granules that touch a span [ns TAI]."""

    def __init__(self, find: Callable[[int, int], list[Granule]]) -> None:
        self._find = find
        self._groups = RowGroups()
        self._reach_ns: dict[tuple[str, str], int] = {}

    def tables(
        self, channel: str | None, entity: str | None, start_ns: int, stop_ns: int, columns: Sequence[str]
    ) -> Iterator[tuple[Group, NDArray[np.intp], pa.Table]]:
        """Yield the rows that touch a span [ns TAI], group by group: their numbers in the group, and columns of them.

        Of a channel and an entity, or of any where that is None.
        """
        needed = tuple(dict.fromkeys((*columns, "channel", "entity", "start_ns", "stop_ns")))
        for granule in self._find(start_ns, stop_ns):
            for group in self._groups.of(granule):
                if group.holds(channel, entity, start_ns, stop_ns):
                    table = self._groups.read(group, needed)
                    wanted = group.rows_of(table, channel, entity)
                    wanted &= (table["start_ns"].to_numpy() < stop_ns) & (table["stop_ns"].to_numpy() > start_ns)
                    yield group, np.flatnonzero(wanted), table.filter(pa.array(wanted))

    def rows(self, channel: str, entity: str, start_ns: int, stop_ns: int, *, buckets: bool = False) -> list[StoredRow]:
        """Return the rows of a channel of an entity that touch a span [ns TAI], with their buckets if asked for.

        Rows within two samples of the span are among them: they may stand for samples in it.
        """
        reach_ns = self._reach_ns.get((channel, entity), 0)
        found = self.rows_within(channel, entity, start_ns - reach_ns, stop_ns + reach_ns, buckets=buckets)
        wanted_ns = 2 * round(max((row.segment.period_ns for row in found), default=Fraction(0)))
        if wanted_ns > reach_ns:  # known from now on
            self._reach_ns[channel, entity] = wanted_ns
            found = self.rows_within(channel, entity, start_ns - wanted_ns, stop_ns + wanted_ns, buckets=buckets)
        return found

    def rows_within(
        self, channel: str | None, entity: str | None, start_ns: int, stop_ns: int, *, buckets: bool = False
    ) -> list[StoredRow]:
        """Return the rows that touch a span [ns TAI] and no others; of any channel or entity where that is None."""
        columns = (*_TOLD, *_BUCKETS) if buckets else _TOLD
        tables = self.tables(channel, entity, start_ns, stop_ns, columns)
        return [row for found in tables for row in _rows_of(*found)]

    def load(self, rows: Iterable[StoredRow]) -> Iterator[tuple[NDArray[Any], NDArray[np.uint32]]]:
        """Yield values (n,) and quality (n,) of rows in the order given; memory is bounded.

        Raises DamageError where a page or a blob is not what was written.
        """
        for row in rows:
            table = self._groups.read(row.group, _LOADED)
            codec, dtype, count, values, quality = (table[name][row.number].as_py() for name in _LOADED)
            yield decode(Blob(codec, dtype, values), count), decode_quality(quality, count)


def _rows_of(group: Group, numbers: NDArray[np.intp], table: pa.Table) -> Iterator[StoredRow]:
    there = _BUCKETS if _BUCKETS[0] in table.column_names else ()
    columns = [numbers.tolist(), *(table[name].to_pylist() for name in (*_TOLD, *there))]
    for number, channel, entity, start, numerator, denominator, count, union, dtype, *told in zip(
        *columns, strict=True
    ):
        segment = Segment(start, Fraction(numerator, denominator), count)
        width_ns, *blobs = told or (0, b"", b"")
        yield StoredRow(group, number, channel, entity, segment, untrusted(union), dtype, width_ns, tuple(blobs))
