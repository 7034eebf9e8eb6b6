"""Turn the recorder's counter into TAI while packets arrive, in bounded memory.

The counter may roll over, start again and be set. Time packets tie it to TAI; the knots between which it ran without
interruption form a *stretch*. Packets wait until the knot behind them has come: if it lies on the line of the stretch,
they lie between two knots; if not, the counter was set or started again somewhere between the two, and that place is
found by the rhythm of the packets themselves: every stream (the packets of one kind and one entity) comes at a steady
interval, and where the counter jumped that interval is off by the jump.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, Correlation
from telemus.series import Quality

Times = NDArray[np.int64]

MAX_DRIFT = 200e-6
"""How far an oscillator that nobody has measured yet may be off: 200 ppm, ten times a plain quartz."""
CHANGING_DRIFT = 10e-6
"""How far the rate of a stretch may have moved since its last two knots: 10 ppm."""
OUT_OF_ORDER_NS = 5 * NS_PER_S
"""A counter that goes back by more than this before any time packet started again there [ns]."""
_CONTEXT = 2048
_UNKNOWN, _UNTIMED = -1, -2


class Stamps(NamedTuple):
    """Packets in the order of the file: counter [ns] as sent, the stream each belongs to, and a key of the caller's."""

    onboard_ns: Times
    stream: NDArray[np.int64]
    key: NDArray[np.int64]


class Timed(NamedTuple):
    """Packets whose time is settled, in the order of the file.

    ``onboard_ns`` is the counter as if it never rolled over; ``slope`` TAI per counter; ``stretch`` its number, -2
    where no time can be given (``tai_ns`` is 0 there); ``quality`` CLOCK_STEP beside a jump, UNVERIFIED where the
    stretch has a single time packet or the wait for one was cut short.
    """

    key: NDArray[np.int64]
    onboard_ns: Times
    tai_ns: Times
    slope: NDArray[np.float64]
    stretch: NDArray[np.int64]
    quality: NDArray[np.uint32]


class Knot(NamedTuple):
    """One time packet: counter as if it never rolled over, and TAI [ns]."""

    onboard_ns: int
    tai_ns: int


class Stretch:
    """Knots between which the counter ran without interruption, in order."""

    def __init__(self, knots: list[Knot], *, verified: bool = True, slope: float = 1.0) -> None:
        self.knots = knots
        self.verified = verified
        self._slope = slope

    @property
    def slope(self) -> float:
        """Return TAI per counter over all knots; with one knot what was assumed."""
        if len(self.knots) < 2:
            return self._slope
        first, last = self.knots[0], self.knots[-1]
        return (last.tai_ns - first.tai_ns) / (last.onboard_ns - first.onboard_ns)

    def holds(self, knot: Knot, step_limit_ns: int) -> bool:
        """Return whether a knot lies on the line of this stretch."""
        tai_ns, _ = self.convert(np.array([knot.onboard_ns]))
        distance = abs(knot.onboard_ns - self.knots[-1].onboard_ns)
        allowed = step_limit_ns + distance * (MAX_DRIFT if len(self.knots) < 2 else CHANGING_DRIFT)
        return bool(abs(int(tai_ns[0]) - knot.tai_ns) <= allowed)

    def add(self, knot: Knot) -> None:
        """Take a knot up if it is the latest; one that came late lies on the line and adds nothing."""
        last = self.knots[-1]
        if knot.onboard_ns > last.onboard_ns and knot.tai_ns > last.tai_ns:
            self.knots.append(knot)

    def convert(self, onboard_ns: Times) -> tuple[Times, NDArray[np.float64]]:
        """Return (tai_ns, slope) of counter values (n,); with one knot the slope that was assumed holds."""
        if len(self.knots) < 2:
            knot, since = self.knots[0], onboard_ns - self.knots[0].onboard_ns
            drift = np.rint(since * (self._slope - 1)).astype(np.int64)
            return knot.tai_ns + since + drift, np.full(len(onboard_ns), self._slope)
        table = np.array(self.knots, np.int64)
        knots_ns, stated_ns = table[:, 0].copy(), table[:, 1].copy()
        # a packet beside a knot takes the slope of the interval that ends there: the next knot may not have come yet
        row = np.clip(np.searchsorted(knots_ns, onboard_ns, side="left") - 1, 0, len(table) - 2)
        slope = np.diff(stated_ns) / np.diff(knots_ns)
        return Correlation(knots_ns, stated_ns).to_tai(onboard_ns), slope[row]


