"""Level 0: received files and passes, byte for byte, flushed before anything looks at them.

Each stands in a folder named by the first 32 digits of its SHA-256::

    received.bin      the bytes
    received.journal  for each run of bytes its place, CRC-32 and time of reception (records.py)
    begun.json        its name, written first
    manifest.json     name, length, SHA-256, time of reception; written last
    packets.parquet   the packet index, once the file was decoded
    account.json      its own account of every byte
    ingested.json     the mark: everything above level 0 was written; without it the file is done again

A folder whose name begins with ``.file-`` or ``.live-`` is still being received.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from telemus.archive import disk
from telemus.archive.checks import BlockChecks, CheckedFile
from telemus.archive.documents import read_document, write_document
from telemus.archive.parquet import open_parquet, table_writer
from telemus.archive.reception import (
    BEGUN,
    BYTES,
    JOURNAL,
    MANIFEST,
    RUN_BYTES,
    Reception,
    begin,
    sha256_of,
)
from telemus.archive.records import Record, Scan, scan
from telemus.errors import FormatError

FILE, LIVE = ".file-", ".live-"
"""How the names of folders begin into which a file or a live feed is being received."""
ACCOUNT, MARK, INDEX = "account.json", "ingested.json", "packets.parquet"
_COPY_BYTES = 4 << 20


class Stretch(NamedTuple):
    """Bytes of a received file: from where to where [bytes], the bytes, and whether they are those received.

    Where they are not, ``data`` may also be shorter.
    """

    start: int
    stop: int
    data: memoryview
    sound: bool


class _Run(NamedTuple):
    """What should stand between two places of a received file; ``crc32`` None where no record says it."""

    start: int
    stop: int
    crc32: int | None


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
        return self.folder / BYTES

    @property
    def index_path(self) -> Path:
        """Return the path of the packet index."""
        return self.folder / INDEX

    @property
    def ingested(self) -> bool:
        """Return whether everything above level 0 was written from it."""
        return disk.is_file(self.folder / MARK)

    def mark_ingested(self, content: dict[str, Any]) -> None:
        """Write the mark that everything above level 0 was written."""
        write_document(self.folder / MARK, content)

    def mark(self) -> dict[str, Any]:
        """Return the content of that mark."""
        return read_document(self.folder / MARK)

    def unmark(self) -> None:
        """Take the mark away: the next ingest does the file again."""
        disk.remove(self.folder / MARK)

    def set_account(self, account: dict[str, Any]) -> None:
        """Write the file's account of every byte."""
        write_document(self.folder / ACCOUNT, account)

    def account(self) -> dict[str, Any]:
        """Return the file's account of every byte; empty before it was decoded."""
        return read_document(self.folder / ACCOUNT) if disk.is_file(self.folder / ACCOUNT) else {}

    def index_writer(
        self, schema: pa.Schema, checks: BlockChecks
    ) -> AbstractContextManager[Callable[[pa.Table], None]]:
        """Give a function that appends to the packet index; its ``checks`` go into the mark, under "index"."""
        return table_writer(self.index_path, schema, checks)

    def packet_index(self, columns: list[str], told: Mapping[str, Any] | None = None) -> pa.Table:
        """Return columns of the packet index, checked by what the mark tells of it, or will (``told``).

        Raises DamageError where it is not as written.
        """
        with self.open_index(told or self.mark()["index"]) as source:
            return open_parquet(self.index_path, source).read(columns=columns, use_threads=False)

    def open_index(self, told: Mapping[str, Any]) -> CheckedFile:
        """Return the file of the packet index, checked by what its mark tells of it. Raises DamageError."""
        return CheckedFile(self.index_path, told["bytes"], told["blocks"])

    def scan(self) -> Scan:
        """Return the records of its reception."""
        return scan(disk.read(self.folder / JOURNAL) if disk.is_file(self.folder / JOURNAL) else b"")

    def stretches(self, length: int) -> Iterator[Stretch]:
        """Yield all bytes in order, about ``length`` at a time, each run checked against its record.

        Bytes that are not those received come as stretches of their own, which are not sound. Where records are lost,
        the SHA-256 of the whole file may still vouch for them.
        """
        runs = _runs(self.scan().records, self.bytes)
        trusted = any(run.crc32 is None for run in runs) and sha256_of(self.path) == self.sha256
        with disk.reading(self.path) as file:
            for group in _grouped(runs, length):
                file.seek(group[0].start)
                yield from _stretches(memoryview(file.read(group[-1].stop - group[0].start)), group, trusted)

    def records_anew(self) -> list[Record]:
        """Return records of the bytes as they are now, where none is left each with the time of the whole file."""
        known = {one.offset: one for one in self.scan().records}
        runs = _runs(list(known.values()), self.bytes)
        fresh = [
            Record(
                run.start, run.stop - run.start, zlib.crc32(disk.read(self.path, run.start, run.stop - run.start)), 0
            )
            for run in runs
        ]
        return [known.get(one.offset) or one._replace(received_utc_ns=self.received_utc_ns) for one in fresh]

    def damage(self) -> list[tuple[int, int]]:
        """Return the byte ranges (start, stop) that are not as received."""
        found: list[tuple[int, int]] = []
        for one in self.stretches(_COPY_BYTES):
            if not one.sound and found and found[-1][1] == one.start:
                found[-1] = found[-1][0], one.stop
            elif not one.sound:
                found.append((one.start, one.stop))
        rest = disk.size(self.path)
        return found + ([(self.bytes, rest)] if rest > self.bytes else [])


