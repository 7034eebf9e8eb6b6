"""Check, correct and write the frame header error control of AOS (CCSDS 732.0-B-4 clause 4.1.2.6).

A Reed-Solomon code of ten symbols of 4 bits, six of them data, that corrects two: over the field of x^4 + x + 1 with
roots alpha^6 to alpha^9, so g(x) = x^4 + alpha^3 x^3 + alpha x^2 + alpha^3 x + 1. It protects octets 0, 1 and 5 of the
header (master and virtual channel, signalling field), not the frame count; its 16 bits stand in octets 6 and 7. With
16 check bits every remainder is looked up in one table: of 65536 remainders 1 is clean, 10275 are correctable.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FIELD_POLYNOMIAL = 0b10011
GENERATOR = (1, 8, 2, 8, 1)
"""alpha^0, alpha^3, alpha^1, alpha^3, alpha^0, highest power first."""
SYMBOLS, DATA_SYMBOLS = 10, 6
PROTECTED = (0, 1, 5, 6, 7)
"""Octets of the code word in an AOS header, check symbols last."""
UNCORRECTABLE = -1

Octets = NDArray[np.uint8]


class HeaderErrors(NamedTuple):
    """``symbols`` corrected in each header (n,); ``ok`` False where there were more wrong ones than two (n,)."""

    symbols: NDArray[np.int32]
    ok: NDArray[np.bool_]


class _Tables(NamedTuple):
    patterns: NDArray[np.int64]  # (65536,): the 40 wrong bits behind a remainder, or UNCORRECTABLE
    wrong: NDArray[np.int32]  # (65536,): how many symbols they are


def header_error_control(protected: int, signalling: int) -> int:
    """Return the 16 check bits of a header's first two octets and its signalling field.

    >>> hex(header_error_control(0x1234, 0x56))
    '0x94dc'
    """
    word = np.array([[protected >> 8, protected & 0xFF, signalling, 0, 0]], np.uint8)
    return int(_remainder(word)[0])


def correct_headers(rows: Octets) -> HeaderErrors:
    """Check and correct the headers of AOS frames (n, bytes) in place."""
    remainder = _remainder(rows[:, PROTECTED])
    dirty = np.flatnonzero(remainder)
    symbols, ok = np.zeros(len(rows), np.int32), np.ones(len(rows), np.bool_)
    if dirty.size:
        tables = _tables()
        pattern = tables.patterns[remainder[dirty]]
        ok[dirty] = pattern != UNCORRECTABLE
        symbols[dirty] = tables.wrong[remainder[dirty]]
        pattern[pattern == UNCORRECTABLE] = 0
        for order, place in enumerate(PROTECTED):
            rows[dirty, place] ^= ((pattern >> (32 - 8 * order)) & 0xFF).astype(np.uint8)
    return HeaderErrors(symbols, ok)


def write_header_error_control(rows: Octets) -> None:
    """Write octets 6 and 7 of AOS headers (n, bytes) in place."""
    rows[:, 6:8] = 0
    check = _remainder(rows[:, PROTECTED])
    rows[:, 6], rows[:, 7] = check >> 8, check & 0xFF


def _remainder(words: Octets) -> NDArray[np.int64]:
    """Return the remainder (n,) of words (n, 5) of two symbols an octet."""
    table = _contributions()
    found = np.zeros(len(words), np.int64)
    for place in range(SYMBOLS):
        octet = words[:, place // 2]
        found ^= table[place, octet & 0xF if place % 2 else octet >> 4]
    return found


def _times(a: int, b: int) -> int:
    product = 0
    for bit in range(4):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(6, 3, -1):
        product ^= (FIELD_POLYNOMIAL << (bit - 4)) * (product >> bit & 1)
    return product


@cache
def _contributions() -> NDArray[np.int64]:
    """Return (10, 16): the remainder of each symbol at each place, by division by the generator."""
    table = np.zeros((SYMBOLS, 16), np.int64)
    for place in range(SYMBOLS):
        for symbol in range(16):
            register = [symbol * (order == place) for order in range(SYMBOLS)]
            for order in range(DATA_SYMBOLS):
                lead = register[order]
                for step, coefficient in enumerate(GENERATOR):
                    register[order + step] ^= _times(lead, coefficient)
            table[place, symbol] = int("".join(f"{one:x}" for one in register[DATA_SYMBOLS:]), 16)
    return table


@cache
def _tables() -> _Tables:
    """Return the table of remainders, with every pattern of one and of two wrong symbols behind its own."""
    single = _contributions()
    patterns = np.full(1 << 16, UNCORRECTABLE, np.int64)
    wrong = np.zeros(1 << 16, np.int32)
    patterns[0] = 0
    value = np.arange(1, 16)
    for first in range(SYMBOLS):
        at_first = value << 4 * (SYMBOLS - 1 - first)
        patterns[single[first, 1:]], wrong[single[first, 1:]] = at_first, 1
        for second in range(first):
            both = single[first, 1:, None] ^ single[second, None, 1:]
            patterns[both] = at_first[:, None] | (value << 4 * (SYMBOLS - 1 - second))[None, :]
            wrong[both] = 2
    return _Tables(patterns, wrong)
