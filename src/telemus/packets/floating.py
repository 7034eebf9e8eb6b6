"""Read fields that lie at another bit position in each packet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Octets, array_at, pieces_at, rows_at
from telemus.packets.numbers import value_at
from telemus.packets.xtce import Encoding

Bits = NDArray[np.int64]


def numbers_at(buffer: Octets, begin: Bits, bits: int, encoding: Encoding) -> NDArray[Any]:
    """Return (n,) numbers of one width at any bit positions: one pass per alignment within the octet (at most 8)."""
    shifts = np.unique(begin & 7)
    if shifts.size == 0:
        return value_at(np.empty((0, bits // 8 + 2), np.uint8), 0, bits, encoding)
    parts = []
    for shift in shifts.tolist():
        rows = np.flatnonzero((begin & 7) == shift)
        octets = rows_at(buffer, begin[rows] >> 3, (shift + bits + 7) // 8)
        parts.append((rows, value_at(octets, shift, bits, encoding)))
    if len(parts) == 1:
        return parts[0][1]
    result = np.empty(begin.size, parts[0][1].dtype)
    for rows, values in parts:
        result[rows] = values
    return result


def elements_at(buffer: Octets, begin: Bits, counts: NDArray[np.int64], bits: int, encoding: Encoding) -> NDArray[Any]:
    """Return ``counts`` elements from each position, one behind the other; of text and binary the octets."""
    if encoding.scheme in ("string", "binary"):
        return pieces_at(buffer, begin >> 3, counts)
    if encoding.is_plain and bits in (8, 16, 32, 64) and not (begin & 7).any():
        flat = pieces_at(buffer, begin >> 3, counts * (bits // 8))
        count = flat.size // (bits // 8)
        values: NDArray[Any] = array_at(flat.reshape(1, -1), 0, bits, count, encoding.scheme, encoding.little)[0]
        return values
    offsets = offsets_of(counts)
    within = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], counts)
    return numbers_at(buffer, np.repeat(begin, counts) + within * bits, bits, encoding)


def octets_at(buffer: Octets, begin: Bits, bits: NDArray[np.int64]) -> NDArray[Any]:
    """Return (n,) ``bytes`` objects of so many bits from any position; a last octet in part ends in zeros."""
    result = np.empty(begin.size, object)
    for row, (at, width) in enumerate(zip(begin.tolist(), bits.tolist(), strict=True)):
        piece = buffer[at >> 3 : (at + width + 7) >> 3].tobytes()
        if at & 7 or width & 7:
            stop = -(-(at + width) // 8) * 8
            code = (int.from_bytes(piece, "big") >> (stop - at - width)) & ((1 << width) - 1)
            piece = (code << (-width % 8)).to_bytes((width + 7) // 8, "big")
        result[row] = piece
    return result


def offsets_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (n + 1,) where each row begins if rows of so many elements lie one behind the other."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
