"""The counter as it is sent rolls over at its width; as if it never did, differences are right across rollovers."""

from __future__ import annotations

import numpy as np

from telemus.pipeline.correlate.stretch import Times

_LARGEST_NS = 1 << 62


class Counter:
    """Undoes the rollovers of a counter of any width while its values come.

    ``modulus_ns`` is where it rolls over [ns]. One that int64 nanoseconds cannot hold (146 years) is never reached.
    """

    def __init__(self, modulus_ns: int) -> None:
        self.modulus_ns = modulus_ns
        self._sent_ns = 0
        self._unwrapped_ns = 0
        self._started = False

    @property
    def rolls_over(self) -> bool:
        """Return whether the counter can roll over within what int64 nanoseconds hold."""
        return self.modulus_ns <= _LARGEST_NS

    def unwrapped(self, sent_ns: Times) -> Times:
        """Return counter values (n,) as if the counter never rolled over [ns].

        Of two values the shorter way from one to the other is believed.

        >>> Counter(100).unwrapped(np.array([90, 5, 60, 50])).tolist()
        [90, 105, 60, 50]
        """
        if len(sent_ns) == 0:
            return sent_ns
        if not self._started:
            self._sent_ns = self._unwrapped_ns = int(sent_ns[0])
            self._started = True
        steps = np.diff(sent_ns, prepend=self._sent_ns)
        if self.rolls_over:
            half = self.modulus_ns // 2
            steps = (steps + half) % self.modulus_ns - half
        unwrapped = self._unwrapped_ns + np.cumsum(steps)
        self._sent_ns, self._unwrapped_ns = int(sent_ns[-1]), int(unwrapped[-1])
        return np.asarray(unwrapped, np.int64)

    def sent(self, onboard_ns: int) -> int:
        """Return the value as it was sent [ns] of one as if the counter never rolled over."""
        return onboard_ns % self.modulus_ns if self.rolls_over else onboard_ns

    def rollovers(self, first_ns: int, last_ns: int) -> list[int]:
        """Return where the counter rolled over after one value and up to another [ns, as if it never did].

        >>> Counter(100).rollovers(90, 305)
        [100, 200, 300]
        """
        if not self.rolls_over:
            return []
        first, last = first_ns // self.modulus_ns + 1, last_ns // self.modulus_ns
        return [number * self.modulus_ns for number in range(first, last + 1)]
