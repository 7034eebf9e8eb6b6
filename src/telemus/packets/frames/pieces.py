"""Remember where in the input the bytes stood that frames hold one zone after another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.rejections import Rejections

Places = NDArray[np.int64]


class Pieces(NamedTuple):
    """Pieces of joined zones: where each begins in them, and in the input (n,) [bytes]. They follow one another."""

    zone: Places
    origin: Places

    def extended(self, zone: Places, origin: Places) -> Pieces:
        """Return these and the pieces behind them."""
        return Pieces(np.concatenate([self.zone, zone]), np.concatenate([self.origin, origin]))

    def behind(self, place: int) -> Pieces:
        """Return the pieces from ``place`` of the zones on, counted from there."""
        first = max(int(np.searchsorted(self.zone, place, "right")) - 1, 0)
        zone, origin = self.zone[first:] - place, self.origin[first:].copy()
        if zone.size and zone[0] < 0:
            origin[0] -= zone[0]
            zone[0] = 0
        return Pieces(zone, origin)

    def reject(self, rejections: Rejections, start: int, stop: int, reason: str) -> None:
        """Note bytes [start, stop) of the zones as rejected, at their places of the input."""
        at = int(np.searchsorted(self.zone, start, "right")) - 1
        while start < stop:
            end = int(self.zone[at + 1]) if at + 1 < self.zone.size else stop
            width = min(stop, end) - start
            begin = int(self.origin[at]) + start - int(self.zone[at])
            rejections.add(begin, begin + width, reason)
            start, at = start + width, at + 1


NO_PIECES = Pieces(np.empty(0, np.int64), np.empty(0, np.int64))
