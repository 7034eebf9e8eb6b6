"""Hold the headers of many transfer frames as one table of arrays, whatever protocol they are of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_PACKET_STARTS = -1
ONLY_IDLE = -2

SPANNING, START_OF_UNIT, REST_OF_UNIT, OCTETS, FIRST_SEGMENT, NEXT_SEGMENT, LAST_SEGMENT, WHOLE = range(8)
"""What a data zone holds: the construction rules of USLP (732.1-B-3 clause 4.1.4.2.2), which serve TM and AOS too."""
PACKETS, USER_OCTETS, PRIVATE, IDLE = 0, 4, 5, 31
"""Protocol identifiers of USLP (732.1-B-3 clause 4.1.4.2.3; SANA registry "USLP Protocol Identifier")."""


class FrameTable(NamedTuple):
    """Frames, one array per property (n,).

    ``version`` as in the header (0 = TM, 1 = AOS, 12 = USLP); ``length`` the whole frame [bytes], -1 where the header
    contradicts itself; ``frame_count`` the virtual channel frame count, modulo ``modulo`` (0 = not counted);
    ``master_count`` that of the master channel, -1 where there is none; ``expedited`` (USLP) frames are counted apart.

    The data zone is bytes ``start`` to ``stop`` of the frame. ``rule`` says what it holds, ``protocol`` for whom.
    ``pointer``: the byte of the zone where the first packet begins, or NO_PACKET_STARTS; ONLY_IDLE in idle frames; in
    zones of data units how many bytes of the zone are valid, -1 if all are and the unit goes on.
    ``operational_control`` its 4 bytes as a number, -1 where there is none.
    """

    version: NDArray[np.uint8]
    spacecraft: NDArray[np.uint16]
    channel: NDArray[np.uint8]
    frame_count: NDArray[np.int64]
    modulo: NDArray[np.int64]
    pointer: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    operational_control: NDArray[np.int64]
    length: NDArray[np.int64]
    master_count: NDArray[np.int64]
    map_id: NDArray[np.uint8]
    rule: NDArray[np.uint8]
    protocol: NDArray[np.uint8]
    expedited: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Number of frames."""
        return int(self.frame_count.size)

    def take(self, rows: Any) -> FrameTable:
        """Return the table of the rows (indices, mask or slice)."""
        return FrameTable(*(column[rows] for column in self))


def number(rows: NDArray[np.uint8], first: int, octets: int) -> NDArray[np.int64]:
    """Return the big-endian number in ``octets`` bytes from ``first`` of each row (n,)."""
    value = np.zeros(len(rows), np.int64)
    for place in range(first, first + octets):
        value = (value << 8) | rows[:, place]
    return value


def octet_at(rows: NDArray[np.uint8], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the byte at its own ``place`` of each row (n,); beyond the row, the nearest that it has."""
    return rows[np.arange(len(rows)), np.clip(place, 0, rows.shape[1] - 1)].astype(np.int64)


def control_words(rows: NDArray[np.uint8], present: NDArray[np.bool_], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the operational control field that begins at ``stop`` where it is ``present``, else -1."""
    words = np.zeros(len(rows), np.int64)
    for step in range(4):
        words = (words << 8) | octet_at(rows, stop + step)
    return np.where(present, words, -1)
