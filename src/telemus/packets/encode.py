"""Build packets from columns by the definition that decodes them: the flight side, for simulation and round trips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.packets.ccsds import PRIMARY_HEADER_BYTES, primary_headers
from telemus.packets.columns import Octets, unsigned_dtype
from telemus.packets.crc import TABLES, seal_rows
from telemus.packets.layout import Field
from telemus.packets.plan import ContainerPlan

_HEADER_BITS = 8 * PRIMARY_HEADER_BYTES


def encode(
    plan: ContainerPlan,
    columns: Mapping[str, ArrayLike],
    *,
    sequence_start: int | ArrayLike = 0,
    apid: int | None = None,
    sequence_flags: int = 3,
) -> Octets:
    """Return packets (n, bytes) of one container of fixed length.

    ``columns`` hold raw values by column name: (n,), or (n, k...) for arrays, uint8 (n, k) for binary, bytes for text;
    a scalar holds for all packets. The primary header and the checksum are filled in; ``sequence_start`` is the first
    count, which goes on by one per packet, or all of them. Raises SignalError if the container has no fixed length
    or no APID, or if a column is missing, unknown, of the wrong shape, or has a value that its bits cannot hold.
    """
    if plan.fixed_bytes is None:
        raise SignalError(f"container {plan.name}: got a length that varies, wanted a fixed one")
    number = plan.apid if apid is None else apid
    if number is None:
        raise SignalError(f"container {plan.name}: got no APID, wanted one (the definition does not name it)")
    wanted = [one for one in plan.fields if one.place.bit >= _HEADER_BITS and not one.encoding.is_checksum]
    _check_names(plan, wanted, columns)
    count = max((len(np.atleast_1d(np.asarray(column))) for column in columns.values()), default=1)
    rows = np.zeros((count, plan.fixed_bytes), np.uint8)
    first = np.asarray(sequence_start)
    sequence = first if first.ndim else int(first) + np.arange(count)
    rows[:, :PRIMARY_HEADER_BYTES] = primary_headers(
        number, sequence, plan.fixed_bytes, secondary_header=plan.time is not None, sequence_flags=sequence_flags
    )
    for one in wanted:
        _write(plan, one, rows, np.asarray(columns[one.name]))
    if plan.has_checksum:
        seal_rows(rows, TABLES)
    return rows


def _check_names(plan: ContainerPlan, wanted: list[Field], columns: Mapping[str, ArrayLike]) -> None:
    names = [one.name for one in wanted]
    missing = [name for name in names if name not in columns]
    unknown = [name for name in columns if name not in names]
    if missing or unknown:
        got = f"{'no ' + ', '.join(missing) if missing else ''}{' and ' if missing and unknown else ''}"
        raise SignalError(f"container {plan.name}: got {got}{', '.join(unknown)}, wanted {', '.join(names)}")


def _write(plan: ContainerPlan, one: Field, rows: Octets, values: NDArray[Any]) -> None:
    count = len(rows)
    bits = one.bits if isinstance(one.bits, int) else 0
    shape = tuple(size if isinstance(size, int) else 0 for size in one.counts)
    if one.encoding.scheme in ("string", "binary"):
        _write_octets(plan, one, rows, values, bits // 8)
        return
    if values.ndim and values.shape != (count, *shape):
        raise SignalError(f"column {one.name}: got the shape {values.shape}, wanted {(count, *shape)}")
    code = _code(plan, one, values, bits)
    first = one.place.bit // 8
    if one.place.bit % 8 == 0 and bits in (8, 16, 32, 64):
        octets = bits // 8
        width = octets * math.prod(shape)
        order = "<" if one.encoding.little else ">"
        target = rows[:, first : first + width].view(f"{order}u{octets}")
        target[...] = code.reshape(count, -1) if code.ndim > 1 else code.reshape(-1, 1)
        return
    flat = np.broadcast_to(code, (count, *shape)).reshape(count, -1)
    for index in range(flat.shape[1]):
        _write_bits(rows, one.place.bit + index * bits, bits, flat[:, index], one.encoding.little)


def _code(plan: ContainerPlan, one: Field, values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return the unsigned bit pattern of each value, checked against the width."""
    dtype = unsigned_dtype(bits)
    if one.encoding.scheme == "IEEE754":
        return values.astype(f"f{bits // 8}", copy=False).view(dtype)
    if values.dtype.kind == "f":
        raise SignalError(f"column {one.name} of {plan.name}: got fractions, wanted raw integers of {bits} bits")
    signed = one.encoding.scheme == "twosComplement"
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    fits_by_type = values.dtype.kind == ("i" if signed else "u") and 8 * values.dtype.itemsize <= bits
    if not fits_by_type and values.size and (int(values.min()) < low or int(values.max()) > high):
        raise SignalError(
            f"column {one.name} of {plan.name}: "
            f"got {values.min()} to {values.max()}, wanted {low} to {high} ({bits} bits)"
        )
    if signed:
        return values.astype(f"i{dtype.itemsize}", copy=False).view(dtype)
    return values.astype(dtype, copy=False)


def _write_octets(plan: ContainerPlan, one: Field, rows: Octets, values: NDArray[Any], width: int) -> None:
    if values.dtype.kind in "SU":
        text = np.char.encode(values, "utf-8") if values.dtype.kind == "U" else values
        if text.dtype.itemsize > width:
            raise SignalError(f"column {one.name} of {plan.name}: got {text.dtype.itemsize} octets, wanted {width}")
        padded = np.atleast_1d(text).astype(f"S{width}")
        values = padded.view(np.uint8).reshape(-1, width)
    if values.shape[-1:] != (width,):
        raise SignalError(f"column {one.name} of {plan.name}: got the shape {values.shape}, wanted (n, {width})")
    first = one.place.bit // 8
    rows[:, first : first + width] = values


def _write_bits(rows: Octets, bit: int, bits: int, values: NDArray[Any], little: bool) -> None:
    """Or each value into its bits, octet by octet from the last; the bits were zero."""
    wide = values.astype(np.uint64)
    if little:
        wide = _swapped(wide, bits // 8)
    end = bit + bits
    done = 0
    while done < bits:
        octet = (end - done - 1) // 8
        up = 8 * (octet + 1) - (end - done)
        take = min(8 - up, bits - done)
        part = (wide >> np.uint64(done)) & np.uint64((1 << take) - 1)
        rows[:, octet] |= (part << np.uint64(up)).astype(np.uint8)
        done += take


def _swapped(values: NDArray[np.uint64], octets: int) -> NDArray[np.uint64]:
    result = np.zeros_like(values)
    for place in range(octets):
        result = (result << np.uint64(8)) | ((values >> np.uint64(8 * place)) & np.uint64(0xFF))
    return result