def _runs(records: Iterable[Record], length: int) -> list[_Run]:
    """Return runs that cover a whole file; what no record names is cut as finely as records would."""
    runs: list[_Run] = []
    end = Record(length, 0, 0, 0)
    place = 0
    for one in [*sorted(records), end]:
        unnamed = range(place, one.offset, RUN_BYTES)
        runs.extend(_Run(start, min(start + RUN_BYTES, one.offset), None) for start in unnamed)
        if one.offset >= place and one.length:
            runs.append(_Run(one.offset, one.stop, one.crc32))
        place = max(place, one.stop)
    return runs


def _grouped(runs: list[_Run], length: int) -> Iterator[list[_Run]]:
    group: list[_Run] = []
    for run in runs:
        if group and run.stop - group[0].start > length:
            yield group
            group = []
        group.append(run)
    if group:
        yield group


def _stretches(data: memoryview, group: list[_Run], trusted: bool) -> Iterator[Stretch]:
    base = group[0].start

    def sound(run: _Run) -> bool:
        part = data[run.start - base : run.stop - base]
        return trusted or (len(part) == run.stop - run.start and zlib.crc32(part) == run.crc32)

    for whole, part in groupby(group, key=sound):
        runs = list(part)
        start, stop = runs[0].start, runs[-1].stop
        yield Stretch(start, stop, data[start - base : stop - base], whole)


def receive(l0: Path, source: Path, progress: Callable[[int], None] | None = None) -> tuple[Received, bool]:
    """Copy a file into level 0 and return it, and whether it is new.

    The bytes and their records are on the disk before this returns. A file whose bytes are there already is left as
    it is, whatever its name. Raises FormatError where the source is missing, no file or empty, SpaceError before
    copying where the disk is too small.
    """
    size = _size_of(source)
    disk.require_space(l0, size, f"a copy of {source.name}")
    known = _known_copy(l0, source, size)
    if known is not None:
        if progress:
            progress(size)
        return known, False
    there = set(disk.folders(l0))
    reception = begin(l0, FILE, source.name, None)
    try:
        buffer = memoryview(bytearray(_COPY_BYTES))
        with source.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                reception.append(buffer[:count])
                if progress:
                    progress(count)
        target = reception.seal()
    except BaseException:
        reception.abandon()
        raise
    if target is None:
        raise FormatError("got an empty file, wanted packets", path=source, offset=0)
    return received_in(target), target not in there


def take_up(l0: Path) -> None:
    """Seal passes that an interrupted feed left behind, and drop files that were copied in part."""
    for folder in disk.folders(l0):
        if folder.name.startswith(LIVE) and disk.is_file(folder / BEGUN):
            Reception(folder, flush_interval_s=0).seal()
        elif folder.name.startswith((FILE, LIVE)):
            disk.remove(folder)


def _size_of(source: Path) -> int:
    if not source.exists():
        raise FormatError("got no file, wanted packets as received", path=source)
    if not source.is_file():
        raise FormatError("got a folder or a device, wanted a file of packets", path=source)
    if source.stat().st_size == 0:
        raise FormatError("got an empty file, wanted packets", path=source, offset=0)
    return source.stat().st_size


def _known_copy(l0: Path, source: Path, size: int) -> Received | None:
    """Return the copy of a source that is there already: of its length, its first run, and its SHA-256."""
    alike = [one for one in received_files(l0) if one.bytes == size and _begins_alike(one, source)]
    wanted = sha256_of(source) if alike else ""
    return next((one for one in alike if one.sha256 == wanted), None)


def _begins_alike(one: Received, source: Path) -> bool:
    """Return whether a source may be a received file, by the first run: the whole is read only then."""
    first = next(iter(one.scan().records), None)
    return first is None or zlib.crc32(disk.read(source, 0, first.length)) == first.crc32


def received_folders(l0: Path) -> list[Path]:
    """Return the folders of what was received completely."""
    return [one for one in disk.folders(l0) if not one.name.startswith(".")]


def received_files(l0: Path) -> list[Received]:
    """Return the received files in the order of their reception. Raises DamageError where a manifest is damaged."""
    found = [received_in(folder) for folder in received_folders(l0)]
    return sorted(found, key=lambda one: (one.received_utc_ns, one.sha256))


def received_in(folder: Path) -> Received:
    """Return the received file of a folder. Raises DamageError where its manifest is damaged."""
    told = read_document(folder / MANIFEST)
    return Received(told["name"], told["bytes"], told["sha256"], told["received_utc_ns"], folder)
