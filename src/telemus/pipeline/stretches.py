"""Cuts samples into stretches without a hole, each sample with its number in the whole recording.

Rows that touch belong together: a sensor's clock drifts, so a long recording is many rows of slightly different periods
without any gap between them. A detector that works on a grid of samples must find the same grid, and give a sample the
same time, wherever the recording is cut for reading; so both are counted from where the stretch began:

    recording   |-- row --|-- row --|-- row --|      |-- row --|        numbers start at 0 in each stretch
    reading                  [===========]                              ... and go on from where the stretch began
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.series import Samples, Segment

_TOUCH = 0.5
"""A row goes on where the one ahead stops if it starts within this share of a period of that time."""
_SAME_RATE = 1e-3
"""Two rows are of one recording where their periods differ by less than this share."""


class Anchors(NamedTuple):
    """The rows of a recording in order of time (k,): where each stands, and the number of its first sample."""

    rows: tuple[Segment, ...]
    start_ns: NDArray[np.int64]
    stop_ns: NDArray[np.int64]
    number: NDArray[np.int64]

    def around(self, start_ns: int, stop_ns: int) -> Anchors:
        """Return the rows that touch a span [ns TAI], with their numbers."""
        kept = np.flatnonzero((self.start_ns < stop_ns) & (self.stop_ns > start_ns))
        rows = tuple(self.rows[k] for k in kept.tolist())
        return Anchors(rows, self.start_ns[kept], self.stop_ns[kept], self.number[kept])

    def shifted(self, by_ns: int) -> Anchors:
        """Return the rows moved in time [ns]."""
        if by_ns == 0:
            return self
        rows = tuple(Segment(row.start_ns + by_ns, row.period_ns, row.count) for row in self.rows)
        return Anchors(rows, self.start_ns + by_ns, self.stop_ns + by_ns, self.number)

    def spans_ns(self) -> NDArray[np.int64]:
        """Return start and stop of each row [ns TAI] (k, 2)."""
        return np.stack([self.start_ns, self.stop_ns], axis=1)


def goes_on(one: Segment, after: Segment) -> bool:
    """Return whether a row goes on, at the same rate, where the one ahead stops, or before: no sample is missing."""
    if after.start_ns - one.stop_ns > _TOUCH * float(one.period_ns):
        return False
    return abs(float(after.period_ns / one.period_ns) - 1.0) < _SAME_RATE


def anchors_of(rows: Iterable[Segment]) -> Anchors:
    """Return the anchors of rows in order of time; numbers begin at 0 after each gap. Rows may overlap.

    >>> from fractions import Fraction
    >>> rows = [Segment(0, Fraction(10), 5), Segment(50, Fraction(10), 5), Segment(200, Fraction(10), 5)]
    >>> anchors_of(rows).number.tolist()
    [0, 5, 0]
    """
    kept = tuple(sorted(rows, key=lambda row: row.start_ns))
    stops = [row.stop_ns for row in kept]
    numbers: list[int] = []
    furthest = -1  # the row that reaches furthest so far
    for place, row in enumerate(kept):
        if furthest >= 0 and goes_on(kept[furthest], row):
            since_ns = row.start_ns - kept[furthest].start_ns
            numbers.append(numbers[furthest] + round(since_ns / kept[furthest].period_ns))
        else:
            numbers.append(0)
        if furthest < 0 or stops[place] > stops[furthest]:
            furthest = place
    starts = np.array([row.start_ns for row in kept], np.int64)
    return Anchors(kept, starts, np.array(stops, np.int64), np.array(numbers, np.int64))


class Stretch(NamedTuple):
    """Samples without a hole: values and quality (n,), and the number of the first one in the recording.

    ``rows`` are the anchors from the row on in which the stretch begins, ``numbers`` theirs.
    """

    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    number: int
    rows: tuple[Segment, ...]
    numbers: NDArray[np.int64]

    def time_at(self, index: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the time [ns TAI] at sample indices of the stretch, whole or fractional (k,).

        The time comes from the row of the recording that holds the sample, whatever was read around it.
        """
        absolute = np.asarray(index, np.float64) + self.number
        row = np.clip(np.searchsorted(self.numbers, np.floor(absolute), side="right") - 1, 0, None)
        times = np.zeros(len(absolute), np.int64)
        for number in np.unique(row).tolist():
            inside = row == number
            times[inside] = self.rows[number].time_at(absolute[inside] - self.numbers[number])
        return times


def stretches(samples: Samples, anchors: Anchors) -> Iterator[Stretch]:
    """Yield the stretches of samples, in order of time, numbered by the anchors of the whole recording."""
    first = at = 0
    held: list[Segment] = []
    for segment in samples.segments:
        if held and not goes_on(held[-1], segment):
            yield _stretch(samples, held[0], slice(first, at), anchors)
            held, first = [], at
        held.append(segment)
        at += segment.count
    if held:
        yield _stretch(samples, held[0], slice(first, at), anchors)


def _stretch(samples: Samples, begin: Segment, part: slice, anchors: Anchors) -> Stretch:
    """Return one stretch with the anchors that number it: those from its first row to the next gap."""
    half_ns = round(begin.period_ns / 2)
    row = max(int(np.searchsorted(anchors.start_ns, begin.start_ns + half_ns, side="right")) - 1, 0)
    later = np.flatnonzero(np.diff(anchors.number[row:]) <= 0)
    last = row + int(later[0]) + 1 if len(later) else len(anchors.rows)
    held = anchors.rows[row]
    number = int(anchors.number[row]) + round((begin.start_ns - held.start_ns) / held.period_ns)
    return Stretch(
        samples.values[part], samples.quality[part], number, anchors.rows[row:last], anchors.number[row:last]
    )
