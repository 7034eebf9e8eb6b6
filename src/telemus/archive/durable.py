"""Write files so that after a crash there is the whole new file or none: temporary, flush, rename, flush the folder."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telemus.errors import SpaceError

RESERVE_BYTES = 32 << 20
"""Left free on the disk after anything that is announced beforehand [bytes]."""


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn "no space left on device" into SpaceError with the place; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(existing_parent(path)).free
            raise SpaceError(f"{path}: got a full disk ({free} bytes free), wanted room for this file") from error
        raise


def existing_parent(path: Path) -> Path:
    """Return the nearest folder above ``path`` that exists."""
    return next(parent for parent in (path, *path.absolute().parents) if parent.is_dir())


def require_space(path: Path, wanted_bytes: int, what: str) -> None:
    """Raise SpaceError unless the disk under ``path`` has room for ``wanted_bytes`` and a reserve of 32 MiB."""
    free = shutil.disk_usage(existing_parent(path)).free
    if free < wanted_bytes + RESERVE_BYTES:
        raise SpaceError(
            f"{path}: got {free / 1e6:.0f} MB free, wanted {(wanted_bytes + RESERVE_BYTES) / 1e6:.0f} MB for {what}"
        )


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def sealed_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the block ends well, flush it and rename it to ``path``.

    When the block raises, the temporary file is removed and ``path`` is untouched. Raises SpaceError on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with full_disk_named(path):
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file durably, replacing the one that was there in one step."""
    with sealed_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
