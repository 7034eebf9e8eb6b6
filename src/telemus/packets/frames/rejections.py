"""Keep count of rejected bytes by reason, and a bounded list of where they stood."""

from __future__ import annotations

from collections import Counter

from telemus.packets.account import MAX_LISTED, RejectedRange


class Rejections:
    """Sums by reason, and ranges of the input; ranges that touch and have one reason are one, however blocks end."""

    def __init__(self) -> None:
        self.bytes_by_reason: Counter[str] = Counter()
        self.ranges: list[RejectedRange] = []
        self.omitted = 0
        self._latest: dict[str, int] = {}

    def add(self, start: int, stop: int, reason: str) -> None:
        """Note bytes [start, stop) of the input."""
        if stop <= start:
            return
        self.bytes_by_reason[reason] += stop - start
        latest = self._latest.get(reason)
        if latest is not None and self.ranges[latest].stop == start:
            self.ranges[latest] = RejectedRange(self.ranges[latest].start, stop, reason)
        elif len(self.ranges) < MAX_LISTED:
            self._latest[reason] = len(self.ranges)
            self.ranges.append(RejectedRange(start, stop, reason))
        else:
            self.omitted += 1
