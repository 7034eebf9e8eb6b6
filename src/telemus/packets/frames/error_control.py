"""Check and write the frame error control field: the CRC of ``packets.crc`` over each frame (132.0-B-3 4.1.6)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.packets.crc import TABLES, crc16_range, seal_rows


@njit(cache=True)  # type: ignore[untyped-decorator]
def _remainders(octets: NDArray[np.uint8], width: int, tables: NDArray[np.int64], found: NDArray[np.uint16]) -> None:
    for row in range(found.size):
        found[row] = crc16_range(octets, row * width, (row + 1) * width, tables)


def remainders(rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the CRC over each whole frame (n,): 0 where its error control holds."""
    found = np.empty(len(rows), np.uint16)
    octets = np.ascontiguousarray(rows).reshape(-1)
    octets.flags.writeable = False
    _remainders(octets, rows.shape[1], TABLES, found)
    return found


def seal(rows: NDArray[np.uint8]) -> None:
    """Write the error control of each frame (n, bytes) into its last two bytes."""
    seal_rows(rows, TABLES)
