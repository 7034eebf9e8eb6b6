"""Read a file of packets block by block and decode each: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from telemus.packets import DecodedTable, Decoder

BLOCK_BYTES = 8 << 20
"""Read and decoded at once [bytes]."""


def decoded_blocks(
    path: Path, decoder: Decoder, progress: Callable[[int], None] | None = None
) -> Iterator[list[DecodedTable]]:
    """Yield the tables of each block of a file, each list in no order of its containers; the last is of what waited.

    The columns are copies: they stay what they are when the next block is read.
    """
    buffer = np.empty(BLOCK_BYTES, np.uint8)
    filled = 0
    with path.open("rb", buffering=0) as file:
        while True:
            if filled == buffer.size:
                buffer = np.concatenate([buffer, np.empty(buffer.size, np.uint8)])
            count = file.readinto(buffer[filled:].data) or 0
            filled += count
            tables, consumed = decoder.advance(buffer[:filled], final=count == 0)
            yield tables
            buffer[: filled - consumed] = buffer[consumed:filled].copy()
            filled -= consumed
            if progress is not None:
                progress(count)
            if count == 0:
                return
