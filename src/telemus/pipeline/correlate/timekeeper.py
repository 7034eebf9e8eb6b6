"""The timekeeper of one file: packets wait until their time is settled, and leave with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.pipeline.correlate.clock_events import OFF_THE_LINE, RAN_ON, ClockEvent, Rejected, kind_of_jump
from telemus.pipeline.correlate.counter import Counter
from telemus.pipeline.correlate.jumps import Jump, find_jump, rows_beside
from telemus.pipeline.correlate.stretch import Knot, Stretch, Times
from telemus.series import Quality

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
    stretch has a single time packet, where the nearest one is so far that the drift may have changed by the limit of
    a step, or where the wait for one was cut short.
    """

    key: NDArray[np.int64]
    onboard_ns: Times
    tai_ns: Times
    slope: NDArray[np.float64]
    stretch: NDArray[np.int64]
    quality: NDArray[np.uint32]


class _Suspect(NamedTuple):
    """A knot off the line, and its row among the waiting packets."""

    row: int
    knot: Knot


class Timekeeper:
    """Settles the time of packets as the knots behind them come; it lives as long as one file.

    ``modulus_ns`` is where the counter rolls over [ns], ``step_limit_ns`` how far a knot may lie off the line before
    the counter counts as set. ``seed`` is asked, with the counter of the first packet [ns], for a stretch known from
    elsewhere where packets must be timed before any time packet came; ``guides`` for the knots of other files on the
    same run of the counter as a knot of this one.
    """

    def __init__(
        self,
        modulus_ns: int,
        step_limit_ns: int,
        seed: Callable[[int], Stretch | None] = lambda onboard_ns: None,
        guides: Callable[[Knot], Sequence[Knot]] = lambda knot: (),
    ) -> None:
        self.stretches: list[Stretch] = []
        self.jumps: list[ClockEvent] = []
        self.rejected: list[Rejected] = []
        self.late_knots = 0
        self.doubtful = False
        self._counter = Counter(modulus_ns)
        self._limit_ns = step_limit_ns
        self._seed, self._guides = seed, guides
        self._labelled = 0
        self._suspect: _Suspect | None = None
        self._unflagged: set[int] = set()
        self._spans: dict[int, tuple[int, int]] = {}
        empty = np.zeros(0, np.int64)
        self._waiting = Stamps(empty, empty, empty)
        self._stretch = empty
        self._quality = np.zeros(0, np.uint32)
        self._context = Stamps(empty, empty, empty)

    @property
    def waiting(self) -> int:
        """Return the number of packets whose time is not settled."""
        return len(self._stretch)

    @property
    def steps(self) -> list[int]:
        """Return the time packets [ns TAI] before which the counter was set or started again."""
        return [one.tai_ns for one in self.jumps]

    def events(self) -> list[ClockEvent]:
        """Return what happened to the clock, in order: set, started again, rolled over, time packets rejected."""
        off = [
            ClockEvent(one.knot.tai_ns, self._counter.sent(one.knot.onboard_ns), "time packet rejected", *one[1:])
            for one in self.rejected
        ]
        return sorted([*self.jumps, *off, *self._rollovers()])

    def _rollovers(self) -> Iterator[ClockEvent]:
        for number, span in sorted(self._spans.items()):
            for onboard_ns in self._counter.rollovers(*span):
                tai_ns = int(self.stretches[number].convert(np.array([onboard_ns]))[0][0])
                yield ClockEvent(tai_ns, 0, "rollover", 0)

    def feed(self, stamps: Stamps, knot_rows: NDArray[np.int64], knot_tai_ns: Times) -> Timed:
        """Take the packets of a block, of which ``knot_rows`` (m,) are time packets with the TAI they state (m,).

        Return the packets, of this block or earlier ones, whose time is settled.
        """
        before = self.waiting
        unwrapped = self._counter.unwrapped(stamps.onboard_ns)
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
        self._resolve_suspect()
        if not self.stretches and stop:
            borrowed = self._seed(int(self._waiting.onboard_ns[0]))
            self.stretches.extend([borrowed] if borrowed is not None else [])
        if not self.stretches:
            self._label(stop, _UNTIMED)
        else:
            first = self._labelled
            self._quality[first:] |= np.uint32(quality)
            self._label(stop, len(self.stretches) - 1)
            self._doubt_what_went_back(first)
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
        """Take a knot: the first one, on the line, suspected for being off it, or one that decides of a suspect."""
        if not self.stretches:
            self._label(self._after_restart(row + 1), _UNTIMED)
            self._begin(knot, row)
        elif not self.stretches[-1].verified:
            self._begin(knot, row)
        elif self.stretches[-1].holds(knot, self._limit_ns):
            self._reject_suspect(OFF_THE_LINE)
            self.late_knots += not self.stretches[-1].add(knot)
            self._label(row + 1, len(self.stretches) - 1)
        elif self._suspect is None:
            self._suspect = _Suspect(row, knot)
        else:
            self._step_at(self._suspect, knot)
            self._tie(row, knot)

    def _begin(self, knot: Knot, row: int) -> None:
        """Begin a stretch with a knot; packets up to its row that have none belong to it."""
        rate = self.stretches[-1].rate if self.stretches else None
        self.stretches.append(Stretch([knot], rate=rate, guides=self._guides(knot)))
        self._label(row + 1, len(self.stretches) - 1)

    def _step_at(self, suspect: _Suspect, witness: Knot | None = None) -> None:
        """Begin a stretch at a suspect, behind the place where the counter jumped.

        Where the stretch before has a single knot, the rhythm of the packets shows no jump, and a witness agrees with
        the suspect, it is that single knot which was wrong.
        """
        self._suspect = None
        before, jump_ns, jump = self._jump_to(suspect)
        alone = not self.stretches[-1].settled and jump.seen is False
        if alone and witness is not None and Stretch([suspect.knot]).holds(witness, self._limit_ns):
            self.rejected.append(Rejected(before, jump_ns, RAN_ON))
            self.stretches[-1] = Stretch([suspect.knot], guides=self._guides(suspect.knot))
            self._label(suspect.row + 1, len(self.stretches) - 1)
            return
        self._mark_jump(jump.row)
        self._label(jump.row, len(self.stretches) - 1)
        sent = self._counter.sent(before.onboard_ns), self._counter.sent(suspect.knot.onboard_ns)
        kind = kind_of_jump(before, suspect.knot, sent, jump_ns)
        self.jumps.append(ClockEvent(suspect.knot.tai_ns, sent[1], kind, jump_ns))
        self._begin(suspect.knot, suspect.row)

    def _reject_suspect(self, reason: str) -> None:
        if self._suspect is not None:
            tai_ns, _ = self.stretches[-1].convert(np.array([self._suspect.knot.onboard_ns]))
            self.rejected.append(Rejected(self._suspect.knot, self._suspect.knot.tai_ns - int(tai_ns[0]), reason))
            self._suspect = None

    def _resolve_suspect(self) -> None:
        """Decide of a suspect by the rhythm of the packets alone: no knot comes any more that could."""
        if self._suspect is None:
            return
        if self._jump_to(self._suspect)[2].seen is False:
            self._reject_suspect(RAN_ON)
        else:
            self._step_at(self._suspect)

    def _label(self, stop: int, stretch: int) -> None:
        """Say of the packets before row ``stop`` that have no stretch yet which they belong to."""
        self._stretch[self._labelled : stop] = stretch
        self._labelled = max(stop, self._labelled)

    def _jump_to(self, suspect: _Suspect) -> tuple[Knot, int, Jump]:
        """Return the last knot before a jump, by how much the counter is ahead behind it [ns], and where it jumped."""
        stretch = self.stretches[-1]
        last, rate = stretch.knots[-1], stretch.last_rate
        passed_ns = (suspect.knot.tai_ns - last.tai_ns) * rate.onboard_ns / rate.tai_ns
        jump_ns = suspect.knot.onboard_ns - last.onboard_ns - passed_ns
        shift = len(self._context.key)
        onboard_ns, stream = (np.concatenate([self._context[column], self._waiting[column]]) for column in (0, 1))
        stop = shift + suspect.row + 1
        jump = find_jump(onboard_ns[:stop], stream[:stop], jump_ns, shift + self._labelled)
        return last, round(jump_ns), jump._replace(row=jump.row - shift)

    def _mark_jump(self, row: int) -> None:
        """Flag the packets on both sides of a jump, of each stream the last before and the first behind it."""
        shift, first = len(self._context.key), self._labelled
        stream = np.concatenate([self._context.stream, self._waiting.stream])
        before, after = rows_beside(stream, row + shift)
        beside = np.concatenate([before, after]) - shift
        self._quality[beside[beside >= first]] |= np.uint32(Quality.CLOCK_STEP)  # a knot vouches for what is before it
        self._unflagged = set(stream[before].tolist()) - set(stream[after].tolist())

    def _release(self, *, all_of_it: bool = False) -> Timed:
        """Return the leading packets whose stretch is known and has two knots, or will have no more."""
        settled = self._stretch != _UNKNOWN
        if not all_of_it and self.stretches and not self.stretches[-1].settled:
            settled &= self._stretch != len(self.stretches) - 1
        count = len(settled) if settled.all() else int(np.argmin(settled))
        part = Stamps(*(column[:count] for column in self._waiting))
        timed = self._timed(part, self._stretch[:count], self._quality[:count])
        joined = (np.concatenate(pair)[-_CONTEXT:] for pair in zip(self._context, part, strict=True))
        self._context = Stamps(*joined)
        self._waiting = Stamps(*(column[count:] for column in self._waiting))
        self._stretch, self._quality = self._stretch[count:], self._quality[count:]
        self._labelled = max(self._labelled - count, 0)
        if self._suspect is not None:
            self._suspect = self._suspect._replace(row=self._suspect.row - count)
        return timed

    def _timed(self, part: Stamps, stretch: NDArray[np.int64], quality: NDArray[np.uint32]) -> Timed:
        tai_ns, slope = np.zeros(len(stretch), np.int64), np.ones(len(stretch))
        quality = quality.copy()
        self.doubtful |= bool((stretch < 0).any())
        for number in np.unique(stretch[stretch >= 0]).tolist():
            rows, one = np.flatnonzero(stretch == number), self.stretches[number]
            onboard_ns = part.onboard_ns[rows]
            tai_ns[rows], slope[rows] = one.convert(onboard_ns)
            doubt = one.away_ns(onboard_ns) > one.reach_ns(self._limit_ns)
            if not one.settled or not one.verified:
                doubt[:] = True
            quality[rows[doubt]] |= np.uint32(Quality.UNVERIFIED)
            self.doubtful |= bool(doubt.any())
            first, last = self._spans.get(number, (int(onboard_ns[0]), int(onboard_ns[0])))
            self._spans[number] = min(first, int(onboard_ns.min())), max(last, int(onboard_ns.max()))
        return Timed(part.key, part.onboard_ns, tai_ns, slope, stretch.copy(), quality)
