"""Says which seconds are recorded, and cuts them into blocks that are rendered one after another.

Everything in this room counts time from *time zero*, the start of the mission's timeline, so that a cut of the
timeline holds the same seconds as the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.errors import SettingsError
from telemus.mission import Timeline


class Block(NamedTuple):
    """A stretch of recorded time, in whole seconds since time zero, and the recorded span that it is cut from."""

    start_s: int
    stop_s: int
    span_start_s: int
    span_stop_s: int


@dataclass(frozen=True)
class Recording:
    """The recorded spans of a window, ``spans_s`` (n, 2) in whole seconds since time zero at ``zero_ns`` [ns TAI].

    ``grid_s`` is the length that holds a whole number of every packet; spans begin and end on multiples of it.
    """

    zero_ns: int
    grid_s: int
    spans_s: NDArray[np.int64]

    @property
    def start_s(self) -> int:
        """Return the first recorded second."""
        return int(self.spans_s[0, 0])

    @property
    def stop_s(self) -> int:
        """Return the end of the last recorded second."""
        return int(self.spans_s[-1, 1])

    @property
    def seconds(self) -> int:
        """Return how many seconds are recorded."""
        return int((self.spans_s[:, 1] - self.spans_s[:, 0]).sum())

    def blocks(self, block_s: int) -> Iterator[Block]:
        """Yield the recorded time in order, cut at multiples of ``block_s`` [s], rounded up to the grid."""
        step = math.ceil(block_s / self.grid_s) * self.grid_s
        for start, stop in self.spans_s.tolist():
            at = start
            while at < stop:
                end = min((at // step + 1) * step, stop)
                yield Block(at, end, start, stop)
                at = end

    def recorded_before(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many seconds were recorded before each time (n,) [s since time zero]."""
        lengths = np.concatenate([[0], np.cumsum(self.spans_s[:, 1] - self.spans_s[:, 0])])
        row = np.clip(np.searchsorted(self.spans_s[:, 0], times_s, side="right") - 1, 0, None)
        since = np.clip(times_s - self.spans_s[row, 0], 0, self.spans_s[row, 1] - self.spans_s[row, 0])
        return np.asarray(lengths[row] + since, np.float64)

    def second_at(self, share: float) -> int:
        """Return the recorded second that lies at a share, 0 to 1, of all recorded seconds."""
        left = min(int(share * self.seconds), self.seconds - 1)
        for start, stop in self.spans_s.tolist():
            if left < stop - start:
                return int(start + left)
            left -= stop - start
        return self.stop_s - 1


def _length(duration_s: float | None) -> str:
    return "up to the end" if duration_s is None else f"of {duration_s:g} s"


def plan_recording(timeline: Timeline, start_s: float, duration_s: float | None, grid_s: int = 1) -> Recording:
    """Return what is recorded between ``start_s`` after the timeline's start and ``duration_s`` later, or the end.

    Raises SettingsError where the window lies outside the timeline or the recorder is off in all of it.
    """
    zero_ns = timeline.start_ns
    length_s = (timeline.stop_ns - zero_ns) / NS_PER_S
    if not 0 <= start_s < length_s or (duration_s is not None and not duration_s > 0):
        raise SettingsError(
            f"window of the simulation: got a start of {start_s:g} s and a length {_length(duration_s)}, "
            f"wanted a start from 0 to below {length_s:g} s after the timeline's start and a length above 0"
        )
    stop_s = length_s if duration_s is None else min(length_s, start_s + duration_s)
    spans = timeline.recorded(zero_ns + round(start_s * NS_PER_S), zero_ns + round(stop_s * NS_PER_S)) - zero_ns
    grid_ns = grid_s * NS_PER_S
    whole = np.stack([-(-spans[:, 0] // grid_ns), spans[:, 1] // grid_ns], axis=1) * grid_s
    whole = whole[whole[:, 1] > whole[:, 0]]
    if not len(whole):
        raise SettingsError(
            f"window of the simulation: got {start_s:g} s to {stop_s:g} s, in which the recorder is off by its "
            f"schedule or on for less than {grid_s} s, wanted some recorded time"
        )
    return Recording(zero_ns, grid_s, whole)
