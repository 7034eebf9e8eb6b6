"""Hold the headers of many transfer frames as one table of arrays, whatever protocol they are of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_PACKET_STARTS = -1
ONLY_IDLE = -2
NOT_PACKETS = -3


class FrameTable(NamedTuple):
    """Frames, one array per property (n,).

    ``version`` as in the header (0 = TM, 1 = AOS); ``frame_count`` the virtual channel frame count, modulo ``modulo``;
    ``pointer`` the byte of the packet zone where the first packet begins, or NO_PACKET_STARTS, ONLY_IDLE,
    NOT_PACKETS; the packet zone is bytes ``start`` to ``stop`` of the frame; ``operational_control`` its 4 bytes as a
    number, -1 where there is none.
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


def control_words(rows: NDArray[np.uint8], present: NDArray[np.bool_], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the operational control field that begins at ``stop`` where it is ``present``, else -1."""
    words = np.full(len(rows), -1, np.int64)
    for place in np.unique(stop[present]).tolist():
        here = present & (stop == place)
        words[here] = number(rows[here], place, 4)
    return words
