"""Say which copies of frames that several passes hold are wanted, and in which order.

Two stations that heard the same flight, or two deliveries of one pass, hold many frames twice, each with its own
losses. Frames of one virtual channel are told apart by their counts, but counts roll over, and begin anew when the
spacecraft does: what was heard twice shows where two passes lie against each other. So a *run*, a stretch of one pass
whose counts go on, is put where most of its frames have the same content as frames of the passes before it. A run that
has nothing in common with them is put by its counts alone where these have at least 16 bits, at the nearest place, and
behind everything else where they have 8.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_decoder import Frames
from telemus.packets.frames.frame_table import ONLY_IDLE

UNAMBIGUOUS_MODULO = 1 << 16

Places = NDArray[np.int64]


class Heard(NamedTuple):
    """Frames of one virtual channel in one pass, in the order in which they came (n,).

    ``digest`` stands for the content, 0 for idle frames, which repeat; ``errors`` are the symbols corrected.
    """

    frame_count: Places
    modulo: Places
    digest: NDArray[np.uint64]
    errors: Places


class _Placed(NamedTuple):
    """Frames (n,) by the stretch of counting (``era``) that they are of, and their count in it without rollover."""

    era: Places
    unrolled: Places


class Choice(NamedTuple):
    """The best copies in the order of their counts: their passes, and their places in the channel there (n,)."""

    source: Places
    ordinal: Places


def heard(frames: Frames) -> Heard:
    """Return what the index keeps of frames (n): 32 bytes of each."""
    table = frames.table
    digests = [
        0 if idle else int.from_bytes(hashlib.blake2b(row[:length], digest_size=8).digest(), "big") | 1
        for row, length, idle in zip(
            np.ascontiguousarray(frames.rows), table.length.tolist(), (table.pointer == ONLY_IDLE).tolist(), strict=True
        )
    ]
    errors = np.maximum(frames.symbols, 0).sum(1, dtype=np.int64) + frames.header_symbols
    return Heard(table.frame_count, table.modulo, np.array(digests, np.uint64), errors)


def join(parts: list[Heard]) -> Heard:
    """Return frames one after another."""
    return Heard(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def choose(passes: list[Heard | None]) -> Choice:
    """Return the best copy of every frame that any of the passes holds; the fewest corrections win, then the first."""
    given = [(source, one) for source, one in enumerate(passes) if one is not None]
    placed: list[_Placed] = []
    for _, one in given:
        placed.append(_place(one, [other for _, other in given[: len(placed)]], placed))
    source = np.concatenate([np.full(one.frame_count.size, number) for number, one in given])
    ordinal = np.concatenate([np.arange(one.frame_count.size) for _, one in given])
    errors = np.concatenate([one.errors for _, one in given])
    era, count = (np.concatenate(columns) for columns in zip(*placed, strict=True))
    order = np.lexsort((ordinal, source, errors, count, era))
    first = np.ones(order.size, np.bool_)
    first[1:] = (np.diff(era[order]) != 0) | (np.diff(count[order]) != 0)
    return Choice(source[order][first], ordinal[order][first])


def _runs(one: Heard) -> tuple[Places, Places]:
    """Return the run that each frame is of (n,), and its count in it, without rollover."""
    modulo = np.maximum(one.modulo, 1)
    step = np.diff(one.frame_count, prepend=one.frame_count[:1]) % modulo
    step[one.modulo == 0] = 1
    again = np.concatenate([[True], one.digest[1:] == one.digest[:-1]])
    breaks = (step > modulo // 2) | ((step == 0) & ~again)
    breaks[0] = False
    step[breaks] = 0
    run, total = np.cumsum(breaks), np.cumsum(step)
    starts = np.concatenate([[0], np.flatnonzero(breaks)])
    return run, one.frame_count[starts][run] + total - total[starts][run]


def _place(one: Heard, others: list[Heard], placed: list[_Placed]) -> _Placed:
    """Put each run of a pass where its content, or else its counts, say."""
    run, count = _runs(one)
    era, total = np.empty(count.size, np.int64), np.empty(count.size, np.int64)
    known = join(others) if others else None
    at = _Placed(*(np.concatenate(columns) for columns in zip(*placed, strict=True))) if placed else None
    latest = int(at.era.max()) + 1 if at is not None else 0
    bounds = [0, *(np.flatnonzero(np.diff(run)) + 1).tolist(), count.size]
    anchors = _anchors(one, known) if known is not None else np.full(count.size, -1)
    for first, stop in pairwise(bounds):
        part = slice(first, stop)
        which, shift = latest, 0
        if at is not None and (found := _vote(anchors[part], count[part], at)) is not None:
            which, shift = found
        elif at is not None and first == 0 and one.modulo[0] >= UNAMBIGUOUS_MODULO:
            which, shift = _nearest(int(count[0]), int(one.modulo[0]), at)
        latest = max(latest, which + 1)
        era[part], total[part] = which, count[part] + shift
    return _Placed(era, total)


def _anchors(one: Heard, known: Heard) -> Places:
    """Return for each frame (n,) a known one of the same content, -1 if there is none."""
    digests, first = np.unique(known.digest, return_index=True)
    found = np.minimum(np.searchsorted(digests, one.digest), digests.size - 1)
    same = (digests[found] == one.digest) & (one.digest != 0)
    return np.where(same, first[found], -1)


def _vote(anchors: Places, count: Places, at: _Placed) -> tuple[int, int] | None:
    """Return the era and the shift of counts that most of a run's frames speak for."""
    matched = anchors >= 0
    if not matched.any():
        return None
    spoken = np.stack([at.era[anchors[matched]], at.unrolled[anchors[matched]] - count[matched]], axis=1)
    values, votes = np.unique(spoken, axis=0, return_counts=True)
    era, shift = values[np.argmax(votes)].tolist()
    return era, shift


def _nearest(count: int, modulo: int, at: _Placed) -> tuple[int, int]:
    """Return the last era, and the multiple of the modulo that brings a count nearest to what is known of it."""
    era = int(at.era.max())
    middle = int(np.median(at.unrolled[at.era == era]))
    return era, round((middle - count) / modulo) * modulo
