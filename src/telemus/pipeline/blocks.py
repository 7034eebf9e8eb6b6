"""Read received bytes block by block and decode each: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from telemus.archive import Received
from telemus.packets import DecodedTable, Decoder

BLOCK_BYTES = 8 << 20
"""Read and decoded at once [bytes]."""
_NO_PACKET = 0xFF
"""Stands for bytes that are not those received: no packet begins with version 7 (133.0-B-2, 4.1.3.2)."""


def decoded_blocks(
    received: Received, decoder: Decoder, progress: Callable[[int], None] | None = None
) -> Iterator[list[DecodedTable]]:
    """Yield the tables of each block of a file, each list in no order of its containers; the last is of what waited.

    The columns are copies: they stay what they are when the next block is read. Bytes that are no longer those
    received are never decoded: the packets before and behind them are kept, those that reach into them are rejected.
    """
    waiting = np.empty(0, np.uint8)
    for stretch in received.stretches(BLOCK_BYTES):
        if stretch.sound:
            for at in range(0, len(stretch.data), BLOCK_BYTES):
                block = np.frombuffer(stretch.data[at : at + BLOCK_BYTES], np.uint8)
                buffer = np.concatenate([waiting, block])
                tables, consumed = decoder.advance(buffer)
                waiting = buffer[consumed:].copy()
                yield tables
        else:
            yield decoder.advance(waiting, final=True).tables
            waiting = np.empty(0, np.uint8)
            decoder.advance(np.full(stretch.stop - stretch.start, _NO_PACKET, np.uint8), final=True)
        if progress is not None:
            progress(stretch.stop - stretch.start)
    yield decoder.advance(waiting, final=True).tables
