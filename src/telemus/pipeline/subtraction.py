"""Subtracts a correction that is known at instants, linear between them, from evenly spaced samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.series import NS_PER_S, Quality, Samples, Segment

BAROMETER_GAP_NS = 5 * NS_PER_S
"""The barometer is interpolated over no more than this [ns]; the air of a cage changes slower, but not by a promise."""

UNTRUSTED = int(
    Quality.DROPOUT | Quality.FLATLINE | Quality.RAIL | Quality.SPIKE | Quality.CHECKSUM_FAILED | Quality.UNVERIFIED
)
"""Bits that keep a barometer reading out of the correction."""


class Correction(NamedTuple):
    """What is subtracted from a channel, at the instants of the reference channel; between them it is linear.

    times_ns (k,) int64 [ns TAI] ascending; reference (k,) and zero (k,) in the canonical unit [mmHg for pressure];
    provisional (k,) bool: the zero offset is not closed by a later reading; quality (k,) uint32 of the reference.
    """

    times_ns: NDArray[np.int64]
    reference: NDArray[np.float64]
    zero: NDArray[np.float64]
    provisional: NDArray[np.bool_]
    quality: NDArray[np.uint32]


def subtract(samples: Samples, knots: Correction, longest_gap_ns: int = BAROMETER_GAP_NS) -> Samples:
    """Subtract a correction that is linear between its knots.

    Knots with a bit of ``UNTRUSTED`` or NaN are left out. Two knots in use that stand further apart than
    ``longest_gap_ns`` are not joined: each holds for half of that, as the first and the last do outwards; beyond, the
    result is NaN with UNVERIFIED.
    """
    usable = ((knots.quality & np.uint32(UNTRUSTED)) == 0) & np.isfinite(knots.reference)
    times_ns, offsets = knots.times_ns[usable], (knots.reference + knots.zero)[usable]
    values, quality = np.array(samples.values, np.float64), samples.quality.copy()
    at = 0
    for segment in samples.segments:
        part = slice(at, at + segment.count)
        _subtract_from_segment(values[part], quality[part], segment, (times_ns, offsets), longest_gap_ns)
        at += segment.count
    return Samples(samples.segments, values, quality, samples.unit)


def _subtract_from_segment(
    values: NDArray[np.float64],
    quality: NDArray[np.uint32],
    segment: Segment,
    knots: tuple[NDArray[np.int64], NDArray[np.float64]],
    longest_gap_ns: int,
) -> None:
    """Subtract straight lines between knots from one segment in place; one line per piece, no search per sample."""
    times_ns, offsets, open_pieces = _bordered(*knots, longest_gap_ns)
    first = max(int(np.searchsorted(times_ns, segment.start_ns, side="right")) - 1, 0)
    last = int(np.searchsorted(times_ns, segment.stop_ns, side="left")) + 1
    times_ns, offsets, open_pieces = times_ns[first:last], offsets[first:last], open_pieces[first : last - 1]
    if len(times_ns) < 2:
        values[:] = np.nan
        quality |= np.uint32(Quality.UNVERIFIED)
        return
    position = (times_ns - segment.start_ns) / float(segment.period_ns)
    edges = np.clip(np.ceil(position), 0, segment.count).astype(np.int64)
    slope = np.diff(offsets) / np.diff(position)
    slope[open_pieces] = np.nan
    level = offsets[:-1] - slope * position[:-1]
    counts = np.diff(edges)
    inner = slice(int(edges[0]), int(edges[-1]))
    index = np.arange(edges[0], edges[-1], dtype=np.float64)
    index *= np.repeat(slope, counts)
    index += np.repeat(level, counts)
    values[inner] -= index
    for outside in (slice(0, inner.start), slice(inner.stop, segment.count)):
        values[outside] = np.nan
        quality[outside] |= np.uint32(Quality.UNVERIFIED)
    for piece in np.flatnonzero(np.isnan(slope) & (counts > 0)):
        quality[edges[piece] : edges[piece + 1]] |= np.uint32(Quality.UNVERIFIED)


def _bordered(
    times_ns: NDArray[np.int64], offsets: NDArray[np.float64], longest_gap_ns: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return knots, with two more in each gap and one at either end up to which the nearest holds; and what is open.

    The last array tells for each piece between two knots whether nothing is known in it.
    """
    if len(times_ns) == 0:
        return times_ns, offsets, np.zeros(0, bool)
    hold_ns = longest_gap_ns // 2
    before = np.flatnonzero(np.diff(times_ns) > longest_gap_ns)
    places = np.concatenate([[0], np.repeat(before + 1, 2), [len(times_ns)]])
    holds = np.stack([times_ns[before] + hold_ns, times_ns[before + 1] - hold_ns], axis=1).ravel()
    held = np.stack([offsets[before], offsets[before + 1]], axis=1).ravel()
    times = np.insert(times_ns, places, np.concatenate([times_ns[:1] - hold_ns, holds, times_ns[-1:] + hold_ns]))
    values = np.insert(offsets, places, np.concatenate([offsets[:1], held, offsets[-1:]]))
    open_pieces = np.zeros(len(times) - 1, bool)
    open_pieces[before + 2 + 2 * np.arange(len(before))] = True
    return times, values, open_pieces
