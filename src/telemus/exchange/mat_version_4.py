"""Walks the variables of a MATLAB file of version 4, as LabChart writes it.

Source: The MathWorks, "MAT-File Format" (R2019b), appendix A: five int32 (type, rows, columns, imaginary, bytes of the
name), the name, the numbers column by column. The type is MOPT in decimal: machine, 0, precision, text or sparse.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from telemus.errors import FormatError
from telemus.exchange.mat_variable import Variable, check_end


def is_version_4(head: bytes) -> bool:
    """Return whether the first bytes are a version 4 header: type, rows, columns, imaginary, length of the name, name.

    >>> is_version_4(struct.pack("<5i", 10, 1, 180782, 0, 5) + b"data" + bytes(1))
    True
    """
    parsed = _version_4_header(head)
    if parsed is None:
        return False
    name = head[20 : 20 + parsed.name_bytes]
    return len(name) == parsed.name_bytes and name[-1:] == b"\0" and name[:-1].decode("latin-1").isidentifier()


class _Header4(NamedTuple):
    dtype: str
    rows: int
    columns: int
    is_text: bool
    is_plain: bool
    name_bytes: int
    data_bytes: int


def _version_4_header(head: bytes) -> _Header4 | None:
    """Return the header of a version 4 variable, or None where the five numbers make none.

    Source: The MathWorks, "MAT-File Format" (R2019b), appendix A: the type is MOPT in decimal: machine, 0, precision,
    text or sparse.
    """
    if len(head) < 20:
        return None
    order = "<" if 0 <= struct.unpack("<i", head[:4])[0] < 1000 else ">"
    kind, rows, columns, imaginary, name = struct.unpack(f"{order}5i", head[:20])
    machine, rest = divmod(kind, 1000)
    zero, rest = divmod(rest, 100)
    precision, matrix = divmod(rest, 10)
    if machine not in (0, 1) or zero or precision > 5 or matrix > 2 or imaginary not in (0, 1):
        return None
    if rows < 0 or columns < 0 or not 1 < name <= 256:
        return None
    dtype = order + ("f8", "f4", "i4", "i2", "u2", "u1")[precision]
    length = rows * columns * np.dtype(dtype).itemsize * (1 + imaginary)
    return _Header4(dtype, rows, columns, matrix == 1, matrix < 2 and not imaginary, name, length)


def variables_4(path: Path, text: memoryview, size: int) -> Iterator[Variable]:
    """Yield the variables of a version 4 file."""
    offset = 0
    while offset < size:
        head = bytes(text[offset : offset + 20 + 256])
        parsed = _version_4_header(head)
        if parsed is None:
            raise FormatError("got bytes that are no header of a MATLAB 4 variable", path=path, offset=offset)
        name = head[20 : 20 + parsed.name_bytes].rstrip(b"\0").decode("latin-1")
        first = offset + 20 + parsed.name_bytes
        check_end(path, offset, first + parsed.data_bytes - offset, size, f"variable {name!r}")
        raw = text[first : first + parsed.data_bytes]
        dtype = np.dtype(parsed.dtype) if parsed.is_plain else None
        yield Variable(name, dtype, (parsed.rows, parsed.columns), parsed.is_text, raw)
        offset = first + parsed.data_bytes
