"""Encode runs of integer counts as small blobs, with the name of the codec beside each so that others can follow.

Waveforms of counts are smooth: the first or the second difference is small. Its zigzag form (0, -1, 1, -2 ... as
0, 1, 2, 3 ...) keeps the high bytes zero; with the bytes of one significance together, zstd level 1 finds that at
several hundred MB/s (measured in design/archive_codec.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.errors import DamageError

RAW = "raw"
DELTA_1 = "delta1-zstd"
DELTA_2 = "delta2-zstd"
BYTES = "bytes-zstd"
CODECS = (RAW, DELTA_1, DELTA_2, BYTES)
"""What may stand in the column ``codec`` of a row of samples."""

_PROBE = 4096
_ORDER = {DELTA_1: 1, DELTA_2: 2}


class Blob(NamedTuple):
    """Encoded values: codec, numpy's name of the type (little-endian), and the bytes."""

    codec: str
    dtype: str
    data: bytes


def encode(values: NDArray[Any]) -> Blob:
    """Return the values (n,) of an integer or float type as a blob, exactly recoverable.

    The order of the difference is chosen by the first 4096 values; a blob that would not be smaller stays raw.

    >>> blob = encode(np.arange(1000, dtype=np.int16)); blob.codec, len(blob.data) < 60
    ('delta2-zstd', True)
    """
    flat = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    dtype = flat.dtype.str
    if flat.size == 0 or flat.dtype.kind not in "iuf":
        return Blob(RAW, dtype, flat.tobytes())
    codec = BYTES if flat.dtype.kind == "f" else _choose(flat)
    words = flat if codec == BYTES else _zigzag(_difference(_unsigned(flat), _ORDER[codec]))
    planes = words.view(np.uint8).reshape(flat.size, flat.dtype.itemsize).T.copy()
    packed = _zstd().compress(planes, asbytes=True)
    return Blob(codec, dtype, packed) if len(packed) < flat.nbytes else Blob(RAW, dtype, flat.tobytes())


def decode(blob: Blob, count: int) -> NDArray[Any]:
    """Return the values (count,) of a blob.

    Raises DamageError on an unknown codec or a blob that does not hold ``count`` values.
    """
    dtype = np.dtype(blob.dtype)
    if blob.codec not in CODECS:
        raise DamageError(f"row of samples: got codec {blob.codec!r}, wanted one of {', '.join(CODECS)}")
    try:
        if blob.codec == RAW:
            return np.frombuffer(blob.data, dtype, count)
        planes = np.frombuffer(_zstd().decompress(blob.data, count * dtype.itemsize), np.uint8)
        words = planes.reshape(dtype.itemsize, count).T.copy().reshape(-1).view(dtype)
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        raise DamageError(f"row of samples: got {error}, wanted {count} values as {blob.codec}") from error
    if blob.codec == BYTES:
        return words
    unsigned = _unzigzag(words.view(_unsigned_type(dtype)))
    for _ in range(_ORDER[blob.codec]):
        unsigned = np.cumsum(unsigned, dtype=unsigned.dtype)
    return unsigned.view(dtype)


def pack(columns: Sequence[NDArray[Any]]) -> bytes:
    """Return short columns of one length as one blob; integers by their first difference. Types are not told.

    >>> columns = [np.arange(5, dtype=np.int16), np.linspace(0, 1, 5)]
    >>> [one.tolist() for one in unpack(pack(columns), [np.dtype("<i2"), np.dtype("<f8")], 5)]
    [[0, 1, 2, 3, 4], [0.0, 0.25, 0.5, 0.75, 1.0]]
    """
    parts = []
    for column in columns:
        words = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
        if words.dtype.kind in "iu":
            words = _zigzag(_difference(_unsigned(words), 1))
        parts.append(words.view(np.uint8).reshape(words.size, words.dtype.itemsize).T.tobytes())
    packed: bytes = _zstd().compress(b"".join(parts), asbytes=True)
    return packed


def unpack(data: bytes, dtypes: Sequence[np.dtype[Any]], count: int) -> list[NDArray[Any]]:
    """Return the columns (count,) of a packed blob. Raises DamageError where it does not hold such columns."""
    sizes = [count * dtype.itemsize for dtype in dtypes]
    try:
        octets = np.frombuffer(_zstd().decompress(data, sum(sizes)), np.uint8)
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        raise DamageError(f"packed columns: got {error}, wanted {count} values of each") from error
    columns = []
    for planes, dtype in zip(np.split(octets, np.cumsum(sizes)[:-1]), dtypes, strict=True):
        words = planes.reshape(dtype.itemsize, count).T.copy().reshape(-1).view(dtype)
        if dtype.kind in "iu":
            words = np.cumsum(_unzigzag(_unsigned(words)), dtype=_unsigned_type(dtype)).view(dtype)
        columns.append(words)
    return columns


def encode_quality(words: NDArray[np.uint32]) -> bytes:
    """Return quality words (n,) as runs: pairs of little-endian uint32 (length, word); empty where all are 0.

    >>> encode_quality(np.array([0, 0, 4], np.uint32)).hex()
    '02000000000000000100000004000000'
    """
    if not words.any():
        return b""
    starts = np.flatnonzero(np.concatenate(([True], words[1:] != words[:-1])))
    runs = np.empty((len(starts), 2), "<u4")
    runs[:, 0] = np.diff(np.append(starts, len(words)))
    runs[:, 1] = words[starts]
    return runs.tobytes()


def decode_quality(data: bytes, count: int) -> NDArray[np.uint32]:
    """Return the quality words (count,) of their runs; DamageError where the lengths do not add up to ``count``."""
    if not data:
        return np.zeros(count, np.uint32)
    runs = np.frombuffer(data, "<u4").reshape(-1, 2)
    if int(runs[:, 0].sum(dtype=np.int64)) != count:
        raise DamageError(f"row of samples: got quality for {int(runs[:, 0].sum())} samples, wanted {count}")
    return np.repeat(runs[:, 1].astype(np.uint32), runs[:, 0])


def _choose(flat: NDArray[Any]) -> str:
    probe = _unsigned(flat[:_PROBE])
    if probe.size <= 2:
        return DELTA_1
    first, second = (_zigzag(_difference(probe, order))[order:].mean(dtype=np.float64) for order in (1, 2))
    return DELTA_2 if second < first else DELTA_1


def _unsigned_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(f"<u{dtype.itemsize}")


def _unsigned(flat: NDArray[Any]) -> NDArray[Any]:
    return flat.view(_unsigned_type(flat.dtype))


def _difference(words: NDArray[Any], order: int) -> NDArray[Any]:
    """Return the difference modulo the word length, the first value kept in front."""
    for _ in range(order):
        moved = words.copy()
        moved[1:] -= words[:-1]
        words = moved
    return words


def _zigzag(words: NDArray[Any]) -> NDArray[Any]:
    bits = words.dtype.itemsize * 8
    sign = (words.view(f"<i{words.dtype.itemsize}") >> (bits - 1)).view(words.dtype)
    return np.asarray((words << words.dtype.type(1)) ^ sign)


def _unzigzag(words: NDArray[Any]) -> NDArray[Any]:
    one = words.dtype.type(1)
    return np.asarray((words >> one) ^ (~(words & one) + one))


def _zstd() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)
