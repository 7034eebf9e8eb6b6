"""Protect transfer frames by the Reed-Solomon codes of CCSDS 131.0-B-3 clause 4, and undo errors.

Two codes of 255 symbols of 8 bits: (255,223) corrects 16 symbols in each word, (255,239) corrects 8. Both are over
the field of x^8 + x^7 + x^2 + x + 1 (clause 4.3.3) with roots alpha^(11 j), j = 128 - E to 127 + E (clause 4.3.4): so
each has its own generator polynomial, and the first root is 112 or 120. Words are interleaved to a depth of 1, 2, 3,
4, 5 or 8 (clause 4.3.5), symbols are in the dual basis (clause 4.3.9), and a frame shorter than a full block has
*virtual fill*: zeros in front that are not sent (clause 4.3.7). Clause numbers are of issue 3; issue 6 counts
chapters one higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames.workers import share_rows

FIELD_POLYNOMIAL = 0x187
"""x^8 + x^7 + x^2 + x + 1: 131.0-B-3 clause 4.3.3."""
ROOT_STEP = 11
"""Roots are powers of alpha^11: 131.0-B-3 clause 4.3.4."""
SYMBOLS = 255
UNCORRECTABLE = -1
"""Stands for the symbols corrected in a code word that had too many wrong ones."""
DEPTHS = (1, 2, 3, 4, 5, 8)
"""131.0-B-3 clause 4.3.5.1."""
CODES = (223, 239)
_DUAL_COLUMNS = (0x8D, 0xEF, 0xEC, 0x86, 0xFA, 0x99, 0xAF, 0x7B)
"""What each conventional bit, highest first, adds to the dual symbol: the matrix of 131.0-B-3 clause 4.3.9.3."""
_LARGEST_BITS = 512

Octets = NDArray[np.uint8]


class Corrected(NamedTuple):
    """What a check of frames found.

    ``rows`` (n, bytes) are the frames without check symbols; ``symbols`` and ``bits`` (n, depth) what was corrected in
    data and check symbols of each code word, UNCORRECTABLE symbols where a word had more errors than the code
    corrects; ``ok`` (n,) False where a frame has such a word.
    """

    rows: Octets
    symbols: NDArray[np.int16]
    bits: NDArray[np.int16]
    ok: NDArray[np.bool_]


class _Tables(NamedTuple):
    steps: NDArray[np.uint64]
    field: NDArray[np.int64]
    bases: NDArray[np.int64]
    turns: NDArray[np.uint64]


@dataclass(frozen=True)
class ReedSolomon:
    """One code of CCSDS 131.0-B as a mission uses it.

    ``data_symbols`` is 223 or 239, ``depth`` how many words are interleaved, ``frame_bytes`` the transfer frame that
    they protect (0 = a full block): what is missing to a full block is virtual fill. ``dual_basis`` as the standard
    has it; some spacecraft send conventional symbols. Raises SignalError for a code, depth or length that the
    standard does not have.
    """

    data_symbols: int = 223
    depth: int = 1
    frame_bytes: int = 0
    dual_basis: bool = True

    def __post_init__(self) -> None:
        if self.data_symbols not in CODES or self.depth not in DEPTHS:
            raise SignalError(
                f"Reed-Solomon: got (255,{self.data_symbols}) interleaved {self.depth}, "
                "wanted (255,223) or (255,239) interleaved 1, 2, 3, 4, 5 or 8"
            )
        largest = self.depth * self.data_symbols
        if self.frame_bytes % self.depth or not 0 <= self.frame_bytes <= largest:
            raise SignalError(
                f"Reed-Solomon: got frames of {self.frame_bytes} bytes, "
                f"wanted at most {largest} and a multiple of the interleaving depth {self.depth}"
            )

    @property
    def check_symbols(self) -> int:
        """Check symbols of each word: 32 or 16."""
        return SYMBOLS - self.data_symbols

    @property
    def word_bytes(self) -> int:
        """Data symbols of each word that are sent."""
        return (self.frame_bytes or self.depth * self.data_symbols) // self.depth

    @property
    def virtual_fill(self) -> int:
        """Zero symbols in front of each word that are not sent (131.0-B-3 clause 4.3.7)."""
        return self.data_symbols - self.word_bytes

    @property
    def parity_bytes(self) -> int:
        """Check symbols of each frame."""
        return self.depth * self.check_symbols

    @property
    def block_bytes(self) -> int:
        """Frame and check symbols, as sent."""
        return self.depth * self.word_bytes + self.parity_bytes

    def encode(self, rows: Octets) -> Octets:
        """Return frames (n, frame bytes) with their check symbols behind them (n, block bytes).

        >>> ReedSolomon(223).encode(np.arange(223, dtype=np.uint8)[None]).shape
        (1, 255)
        """
        from telemus.packets.frames import reed_solomon_kernel as kernel

        data = self.depth * self.word_bytes
        blocks = np.zeros((len(rows), self.block_bytes), np.uint8)
        blocks[:, :data] = rows
        steps = _tables(self.check_symbols, self.dual_basis).steps
        kernel.encode_rows(blocks, self.depth, self.word_bytes, self.check_symbols, steps)
        return blocks

    def decode(self, blocks: Octets, *, workers: int = 2) -> Corrected:
        """Check blocks (n, block bytes) and correct what can be corrected.

        ``blocks`` is corrected in place if it can be written to, else a copy is. A frame that is not ``ok`` holds
        what was received where its words could not be corrected. Work is divided among ``workers`` threads.
        """
        from telemus.packets.frames import reed_solomon_kernel as kernel

        if blocks.ndim != 2 or blocks.shape[1] != self.block_bytes:
            raise SignalError(f"Reed-Solomon: got blocks {blocks.shape}, wanted (n, {self.block_bytes})")
        writable = np.require(blocks, np.uint8, ["C", "W"])
        found = np.zeros((len(writable), self.depth, 2), np.int16)
        shape = (self.depth, self.word_bytes, self.check_symbols, 128 - self.check_symbols // 2)
        tables = _tables(self.check_symbols, self.dual_basis)

        def part(start: int, stop: int) -> None:
            kernel.decode_rows(writable[start:stop], shape, *tables, found[start:stop])

        share_rows(part, len(writable), workers)
        data = self.depth * self.word_bytes
        symbols = found[:, :, 0]
        return Corrected(writable[:, :data], symbols, found[:, :, 1], (symbols != UNCORRECTABLE).all(1))


def basis_tables() -> tuple[Octets, Octets]:
    """Return (256,) conventional to dual and (256,) dual to conventional symbols (131.0-B-3 clause 4.3.9).

    >>> [hex(symbol) for symbol in basis_tables()[0][:4]]
    ['0x0', '0x7b', '0xaf', '0xd4']
    """
    to_dual = np.zeros(256, np.uint8)
    symbols = np.arange(256)
    for place, column in enumerate(_DUAL_COLUMNS):
        to_dual[(symbols >> (7 - place)) & 1 == 1] ^= np.uint8(column)
    return to_dual, np.argsort(to_dual).astype(np.uint8)


def _powers(base: int) -> list[int]:
    """Return the 255 powers of a primitive element."""
    powers = [1]
    while len(powers) < SYMBOLS:
        powers.append(_product(powers[-1], base))
    return powers


def _product(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = a << 1, b >> 1
        if a & 0x100:
            a ^= FIELD_POLYNOMIAL
    return product


def generator_polynomial(check_symbols: int) -> list[int]:
    """Return the coefficients of the generator polynomial, highest first (131.0-B-3 clause 4.3.4).

    They read the same from both ends.

    >>> generator_polynomial(32)[:4] == generator_polynomial(32)[:-5:-1]
    True
    """
    base = _powers(2)[ROOT_STEP]
    roots = _powers(base)
    polynomial = [1]
    for power in range(128 - check_symbols // 2, 128 + check_symbols // 2):
        scaled = [0] + [_product(one, roots[power % SYMBOLS]) for one in polynomial]
        polynomial = [a ^ b for a, b in zip([*polynomial, 0], scaled, strict=True)]
    return polynomial


@cache
def _tables(check_symbols: int, dual_basis: bool) -> _Tables:
    """Return the constant arrays of the kernel, for symbols as they are sent."""
    to_dual, to_conventional = basis_tables() if dual_basis else (np.arange(256, dtype=np.uint8),) * 2
    generator = generator_polynomial(check_symbols)[1:]
    steps = np.zeros((4, 256, 32), np.uint8)
    for sent in range(256):
        feedback = int(to_conventional[sent])
        steps[3, sent, :check_symbols] = [to_dual[_product(feedback, one)] for one in generator]
    for place in (2, 1, 0):  # the same symbol, one place further ahead
        behind = steps[place + 1]
        steps[place, :, :-1] = behind[:, 1:]
        steps[place] ^= steps[3][behind[:, 0]]
    exponentials = _powers(_powers(2)[ROOT_STEP])
    field = np.zeros((3, _LARGEST_BITS), np.int64)
    field[0] = (exponentials * 3)[:_LARGEST_BITS]
    field[1, exponentials] = np.arange(SYMBOLS)
    field[2, :256] = np.bitwise_count(np.arange(256, dtype=np.uint8))
    bases = np.stack([to_conventional, to_dual]).astype(np.int64)
    return _Tables(_frozen(steps.view(">u8").astype(np.uint64)), _frozen(field), _frozen(bases), _turns())


@cache
def _turns() -> NDArray[np.uint64]:
    """Return (16, 255, 32): what a term of the locator, by its power less one and its logarithm, is at all 255 places.

    Eight places share a word, the first in its lowest octet.
    """
    exponentials = np.array(_powers(_powers(2)[ROOT_STEP]), np.uint64)
    power, logarithm, place = np.ogrid[1:17, 0:SYMBOLS, 0:256]
    values = exponentials[(logarithm - power * place) % SYMBOLS].reshape(16, SYMBOLS, 32, 8)
    return _frozen(np.bitwise_or.reduce(values << (8 * np.arange(8, dtype=np.uint64)), axis=-1))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
