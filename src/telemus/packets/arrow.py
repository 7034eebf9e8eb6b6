"""Decoded packets as Arrow tables: arrays as list columns, raw values beside calibrated ones where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.packets.columns import Ragged
from telemus.packets.decode import DecodedTable


def to_arrow(decoded: DecodedTable) -> pa.Table:
    """Return a decoded table as Arrow: one row per packet, one column per parameter.

    A calibrated or labelled parameter stands under its plain name, its raw value beside it as ``NAME_raw``. Arrays
    are list columns, binary (n, k) octets binary columns. ``packet_offset`` [bytes], ``apid``, ``sequence_count``,
    ``verified`` and, where the definition marks it, ``onboard_ns`` [ns] come first. What a packet does not
    have is null. The unit of a column stands in
    its field's metadata.
    """
    columns: dict[str, pa.Array] = {
        "packet_offset": pa.array(decoded.packet_offset),
        "apid": pa.array(decoded.apid),
        "sequence_count": pa.array(decoded.sequence_count),
        "verified": pa.array(decoded.verified),
    }
    units: dict[str, str] = {"packet_offset": "B"}
    if decoded.onboard_ns is not None:
        columns["onboard_ns"], units["onboard_ns"] = pa.array(decoded.onboard_ns), "ns"
    for name, raw in decoded.columns.items():
        told = decoded.calibrated(name)
        columns[name], units[name] = _array(told), decoded.unit(name)
        if told is not raw and not _same(told, raw):
            columns[f"{name}_raw"] = _array(raw)
    fields = [
        pa.field(name, array.type, metadata={"unit": units[name]} if units.get(name) else None)
        for name, array in columns.items()
    ]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


def _same(told: NDArray[Any] | Ragged, raw: NDArray[Any] | Ragged) -> bool:
    one, other = (column.values if isinstance(column, Ragged) else column for column in (told, raw))
    return bool(one is other) or (one.dtype.kind in "US" and other.dtype.kind in "S")


def _whole(column: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(column)


def _listed(values: list[Any], dtype: np.dtype[Any]) -> pa.Array:
    """Return text, octets or integers of more than 64 bits (these as decimal text, which Arrow has no number for)."""
    if dtype.kind != "O":
        return pa.array(values, pa.string() if dtype.kind == "U" else pa.binary())
    if any(isinstance(one, int) for one in values):
        return pa.array([None if one is None else str(one) for one in values], pa.string())
    return pa.array(values, pa.binary())


def _array(column: NDArray[Any] | Ragged) -> pa.Array:
    """Return a column as an Arrow array; rows of more than one value become lists, and octets binary."""
    if isinstance(column, Ragged):
        return pa.LargeListArray.from_arrays(pa.array(column.offsets), _array(column.values))
    if isinstance(column, np.ma.MaskedArray):
        listed = column.dtype.kind in "SUO"
        return (
            _listed(column.tolist(), column.dtype) if listed else pa.array(column.data, mask=np.ma.getmaskarray(column))
        )
    if column.ndim == 1:
        return _listed(column.tolist(), column.dtype) if column.dtype.kind in "SUO" else pa.array(_whole(column))
    if column.dtype == np.uint8:
        return pa.array([row.tobytes() for row in column], pa.binary(column.shape[1]))
    flat = _array(column.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(column.shape[1:])))
