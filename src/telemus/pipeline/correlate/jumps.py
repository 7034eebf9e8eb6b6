"""Where the counter jumped: found by the rhythm of the packets, for no packet says so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.pipeline.correlate.stretch import Times


class Jump(NamedTuple):
    """The first row behind a jump, and whether the packets' rhythm shows that there was one.

    ``seen`` is None where no stream has a rhythm by which it could show.
    """

    row: int
    seen: bool | None


def find_jump(onboard_ns: Times, stream: NDArray[np.int64], jump_ns: float, first: int) -> Jump:
    """Return the row, at or after ``first``, from which on the counter is ahead by ``jump_ns`` [ns].

    Each stream that is off its interval by the jump names the rows between which it happened; where none is (the
    jump fell into a pause), those with the longest pause do. The row that most of them allow is returned, the last row
    where no stream has a rhythm.
    """
    exact: list[tuple[int, int]] = []
    pauses: list[tuple[int, int]] = []
    rhythm = False
    for one in np.unique(stream).tolist():
        rows = np.flatnonzero(stream == one)
        steps = np.diff(onboard_ns[rows]).astype(np.float64)
        if len(steps) < 2:
            continue
        interval = float(np.median(steps))
        here = rows[1:] >= first
        rhythm |= bool(here.any())
        usable = here & (np.abs(steps - interval) > abs(jump_ns) / 4)
        if not usable.any():
            continue
        off = np.where(usable, np.abs(steps - interval - jump_ns), np.inf)
        best = int(np.argmin(off))
        if off[best] < max(abs(jump_ns), interval) / 4:
            exact.append((int(rows[best]), int(rows[best + 1])))
        else:
            best = int(np.argmax(np.where(usable, steps, -np.inf)))
            pauses.append((int(rows[best]), int(rows[best + 1])))
    votes = np.array(exact or pauses, np.int64).reshape(-1, 2)
    if len(votes) == 0:
        return Jump(len(onboard_ns) - 1, False if rhythm else None)
    candidates = np.unique(votes[:, 1])
    counts = [int(np.count_nonzero((votes[:, 0] < row) & (row <= votes[:, 1]))) for row in candidates.tolist()]
    return Jump(max(int(candidates[int(np.argmax(counts))]), first), True)


def rows_beside(stream: NDArray[np.int64], row: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the last row of each stream before ``row``, and the first of each from it on.

    >>> [rows.tolist() for rows in rows_beside(np.array([7, 8, 7, 7, 8]), 3)]
    [[2, 1], [3, 4]]
    """
    _, last = np.unique(stream[:row][::-1], return_index=True)
    _, first = np.unique(stream[row:], return_index=True)
    return (row - 1 - last).astype(np.int64), (row + first).astype(np.int64)
