"""Read strings: of fixed size, ended by a terminator, or led by their own size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Octets
from telemus.packets.xtce import Encoding

Bits = NDArray[np.int64]


def text_at(
    buffer: Octets, at: Bits, stop: Bits, rows: Bits, encoding: Encoding, size: Bits
) -> tuple[Bits, Bits, Bits, NDArray[Any]]:
    """Return (rows that have room, where, how many bits, octets as bytes (n,)) of a string in some packets.

    ``at`` and ``stop`` are bit positions of all packets. ``size`` is the buffer [bits] of each of ``rows``, 0 for one
    as long as the string itself. A string that does not begin on an octet, or whose terminator or size points beyond
    its buffer, has no room.
    """
    good, begins, widths, texts = [], [], [], []
    for row, limit in zip(rows.tolist(), size.tolist(), strict=True):
        begin = int(at[row])
        end = int(stop[row]) if limit == 0 and encoding.measures_itself else begin + limit
        if limit < 0 or begin % 8 or limit % 8 or end > stop[row]:
            continue
        found = _one(buffer[begin // 8 : end // 8].tobytes(), encoding, limit // 8)
        if found is not None:
            good.append(row)
            begins.append(begin)
            texts.append(found[0])
            widths.append(8 * found[1])
    values = np.array(texts or [b""], np.bytes_)[: len(texts)]
    return np.array(good, np.int64), np.array(begins, np.int64), np.array(widths, np.int64), values


def cut_text(rows: Octets, encoding: Encoding) -> NDArray[Any]:
    """Return (n,) byte strings of octets (n, k): up to the terminator, and without zeros that pad the end."""
    octets = rows.shape[1]
    if octets == 0:
        return np.zeros(len(rows), "S1")
    text: NDArray[Any] = np.ascontiguousarray(rows).view(f"S{octets}")[:, 0].copy()
    if encoding.terminator and encoding.terminator != b"\0":
        return np.array([one.split(encoding.terminator)[0] for one in text.tolist()], f"S{octets}")
    if encoding.terminator:
        return np.array([one.split(b"\0")[0] for one in text.tolist()], f"S{octets}")
    return text


def _one(octets: bytes, encoding: Encoding, limit: int) -> tuple[bytes, int] | None:
    """Return (text, octets that it takes) of one string, None if it does not fit into ``octets``."""
    lead = encoding.leading_bits // 8
    if lead:
        length = int.from_bytes(octets[:lead], "big")
        if len(octets) < lead + length:
            return None
        return octets[lead : lead + length], limit or lead + length
    if encoding.terminator:
        place = octets.find(encoding.terminator)
        if place < 0:
            return (octets, limit) if limit else None
        return octets[:place], limit or place + len(encoding.terminator)
    return octets, limit
