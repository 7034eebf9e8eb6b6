"""Statistics of samples in buckets of time: minimum, maximum, sum, number of samples, union of quality.

A bucket is half-open, [start, start + width), and a sample belongs to the bucket in which its time lies. Buckets that
hold no sample are left out. All five statistics of a wide bucket follow from those of the narrow ones inside it, so a
pyramid of widths can stand in for the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.archive.codec import decode_quality, encode_quality, pack, unpack
from telemus.series import Segment


class Buckets(NamedTuple):
    """Statistics of buckets in order of time (n,).

    ``start_ns`` [ns TAI] may come twice where a bucket was counted in two parts; ``minimum``, ``maximum`` and ``sum``
    [count] are float64: exact for integers below 2^53. A value that is NaN is not counted; a bucket of such values
    alone has 0 samples, NaN and its quality.
    """

    start_ns: NDArray[np.int64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    sum: NDArray[np.float64]
    samples: NDArray[np.int64]
    quality: NDArray[np.uint32]


def empty() -> Buckets:
    """Return no buckets."""
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    return Buckets(whole, real, real, real, whole, np.zeros(0, np.uint32))


def concatenated(parts: Sequence[Buckets]) -> Buckets:
    """Return buckets of several parts one after the other."""
    return Buckets._make(np.concatenate(columns) for columns in zip(*(empty(), *parts), strict=True))


def counted(
    start_ns: NDArray[np.int64], bounds: NDArray[np.int64], values: NDArray[Any], quality: NDArray[np.uint32]
) -> Buckets:
    """Return the statistics of values (m,) cut at ascending indices: bucket k holds ``bounds[k]`` to ``bounds[k + 1]``.

    >>> values, quality = np.array([3, 1, 7, 7], np.int16), np.array([0, 4, 1, 0], np.uint32)
    >>> found = counted(np.array([0, 100]), np.array([0, 2, 4]), values, quality)
    >>> found.minimum.tolist(), found.sum.tolist(), found.quality.tolist()
    ([1.0, 7.0], [4.0, 14.0], [4, 1])
    """
    first, count = bounds[:-1], np.diff(bounds)
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        if missing.any():
            count = count - np.add.reduceat(missing, first, dtype=np.int64)
        total = np.add.reduceat(np.where(missing, 0.0, values), first, dtype=np.float64)
    else:  # 64-bit counts could overflow an integer sum
        total = np.add.reduceat(values, first, dtype=np.int64 if values.dtype.itemsize <= 4 else np.float64)
    union = np.bitwise_or.reduceat(quality, first) if quality.any() else np.zeros(len(first), np.uint32)
    low, high = np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)
    return Buckets(start_ns, low.astype(np.float64), high.astype(np.float64), total.astype(np.float64), count, union)


def union_of(quality: NDArray[np.uint32]) -> int:
    """Return the union of quality words (n,); most are all 0, which is seen eight times as quickly."""
    return int(np.bitwise_or.reduce(quality)) if quality.any() else 0


def grid_of(
    segment: Segment, width_ns: int, first: int = 0, last: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the starts (k,) [ns TAI] of the buckets of a grid that hold samples of a segment, and their bounds (k+1,).

    The grid is that of whole multiples of the width since the epoch. Of samples ``first`` to ``last`` only, if named.

    >>> from fractions import Fraction
    >>> starts, bounds = grid_of(Segment(250, Fraction(100), 4), 300)
    >>> starts.tolist(), bounds.tolist()
    ([0, 300], [0, 1, 4])
    """
    last = segment.count if last is None else last
    if segment.period_ns * 2 > width_ns:  # more buckets than samples: ask each sample
        numbers = _floor_ns(segment, first, last) // width_ns
        begins = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
        return numbers[begins] * width_ns, np.append(begins + first, last)
    low, high = (int(_floor_ns(segment, index, index + 1)[0]) // width_ns for index in (first, last - 1))
    return cut_at(segment, np.arange(low, high + 2, dtype=np.int64) * width_ns, first, last)


def cut_at(
    segment: Segment, edges_ns: NDArray[np.int64], first: int = 0, last: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the starts (k,) of the buckets between ascending edges that hold samples of a segment, and bounds (k+1,).

    Samples outside the edges are in none; of samples ``first`` to ``last`` only, if named.
    """
    bounds = np.clip(segment.indices_at(edges_ns), first, segment.count if last is None else last)
    holding = np.flatnonzero(bounds[1:] > bounds[:-1])
    if not len(holding):
        return edges_ns[:0], bounds[:1]
    return edges_ns[holding], np.append(bounds[holding], bounds[holding[-1] + 1])


def _floor_ns(segment: Segment, first: int, last: int) -> NDArray[np.int64]:
    """Return the times [ns TAI] of samples, rounded down: what ``index_at`` compares with."""
    numerator, denominator = segment.period_ns.numerator, segment.period_ns.denominator
    index = np.arange(first, last, dtype=np.int64)
    if last * numerator >= 1 << 62:  # beyond int64: Python's own integers
        index = index.astype(object)
    return np.asarray(segment.start_ns + index * numerator // denominator, np.int64)


def grouped(parts: Buckets, edges_ns: NDArray[np.int64]) -> Buckets:
    """Return buckets as the wider ones between ascending edges [ns TAI] that hold any; those outside are left out."""
    return _reduced(parts, edges_ns[:-1], np.searchsorted(edges_ns, parts.start_ns, side="right") - 1)


def widened(parts: Buckets, width_ns: int) -> Buckets:
    """Return buckets as those of a wider grid."""
    number = parts.start_ns // width_ns
    kinds, place = np.unique(number, return_inverse=True)
    return _reduced(parts, kinds * width_ns, place)


def within(parts: Buckets, start_ns: int, stop_ns: int) -> Buckets:
    """Return the buckets that start in a span [ns TAI]."""
    kept = (parts.start_ns >= start_ns) & (parts.start_ns < stop_ns)
    return parts if kept.all() else Buckets._make(column[kept] for column in parts)


def _reduced(parts: Buckets, starts_ns: NDArray[np.int64], place: NDArray[np.int64]) -> Buckets:
    """Return one bucket for each place that is named, in ascending order; places outside ``starts_ns`` are dropped."""
    inside = (place >= 0) & (place < len(starts_ns))
    if not inside.all():
        parts, place = Buckets._make(column[inside] for column in parts), place[inside]
    if not len(place):
        return empty()
    if np.any(place[1:] < place[:-1]):
        order = np.argsort(place, kind="stable")
        parts, place = Buckets._make(column[order] for column in parts), place[order]
    first = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
    return Buckets(
        starts_ns[place[first]],
        np.fmin.reduceat(parts.minimum, first),
        np.fmax.reduceat(parts.maximum, first),
        np.add.reduceat(parts.sum, first),
        np.add.reduceat(parts.samples, first),
        np.bitwise_or.reduceat(parts.quality, first),
    )


def encode_buckets(found: Buckets, dtype: np.dtype[Any]) -> tuple[bytes, bytes]:
    """Return the statistics of one run of values of a type as a blob, and their quality as runs.

    Starts and numbers of samples are not in it: they follow from the run's segment (``grid_of``), so no value may be
    NaN.
    """
    columns = zip((found.minimum, found.maximum, found.sum), _kinds(dtype), strict=True)
    return pack([column.astype(kind) for column, kind in columns]), encode_quality(found.quality)


def decode_buckets(data: bytes, quality: bytes, segment: Segment, width_ns: int, dtype: np.dtype[Any]) -> Buckets:
    """Return the statistics of a run's buckets. Raises DamageError where the bytes are not those of such a run."""
    starts, bounds = grid_of(segment, width_ns)
    columns = [column.astype(np.float64) for column in unpack(data, _kinds(dtype), len(starts))]
    return Buckets._make((starts, *columns, np.diff(bounds), decode_quality(quality, len(starts))))


def _kinds(dtype: np.dtype[Any]) -> list[np.dtype[Any]]:
    """Return the types in which minimum, maximum and sum of values of a type are kept exactly."""
    own = dtype.newbyteorder("<")
    return [own, own, np.dtype("<i8" if dtype.kind in "iu" else "<f8")]
