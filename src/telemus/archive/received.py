"""Level 0: received files, copied byte for byte and flushed before anything looks at them.

Each stands in a folder named by the first 32 digits of its SHA-256::

    received.bin     the bytes
    manifest.json    name, length, SHA-256, time of reception, CRC-32 of every block of 1 MiB
    packets.parquet  the packet index, once the file was decoded
    account.json     its own account of every byte
    ingested.json    the mark: everything above level 0 was written; without it the file is done again
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive.durable import flush_folder, full_disk_named, require_space, write_json
from telemus.errors import ArchiveError, FormatError

BLOCK_BYTES = 1 << 20
"""Bytes under one CRC-32: how finely damage is located."""
_COPY_BYTES = 4 << 20
_INCOMING = ".incoming-"


class Received(NamedTuple):
    """One received file: name it came with, length [bytes], SHA-256, time of reception [utc_ns], its folder."""

    name: str
    bytes: int
    sha256: str
    received_utc_ns: int
    folder: Path

    @property
    def path(self) -> Path:
        """Return the path of the bytes."""
        return self.folder / "received.bin"

    @property
    def index_path(self) -> Path:
        """Return the path of the packet index."""
        return self.folder / "packets.parquet"

    @property
    def ingested(self) -> bool:
        """Return whether everything above level 0 was written from it."""
        return (self.folder / "ingested.json").is_file()

    def mark_ingested(self, content: dict[str, Any]) -> None:
        """Write the mark that everything above level 0 was written."""
        write_json(self.folder / "ingested.json", content)

    def mark(self) -> dict[str, Any]:
        """Return the content of that mark."""
        return _read_json(self.folder / "ingested.json")

    def set_account(self, account: dict[str, Any]) -> None:
        """Write the file's account of every byte."""
        write_json(self.folder / "account.json", account)

    def account(self) -> dict[str, Any]:
        """Return the file's account of every byte; empty before it was decoded."""
        path = self.folder / "account.json"
        return _read_json(path) if path.is_file() else {}


def receive(l0: Path, source: Path, progress: Callable[[int], None] | None = None) -> tuple[Received, bool]:
    """Copy a file into level 0 and return it, and whether it is new.

    The bytes, their SHA-256 and the CRC of every block are on the disk before this returns. A file whose bytes are
    there already is left as it is, whatever its name. Raises FormatError where the source is missing, no file or
    empty, SpaceError before copying where the disk is too small.
    """
    size = _size_of(source)
    require_space(l0, size, f"a copy of {source.name}")
    known = _known_copy(l0, source, size)
    if known is not None:
        if progress:
            progress(size)
        return known, False
    incoming = l0 / f"{_INCOMING}{os.getpid()}"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    try:
        with full_disk_named(l0):
            found = _copy(source, incoming, progress)
        target = l0 / found.sha256[:32]
        if target.exists():
            return _received(target), False
        incoming.rename(target)
        flush_folder(l0)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return found._replace(folder=target), True


def _size_of(source: Path) -> int:
    if not source.exists():
        raise FormatError("got no file, wanted packets as received", path=source)
    if not source.is_file():
        raise FormatError("got a folder or a device, wanted a file of packets", path=source)
    if source.stat().st_size == 0:
        raise FormatError("got an empty file, wanted packets", path=source, offset=0)
    return source.stat().st_size


def _known_copy(l0: Path, source: Path, size: int) -> Received | None:
    """Return the copy of a source that has the length of one that is there and its bytes."""
    alike = [one for one in received_files(l0) if one.bytes == size]
    if not alike:
        return None
    running = hashlib.sha256()
    with source.open("rb") as file:
        while block := file.read(_COPY_BYTES):
            running.update(block)
    return next((one for one in alike if one.sha256 == running.hexdigest()), None)


def _copy(source: Path, folder: Path, progress: Callable[[int], None] | None) -> Received:
    running = hashlib.sha256()
    checks: list[int] = []
    size = 0
    with source.open("rb") as reading, (folder / "received.bin").open("wb") as writing:
        while block := reading.read(_COPY_BYTES):
            writing.write(block)
            running.update(block)
            view = memoryview(block)
            checks.extend(zlib.crc32(view[at : at + BLOCK_BYTES]) for at in range(0, len(block), BLOCK_BYTES))
            size += len(block)
            if progress:
                progress(len(block))
        writing.flush()
        os.fsync(writing.fileno())
    found = Received(source.name, size, running.hexdigest(), time.time_ns(), folder)
    manifest = {
        "name": found.name,
        "bytes": size,
        "sha256": found.sha256,
        "received_utc_ns": found.received_utc_ns,
        "block_bytes": BLOCK_BYTES,
        "crc32": checks,
    }
    write_json(folder / "manifest.json", manifest)
    return found


def received_files(l0: Path) -> list[Received]:
    """Return the received files in the order of their reception."""
    folders = [path for path in l0.iterdir() if path.is_dir() and not path.name.startswith(".")] if l0.is_dir() else []
    found = [_received(folder) for folder in folders]
    return sorted(found, key=lambda one: (one.received_utc_ns, one.sha256))


def _received(folder: Path) -> Received:
    told = _read_json(folder / "manifest.json")
    try:
        return Received(told["name"], told["bytes"], told["sha256"], told["received_utc_ns"], folder)
    except KeyError as error:
        raise ArchiveError(
            f"{folder / 'manifest.json'}: got no {error}, wanted a manifest of a received file"
        ) from error


def damaged_blocks(one: Received) -> Iterator[tuple[int, int]]:
    """Yield the byte ranges (start, stop) of a received file whose CRC-32 is not that of its manifest."""
    told = _read_json(one.folder / "manifest.json")
    with one.path.open("rb") as file:
        for number, wanted in enumerate(told["crc32"]):
            block = file.read(told["block_bytes"])
            start = number * told["block_bytes"]
            length = min(told["block_bytes"], one.bytes - start)
            if len(block) != length or zlib.crc32(block) != wanted:
                yield start, start + length
        rest = len(file.read())
    if rest:
        yield one.bytes, one.bytes + rest


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path}: got {error}, wanted a JSON file of the archive") from error
    return content
