"""What made this: hashes, versions, parameters. A granule's name is the hash of its making."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from telemus import __version__

_BLOCK_BYTES = 1 << 20


def digest(recipe: Mapping[str, Any]) -> str:
    """Return 32 hexadecimal digits that name a recipe: the SHA-256 of its canonical JSON, cut to 128 bits.

    Equal recipes give equal names whatever the order of their keys. Raises TypeError on what JSON cannot say.

    >>> digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})
    True
    """
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits, read in blocks of 1 MiB."""
    running = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            running.update(block)
    return running.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of all files under a folder, in the order of their names."""
    running = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        running.update(path.relative_to(folder).as_posix().encode() + b"\0" + file_sha256(path).encode() + b"\n")
    return running.hexdigest()


def environment() -> dict[str, str]:
    """Return the versions that a result may depend on: Telemus, Python and the libraries that compute."""
    return dict(_versions())


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"telemus": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in ("numpy", "numba", "pyarrow", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return tuple(found.items())
