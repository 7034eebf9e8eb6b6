"""Statistics of one channel of one entity from its rows: from the buckets beside them, or from their values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from telemus.archive.buckets import Buckets, concatenated, counted, cut_at, decode_buckets, grid_of, within
from telemus.archive.merge import Piece, resolved
from telemus.archive.stored_rows import StoredRow, StoredRows

Taken = tuple[StoredRow, Piece]


def taken_between(rows: Sequence[StoredRow], start_ns: int, stop_ns: int) -> list[Taken]:
    """Return what of rows, overlaps resolved, lies in a span [ns TAI], in order of time."""
    pieces = resolved([row.segment for row in rows], [row.trust_lost for row in rows])
    cut = [piece.between(start_ns, stop_ns) for piece in pieces]
    return [(rows[piece.row], piece) for piece in cut if piece is not None]


def between_edges(stored: StoredRows, taken: Sequence[Taken], edges_ns: NDArray[np.int64]) -> Buckets:
    """Return the statistics of pieces of rows between ascending edges [ns TAI], from their values.

    A bucket that several pieces share comes once for each.
    """
    parts = []
    for (_, piece), (values, quality) in zip(taken, stored.load(row for row, _ in taken), strict=True):
        ends = piece.segment.start_ns, piece.segment.stop_ns
        low, high = np.searchsorted(edges_ns, ends).tolist()
        own = edges_ns[max(low - 1, 0) : high + 2]
        starts, bounds = cut_at(piece.segment, own, piece.first, piece.last)
        if len(starts):
            part = slice(bounds[0], bounds[-1])
            parts.append(counted(starts, bounds - bounds[0], values[part], quality[part]))
    return concatenated(parts)


def on_grid(stored: StoredRows, rows: Sequence[StoredRow], start_ns: int, stop_ns: int, width_ns: int) -> Buckets:
    """Return the statistics of rows in a span [ns TAI] whose ends lie on the grid, in buckets no wider than the grid's.

    Whole rows answer with the buckets beside them. Values are read only of rows without, and of rows taken in part,
    for another copy of their samples was better. A bucket that several rows share comes once for each.
    """
    parts, rest = [], []
    pieces = resolved([row.segment for row in rows], [row.trust_lost for row in rows])
    for piece in pieces:
        row = rows[piece.row]
        if piece.whole and row.bucket_ns and width_ns % row.bucket_ns == 0:
            own = decode_buckets(*row.buckets, row.segment, row.bucket_ns, np.dtype(row.dtype))
            parts.append(within(own, start_ns, stop_ns))
        elif cut := piece.between(start_ns, stop_ns):
            rest.append((row, cut))
    for (_, piece), (values, quality) in zip(rest, stored.load(row for row, _ in rest), strict=True):
        starts, bounds = grid_of(piece.segment, width_ns, piece.first, piece.last)
        part = slice(bounds[0], bounds[-1])
        parts.append(counted(starts, bounds - bounds[0], values[part], quality[part]))
    return concatenated(parts)
