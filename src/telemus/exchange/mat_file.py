"""Reads the plain arrays of a MATLAB file, version 4 or 5 to 7.2, after checking that what its headers claim is there.

Source: The MathWorks, "MAT-File Format" (R2019b), chapter 1 (version 5: tags of a data element) and appendix A (version
4: headers of five int32). scipy reads the arrays; cells, structs, objects and sparse matrices are left alone, because a
few bytes of them can claim any size.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.guard import file_size, foreign

_PLAIN = frozenset(
    ("double", "single", "char", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "logical")
)
_V4_BYTES = (8, 4, 4, 2, 2, 1)  # per element, by the digit P of the type MOPT
_MOST_VARIABLES = 10_000


def is_version_4(head: bytes) -> bool:
    """Return whether the first bytes are a version 4 header: type, rows, columns, imaginary, length of the name, name.

    >>> is_version_4(struct.pack("<5i", 10, 1, 180782, 0, 5) + b"data" + bytes(1))
    True
    """
    parsed = _version_4_header(head)
    if parsed is None:
        return False
    name = head[20 : 20 + parsed[1]]
    return len(name) == parsed[1] and name[-1:] == b"\0" and name[:-1].decode("latin-1").isidentifier()


def read_arrays(path: Path, wanted: Sequence[str]) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return the plain arrays of the wanted names that the file has, and the names of all its variables.

    Raises FormatError, with the byte, where a variable reaches beyond the end of the file, and where scipy cannot read
    it.
    """
    size = file_size(path)
    with path.open("rb") as file:
        head = file.read(128)
    _check_version_4(path, size) if is_version_4(head) else _check_version_5(path, size, head)
    with foreign(path, "MATLAB file"):
        from scipy.io import loadmat, whosmat

        kinds = {name: kind for name, _, kind in whosmat(str(path))}
        used = [name for name in wanted if kinds.get(name) in _PLAIN]
        table = loadmat(str(path), variable_names=used, chars_as_strings=True) if used else {}
    return {name: np.asarray(table[name]) for name in used if name in table}, list(kinds)


def _version_4_header(head: bytes) -> tuple[int, int, int] | None:
    """Return (bytes of the values, bytes of the name, 20), or None where the five numbers make no header."""
    if len(head) < 20:
        return None
    order = "<" if struct.unpack("<i", head[:4])[0] < 1000 else ">"
    kind, rows, columns, imaginary, name = struct.unpack(f"{order}5i", head[:20])
    machine, rest = divmod(kind, 1000)
    zero, rest = divmod(rest, 100)
    precision, matrix = divmod(rest, 10)
    if machine not in (0, 1) or zero or precision > 5 or matrix > 2 or imaginary not in (0, 1):
        return None
    if rows < 0 or columns < 0 or not 1 < name <= 256:
        return None
    return rows * columns * _V4_BYTES[precision] * (1 + imaginary), name, 20


def _check_version_4(path: Path, size: int) -> None:
    """Walk the headers of a version 4 file; each variable must end inside the file."""
    offset = 0
    with path.open("rb") as file:
        for _ in range(_MOST_VARIABLES):
            if offset == size:
                return
            file.seek(offset)
            head = file.read(20 + 256)
            parsed = _version_4_header(head)
            if parsed is None:
                raise FormatError("got bytes that are no header of a MATLAB 4 variable", path=path, offset=offset)
            name = head[20 : 20 + parsed[1]].rstrip(b"\0").decode("latin-1")
            _check_end(path, offset, sum(parsed), size, f"variable {name!r}")
            offset += sum(parsed)
    raise FormatError(f"got more than {_MOST_VARIABLES} variables, wanted LabChart's export", path=path)


def _check_version_5(path: Path, size: int, head: bytes) -> None:
    """Walk the tags of a version 5 file; each data element must end inside the file."""
    order = ">" if head[126:128] == b"MI" else "<"
    offset = 128
    with path.open("rb") as file:
        for _ in range(_MOST_VARIABLES):
            if offset >= size:
                return
            file.seek(offset)
            tag = file.read(8)
            if len(tag) < 8:
                _check_end(path, offset, 8, size, "the tag of a variable")
            _check_end(path, offset, 8 + struct.unpack(f"{order}2I", tag)[1], size, "a variable")
            offset += 8 + struct.unpack(f"{order}2I", tag)[1]
    raise FormatError(f"got more than {_MOST_VARIABLES} variables, wanted LabChart's export", path=path)


def _check_end(path: Path, offset: int, length: int, size: int, what: str) -> None:
    if offset + length > size:
        raise FormatError(
            f"got {size - offset} of the {length} bytes of {what}, wanted all: the file is cut short or damaged",
            path=path,
            offset=offset,
        )
