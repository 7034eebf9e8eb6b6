"""Compute the 16-bit packet error control of CCSDS 132.0-B-3 clause 4.1.4.2, which space packets borrow.

Generator x^16 + x^12 + x^5 + 1 (0x1021), register preset to ones, most significant bit first, no final
inversion: the check value of the nine octets ``123456789`` is 0x29B1. Eight octets are taken per step
("slicing by eight": the register's influence on eight octets is the sum of eight table look-ups).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.packets.ccsds import Block, octets_of

GENERATOR = 0x1021
PRESET = 0xFFFF
CRC_BYTES = 2


def _slicing_tables() -> NDArray[np.int64]:
    """Return (8, 256): row k is the register after octet v and then k octets of zero."""
    table = np.zeros((8, 256), np.int64)
    for octet in range(256):
        register = octet << 8
        for _ in range(8):
            register = ((register << 1) ^ GENERATOR if register & 0x8000 else register << 1) & 0xFFFF
        table[0, octet] = register
    for row in range(1, 8):
        before = table[row - 1]
        table[row] = table[0, before >> 8] ^ ((before << 8) & 0xFFFF)
    return table


def _shift_tables(octet: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (34, 256): rows 2k and 2k + 1 are what 2**k octets of zero make of the register v and of v << 8."""
    low, high = np.arange(256), np.arange(256) << 8
    rows: list[NDArray[np.int64]] = []
    for power in range(17):
        for part in (low, high):
            if power == 0:
                rows.append(octet[part >> 8] ^ ((part << 8) & 0xFFFF))
            else:
                once = rows[2 * power - 2 if part is low else 2 * power - 1]
                rows.append(rows[2 * power - 2][once & 0xFF] ^ rows[2 * power - 1][once >> 8])
    return np.array(rows)


SHIFTS = 8
"""Row of ``TABLES`` where the shifts begin; the rows before slice by eight."""
_SLICES = _slicing_tables()
TABLES = np.concatenate([_SLICES, _shift_tables(_SLICES[0])])


@njit(cache=True)  # type: ignore[untyped-decorator]
def crc16_onwards(register: int, buffer: NDArray[np.uint8], start: int, stop: int, tables: NDArray[np.int64]) -> int:
    """Return what ``buffer[start:stop]`` makes of a register."""
    at = start
    while at + 8 <= stop:
        register = (
            tables[7, buffer[at] ^ (register >> 8)]
            ^ tables[6, buffer[at + 1] ^ (register & 0xFF)]
            ^ tables[5, buffer[at + 2]]
            ^ tables[4, buffer[at + 3]]
            ^ tables[3, buffer[at + 4]]
            ^ tables[2, buffer[at + 5]]
            ^ tables[1, buffer[at + 6]]
            ^ tables[0, buffer[at + 7]]
        )
        at += 8
    while at < stop:
        register = ((register << 8) & 0xFFFF) ^ tables[0, (register >> 8) ^ buffer[at]]
        at += 1
    return register


@njit(cache=True)  # type: ignore[untyped-decorator]
def crc16_range(buffer: NDArray[np.uint8], start: int, stop: int, tables: NDArray[np.int64]) -> int:
    """Return the CRC of ``buffer[start:stop]``."""
    register: int = crc16_onwards(np.int64(PRESET), buffer, start, stop, tables)
    return register


@njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[untyped-decorator]
def crc16_of_sums(before: int, after: int, count: int, tables: NDArray[np.int64]) -> int:
    """Return the CRC of ``count`` octets from the running registers before and after them.

    The register is linear in its preset: CRC = after + (before + preset) x^(8 count). At most 17 steps whatever the
    count, so that a search may ask about overlapping spans at a cost that their lengths do not multiply.
    """
    register = before ^ 0xFFFF
    row = SHIFTS
    while count:
        if count & 1:
            register = tables[row, register & 0xFF] ^ tables[row + 1, register >> 8]
        count >>= 1
        row += 2
    return register ^ after


@njit(cache=True)  # type: ignore[untyped-decorator]
def seal_rows(rows: NDArray[np.uint8], tables: NDArray[np.int64]) -> None:
    """Write into the last two octets of each row (n, bytes) the CRC of all octets before them."""
    count, width = rows.shape
    flat = rows.reshape(count * width)
    for row in range(count):
        register = crc16_range(flat, row * width, (row + 1) * width - 2, tables)
        rows[row, width - 2] = register >> 8
        rows[row, width - 1] = register & 0xFF


def crc16(data: Block) -> int:
    """Return the packet error control of ``data``.

    A packet whose last two octets are its error control gives 0 over its whole length.

    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    octets = octets_of(data)
    return int(crc16_range(octets, 0, octets.size, TABLES))
