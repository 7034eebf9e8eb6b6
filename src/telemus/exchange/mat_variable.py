"""A variable of a MATLAB file, whatever the version: where its bytes are and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import FormatError


class Variable(NamedTuple):
    """A variable as it stands in a file: name, type of its numbers, rows by columns, text or not, its bytes.

    ``raw`` is empty where the variable is no plain array; ``dtype`` None likewise.
    """

    name: str
    dtype: np.dtype[Any] | None
    shape: tuple[int, ...]
    is_text: bool
    raw: memoryview | bytes

    def array(self, path: Path) -> NDArray[Any]:
        """Return the numbers in MATLAB's order (column by column), or one string for each row of text.

        Raises FormatError where there are fewer bytes than the shape needs.
        """
        count = int(np.prod(self.shape, dtype=object))
        if self.dtype is None or count * self.dtype.itemsize > len(self.raw):
            raise FormatError(
                f"variable {self.name!r}: got {len(self.raw)} bytes for an array of {self.shape}, wanted enough",
                path=path,
            )
        numbers = np.frombuffer(self.raw, self.dtype, count).reshape(self.shape, order="F")
        if not self.is_text:
            return numbers
        rows = numbers.reshape(self.shape[0], -1) if count else numbers.reshape(0, 1)
        return np.array(["".join(map(_character, row)).rstrip() for row in rows.tolist()], dtype=np.str_)


def _character(code: float) -> str:
    """Return the character of a code; one that is none becomes a question mark."""
    return chr(int(code)) if 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF else "?" if code else ""


def check_end(path: Path, offset: int, length: int, size: int, what: str) -> None:
    """Raise FormatError where something of ``length`` bytes at ``offset`` reaches beyond ``size``."""
    if offset + length > size:
        raise FormatError(
            f"got {max(size - offset, 0)} of the {length} bytes of {what}, wanted all: the file is cut short",
            path=path,
            offset=offset,
        )
