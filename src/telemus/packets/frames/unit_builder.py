"""Build data units from frames that hold one, a part of one, or octets of a stream (732.1-B-3 clause 4.1.4.2.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_table import (
    FIRST_SEGMENT,
    LAST_SEGMENT,
    NEXT_SEGMENT,
    OCTETS,
    REST_OF_UNIT,
    SPANNING,
    START_OF_UNIT,
    WHOLE,
    FrameTable,
)
from telemus.packets.frames.pieces import Pieces
from telemus.packets.frames.rejections import Rejections

LARGEST_UNIT_BYTES = 1 << 24
_BEGIN = (START_OF_UNIT, FIRST_SEGMENT)
_GO_ON = (REST_OF_UNIT, NEXT_SEGMENT, LAST_SEGMENT)
_ALONE = (SPANNING, OCTETS, WHOLE)
HEADLESS, CUT, ENDLESS, TOO_LONG = (
    "data unit whose beginning was lost",
    "data unit cut by lost frames",
    "data unit without its end",
    "data unit longer than 16 MiB",
)

Octets = NDArray[np.uint8]


class Unit(NamedTuple):
    """Whole data units of one protocol, one after another; ``lengths`` (n,) [bytes]; where they stood in the input."""

    protocol: int
    octets: Octets
    lengths: NDArray[np.int64]
    pieces: Pieces


class UnitBuilder:
    """The data unit under way on one access point."""

    def __init__(self, books: Counter[str], rejections: Rejections) -> None:
        self._books, self._rejections = books, rejections
        self._parts: list[Octets] = []
        self._zones: list[int] = []
        self._origins: list[int] = []
        self.held_bytes = 0  # of the unit under way
        self._protocol = 0
        self._open = False

    def add(
        self, rows: Octets, table: FrameTable, origin: NDArray[np.int64], fresh: NDArray[np.bool_]
    ) -> Iterator[Unit]:
        """Yield the units that these frames complete, in their order."""
        valid = self._valid(table)
        bounds = zip(table.rule.tolist(), table.start.tolist(), valid.tolist(), origin.tolist(), strict=True)
        for row, (rule, start, width, place) in enumerate(bounds):
            if fresh[row]:
                self.give_up(CUT)
            elif rule not in _GO_ON:
                self.give_up(ENDLESS)
            octets, pieces = rows[row, start : start + width], Pieces(np.array([0]), np.array([place]))
            protocol, ends = int(table.protocol[row]), bool(table.pointer[row] >= 0) or rule == LAST_SEGMENT
            if rule in _ALONE:
                yield Unit(protocol, octets, np.array([width]), pieces)
            elif rule in _GO_ON and not (self._open and protocol == self._protocol):
                self.give_up(ENDLESS)
                pieces.reject(self._rejections, 0, width, HEADLESS)
            elif self.held_bytes + width > LARGEST_UNIT_BYTES:
                self.give_up(TOO_LONG)
                pieces.reject(self._rejections, 0, width, TOO_LONG)
            else:
                self._append(protocol, octets, place)
                if ends:
                    yield self._close()

    def give_up(self, reason: str) -> None:
        """Reject the unit under way."""
        size = self.held_bytes
        self._taken()[1].reject(self._rejections, 0, size, reason)

    def _valid(self, table: FrameTable) -> NDArray[np.int64]:
        """Return how many bytes of each zone are valid (n,), and count the others as idle."""
        zone = table.stop - table.start
        valid = np.where(table.pointer >= 0, np.minimum(table.pointer, zone), zone)
        self._books["idle_bytes"] += int((zone - valid).sum())
        return valid

    def _append(self, protocol: int, octets: Octets, place: int) -> None:
        self._zones.append(self.held_bytes)
        self._origins.append(place)
        self._parts.append(octets.copy())
        self.held_bytes += octets.size
        self._protocol, self._open = protocol, True

    def _close(self) -> Unit:
        parts, pieces = self._taken()
        octets = np.concatenate(parts)
        return Unit(self._protocol, octets, np.array([octets.size]), pieces)

    def _taken(self) -> tuple[list[Octets], Pieces]:
        """Return the unit under way, and have none."""
        taken = self._parts, Pieces(np.array(self._zones, np.int64), np.array(self._origins, np.int64))
        self._parts, self._zones, self._origins, self.held_bytes, self._open = [], [], [], 0, False
        return taken
