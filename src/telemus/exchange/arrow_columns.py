"""Takes Arrow columns over into numpy without pandas, which Arrow's own conversion loads where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_TIME = int(np.iinfo(np.int64).min)
"""What stands for a time that is missing."""


def as_floats(column: Any) -> NDArray[np.float64]:
    """Return a float64 column (n,) as an array, with NaN for null."""
    return _taken(column, np.dtype(np.float64), np.nan)


def as_integers(column: Any) -> NDArray[np.int64]:
    """Return a column of 64-bit integers or times (n,) as int64, with NO_TIME for null."""
    return _taken(column, np.dtype(np.int64), NO_TIME)


def as_flags(column: Any) -> NDArray[np.bool_]:
    """Return a column of booleans (n,) as an array, with False for null."""
    chunks = [
        _bits(chunk.buffers()[1], chunk.offset, len(chunk)) & _valid(chunk) for chunk in column.chunks if len(chunk)
    ]
    return np.concatenate([np.zeros(0, np.bool_), *chunks])


def _taken(column: Any, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    values = np.empty(len(column), dtype)
    start = 0
    for chunk in column.chunks:
        stop = start + len(chunk)
        if len(chunk):
            raw = np.frombuffer(chunk.buffers()[1], dtype)
            values[start:stop] = raw[chunk.offset : chunk.offset + len(chunk)]
            if chunk.null_count:
                values[start:stop][~_valid(chunk)] = missing
        start = stop
    return values


def _valid(chunk: Any) -> NDArray[np.bool_]:
    """Return which values of a chunk are not null; a chunk without a bitmap has none that is."""
    bitmap = chunk.buffers()[0]
    return np.ones(len(chunk), np.bool_) if bitmap is None else _bits(bitmap, chunk.offset, len(chunk))


def _bits(buffer: Any, offset: int, count: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(packed, count=offset + count, bitorder="little")[offset:].astype(np.bool_)
