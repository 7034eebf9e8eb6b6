"""Join segmented packets into one by their sequence flags, for many packets at once (133.0-B-2 clause 4.1.3.4.2).

The segments of one group have one APID and sequence counts that follow one another; groups of different APIDs may
overlap. A joined packet is the first segment with its header, and the data fields of the others behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import (
    FLAG_CHECKSUM,
    FLAG_VERIFIED,
    PRIMARY_HEADER_BYTES,
    SEQUENCE_MODULO,
    UNSEGMENTED,
    PacketTable,
    empty_table,
    join_tables,
)
from telemus.packets.columns import Octets, pieces_at
from telemus.packets.groups import FIRST, LARGEST_GROUP_BYTES, LAST, PacketGroup


class Joined(NamedTuple):
    """Groups of segments as packets (g,): their octets and places in them, where each began in the stream, and more.

    ``complete`` is False where a segment is missing before, between or behind; ``last_count`` is the sequence count of
    the last segment that is there, ``segments`` how many are.
    """

    octets: Octets
    table: PacketTable
    stream_offset: NDArray[np.int64]
    last_count: NDArray[np.uint16]
    segments: NDArray[np.int64]
    complete: NDArray[np.bool_]

    def groups(self, rows: NDArray[np.intp]) -> list[PacketGroup]:
        """Return these rows one by one, whole packets with the header of their first segment."""
        columns = (*self.table[:4], self.last_count, self.segments, self.complete)
        return [
            PacketGroup(apid, count, last, segments, self.octets[start : start + size].tobytes(), complete)
            for start, size, apid, count, last, segments, complete in zip(
                *(column[rows].tolist() for column in columns), strict=True
            )
        ]


class SegmentJoiner:
    """Joins the segments of some APIDs as they come; what is open at the end of a block waits for the next.

    ``headers`` says for each of these APIDs how many octets of secondary header to take off every segment but the
    first of a group (where its header says that it has one).
    """

    def __init__(self, headers: Mapping[int, int]) -> None:
        self._headers = dict(headers)
        self._octets: Octets = np.empty(0, np.uint8)
        self._table, self._stream_offset = empty_table(), np.empty(0, np.int64)

    def is_segment(self, table: PacketTable) -> NDArray[np.bool_]:
        """Return (n,) True for the packets of these APIDs, also those that are not segmented: they end a group."""
        return np.isin(table.apid, list(self._headers))

    def join(self, buffer: Octets, table: PacketTable, base: int, *, final: bool) -> list[Joined]:
        """Take packets that are all ``is_segment``; return the groups that are done, APID by APID.

        ``base`` is where ``buffer`` begins in the stream [bytes].
        """
        octets = np.concatenate([self._octets, pieces_at(buffer, table.offset, table.length.astype(np.int64))])
        waiting = join_tables([self._table, table])
        length = waiting.length.astype(np.int64)
        waiting = waiting._replace(offset=np.cumsum(length) - length)
        stream_offset = np.concatenate([self._stream_offset, table.offset + base])
        found: list[Joined] = []
        left: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        for apid in np.unique(waiting.apid).tolist():
            rows = np.flatnonzero(waiting.apid == apid)
            first = _first_of_groups(waiting.take(rows))
            is_open = not final and _is_open(waiting.take(rows[first[-1] :]))
            if is_open:
                left.append(rows[first[-1] :])
                rows, first = rows[: first[-1]], first[:-1]
            if rows.size:
                mine = waiting.take(rows)
                found.append(_joined(octets, mine, stream_offset[rows], first, self._headers[apid]))
        keep = np.sort(np.concatenate(left))
        self._table, self._stream_offset = waiting.take(keep), stream_offset[keep]
        self._octets = pieces_at(octets, self._table.offset, self._table.length.astype(np.int64))
        return found


def _first_of_groups(table: PacketTable) -> NDArray[np.int64]:
    """Return the rows of one APID at which a group begins."""
    flags, count = table.sequence_flags, table.sequence_count.astype(np.int64)
    follows = count[1:] == (count[:-1] + 1) % SEQUENCE_MODULO
    ended = np.isin(flags[:-1], (LAST, UNSEGMENTED))
    begins = np.isin(flags[1:], (FIRST, UNSEGMENTED))
    return np.flatnonzero(np.concatenate([[True], ~follows | ended | begins]))


def _is_open(group: PacketTable) -> bool:
    """Return whether more may come; a group that never ends is broken at a bounded size."""
    ended = group.sequence_flags[-1] in (LAST, UNSEGMENTED)
    return not ended and int(group.length.sum()) <= LARGEST_GROUP_BYTES


def _joined(
    octets: Octets, table: PacketTable, stream_offset: NDArray[np.int64], first: NDArray[np.int64], header_bytes: int
) -> Joined:
    taken = PRIMARY_HEADER_BYTES + np.where(table.has_secondary_header, header_bytes, 0)
    taken[first] = 0
    width = np.maximum(table.length.astype(np.int64) - taken, 0)
    data = pieces_at(octets, table.offset + taken, width)
    last = np.concatenate([first[1:], [table.size]]) - 1
    length = np.add.reduceat(width, first)
    flags, begins, ends = table.flags[first], table.sequence_flags[first], table.sequence_flags[last]
    for bit in (FLAG_VERIFIED, FLAG_CHECKSUM):
        flags &= ~np.where(np.logical_and.reduceat((table.flags & bit) != 0, first), 0, bit).astype(np.uint8)
    joined = PacketTable(
        np.cumsum(length) - length, length.astype(np.int32), table.apid[first], table.sequence_count[first], flags
    )
    whole = ((begins == FIRST) & (ends == LAST)) | (begins == UNSEGMENTED)
    return Joined(data, joined, stream_offset[first], table.sequence_count[last], last - first + 1, whole)
