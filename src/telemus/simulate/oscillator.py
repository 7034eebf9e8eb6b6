"""Counts time as the recorder does: by an oscillator some 1e-6 off, in a counter that is set, reset and rolls over."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S


class Stretch(NamedTuple):
    """From an instant [ns since time zero] on, the counter goes on from a value [ns]."""

    since_ns: int
    counter_ns: int


@dataclass(frozen=True)
class Oscillator:
    """The recorder's clock: rate error [1e-6, positive where it runs fast], stretches in order, counter's width."""

    drift_ppm: float
    stretches: tuple[Stretch, ...]
    coarse_octets: int = 4

    def unwrapped_ns(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the counter [ns] at instants [ns since time zero] (n,) as if it never rolled over."""
        since = np.array([one.since_ns for one in self.stretches], np.int64)
        counter = np.array([one.counter_ns for one in self.stretches], np.int64)
        row = np.clip(np.searchsorted(since, times_ns, side="right") - 1, 0, None)
        run = times_ns - since[row]
        return np.asarray(counter[row] + run + np.rint(run * (self.drift_ppm * 1e-6)).astype(np.int64), np.int64)

    def counter_ns(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the counter says [ns] at instants [ns since time zero] (n,); it rolls over at its width.

        >>> clock = Oscillator(20.0, (Stretch(0, (2**32 - 1) * NS_PER_S),))
        >>> clock.counter_ns(np.array([2_000_000_000])).tolist()  # 2 s and 40 us later, past 2**32 s
        [1000040000]
        """
        return np.asarray(self.unwrapped_ns(times_ns) % (NS_PER_S << (8 * self.coarse_octets)), np.int64)

    def rollovers(self, start_ns: int, stop_ns: int) -> int:
        """Return how often the counter rolls over between two instants [ns since time zero]."""
        width = NS_PER_S << (8 * self.coarse_octets)
        edges = [start_ns, *(one.since_ns for one in self.stretches if start_ns < one.since_ns < stop_ns), stop_ns]
        count = 0
        for begin, end in itertools.pairwise(edges):
            first, last = self.unwrapped_ns(np.array([begin, end - 1])).tolist()
            count += last // width - first // width
        return count


def oscillator(
    drift_ppm: float,
    counter_start_s: int,
    coarse_octets: int,
    *,
    restarts_s: Sequence[int] = (),
    steps_s: Sequence[int] = (),
    step_s: float = 0.0,
) -> Oscillator:
    """Return the clock of a recorder that is restarted and set at whole seconds since time zero.

    A restart begins the counter at 0; a step moves it by ``step_s`` [s], never below 0.

    >>> oscillator(0.0, 100, 4, restarts_s=[10], steps_s=[15], step_s=2.5).counter_ns(
    ...     np.array([9, 12, 15]) * NS_PER_S).tolist()
    [109000000000, 2000000000, 7500000000]
    """
    clock = Oscillator(drift_ppm, (Stretch(0, counter_start_s * NS_PER_S),), coarse_octets)
    for second in sorted({*restarts_s, *steps_s}):
        at = second * NS_PER_S
        now = 0 if second in restarts_s else int(clock.unwrapped_ns(np.array([at]))[0])
        moved = max(now + round(step_s * NS_PER_S), 0) if second in steps_s else now
        clock = Oscillator(drift_ppm, (*clock.stretches, Stretch(at, moved)), coarse_octets)
    return clock