class Timekeeper:
    """Settles the time of packets as the knots behind them come; it lives as long as one file.

    ``modulus_ns`` is where the counter rolls over [ns], ``step_limit_ns`` how far a knot may lie off the line before
    the counter counts as set. ``seed`` is asked, with the counter of the first packet [ns], for a stretch known from
    elsewhere where packets must be timed before any time packet came.
    """

    def __init__(
        self, modulus_ns: int, step_limit_ns: int, seed: Callable[[int], Stretch | None] = lambda onboard_ns: None
    ) -> None:
        self.stretches: list[Stretch] = []
        self.steps: list[int] = []
        self._modulus_ns = modulus_ns
        self._limit_ns = step_limit_ns
        self._seed = seed
        self._wrapped_ns = 0
        self._unwrapped_ns = 0
        self._started = False
        self._labelled = 0
        self._unflagged: set[int] = set()
        empty = np.zeros(0, np.int64)
        self._waiting = Stamps(empty, empty, empty)
        self._stretch = empty
        self._quality = np.zeros(0, np.uint32)
        self._context = Stamps(empty, empty, empty)

    @property
    def waiting(self) -> int:
        """Return the number of packets whose time is not settled."""
        return len(self._stretch)

    def feed(self, stamps: Stamps, knot_rows: NDArray[np.int64], knot_tai_ns: Times) -> Timed:
        """Take the packets of a block, of which ``knot_rows`` (m,) are time packets with the TAI they state (m,).

        Return the packets, of this block or earlier ones, whose time is settled.
        """
        before = self.waiting
        unwrapped = self._unwrap(stamps.onboard_ns)
        fresh = stamps._replace(onboard_ns=unwrapped)
        self._waiting = Stamps(*(np.concatenate(pair) for pair in zip(self._waiting, fresh, strict=True)))
        self._stretch = np.append(self._stretch, np.full(len(unwrapped), _UNKNOWN))
        self._quality = np.append(self._quality, self._beside_last_jump(fresh.stream))
        for row, tai_ns in zip((knot_rows + before).tolist(), knot_tai_ns.tolist(), strict=True):
            self._tie(row, Knot(int(self._waiting.onboard_ns[row]), tai_ns))
        return self._release()

    def _beside_last_jump(self, stream: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return the quality of new packets: CLOCK_STEP on a stream's first since the last jump."""
        quality = np.zeros(len(stream), np.uint32)
        for one in sorted(self._unflagged):
            rows = np.flatnonzero(stream == one)
            if len(rows):
                quality[rows[0]] |= np.uint32(Quality.CLOCK_STEP)
                self._unflagged.discard(one)
        return quality

    def settle(self) -> Timed:
        """Give every waiting packet the best time there is, for want of room to wait longer; flagged UNVERIFIED."""
        return self._settle(Quality.UNVERIFIED)

    def finish(self) -> Timed:
        """End the file: what waits behind the last knot lies on the line of the last stretch."""
        return self._settle(Quality.GOOD)

    def _settle(self, quality: Quality) -> Timed:
        stop = self.waiting
        if not self.stretches and stop:
            borrowed = self._seed(int(self._waiting.onboard_ns[0]))
            self.stretches.extend([borrowed] if borrowed is not None else [])
        if not self.stretches:
            self._label(self._labelled, stop, _UNTIMED)
        else:
            self._quality[self._labelled :] |= np.uint32(quality)
            self._label(self._labelled, stop, len(self.stretches) - 1)
            self._doubt_what_went_back(self._labelled)
        self._labelled = stop
        return self._release(all_of_it=True)

    def _doubt_what_went_back(self, first: int) -> None:
        """Flag packets behind the last knot whose counter went back: they came late, or the counter started again.

        Where the counter lies between the knots of the stretch they are timed and flagged UNVERIFIED, else not timed.
        """
        onboard_ns = self._waiting.onboard_ns[first:]
        if len(onboard_ns) == 0:
            return
        knots = self.stretches[-1].knots
        passed = (
            knots[-1].onboard_ns if self.stretches[-1].verified else onboard_ns[0]
        )  # a borrowed knot is not yet here
        reach = np.maximum(np.maximum.accumulate(onboard_ns), passed)
        back = onboard_ns < reach - OUT_OF_ORDER_NS
        late = (onboard_ns >= knots[0].onboard_ns) & (onboard_ns <= knots[-1].onboard_ns)
        self._quality[first:][back & late] |= np.uint32(Quality.UNVERIFIED)
        self._stretch[first:][back & ~late] = _UNTIMED

    def _after_restart(self, stop: int) -> int:
        """Return the row behind the last place before ``stop`` at which the counter goes back for good."""
        back = np.flatnonzero(np.diff(self._waiting.onboard_ns[:stop]) < -OUT_OF_ORDER_NS)
        return int(back[-1]) + 1 if len(back) else 0

    def _tie(self, row: int, knot: Knot) -> None:
        if not self.stretches:
            start = self._after_restart(row + 1)
            self._label(self._labelled, start, _UNTIMED)
            self._label(start, row + 1, 0)
            self.stretches.append(Stretch([knot]))
        elif not self.stretches[-1].verified:
            self.stretches.append(Stretch([knot], slope=self.stretches[-1].slope))
            self._label(self._labelled, row + 1, len(self.stretches) - 1)
        elif self.stretches[-1].holds(knot, self._limit_ns):
            self._label(self._labelled, row + 1, len(self.stretches) - 1)
            self.stretches[-1].add(knot)
        else:
            start = self._find_jump(row, knot)
            self._label(self._labelled, start, len(self.stretches) - 1)
            self.stretches.append(Stretch([knot], slope=self.stretches[-1].slope))
            self.steps.append(int(knot.tai_ns))
            self._label(start, row + 1, len(self.stretches) - 1)
        self._labelled = row + 1

    def _label(self, first: int, stop: int, stretch: int) -> None:
        self._stretch[first:stop] = stretch

    def _find_jump(self, row: int, knot: Knot) -> int:
        """Return the first row of the new stretch, and flag the packets on both sides of the jump."""
        last = self.stretches[-1].knots[-1]
        _, slope = self.stretches[-1].convert(np.array([last.onboard_ns]))
        jump_ns = knot.onboard_ns - last.onboard_ns - (knot.tai_ns - last.tai_ns) / float(slope[0])
        shift, first = len(self._context.key), self._labelled
        onboard_ns, stream = (np.concatenate([self._context[column], self._waiting[column]]) for column in (0, 1))
        stop = shift + row + 1
        found = jump_row(onboard_ns[:stop], stream[:stop], jump_ns, shift + first) - shift
        before, after = rows_beside(stream, found + shift)
        beside = np.concatenate([before, after]) - shift
        self._quality[beside[beside >= first]] |= np.uint32(Quality.CLOCK_STEP)  # a knot vouches for what is before it
        self._unflagged = set(stream[before].tolist()) - set(stream[after].tolist())
        return found

    def _unwrap(self, onboard_ns: Times) -> Times:
        if len(onboard_ns) == 0:
            return onboard_ns
        if not self._started:
            self._wrapped_ns = self._unwrapped_ns = int(onboard_ns[0])
            self._started = True
        steps = np.diff(onboard_ns, prepend=self._wrapped_ns)
        half = self._modulus_ns // 2
        steps = (steps + half) % self._modulus_ns - half
        unwrapped = self._unwrapped_ns + np.cumsum(steps)
        self._wrapped_ns, self._unwrapped_ns = int(onboard_ns[-1]), int(unwrapped[-1])
        return np.asarray(unwrapped, np.int64)

    def _release(self, *, all_of_it: bool = False) -> Timed:
        """Return the leading packets whose stretch is known and has two knots, or will have no more."""
        settled = self._stretch != _UNKNOWN
        if not all_of_it and self.stretches and len(self.stretches[-1].knots) < 2:
            settled &= self._stretch != len(self.stretches) - 1
        count = len(settled) if settled.all() else int(np.argmin(settled))
        part = Stamps(*(column[:count] for column in self._waiting))
        timed = self._timed(part, self._stretch[:count], self._quality[:count])
        joined = (np.concatenate(pair)[-_CONTEXT:] for pair in zip(self._context, part, strict=True))
        self._context = Stamps(*joined)
        self._waiting = Stamps(*(column[count:] for column in self._waiting))
        self._stretch, self._quality = self._stretch[count:], self._quality[count:]
        self._labelled = max(self._labelled - count, 0)
        return timed

    def _timed(self, part: Stamps, stretch: NDArray[np.int64], quality: NDArray[np.uint32]) -> Timed:
        tai_ns, slope = np.zeros(len(stretch), np.int64), np.ones(len(stretch))
        quality = quality.copy()
        for number in np.unique(stretch[stretch >= 0]).tolist():
            rows, one = stretch == number, self.stretches[number]
            tai_ns[rows], slope[rows] = one.convert(part.onboard_ns[rows])
            if len(one.knots) < 2 or not one.verified:
                quality[rows] |= np.uint32(Quality.UNVERIFIED)
        return Timed(part.key, part.onboard_ns, tai_ns, slope, stretch.copy(), quality)


def jump_row(onboard_ns: Times, stream: NDArray[np.int64], jump_ns: float, first: int) -> int:
    """Return the row, at or after ``first``, from which on the counter is ahead by ``jump_ns`` [ns].

    Each stream that is off its interval by the jump names the rows between which it happened; where none is (the
    jump fell into a pause), those with the longest pause do. The row that most of them allow is returned, the last row
    where no stream has a rhythm.
    """
    exact: list[tuple[int, int]] = []
    pauses: list[tuple[int, int]] = []
    for one in np.unique(stream).tolist():
        rows = np.flatnonzero(stream == one)
        steps = np.diff(onboard_ns[rows]).astype(np.float64)
        if len(steps) < 2:
            continue
        interval = float(np.median(steps))
        usable = (rows[1:] >= first) & (np.abs(steps - interval) > abs(jump_ns) / 4)
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
        return len(onboard_ns) - 1
    candidates = np.unique(votes[:, 1])
    counts = [int(np.count_nonzero((votes[:, 0] < row) & (row <= votes[:, 1]))) for row in candidates.tolist()]
    return max(int(candidates[int(np.argmax(counts))]), first)


def rows_beside(stream: NDArray[np.int64], row: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the last row of each stream before ``row``, and the first of each from it on.

    >>> [rows.tolist() for rows in rows_beside(np.array([7, 8, 7, 7, 8]), 3)]
    [[2, 1], [3, 4]]
    """
    _, last = np.unique(stream[:row][::-1], return_index=True)
    _, first = np.unique(stream[row:], return_index=True)
    return (row - 1 - last).astype(np.int64), (row + first).astype(np.int64)


def residuals_ns(knots: list[Knot]) -> NDArray[np.int64]:
    """Return how far each inner knot lies from the line through its neighbours [ns] (n,); 0 for the first and last.

    >>> residuals_ns([Knot(0, 0), Knot(10, 12), Knot(20, 20)]).tolist()
    [0, 2, 0]
    """
    result = np.zeros(len(knots), np.int64)
    if len(knots) < 3:
        return result
    table = np.array(knots, np.int64)
    run, rise = (table[2:, column] - table[:-2, column] for column in (0, 1))
    since = table[1:-1, 0] - table[:-2, 0]
    line = table[:-2, 1] + since + np.rint(since * ((rise - run) / run)).astype(np.int64)
    result[1:-1] = table[1:-1, 1] - line
    return result
