"""Walks the data elements of a MATLAB file of version 5 to 7.2.

Source: The MathWorks, "MAT-File Format" (R2019b), chapter 1. An element is a tag (type, bytes) and its bytes, padded to
8; up to four bytes may share the tag's own eight. A variable is an element of type 14 (matrix) that holds flags,
dimensions, name and numbers, or one of type 15 that unfolds (zlib) to such an element.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from telemus.errors import FormatError
from telemus.exchange.mat_variable import Variable, check_end

_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
    16: "u1", 17: "u2", 18: "u4",
}  # fmt: skip
_UTF8 = 16
_CHARACTERS = 4
_PLAIN_CLASSES = range(6, 16)  # double, single and the integers
_COMPLEX = 0x0800
_HEAD_BYTES = 1 << 12  # holds flags, dimensions and name of any variable


class _Element(NamedTuple):
    """An element: its type, its bytes, where the next begins in the same buffer."""

    kind: int
    raw: memoryview
    stop: int


def variables_5(path: Path, text: memoryview, wanted: Sequence[str]) -> Iterator[Variable]:
    """Yield the variables of a version 5 file; of those that are not wanted, compressed ones are unfolded only to their
    name.

    Raises FormatError, with the byte, where a variable is cut short, does not unfold or is none.
    """
    order = ">" if bytes(text[126:128]) == b"MI" else "<"
    offset, size = 128, len(text)
    while offset < size:
        check_end(path, offset, 8, size, "the tag of a variable")
        kind, length = struct.unpack(f"{order}2I", text[offset : offset + 8])
        check_end(path, offset, 8 + length, size, "a variable")
        body = text[offset + 8 : offset + 8 + length]
        try:
            if kind == _COMPRESSED:
                yield _unfolded(order, body, wanted)
            elif kind == _MATRIX:
                yield _variable(order, body)
        except (ValueError, struct.error, zlib.error, OverflowError) as error:
            message = f"got a variable that cannot be read ({error}), wanted a whole one"
            raise FormatError(message, path=path, offset=offset) from error
        offset += 8 + length


def _unfolded(order: str, body: memoryview, wanted: Sequence[str]) -> Variable:
    """Return the variable in a compressed element; never more is unfolded than the element inside claims."""
    head = zlib.decompressobj().decompress(body, _HEAD_BYTES)
    kind, length = struct.unpack(f"{order}2I", head[:8])
    if kind != _MATRIX:
        raise ValueError(f"type {kind} inside a compressed element")
    if len(head) < 8 + length:
        variable = _variable(order, memoryview(head)[8:], whole=False)
        if variable.name not in wanted or variable.dtype is None:
            return variable
        head = zlib.decompressobj().decompress(body, 8 + length)
        if len(head) < 8 + length:
            raise ValueError(f"{len(head)} of {8 + length} bytes unfolded")
    return _variable(order, memoryview(head)[8 : 8 + length])


def _variable(order: str, body: memoryview, *, whole: bool = True) -> Variable:
    """Return a variable from the bytes of a matrix element; its numbers only where the element is whole."""
    flags = _element(order, body, 0)
    dimensions = _element(order, body, flags.stop)
    named = _element(order, body, dimensions.stop)
    (word,) = struct.unpack(f"{order}I", flags.raw[:4])
    name = bytes(named.raw).rstrip(b"\0").decode("latin-1")
    shape = tuple(int(count) for count in np.frombuffer(dimensions.raw, f"{order}i4"))
    kind = word & 0xFF
    plain = (kind in _PLAIN_CLASSES or kind == _CHARACTERS) and not word & _COMPLEX
    if not plain or len(shape) != 2 or min(shape) < 0:
        return Variable(name, None, (0, 0), is_text=False, raw=b"")
    if not whole:
        return Variable(name, np.dtype("u1"), (0, 0), is_text=False, raw=b"")
    numbers = _element(order, body, named.stop)
    if numbers.kind not in _NUMBERS:
        raise ValueError(f"numbers of type {numbers.kind} in {name!r}")
    if kind == _CHARACTERS and numbers.kind == _UTF8 and len(numbers.raw) != shape[0] * shape[1]:
        codes = bytes(numbers.raw).decode("utf-8", "replace").encode("utf-32-le")
        return Variable(name, np.dtype("<u4"), shape, is_text=True, raw=codes)
    return Variable(name, np.dtype(order + _NUMBERS[numbers.kind]), shape, kind == _CHARACTERS, numbers.raw)


def _element(order: str, body: memoryview, start: int) -> _Element:
    """Return the element at a place of a buffer; it may end with the buffer, without its padding."""
    first, second = struct.unpack(f"{order}2I", body[start : start + 8])
    if first >> 16:  # the small form: bytes in the upper half of the first word, the type in the lower
        kind, length, place, stop = first & 0xFFFF, first >> 16, start + 4, start + 8
        if length > 4:
            raise ValueError(f"{length} bytes in an element of four")
    else:
        kind, length, place = first, second, start + 8
        stop = place + length + -length % 8
    if place + length > len(body):
        raise ValueError(f"{len(body) - place} of {length} bytes of an element")
    return _Element(kind, body[place : place + length], stop)
