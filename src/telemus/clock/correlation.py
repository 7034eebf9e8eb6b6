"""The on-board clock against TAI: lines between the instants at which both are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock.exact import rounded_half_even
from telemus.errors import ClockError


@dataclass(frozen=True)
class Correlation:
    """The on-board clock against TAI, piecewise linear between knots.

    ``onboard_ns`` and ``tai_ns`` (n,) int64, both ascending. Between two knots the line through them holds; before
    the first and after the last, the line of the nearest pair. Steps, resets and rollovers are not bridged: the
    recorder's counter is unwrapped into one ascending count before it comes here, with one ``Correlation`` per
    stretch between steps.
    """

    onboard_ns: NDArray[np.int64]
    tai_ns: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.onboard_ns) < 2 or len(self.onboard_ns) != len(self.tai_ns):
            raise ClockError(
                f"correlation: got {len(self.onboard_ns)} on-board and {len(self.tai_ns)} TAI times, "
                "wanted two or more pairs"
            )
        if np.any(np.diff(self.onboard_ns) <= 0) or np.any(np.diff(self.tai_ns) <= 0):
            raise ClockError(
                "correlation: got knots that stand still or go back, wanted ascending times on both scales"
            )

    @classmethod
    def through(cls, pairs: Sequence[tuple[int, int]]) -> Correlation:
        """Return the correlation through (onboard_ns, tai_ns) pairs in ascending order."""
        table = np.asarray(pairs, np.int64).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy())

    def to_tai(self, onboard_ns: Any) -> Any:
        """Return ``tai_ns`` of on-board times (scalar or array of int64): the nearest nanosecond.

        The line is exact rational arithmetic: no float has a part in the result. Of the correction for drift a tie is
        rounded to the even nanosecond.

        >>> Correlation.through([(0, 5), (1000, 1006)]).to_tai(500)
        505
        """
        times = np.asarray(onboard_ns, np.int64)
        row = np.clip(np.searchsorted(self.onboard_ns, times, side="right") - 1, 0, len(self.onboard_ns) - 2)
        run = self.onboard_ns[row + 1] - self.onboard_ns[row]
        rise = self.tai_ns[row + 1] - self.tai_ns[row]
        since = times - self.onboard_ns[row]
        moved = self.tai_ns[row] + since + rounded_half_even(since, rise - run, run).reshape(times.shape)
        return int(moved) if times.ndim == 0 else moved

    @property
    def drift_ppm(self) -> float:
        """Return how much slower than TAI the on-board clock ran over all knots [1e-6]."""
        run = int(self.onboard_ns[-1] - self.onboard_ns[0])
        return (int(self.tai_ns[-1] - self.tai_ns[0]) - run) / run * 1e6
