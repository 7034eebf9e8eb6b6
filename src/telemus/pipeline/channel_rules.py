"""Flags samples by the rules of their channel: limits, and counts that stand still."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.mission import BELIEVED, Channel, Limits
from telemus.series import Quality, Samples
from telemus.units import quantity_of, to_canonical

_FLAT_S = {"pressure_absolute": 0.1, "pressure_arterial": 0.1, "ecg": 0.1}
"""Longest time [s] that a waveform stands still on one count: a held value. Rule of practice for telemetry, 100 ms."""


def flagged(samples: Samples, raw: Samples, channel: Channel, *, limits: bool) -> Samples:
    """Return the samples with the bits of the channel's rules: UNVERIFIED outside limits, FLATLINE on held counts."""
    quality = samples.quality.copy()
    if limits and len(samples):
        for start_ns, stop_ns, one in channel.limits_between(BELIEVED, samples.start_ns, samples.stop_ns):
            part = rows_between(samples, start_ns, stop_ns)
            low, high = canonical_limits(channel, one)
            outside = (samples.values[part] < low) | (samples.values[part] > high)
            quality[part][outside] |= np.uint32(Quality.UNVERIFIED)
    longest_s = _FLAT_S.get(channel.quantity)
    if longest_s is not None:
        at = 0
        for segment in raw.segments:
            part = slice(at, at + segment.count)
            mark_flat(raw.values[part], quality[part], int(np.ceil(longest_s * segment.rate_hz)) + 1)
            at += segment.count
    return Samples(samples.segments, samples.values, quality, samples.unit)


def canonical_limits(channel: Channel, limits: Limits) -> tuple[float, float]:
    """Return the ends of limits in the canonical unit of the channel's quantity; an open end is infinite."""
    factor, shift = to_canonical(channel.unit, quantity_of(channel.quantity).dimension)
    if channel.reference is not None:
        shift = 0.0  # limits of a difference: an offset between scales drops out
    low = -np.inf if limits.low is None else limits.low * factor + shift
    high = np.inf if limits.high is None else limits.high * factor + shift
    return low, high


def rows_between(samples: Samples, start_ns: int, stop_ns: int) -> slice:
    """Return the rows of samples at or after one instant and before another [ns TAI]."""
    first = last = 0
    for segment in samples.segments:
        first += min(max(segment.index_at(start_ns), 0), segment.count)
        last += min(max(segment.index_at(stop_ns), 0), segment.count)
    return slice(first, last)


def mark_flat(counts: NDArray[np.generic], quality: NDArray[np.uint32], longest: int) -> None:
    """Set FLATLINE in place on every run of more than ``longest`` equal counts (n,).

    Counts, not values: a barometer that moves bends the straight line of a held value.

    >>> words = np.zeros(6, np.uint32)
    >>> mark_flat(np.array([1, 2, 2, 2, 2, 3]), words, 3); words.tolist()
    [0, 2, 2, 2, 2, 0]
    """
    stride = max(longest // 2, 1)
    if len(counts) <= longest:
        return
    # a run this long holds two neighbours of every stride-th count: only where those are equal is a run sought
    coarse = counts[::stride]
    starts = np.flatnonzero(coarse[1:] == coarse[:-1]) * stride
    inside = counts[starts[:, None] + np.arange(stride + 1)]
    if not (inside == inside[:, :1]).all(axis=1).any():
        return
    edges = np.concatenate([[0], np.flatnonzero(counts[1:] != counts[:-1]) + 1, [len(counts)]])
    for run in np.flatnonzero(np.diff(edges) > longest):
        quality[edges[run] : edges[run + 1]] |= np.uint32(Quality.FLATLINE)
