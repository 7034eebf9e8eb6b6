"""Hold the on-board time of packets against their sequence counts: clock steps, and gaps of whole cycles of the count.

Packets of one kind that are sent at a fixed period have a time that their count foretells. Where the two part, either
the clock was set (a step), or the fourteen bits of the count went round once or more (133.0-B-2 clause 4.1.3.4.3),
which shows as a whole number of cycles.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import SEQUENCE_MODULO

LEARNING = 64
"""Packets from which the period is learnt; they are judged when they are complete, or when the account is drawn."""
NEAR = 0.1
"""Share of the period within which nine of ten packets must come for the kind to have one."""
DRIFT = 1e-3
"""Share of the elapsed time that is put down to the clocks and to rounding, not to a step."""


class ClockStep(NamedTuple):
    """A step of the on-board clock: the times around it [ns], how far from what the count foretells, and where."""

    after_ns: int
    before_ns: int
    step_ns: int
    offset: int


class Ticks(NamedTuple):
    """Packets of one kind in order of arrival (n,): sequence count, on-board time [ns], place in the input [bytes]."""

    counts: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    offset: NDArray[np.int64]


class Judgement(NamedTuple):
    """What packets tell: clock steps, packets missing in whole cycles of the count, and whether there is a period."""

    steps: list[ClockStep]
    missing: int
    periodic: bool


def period_of(ticks: Ticks) -> float:
    """Return the time from one packet to the next [ns], NaN if the packets keep none or are too few (4).

    >>> count = np.arange(10)
    >>> period_of(Ticks(count, 500 * count, count))
    500.0
    """
    ahead = np.diff(ticks.counts) % SEQUENCE_MODULO
    good = (ahead > 0) & (ahead < SEQUENCE_MODULO // 2)
    each = np.diff(ticks.time_ns)[good] / ahead[good]
    if each.size < 3:
        return float("nan")
    period = float(np.median(each))
    near = np.abs(each - period) <= NEAR * period
    return period if period > 0 and np.mean(near) >= 0.9 else float("nan")


def judge(ticks: Ticks, period_ns: float) -> Judgement:
    """Return what the times tell, each packet held against the one before it.

    Without a period only a time that goes backwards while the count goes on is a step.
    """
    ahead = np.diff(ticks.counts) % SEQUENCE_MODULO
    signed = np.where(ahead < SEQUENCE_MODULO // 2, ahead, ahead - SEQUENCE_MODULO)
    elapsed = np.diff(ticks.time_ns)
    if not np.isfinite(period_ns):
        return Judgement(_steps(ticks, (signed > 0) & (elapsed < 0), elapsed), 0, False)
    cycle_ns = SEQUENCE_MODULO * period_ns
    rest = elapsed - signed * period_ns
    within = np.abs(rest - np.rint(rest / cycle_ns) * cycle_ns)
    stepped = within > period_ns / 2 + DRIFT * np.abs(elapsed)
    # Cycles count where a packet is later than all before it: what comes late was either missed before or is not new.
    front = np.maximum.accumulate(ticks.time_ns)
    newest = np.flatnonzero(np.r_[True, ticks.time_ns[1:] > front[:-1]])
    steps_before = np.r_[0, np.cumsum(stepped)]
    clean = np.diff(steps_before[newest]) == 0
    between = np.diff(ticks.time_ns[newest]) - (np.diff(ticks.counts[newest]) % SEQUENCE_MODULO) * period_ns
    lost = np.rint(between / cycle_ns)[clean]
    return Judgement(_steps(ticks, stepped, rest), int(SEQUENCE_MODULO * lost[lost > 0].sum()), True)


def _steps(ticks: Ticks, where: NDArray[np.bool_], step_ns: NDArray[Any]) -> list[ClockStep]:
    return [
        ClockStep(int(ticks.time_ns[row]), int(ticks.time_ns[row + 1]), round(float(step_ns[row])), int(offset))
        for row, offset in ((row, ticks.offset[row + 1]) for row in np.flatnonzero(where).tolist())
    ]


class ClockWatch:
    """Watches the time of one kind of packets as they come; the result does not depend on where blocks end."""

    def __init__(self) -> None:
        self._steps: list[ClockStep] = []
        self._missing = 0
        self._period_ns: float | None = None
        self._waiting = Ticks(*(np.empty(0, np.int64) for _ in range(3)))

    def note(self, count: NDArray[Any], time_ns: NDArray[np.int64], offset: NDArray[np.int64]) -> None:
        """Take packets in order of arrival."""
        new = Ticks(count.astype(np.int64), time_ns, offset)
        self._waiting = Ticks(*(np.concatenate(pair) for pair in zip(self._waiting, new, strict=True)))
        if self._period_ns is None and self._waiting.counts.size >= LEARNING:
            self._period_ns = period_of(Ticks(*(column[:LEARNING] for column in self._waiting)))
        if self._period_ns is not None:
            found = judge(self._waiting, self._period_ns)
            self._steps += found.steps
            self._missing += found.missing
            newest = int(np.argmax(self._waiting.time_ns)) if not found.steps else -1
            keep = [newest, -1] if newest not in (-1, self._waiting.counts.size - 1) else [-1]
            self._waiting = Ticks(*(column[keep] for column in self._waiting))

    def judgement(self) -> Judgement:
        """Return what all packets so far tell."""
        if self._period_ns is not None:
            return Judgement(list(self._steps), self._missing, bool(np.isfinite(self._period_ns)))
        return judge(self._waiting, period_of(self._waiting))
