"""Turn one decoded column into an Arrow array of the type that was declared for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.packets.columns import Octets, Ragged, calibrate, label_of
from telemus.packets.timestamps import TimeRule, timestamps_of
from telemus.packets.xtce import ParameterType

Column = NDArray[Any] | Ragged
Mask = NDArray[np.bool_] | None
Flat = Callable[[NDArray[Any], Mask], pa.Array]
"""Turns values (n,) and a mask, True where there is none, into an Arrow array."""


def labels_of(kind: ParameterType) -> list[str]:
    """Return the labels of a type, each once, in the order of the definition."""
    return list(dict.fromkeys([*kind.labels.values(), *(label for _, _, label in kind.label_ranges)]))


def label_values(kind: ParameterType) -> Flat:
    """Return a function that gives raw values their labels, as a dictionary; null where a value has none."""
    labels = labels_of(kind)
    place = {label: index for index, label in enumerate(labels)}
    dtype = index_dtype(len(labels))

    def convert(raw: NDArray[Any], mask: Mask) -> pa.Array:
        values, inverse = np.unique(raw, return_inverse=True)
        index = np.array([place.get(label_of(kind, value), -1) for value in values] or [-1], dtype)[inverse]
        missing = index < 0 if mask is None else mask | (index < 0)
        return pa.DictionaryArray.from_arrays(pa.array(index, mask=missing), pa.array(labels, pa.string()))

    return convert


def index_dtype(count: int) -> np.dtype[Any]:
    """Return the smallest signed dtype whose numbers can name ``count`` labels."""
    return np.dtype(next(name for name in ("i1", "i2", "i4") if count <= np.iinfo(name).max))


def time_values(rule: TimeRule) -> Flat:
    """Return a function that makes timestamps [ns] of raw values; null beyond the years 1678 to 2261."""

    def convert(raw: NDArray[Any], mask: Mask) -> pa.Array:
        times, beyond = timestamps_of(rule, raw)
        return pa.array(times, mask=beyond if mask is None else mask | beyond).cast(pa.timestamp("ns"))

    return convert


def text_values(kind: ParameterType) -> Flat:
    """Return a function that decodes strings by their character set."""

    def convert(raw: NDArray[Any], mask: Mask) -> pa.Array:
        text = raw if raw.dtype.kind == "U" else calibrate(kind, raw)
        return pa.array(text.tolist(), pa.string(), mask=mask)

    return convert


def number_values(kind: pa.DataType) -> Flat:
    """Return a function that takes numbers as they are; integers of more than 64 bits as decimal text.

    Half-precision floats become single precision, which holds each of them exactly and which all formats have.
    """

    def convert(raw: NDArray[Any], mask: Mask) -> pa.Array:
        if raw.dtype == object:
            return pa.array([str(one) for one in raw.tolist()], pa.string(), mask=mask)
        whole = np.ascontiguousarray(raw.astype(np.float32) if raw.dtype == np.float16 else raw)
        array = pa.array(whole, mask=mask)
        return array if array.type == kind else array.cast(kind)

    return convert


def octet_values(raw: NDArray[Any], mask: Mask) -> pa.Array:
    """Return ``bytes`` objects (n,) as binary."""
    return pa.array(raw.tolist(), pa.large_binary(), mask=mask)


def binary_column(column: Column) -> pa.Array:
    """Return binary that stands as octets: (n, k) of one length, or Ragged."""
    if isinstance(column, Ragged) and column.values.dtype == np.uint8:
        octets = np.ascontiguousarray(column.values)
        buffers = [None, pa.py_buffer(np.ascontiguousarray(column.offsets)), pa.py_buffer(octets)]
        return pa.Array.from_buffers(pa.large_binary(), column.offsets.size - 1, buffers)
    if isinstance(column, np.ndarray) and column.ndim == 2:
        rows: Octets = np.ascontiguousarray(column)
        return pa.Array.from_buffers(pa.binary(rows.shape[1]), len(rows), [None, pa.py_buffer(rows)])
    return wrapped(column, octet_values)


def wrapped(column: Column, flat: Flat) -> pa.Array:
    """Return a column of any shape: lists of differing length, nested lists of one length, or one value per row."""
    if isinstance(column, Ragged):
        return pa.LargeListArray.from_arrays(pa.array(column.offsets), flat(column.values, None))
    if isinstance(column, np.ma.MaskedArray):
        return flat(np.asarray(column.data), np.ma.getmaskarray(column))
    if column.ndim == 1:
        return flat(column, None)
    if math.prod(column.shape[1:]) == 0:
        offsets = np.zeros(len(column) + 1, np.int64)
        return pa.LargeListArray.from_arrays(pa.array(offsets), flat(column.reshape(-1), None))
    array = flat(column.reshape(-1), None)
    for size in reversed(column.shape[1:]):
        array = pa.FixedSizeListArray.from_arrays(array, size)
    return array
