"""Turn the octets of many packets into columns: bit fields by shifts, whole octets by views, nothing per packet."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from telemus.packets.gather_kernel import gather_pieces, gather_rows
from telemus.packets.text import told_text
from telemus.packets.xtce import ParameterType
from telemus.packets.xtce.formula import run_formula
from telemus.packets.xtce.model import Calibrator, Instance, MathOperation, Polynomial, Spline

Octets = NDArray[np.uint8]


class Ragged(NamedTuple):
    """A column of arrays that differ in length: row i is ``values[offsets[i] : offsets[i + 1]]``."""

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def row(self, index: int) -> NDArray[Any]:
        """Return the values of one row."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]


def rows_at(buffer: Octets, starts: NDArray[np.int64], width: int) -> Octets:
    """Return (n, width) octets from each start: a view if the starts are evenly spaced, else a copy.

    The caller has checked that ``start + width`` lies in the buffer.
    """
    count = starts.size
    if count == 0 or width == 0:
        return np.empty((count, width), np.uint8)
    step = int(starts[1] - starts[0]) if count > 1 else width
    if step > 0 and bool((np.diff(starts) == step).all()):
        first = buffer[int(starts[0]) :]
        return as_strided(first, (count, width), (step, 1), writeable=False)
    rows = np.empty((count, width), np.uint8)
    gather_rows(buffer, starts, rows)
    return rows


def pieces_at(buffer: Octets, starts: NDArray[np.int64], widths: NDArray[np.int64]) -> Octets:
    """Return ``buffer[start : start + width]`` of every row, one behind the other."""
    pieces = np.empty(int(widths.sum()), np.uint8)
    gather_pieces(buffer, starts, starts + widths, pieces)
    return pieces


def unsigned_at(rows: Octets, bit: int, bits: int) -> NDArray[Any]:
    """Return (n,) the unsigned integer of ``bits`` (1 to 64) that begins at ``bit`` of each row, big-endian.

    The result has the smallest of uint8, uint16, uint32, uint64 that holds it.

    >>> unsigned_at(np.array([[0x08, 0x30]], np.uint8), 5, 11).tolist()
    [48]
    """
    first, stop = bit // 8, (bit + bits + 7) // 8
    octets = stop - first
    dtype = unsigned_dtype(bits)
    if bit % 8 == 0 and bits == 8 * octets and octets in (1, 2, 4, 8):
        return rows[:, first:stop].view(f">u{octets}")[:, 0].astype(dtype)
    down = 8 * stop - bit - bits
    if octets <= 8:
        value = _joined(rows, first, stop) >> down
    else:  # nine octets: eight of them lead, and the last gives the lowest bits
        value = (_joined(rows, first, stop - 1) << (8 - down)) | (
            rows[:, stop - 1].astype(np.uint64) >> np.uint64(down)
        )
    mask = value.dtype.type((1 << bits) - 1)
    return (value & mask).astype(dtype, copy=False)


def _joined(rows: Octets, first: int, stop: int) -> NDArray[Any]:
    """Return the big-endian number of the octets [first, stop), at most eight."""
    dtype = unsigned_dtype(8 * (stop - first))
    value = rows[:, first].astype(dtype)
    for octet in range(first + 1, stop):
        value <<= dtype.type(8)
        value |= rows[:, octet]
    return value


def unsigned_dtype(bits: int) -> np.dtype[Any]:
    """Return the smallest unsigned dtype of at least so many bits."""
    return np.dtype(next(f"u{octets}" for octets in (1, 2, 4, 8) if bits <= 8 * octets))


def number_at(rows: Octets, bit: int, bits: int, scheme: str, little: bool) -> NDArray[Any]:
    """Return (n,) the number at ``bit`` of each row.

    ``scheme`` is unsigned, twosComplement or IEEE754; ``little`` puts the least significant octet first.
    """
    if little and bits > 8:
        whole = rows_of_whole_octets(rows, bit, bits)
        return number_at(np.ascontiguousarray(whole[:, ::-1]), 0, bits, scheme, False)
    value = unsigned_at(rows, bit, bits)
    if scheme == "twosComplement":
        return sign_extended(value, bits)
    if scheme == "IEEE754":
        return value.view(f"f{bits // 8}")
    return value


