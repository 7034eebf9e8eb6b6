"""The disk: the one place of the archive that touches files, small enough that an object store can take its place.

    put(path)             write once: the whole file or none, durable when the block ends
    append_to(path)       a file that grows at its end; durable as far as ``sync`` was called
    read(path, range)     bytes of a file
    names, is_file, size  what is there
    remove, rename        what goes, and what gets its final name

Two things stay with the local disk by their nature: the lock of the one writer, and the catalogue, which can be thrown
away (``database``). Every durable step is one call of ``_write``, ``_flush``, ``_rename``, ``_unlink`` or ``commit``:
the tests of faults die, or run out of room, at each of them.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from telemus.errors import SpaceError

RESERVE_BYTES = 32 << 20
"""Left free on the disk after anything that is announced beforehand [bytes]."""
_BUFFER_BYTES = 1 << 20
_UNFINISHED = ".part"


class Checks(Protocol):
    """What looks at bytes as they are written."""

    def update(self, data: memoryview) -> None:
        """Take the next bytes."""


class Appending(io.RawIOBase):
    """A file that grows at its end. What was written before ``sync`` returned is durable."""

    def __init__(self, path: Path, *, fresh: bool, checks: Checks | None = None) -> None:
        self._path, self._checks = path, checks
        self._file = path.open("wb" if fresh else "ab", buffering=0)

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def write(self, data: Any) -> int:
        """Append all of the bytes and return how many. Raises SpaceError on a full disk."""
        view = memoryview(data).cast("B")
        left = view
        with full_disk_named(self._path):
            while left:
                left = left[_write(self._file, left) :]
        if self._checks is not None:
            self._checks.update(view)
        return len(view)

    def tell(self) -> int:
        """Return the length of the file [bytes]."""
        return self._file.tell()

    def sync(self) -> None:
        """Flush to the disk. Raises SpaceError on a full disk."""
        with full_disk_named(self._path):
            _flush(self._file.fileno())

    def close(self) -> None:
        """Close without flushing to the disk."""
        self._file.close()
        super().close()


@contextmanager
def put(path: Path, checks: Checks | None = None) -> Iterator[BinaryIO]:
    """Give a file to write; when the block ends well it stands under ``path``, whole and durable.

    When the block raises, nothing is left and what stood there is untouched. Raises SpaceError on a full disk.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_UNFINISHED}")
    try:
        with full_disk_named(path):
            raw = Appending(temporary, fresh=True, checks=checks)
            with io.BufferedWriter(raw, _BUFFER_BYTES) as file:
                yield cast(BinaryIO, file)
                file.flush()
                raw.sync()
            _rename(temporary, path)
            flush_folder(path.parent)
    finally:
        if temporary.exists():
            _unlink(temporary)


def put_bytes(path: Path, data: bytes) -> None:
    """Write a whole file, replacing the one that was there in one step."""
    with put(path) as file:
        file.write(data)


def append_to(path: Path) -> Appending:
    """Return a file to append to; a new one is made, and its name is durable at once."""
    fresh = not path.exists()
    file = Appending(path, fresh=False)
    if fresh:
        flush_folder(path.parent)
    return file


def read(path: Path, start: int = 0, length: int = -1) -> bytes:
    """Return ``length`` bytes of a file from ``start`` on, fewer at its end; all where ``length`` is negative."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return file.read() if length < 0 else file.read(length)


def reading(path: Path) -> io.BufferedReader:
    """Return a file open for reading."""
    return path.open("rb")


def cut(path: Path, length: int) -> None:
    """Shorten a file to ``length`` bytes: what lies behind was never acknowledged."""
    with path.open("rb+", buffering=0) as file:
        file.truncate(length)
        _flush(file.fileno())


def size(path: Path) -> int:
    """Return the length of a file [bytes]; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def is_file(path: Path) -> bool:
    """Return whether a file is there."""
    return path.is_file()


def is_folder(path: Path) -> bool:
    """Return whether a folder is there."""
    return path.is_dir()


def files(folder: Path) -> list[Path]:
    """Return all files under a folder, in order of their names; unfinished ones are none."""
    return sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.endswith(_UNFINISHED))


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, in order of their names; none where it is missing."""
    return sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []


def changed_ns(path: Path) -> int:
    """Return when a file was last written [ns since 1970, by the clock of the disk]."""
    return path.stat().st_mtime_ns


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably; one that is there stays."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)


def rename(old: Path, new: Path) -> None:
    """Give a file or folder its final name, durably."""
    _rename(old, new)
    flush_folder(new.parent)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all in it; one that is missing is no error."""
    if path.is_dir():
        for one in sorted(path.iterdir()):
            remove(one)
        path.rmdir()
    elif path.exists():
        _unlink(path)
        flush_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Remove what an interrupted ``put`` left anywhere under a folder."""
    for path in folder.rglob(f".*{_UNFINISHED}"):
        _unlink(path)


def copy_tree(source: Path, target: Path, left_out: Callable[[Path], bool] = lambda path: False) -> None:
    """Copy all files under a folder, each durably."""
    for path in files(source):
        if not left_out(path):
            put_bytes(target / path.relative_to(source), read(path))


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a name in it survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        _flush(handle)
    finally:
        os.close(handle)


def database(path: Path) -> sqlite3.Connection:
    """Return a connection to a local database file that can be thrown away."""
    return sqlite3.connect(path, timeout=30.0)


def commit(connection: sqlite3.Connection) -> None:
    """End a transaction of the database."""
    connection.commit()


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn "no space left on device" into SpaceError with the place; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(_existing_parent(path)).free
            raise SpaceError(f"{path}: got a full disk ({free} bytes free), wanted room for this file") from error
        raise


def require_space(path: Path, wanted_bytes: int, what: str) -> None:
    """Raise SpaceError unless the disk under ``path`` has room for ``wanted_bytes`` and a reserve of 32 MiB."""
    free = shutil.disk_usage(_existing_parent(path)).free
    if free < wanted_bytes + RESERVE_BYTES:
        raise SpaceError(
            f"{path}: got {free / 1e6:.0f} MB free, wanted {(wanted_bytes + RESERVE_BYTES) / 1e6:.0f} MB for {what}"
        )


def _existing_parent(path: Path) -> Path:
    return next(parent for parent in (path, *path.absolute().parents) if parent.is_dir())


def _write(file: io.FileIO, data: memoryview) -> int:
    return file.write(data) or 0


def _flush(handle: int) -> None:
    os.fsync(handle)


def _rename(old: Path, new: Path) -> None:
    old.replace(new)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
