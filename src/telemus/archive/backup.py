"""A second copy of an archive, taken while it may be written: consistent, incremental, and compared byte for byte.

Received bytes and granules never change once they are there, and journals only grow; so a copy is consistent if what
vouches for a thing is taken before the thing is, and written after it: first the marks and the pointers are read, then
bytes and granules are copied, then pointers and marks are written. The catalogue of the copy is made from its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive import disk
from telemus.archive.checks import CheckedFile
from telemus.archive.documents import read_document, write_document
from telemus.archive.granule import granule_path
from telemus.archive.identity import NAME, read_identity, write_identity
from telemus.archive.journal import entries_in
from telemus.archive.lock import WriterLock
from telemus.archive.pointers import CURRENT, Shelf
from telemus.archive.received import ACCOUNT, INDEX, LIVE, MARK, received_folders, received_in
from telemus.archive.reception import BEGUN, BYTES, JOURNAL, MANIFEST
from telemus.archive.records import scan
from telemus.archive.verification import Damage, verify
from telemus.errors import ArchiveError, DamageError

_COPIED = ("granule", "received bytes", "reception journal", "packet index")
Progress = Callable[[str, float, float], None]
"""Called with (what is done, amount so far, amount in all)."""


class BackupSummary(NamedTuple):
    """What a backup did: files and bytes copied, files there already, damage met in the archive and in the copy."""

    copied: int
    copied_bytes: int
    present: int
    damage: tuple[str, ...]
    damage_of_copy: tuple[Damage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        return self._asdict() | {"damage_of_copy": [one.to_dict() for one in self.damage_of_copy]}


def backup(archive: Path, to: Path, progress: Progress | None = None) -> BackupSummary:
    """Copy an archive to a new or empty folder, or bring an earlier copy up to date; the copy is an archive itself.

    Raises ArchiveError where ``to`` holds something else or lies in the archive, or another process writes to it,
    DamageError where the archive's own statement of what it is is damaged, SpaceError on a full disk.
    """
    identity = read_identity(archive)
    if to.absolute().is_relative_to(archive.absolute()):
        raise ArchiveError(f"{to}: got a folder of the archive itself, wanted another place")
    if disk.is_folder(to) and (disk.files(to) or disk.folders(to)):
        there = read_identity(to) if disk.is_file(to / NAME) else None
        if there is None or there.id != identity.id:
            raise ArchiveError(f"{to}: got a folder with something else in it, wanted a new one or a copy of {archive}")
    disk.make_folder(to)
    work = _Backup(archive, to, progress or (lambda what, done, total: None))
    with WriterLock(to / "lock"):
        if not disk.is_file(to / NAME):
            disk.copy_tree(archive / "mission", to / "mission")
            write_identity(to, identity)
        work.copy()
        damaged = [one for one in verify(to) if one.kind in _COPIED]
        if damaged:  # an older copy has suffered: take those files again
            for one in damaged:
                disk.remove(one.path)
            work.copy()
        return BackupSummary(work.copied, work.copied_bytes, work.present, tuple(work.damage), tuple(verify(to)))


class _Backup:
    """One backup on its way, and what it has done so far."""

    def __init__(self, archive: Path, to: Path, progress: Progress) -> None:
        self._from, self._to, self._progress = archive, to, progress
        self.copied = self.copied_bytes = self.present = 0
        self.damage: list[str] = []

    def copy(self) -> None:
        """Bring the copy to one moment of the archive."""
        folders = received_folders(self._from / "l0")
        marks = {folder: _documents(folder) for folder in folders}
        account = _document(self._from / ACCOUNT)
        journals = {name: _whole_lines(self._from / name) for name in ("decisions.jsonl", "pointers.jsonl")}
        granules = list(_granules(journals["pointers.jsonl"]))
        total = float(len(folders) + len(granules))
        for number, folder in enumerate(folders, 1):
            self._received(folder)
            self._progress("backup", float(number), total)
        for number, told in enumerate(granules, len(folders) + 1):
            self._granule(told)
            self._progress("backup", float(number), total)
        self._live()
        before = disk.read(self._to / "pointers.jsonl") if disk.is_file(self._to / "pointers.jsonl") else b""
        for name, content in journals.items():
            if content:
                disk.put_bytes(self._to / name, content)
        self._catalogue(grown=journals["pointers.jsonl"].startswith(before))
        for folder, documents in marks.items():
            self._mark(folder, documents)
        if account is not None:
            write_document(self._to / ACCOUNT, account)

    def _received(self, folder: Path) -> None:
        """Copy the bytes of one received file, its manifest last."""
        target = self._to / "l0" / folder.name
        try:
            received = received_in(folder)
        except DamageError as error:
            self.damage.append(str(error))
            return
        if disk.is_file(target / MANIFEST) and disk.size(target / BYTES) == received.bytes:
            self.present += 1
            return
        disk.make_folder(target)
        with disk.put(target / BYTES) as file:
            for stretch in received.stretches(8 << 20):
                file.write(stretch.data)
                if not stretch.sound:
                    self.damage.append(f"{received.path}, bytes {stretch.start} to {stretch.stop}: not as received")
        for name in (JOURNAL, BEGUN, MANIFEST):
            disk.put_bytes(target / name, disk.read(folder / name))
        self._count(received.bytes)

    def _granule(self, told: dict[str, Any]) -> None:
        path, target = (granule_path(root / "granules", told["product"], told["id"]) for root in (self._from, self._to))
        if disk.size(target) == told["bytes"]:
            self.present += 1
        elif disk.is_file(path):  # one that is no longer current may have gone
            self._checked(path, target, told)

    def _checked(self, path: Path, target: Path, told: dict[str, Any]) -> bool:
        """Copy a file through its checksums; return whether it is as it was written."""
        try:
            with CheckedFile(path, told["bytes"], told["blocks"]) as source, disk.put(target) as file:
                while block := source.read(8 << 20):
                    file.write(block)
        except DamageError as error:
            self.damage.append(str(error))
            return False
        self._count(told["bytes"])
        return True

    def _live(self) -> None:
        """Copy what was acknowledged of passes that are being received just now."""
        own = [one for one in disk.folders(self._from / "l0") if one.name.startswith(LIVE)]
        for gone in disk.folders(self._to / "l0"):
            if gone.name.startswith(".") and gone.name not in {one.name for one in own}:
                disk.remove(gone)
        for folder in own:
            with suppress(FileNotFoundError):  # sealed meanwhile: the next backup takes it
                target = self._to / "l0" / folder.name
                journal = disk.read(folder / JOURNAL)
                length = max((one.stop for one in scan(journal).records), default=0)
                disk.put_bytes(target / BYTES, disk.read(folder / BYTES, 0, length))
                disk.put_bytes(target / JOURNAL, journal)
                disk.put_bytes(target / BEGUN, disk.read(folder / BEGUN))
                self._count(length)

    def _catalogue(self, *, grown: bool) -> None:
        shelf = Shelf(self._to)
        if grown and shelf.is_sound:
            shelf.follow({})
        else:
            shelf.rebuild()

    def _mark(self, folder: Path, documents: dict[str, dict[str, Any]]) -> None:
        """Write account and mark of a received file, if its packet index is the one that the mark tells of."""
        target = self._to / "l0" / folder.name
        if MARK not in documents or not disk.is_file(target / MANIFEST):
            return
        told = documents[MARK]["index"]
        whole = _is_whole(target / INDEX, told)
        if whole or (disk.is_file(folder / INDEX) and self._checked(folder / INDEX, target / INDEX, told)):
            for name, content in documents.items():
                write_document(target / name, content)

    def _count(self, size: int) -> None:
        self.copied += 1
        self.copied_bytes += size


def _granules(pointers: bytes) -> Iterator[dict[str, Any]]:
    """Yield what a journal of pointers tells of each granule, the latest word on each."""
    told = {
        (one["product"], one["id"]): one
        for entry in entries_in(pointers)
        if entry["kind"] == CURRENT
        for one in entry["granules"]
    }
    yield from told.values()


def _documents(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the account and the mark of a received file, those that are there and sound."""
    found = {name: _document(folder / name) for name in (ACCOUNT, MARK)}
    return {name: content for name, content in found.items() if content is not None}


def _document(path: Path) -> dict[str, Any] | None:
    try:
        return read_document(path) if disk.is_file(path) else None
    except DamageError:
        return None


def _whole_lines(path: Path) -> bytes:
    """Return a journal up to its last whole line: a writer may be in the middle of the next."""
    content = disk.read(path) if disk.is_file(path) else b""
    return content[: content.rfind(b"\n") + 1]


def _is_whole(path: Path, told: dict[str, Any]) -> bool:
    try:
        with CheckedFile(path, told["bytes"], told["blocks"]) as file:
            return not file.damage()
    except DamageError:
        return False