def rows_of_whole_octets(rows: Octets, bit: int, bits: int) -> Octets:
    """Return (n, bits / 8) the octets from ``bit`` on, shifted to whole octets if they are not."""
    if bit % 8 == 0:
        return rows[:, bit // 8 : (bit + bits) // 8]
    return np.stack([unsigned_at(rows, at, 8) for at in range(bit, bit + bits, 8)], axis=1)


def sign_extended(value: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return the two's complement reading of the lowest ``bits`` of an unsigned array, same item size.

    >>> sign_extended(np.array([0x7FF, 0x800], np.uint16), 12).tolist()
    [2047, -2048]
    """
    signed = value.view(f"i{value.dtype.itemsize}")
    spare = 8 * value.dtype.itemsize - bits
    return signed if spare == 0 else (signed << spare) >> spare


def array_at(rows: Octets, bit: int, bits: int, count: int, scheme: str, little: bool) -> NDArray[Any]:
    """Return (n, count) numbers that lie one behind the other from ``bit`` of each row."""
    octets = bits // 8
    if bit % 8 or bits % 8 or octets not in (1, 2, 4, 8):
        one_by_one = [number_at(rows, bit + index * bits, bits, scheme, little) for index in range(count)]
        return np.stack(one_by_one, axis=1) if one_by_one else np.empty((len(rows), 0), unsigned_dtype(bits))
    letter = {"unsigned": "u", "twosComplement": "i", "IEEE754": "f"}[scheme]
    first = bit // 8
    packed = rows[:, first : first + octets * count]
    if packed.flags.c_contiguous or packed.strides[-1] == 1:
        return packed.view(f"{'<' if little else '>'}{letter}{octets}").astype(f"{letter}{octets}")
    return np.ascontiguousarray(packed).view(f"{'<' if little else '>'}{letter}{octets}").astype(f"{letter}{octets}")


def calibrate(kind: ParameterType, raw: NDArray[Any]) -> NDArray[Any]:
    """Return values by the default calibrator of the parameter type [float64], or labels and text [str].

    A raw value without a label becomes its number as text. Without a calibrator the raw values return as they are.
    Calibrators of contexts need the other columns: ``told.told_column``.
    """
    if isinstance(raw, np.ma.MaskedArray):
        told = calibrate(kind, np.asarray(raw.data))
        return raw if np.may_share_memory(told, raw.data) else np.ma.MaskedArray(told, raw.mask)
    is_octets = kind.encoding is not None and kind.encoding.scheme in ("string", "binary")
    if is_octets and raw.dtype.kind != "S":
        return raw
    if kind.labels and raw.dtype.kind in "iufO":
        values, inverse = np.unique(raw, return_inverse=True)
        names = np.array([label_of(kind, value) for value in values] or [""])
        return names[inverse].reshape(raw.shape)
    if raw.dtype.kind == "S" and kind.encoding is not None:
        return told_text(raw, kind.encoding.charset)
    if kind.calibrator is not None:
        return apply_calibrator(kind.calibrator, raw)
    return apply_calibrator(Polynomial(kind.calibration), raw) if kind.calibration else raw


def label_of(kind: ParameterType, raw: Any) -> str:
    """Return the label of a raw value, the number as text if it has none (as a float that is no whole number)."""
    if isinstance(raw, float | np.floating) and not (math.isfinite(raw) and raw == int(raw)):
        return str(raw)
    value = int(raw)
    if value in kind.labels:
        return kind.labels[value]
    return next((label for first, last, label in kind.label_ranges if first <= value <= last), str(value))


def apply_calibrator(
    calibrator: Calibrator, raw: NDArray[Any], value_of: Callable[[Instance], NDArray[Any] | None] | None = None
) -> NDArray[np.float64]:
    """Return calibrated values [float64] of raw numbers of any shape.

    ``value_of`` gives other parameters beside ``raw`` to formulas that ask for them; without it those are NaN.
    Outside the points of a spline that does not extrapolate the value is NaN.

    >>> apply_calibrator(Spline((1, 1), (0.0, 10.0), (0.0, 5.0)), np.array([4, 12])).tolist()
    [2.0, nan]
    """
    if isinstance(calibrator, MathOperation):
        return run_formula(calibrator.steps, raw, value_of)
    if isinstance(calibrator, Spline):
        return _along_spline(calibrator, np.asarray(raw, np.float64))
    result = np.zeros(raw.shape)
    for coefficient in reversed(calibrator.coefficients):
        result = result * raw + coefficient
    return result


def _along_spline(spline: Spline, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the curve at ``raw``; a piece of degree k goes through the k + 1 points from its own on.

    At the end, where fewer are left, it goes through the last k + 1.
    """
    points, values = np.array(spline.raw), np.array(spline.calibrated)
    place = np.clip(np.searchsorted(points, raw, side="right") - 1, 0, points.size - 1)
    orders = np.array(spline.orders)[place]
    result = np.full(raw.shape, np.nan)
    for order in np.unique(orders).tolist():
        here = orders == order
        first = np.clip(place[here], 0, points.size - 1 - order)
        through = first[:, np.newaxis] + np.arange(order + 1)
        result[here] = _through(points[through], values[through], raw[here])
    if not spline.extrapolate:
        result = np.where((raw >= points[0]) & (raw <= points[-1]), result, np.nan)
    return result


def _through(points: NDArray[np.float64], values: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) the polynomial through points (n, k + 1), by Newton's divided differences.

    Of two points at one place the first counts.
    """
    terms = values.copy()
    for step in range(1, points.shape[1]):
        run = points[:, step:] - points[:, :-step]
        rise = terms[:, step:] - terms[:, step - 1 : -1]
        terms[:, step:] = np.divide(rise, run, out=np.zeros_like(run), where=run > 0)
    result = terms[:, -1].copy()
    for index in range(points.shape[1] - 2, -1, -1):
        result = result * (at - points[:, index]) + terms[:, index]
    return result
