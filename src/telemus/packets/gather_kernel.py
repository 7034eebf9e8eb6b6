"""Copy many pieces of a buffer side by side: the one compiled step of decoding."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)  # type: ignore[untyped-decorator]
def gather_rows(buffer: NDArray[np.uint8], starts: NDArray[np.int64], rows: NDArray[np.uint8]) -> None:
    """Fill ``rows`` (n, width) with ``buffer[start : start + width]`` of each start.

    The plain specification is ``buffer[starts[:, None] + numpy.arange(width)]``, which costs eight times the memory.
    """
    count, width = rows.shape
    for row in range(count):
        start = starts[row]
        for column in range(width):
            rows[row, column] = buffer[start + column]


@njit(cache=True)  # type: ignore[untyped-decorator]
def gather_pieces(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], pieces: NDArray[np.uint8]
) -> None:
    """Fill ``pieces`` with ``buffer[start:end]`` of each row, one behind the other."""
    at = 0
    for row in range(starts.size):
        for place in range(starts[row], ends[row]):
            pieces[at] = buffer[place]
            at += 1
