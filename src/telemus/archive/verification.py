"""Find damage in every kind of file of an archive, and name it: which file, which bytes, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive import disk
from telemus.archive.checks import CheckedFile
from telemus.archive.documents import read_document
from telemus.archive.granule import Granule, granule_told
from telemus.archive.identity import COPY, NAME, read_identity
from telemus.archive.journal import Journal
from telemus.archive.pointers import CURRENT, Shelf
from telemus.archive.received import ACCOUNT, INDEX, MARK, Received, received_folders, received_in
from telemus.archive.reception import BEGUN, JOURNAL, MANIFEST
from telemus.errors import ArchiveError, DamageError

REBUILD, BACKUP = "telemus rebuild makes it again", "copy it from a backup"


class Damage(NamedTuple):
    """Bytes that are not as they were written: kind of file, its path, byte range, what was got, and what helps.

    ``start`` and ``stop`` [bytes] are None where the whole file is meant.
    """

    kind: str
    path: Path
    got: str
    remedy: str
    start: int | None = None
    stop: int | None = None

    def __str__(self) -> str:
        """Return the damage as one line."""
        place = "" if self.start is None else f", bytes {self.start} to {self.stop}"
        return f"{self.path}{place}: {self.kind}: {self.got}; {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """Return the damage as plain JSON values."""
        return {**self._asdict(), "path": str(self.path)}


def verify(archive: Path) -> list[Damage]:
    """Return every damage of an archive. Reads every byte of it and changes none.

    Raises ArchiveError where there is no archive, or one of another format.
    """
    if not (disk.is_file(archive / NAME) or disk.is_file(archive / COPY)):
        raise ArchiveError(f"{archive}: got no {NAME}, wanted an archive made by Telemus")
    return [
        *_of_identity(archive),
        *(one for folder in received_folders(archive / "l0") for one in _of_received(folder)),
        *_of_shelf(archive),
        *_of_lines(Journal(archive / "decisions.jsonl"), "decisions", BACKUP),
        *_of_document(archive / ACCOUNT, "account", REBUILD),
    ]


def _of_identity(archive: Path) -> Iterator[Damage]:
    found = [*_of_document(archive / NAME, "format", REBUILD), *_of_document(archive / COPY, "format", REBUILD)]
    yield from found
    name = COPY if any(one.path.name == NAME for one in found) else NAME
    try:
        identity = read_identity(archive, name)
    except DamageError:
        return
    for changed in identity.changed_files(archive / "mission"):
        got = "another content than when the archive was made"
        yield Damage("mission", archive / "mission" / changed, got, BACKUP)


def _of_received(folder: Path) -> Iterator[Damage]:
    documents = {BEGUN: "name", MANIFEST: "manifest", MARK: "mark", ACCOUNT: "account"}
    for name, kind in documents.items():
        if disk.is_file(folder / name) or name in (BEGUN, MANIFEST):
            yield from _of_document(folder / name, kind, REBUILD)
    try:
        received = received_in(folder)
    except DamageError:
        return
    ranges = received.damage()
    for start, stop in ranges:
        got = f"bytes that do not match their CRC, of {received.name}"
        yield Damage("received bytes", received.path, got, BACKUP, start, stop)
    for start, stop in _journal_ranges(received):
        remedy = BACKUP if ranges else REBUILD
        yield Damage("reception journal", folder / JOURNAL, "bytes that are no record", remedy, start, stop)
    yield from _of_index(received)


def _journal_ranges(received: Received) -> list[tuple[int, int]]:
    """Return what of the journal is no record; its end, where records of the last bytes are missing."""
    found = received.scan()
    named = sum(one.length for one in found.records)
    length = disk.size(received.folder / JOURNAL)
    return found.bad or ([(length, length)] if named != received.bytes else [])


def _of_index(received: Received) -> Iterator[Damage]:
    try:
        told = received.mark()["index"] if received.ingested else None
    except DamageError:
        return  # the mark is named already
    if told is not None:
        path = received.folder / INDEX
        yield from _of_blocks(path, "packet index", lambda: received.open_index(told))


def _of_shelf(archive: Path) -> Iterator[Damage]:
    shelf = Shelf(archive)
    yield from _of_lines(shelf.pointers, "pointers", REBUILD)
    try:
        granules = shelf.granules()
        held = shelf.catalogue.state().pointers_bytes
        if held != shelf.pointers.bytes:
            got = f"{shelf.pointers.bytes} bytes where the catalogue knows {held}"
            yield Damage("pointers", shelf.pointers.path, got, REBUILD)
    except DamageError as error:
        yield Damage("catalogue", archive / "catalogue.sqlite", str(error).partition(": ")[2], REBUILD)
        told = {
            (one["product"], one["id"]): one for entry in shelf.pointers.entries(CURRENT) for one in entry["granules"]
        }
        granules = [granule_told(shelf.folder, one) for one in told.values()]
    for granule in granules:
        if granule.current or disk.is_file(granule.path):
            yield from of_granule(granule)


def of_granule(granule: Granule) -> Iterator[Damage]:
    """Yield the damage of the file of a granule, block by block."""
    yield from _of_blocks(granule.path, "granule", lambda: CheckedFile(granule.path, granule.bytes, granule.blocks))


def _of_blocks(path: Path, kind: str, opened: Callable[[], CheckedFile]) -> Iterator[Damage]:
    try:
        with opened() as file:
            ranges = file.damage()
    except DamageError as error:
        yield Damage(kind, path, str(error).partition(": got ")[2].partition(",")[0], REBUILD)
        return
    for start, stop in ranges:
        yield Damage(kind, path, "bytes that do not match their CRC", REBUILD, start, stop)


def _of_document(path: Path, kind: str, remedy: str) -> Iterator[Damage]:
    if kind == "account" and not disk.is_file(path):
        return
    try:
        read_document(path)
    except DamageError as error:
        yield Damage(kind, path, str(error).partition(": got ")[2].partition(",")[0], remedy)


def _of_lines(journal: Journal, kind: str, remedy: str) -> Iterator[Damage]:
    for line in journal.damage():
        yield Damage(
            kind, journal.path, f"a line {line.number} that does not match its CRC", remedy, line.start, line.stop
        )
