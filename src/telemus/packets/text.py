"""Read strings: of fixed size, ended by a terminator, or led by their own size."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.xtce import Encoding

Octets = NDArray[np.uint8]
Bits = NDArray[np.int64]


def text_at(
    buffer: Octets, at: Bits, stop: Bits, rows: Bits, encoding: Encoding, size: Bits
) -> tuple[Bits, Bits, Bits, NDArray[Any]]:
    """Return (rows that have room, where, how many bits, octets as bytes (n,)) of a string in some packets.

    ``at`` and ``stop`` are bit positions of all packets. ``size`` is the buffer [bits] of each of ``rows``, 0 for one
    as long as the string itself. It may begin at any bit. One whose terminator or size points beyond its buffer has no
    room.
    """
    good, begins, widths, texts = [], [], [], []
    for row, limit in zip(rows.tolist(), size.tolist(), strict=True):
        begin = int(at[row])
        end = int(stop[row]) if limit == 0 and encoding.measures_itself else begin + limit
        if limit < 0 or end > stop[row]:
            continue
        found = _one(_whole_octets(buffer, begin, end), encoding, limit // 8)
        if found is not None:
            good.append(row)
            begins.append(begin)
            texts.append(found[0])
            widths.append(limit or 8 * found[1])
    values = np.array(texts or [b""], np.bytes_)[: len(texts)]
    return np.array(good, np.int64), np.array(begins, np.int64), np.array(widths, np.int64), values


def _whole_octets(buffer: Octets, begin: int, end: int) -> bytes:
    """Return the whole octets between two bit positions."""
    if begin % 8 == 0:
        return buffer[begin // 8 : end // 8].tobytes()
    size = (end - begin) // 8
    code = int.from_bytes(buffer[begin // 8 : begin // 8 + size + 1].tobytes(), "big")
    return ((code >> (8 - begin % 8)) & ((1 << (8 * size)) - 1)).to_bytes(size, "big")


def cut_text(rows: Octets, encoding: Encoding) -> NDArray[Any]:
    """Return (n,) byte strings of octets (n, k): up to the terminator, and without zeros that pad the end."""
    octets = rows.shape[1]
    if octets == 0:
        return np.zeros(len(rows), "S1")
    text: NDArray[Any] = np.ascontiguousarray(rows).view(f"S{octets}")[:, 0].copy()
    if encoding.terminator:
        step = octets_of_a_character(encoding.charset)
        whole = [one.ljust(octets, b"\0") for one in text.tolist()]
        ends = [_place_of(encoding.terminator, one, step) for one in whole]
        return np.array([one if end < 0 else one[:end] for one, end in zip(whole, ends, strict=True)], f"S{octets}")
    return text


def octets_of_a_character(charset: str) -> int:
    """Return how many octets the smallest character of a character set has: 4 of UTF-32, 2 of UTF-16, else 1."""
    name = charset.upper().replace("_", "-")
    return 4 if name.startswith("UTF-32") else 2 if name.startswith("UTF-16") else 1


def told_text(values: NDArray[Any], charset: str) -> NDArray[Any]:
    r"""Return text of octets (n,); what the character set does not have becomes U+FFFD.

    A byte order mark is taken and left out; without one UTF-16 and UTF-32 are most significant octet first (RFC 2781,
    4.3). Zeros that pad the end are no text.

    >>> told_text(np.array([b"a\0b"]), "UTF-16LE").tolist()
    ['ab']
    """
    step = octets_of_a_character(charset)
    codec = charset
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        codec = "latin-1"
    if step == 1 and codec != "utf-8":
        return np.char.decode(values, codec, "replace")
    distinct, inverse = np.unique(values, return_inverse=True)
    names = [_told(one, codec, step) for one in distinct.tolist()]
    return np.array(names or [""])[inverse].reshape(values.shape)


def _told(octets: bytes, codec: str, step: int) -> str:
    whole = octets + bytes(-len(octets) % step)  # a bytes column has lost the zeros at its end
    if codec in ("utf-16", "utf-32") and not whole.startswith((codecs.BOM_UTF16_LE, b"\xfe\xff", b"\0\0\xfe\xff")):
        codec += "-be"
    return whole.decode(codec, "replace").removeprefix("\ufeff").rstrip("\0")


def _place_of(terminator: bytes, octets: bytes, step: int) -> int:
    """Return where the terminator begins at a whole character, -1 if it is not there."""
    place = octets.find(terminator)
    while place % step and place >= 0:
        place = octets.find(terminator, place + 1)
    return place


def _one(octets: bytes, encoding: Encoding, limit: int) -> tuple[bytes, int] | None:
    """Return (text, octets that it takes) of one string, None if it does not fit into ``octets``."""
    lead = encoding.leading_bits // 8
    if lead:
        length = int.from_bytes(octets[:lead], "big")
        if len(octets) < lead + length:
            return None
        return octets[lead : lead + length], limit or lead + length
    if encoding.terminator:
        place = _place_of(encoding.terminator, octets, octets_of_a_character(encoding.charset))
        if place < 0:
            return (octets, limit) if limit else None
        return octets[:place], limit or place + len(encoding.terminator)
    return octets, limit
