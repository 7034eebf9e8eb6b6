"""Reads the plain arrays (numbers and text) of a MATLAB file, version 4 or 5 to 7.2.

A reader of our own, because scipy 1.17's crashes the interpreter on some damaged files of version 5, and a laboratory's
file must not be able to do that; scipy is its judge in the tests. Cells, structs, objects, sparse and complex arrays
are left alone. Nothing is allocated by a header's word alone: arrays are views of the mapped file, or of what a
compressed variable really unfolds to.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.guard import file_size
from telemus.exchange.mat_version_4 import is_version_4, variables_4
from telemus.exchange.mat_version_5 import variables_5

_MOST_VARIABLES = 10_000


def read_arrays(path: Path, wanted: Sequence[str]) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return the plain arrays of the wanted names that the file has, and the names of all its variables.

    Raises FormatError, with the byte, where a variable reaches beyond the end of the file or is none.
    """
    size = file_size(path)
    with path.open("rb") as file:
        text = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    variables = variables_4(path, text, size) if is_version_4(bytes(text[:300])) else variables_5(path, text, wanted)
    arrays: dict[str, NDArray[Any]] = {}
    names: list[str] = []
    for variable in variables:
        names.append(variable.name)
        if len(names) > _MOST_VARIABLES:
            raise FormatError(f"got more than {_MOST_VARIABLES} variables, wanted LabChart's export", path=path)
        if variable.name in wanted and variable.dtype is not None:
            arrays[variable.name] = variable.array(path)
    return arrays, names
