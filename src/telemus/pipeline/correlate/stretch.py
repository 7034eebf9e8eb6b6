"""A stretch: knots between which the counter ran without interruption, and the line through them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import Correlation, rounded_half_even

Times = NDArray[np.int64]

MAX_DRIFT = 200e-6
"""How far an oscillator that nobody has measured yet may be off: 200 ppm, ten times a plain quartz."""
CHANGING_DRIFT = 10e-6
"""How far the rate of a stretch may have moved since its last two knots: 10 ppm."""


class Knot(NamedTuple):
    """One time packet: counter as if it never rolled over, and TAI [ns]."""

    onboard_ns: int
    tai_ns: int


class Rate(NamedTuple):
    """TAI per counter as a ratio of whole nanoseconds, so that no float has a part in a time."""

    tai_ns: int = 1
    onboard_ns: int = 1


class Stretch:
    """Knots in order, and the line through them.

    ``knots`` are the time packets of the file itself; ``guides`` those of other files that lie on the same run of the
    counter. With a single knot the line has the ``rate`` that is assumed. A stretch that is not ``verified`` was
    borrowed, for want of a time packet in the file.
    """

    def __init__(
        self,
        knots: list[Knot],
        *,
        verified: bool = True,
        rate: Rate | None = None,
        guides: Sequence[Knot] = (),
    ) -> None:
        self.knots = knots
        self.verified = verified
        self._assumed = rate or Rate()
        self._guides = sorted(guides)
        self._table = np.array(_merged(knots, self._guides), np.int64).reshape(-1, 2)
        self._count = len(self._table)

    @property
    def line(self) -> NDArray[np.int64]:
        """Return all knots, with those of other files between them, ascending on both scales (n, 2) [ns]."""
        return self._table[: self._count]

    @property
    def settled(self) -> bool:
        """Return whether the line rests on two knots or more."""
        return len(self.line) > 1

    @property
    def rate(self) -> Rate:
        """Return TAI per counter over all knots; with one knot what was assumed."""
        if not self.settled:
            return self._assumed
        run, rise = (int(column[-1] - column[0]) for column in self.line.T)
        return Rate(rise, run)

    @property
    def last_rate(self) -> Rate:
        """Return TAI per counter between the last two knots; with one knot what was assumed."""
        if not self.settled:
            return self._assumed
        run, rise = (int(column[-1] - column[-2]) for column in self.line.T)
        return Rate(rise, run)

    def away_ns(self, onboard_ns: Times) -> Times:
        """Return how far counter values (n,) lie from the span of the knots [ns]; 0 between them."""
        first, last = int(self.line[0, 0]), int(self.line[-1, 0])
        return np.maximum(np.maximum(first - onboard_ns, onboard_ns - last), 0)

    def reach_ns(self, step_limit_ns: int) -> int:
        """Return how far from a knot a changing drift stays within the limit by which a step is told [ns]."""
        return round(step_limit_ns / (CHANGING_DRIFT if self.settled else MAX_DRIFT))

    def nearest_ns(self, onboard_ns: int) -> int:
        """Return the distance from a counter value to the nearest knot [ns]."""
        return int(np.abs(self.line[:, 0] - onboard_ns).min())

    def holds(self, knot: Knot, step_limit_ns: int) -> bool:
        """Return whether a knot lies on the line of this stretch."""
        tai_ns, _ = self.convert(np.array([knot.onboard_ns]))
        drift = CHANGING_DRIFT if self.settled else MAX_DRIFT
        allowed = step_limit_ns + self.nearest_ns(knot.onboard_ns) * drift
        return abs(int(tai_ns[0]) - knot.tai_ns) <= allowed

    def add(self, knot: Knot) -> bool:
        """Take a knot up if it is the latest, and tell so; one that came late lies on the line and adds nothing."""
        last = self.knots[-1]
        if knot.onboard_ns <= last.onboard_ns or knot.tai_ns <= last.tai_ns:
            return False
        self.knots.append(knot)
        if self._guides:
            self._table = np.array(_merged(self.knots, self._guides), np.int64)
            self._count = len(self._table)
            return True
        if self._count == len(self._table):  # twice the room: a month of knots is not copied at each of them
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        self._table[self._count] = knot
        self._count += 1
        return True

    def convert(self, onboard_ns: Times) -> tuple[Times, NDArray[np.float64]]:
        """Return (tai_ns, TAI per counter) of counter values (n,); the times are exact, to the nearest nanosecond."""
        if not self.settled:
            knot, rate, since = self.knots[0], self._assumed, onboard_ns - self.knots[0].onboard_ns
            drift = rounded_half_even(since, rate.tai_ns - rate.onboard_ns, rate.onboard_ns)
            return knot.tai_ns + since + drift, np.full(len(onboard_ns), rate.tai_ns / rate.onboard_ns)
        knots_ns, stated_ns = (np.ascontiguousarray(column) for column in self._around(onboard_ns).T)
        # a packet beside a knot takes the slope of the interval that ends there: the next knot may not have come yet
        row = np.clip(np.searchsorted(knots_ns, onboard_ns, side="left") - 1, 0, len(knots_ns) - 2)
        slope = np.diff(stated_ns) / np.diff(knots_ns)
        return Correlation(knots_ns, stated_ns).to_tai(onboard_ns), slope[row]

    def _around(self, onboard_ns: Times) -> NDArray[np.int64]:
        """Return the knots between which counter values (n,) lie, with one more on either side; two at least."""
        knots_ns, count = self.line[:, 0], self._count
        if len(onboard_ns) == 0:
            return self.line[:2]
        first = min(max(int(np.searchsorted(knots_ns, onboard_ns.min(), side="left")) - 1, 0), count - 2)
        last = max(int(np.searchsorted(knots_ns, onboard_ns.max(), side="right")) + 1, first + 2)
        return self.line[first:last]


def _merged(knots: list[Knot], guides: list[Knot]) -> list[Knot]:
    """Return knots with the guides that keep both scales ascending.

    >>> _merged([Knot(10, 11), Knot(30, 33)], [Knot(5, 5), Knot(20, 22), Knot(25, 34), Knot(30, 33)])
    [Knot(onboard_ns=5, tai_ns=5), Knot(onboard_ns=10, tai_ns=11), Knot(onboard_ns=20, tai_ns=22), \
Knot(onboard_ns=30, tai_ns=33)]
    """
    places: dict[int, list[Knot]] = {}
    for guide in guides:
        place = bisect_left(knots, guide)
        before = places.get(place) or knots[place - 1 : place] if place else places.get(place)
        after = knots[place : place + 1]
        fits = not before or (before[-1].onboard_ns < guide.onboard_ns and before[-1].tai_ns < guide.tai_ns)
        if fits and (not after or (guide.onboard_ns < after[0].onboard_ns and guide.tai_ns < after[0].tai_ns)):
            places.setdefault(place, []).append(guide)
    result: list[Knot] = []
    for place in range(len(knots) + 1):
        result += places.get(place, [])
        result += knots[place : place + 1]
    return result
