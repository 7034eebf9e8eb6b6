"""Check and write the frame error control field: 16 bits (132.0-B-3, 732.0-B-4, 732.1-B-3 clause 4.1.6) or 32 (USLP).

The 16 bits are the CRC of ``packets.crc``. The 32 bits of USLP (732.1-B-3 annex B) are those of Proximity-1 (211.2-B-3
annex C): generator x^32 + x^23 + x^21 + x^11 + x^2 + 1, register preset to zeros, most significant bit first, no final
inversion. It is none of the CRC-32 of computer networks.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.packets.ccsds import Block, octets_of
from telemus.packets.crc import TABLES, crc16_range
from telemus.packets.frames.workers import share_rows

GENERATOR_32 = 0x00A00805


def _slicing_tables_32() -> NDArray[np.int64]:
    """Return (8, 256): row k is the register after octet v and then k octets of zero."""
    register = np.arange(256, dtype=np.int64) << 24
    for _ in range(8):
        register = ((register << 1) & 0xFFFFFFFF) ^ (register >> 31) * GENERATOR_32
    rows = [register]
    for _ in range(7):
        rows.append(((rows[-1] << 8) & 0xFFFFFFFF) ^ register[rows[-1] >> 24])
    return np.array(rows)


TABLES_32 = _slicing_tables_32()


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def crc32_range(buffer: NDArray[np.uint8], start: int, stop: int, tables: NDArray[np.int64]) -> int:
    """Return the CRC of 32 bits of ``buffer[start:stop]``, eight octets a step."""
    register = 0
    at = start
    while at + 8 <= stop:
        register = (
            tables[7, buffer[at] ^ (register >> 24)]
            ^ tables[6, buffer[at + 1] ^ ((register >> 16) & 0xFF)]
            ^ tables[5, buffer[at + 2] ^ ((register >> 8) & 0xFF)]
            ^ tables[4, buffer[at + 3] ^ (register & 0xFF)]
            ^ tables[3, buffer[at + 4]]
            ^ tables[2, buffer[at + 5]]
            ^ tables[1, buffer[at + 6]]
            ^ tables[0, buffer[at + 7]]
        )
        at += 8
    while at < stop:
        register = ((register << 8) & 0xFFFFFFFF) ^ tables[0, (register >> 24) ^ buffer[at]]
        at += 1
    return register


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _remainders_16(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    tables: NDArray[np.int64],
    found: NDArray[np.uint32],
) -> None:
    for row in range(found.size):
        found[row] = crc16_range(octets, starts[row], stops[row], tables)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _remainders_32(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    tables: NDArray[np.int64],
    found: NDArray[np.uint32],
) -> None:
    for row in range(found.size):
        found[row] = crc32_range(octets, starts[row], stops[row], tables)


def remainders(
    rows: NDArray[np.uint8], bits: int = 16, length: NDArray[np.int64] | None = None, *, workers: int = 1
) -> NDArray[np.uint32]:
    """Return the CRC over each whole frame (n,): 0 where its error control holds.

    ``length`` (n,) where frames are shorter than their rows.
    """
    found = np.empty(len(rows), np.uint32)
    octets = np.ascontiguousarray(rows).reshape(-1)
    octets.flags.writeable = False
    starts = np.arange(len(rows), dtype=np.int64) * rows.shape[1]
    stops = starts + (rows.shape[1] if length is None else length)
    kernel, tables = (_remainders_16, TABLES) if bits == 16 else (_remainders_32, TABLES_32)

    def part(start: int, stop: int) -> None:
        kernel(octets, starts[start:stop], stops[start:stop], tables, found[start:stop])

    share_rows(part, len(rows), workers)
    return found


def seal(rows: NDArray[np.uint8], bits: int = 16) -> None:
    """Write the error control of each frame (n, bytes) into its last 2 or 4 bytes."""
    width = bits // 8
    found = remainders(rows[:, :-width], bits)
    rows[:, -width:] = found.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 4 - width :]


def crc32(data: Block) -> int:
    """Return the frame error control of 32 bits of ``data``.

    >>> hex(crc32(bytes.fromhex("8000000400")))
    '0xbcc004e7'
    """
    octets = octets_of(data)
    return int(crc32_range(octets, 0, octets.size, TABLES_32))
