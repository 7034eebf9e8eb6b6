"""Undo and apply the pseudo-randomiser of CCSDS 131.0-B clause 10.4: the same operation both ways.

Two generators, each preset at the start of every frame or code block (the marker is not randomised):

- ``short``: h(x) = x^8 + x^7 + x^5 + x^3 + 1, preset to ones, 255 bits long; the only one up to issue 4, and kept "for
  legacy systems" since (131.0-B-5 and -6 clause 10.4.2). Begins FF 48 0E C0 9A.
- ``long``: h(x) = x^17 + x^14 + 1, preset to 11000111000111000, 131071 bits long (131.0-B-5 and -6 clause 10.4.1).
  Begins 1C 71 B9 1B A9: the preset leaves the register with its last bit first.

A third, ``idle``, randomises nothing: h(x) = x^32 + x^31 + x^30 + x^10 + 1, preset to ones, is the recommended content
of frames of only idle data (132.0-B-3 annex D, 732.0-B-5 annex D, 732.1-B-3 annex H). Begins FF FF FF FF 6D B6 D8 61.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError

Randomiser = Literal["short", "long"]


class _Generator(NamedTuple):
    degree: int
    taps: tuple[int, ...]
    preset: int


_GENERATORS = {
    "short": _Generator(8, (0, 3, 5, 7), 0xFF),
    "long": _Generator(17, (0, 14), 0b11000111000111000),
    "idle": _Generator(32, (0, 10, 30, 31), 0xFFFFFFFF),
}


@cache
def pseudo_random_octets(generator: str, count: int) -> NDArray[np.uint8]:
    """Return the first ``count`` octets (count,) of a generator, read-only.

    Raises SignalError for a generator that the standard does not have.

    >>> pseudo_random_octets("short", 5).tobytes().hex(), pseudo_random_octets("long", 5).tobytes().hex()
    ('ff480ec09a', '1c71b91ba9')
    """
    rule = _GENERATORS.get(generator)
    if rule is None:
        raise SignalError(f"pseudo-randomiser: got {generator!r}, wanted one of {', '.join(_GENERATORS)}")
    register, bits = rule.preset, bytearray()
    for _ in range(min(8 * count, 8 * ((1 << rule.degree) - 1))):
        bits.append(register & 1)
        fed_back = sum(register >> tap for tap in rule.taps) & 1
        register = (register >> 1) | (fed_back << (rule.degree - 1))
    period = np.packbits(np.frombuffer(bytes(bits), np.uint8))
    octets = np.resize(period, count)
    octets.flags.writeable = False
    return octets


def randomise(rows: NDArray[np.uint8], generator: Randomiser) -> NDArray[np.uint8]:
    """Return rows (n, bytes) with the generator added to each; twice gives the rows back.

    >>> randomise(np.zeros((1, 4), np.uint8), "short").tobytes().hex()
    'ff480ec0'
    """
    return rows ^ pseudo_random_octets(generator, rows.shape[1])
