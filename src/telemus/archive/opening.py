"""Make and open archives."""

from __future__ import annotations

from pathlib import Path

from telemus import mission as missions
from telemus.archive import disk
from telemus.archive.documents import read_document
from telemus.archive.identity import COPY, FORMAT, NAME, new_identity, write_identity
from telemus.archive.lock import WriterLock
from telemus.archive.migration import migrate, stated_format
from telemus.archive.pointers import Shelf
from telemus.archive.rebuilding import restore_identity
from telemus.archive.store import Archive
from telemus.errors import ArchiveError

_BEGUN = "unfinished"


def create(path: Path | str, mission_folder: Path | str, timeline_name: str) -> Archive:
    """Make an archive in a new or empty folder, with a copy of the mission, and open it.

    A folder in which this was interrupted is cleared and begun anew; it holds nothing yet.
    Raises ArchiveError where something is there already, MissionError on a faulty mission, SpaceError.
    """
    target = Path(path)
    if disk.is_file(target / _BEGUN) and not disk.is_file(target / NAME):
        disk.remove(target)
    if disk.is_file(target) or (disk.is_folder(target) and (disk.files(target) or disk.folders(target))):
        raise ArchiveError(f"{target}: got a place where something is already, wanted a new or empty folder")
    folder = missions.find_folder(mission_folder)
    mission = missions.load(folder, timeline_name)
    disk.require_space(target, sum(disk.size(one) for one in disk.files(folder)), "an archive")
    disk.make_folder(target)
    disk.put_bytes(target / _BEGUN, b"")
    for name in ("l0", "granules"):
        disk.make_folder(target / name)
    disk.copy_tree(folder, target / "mission", left_out=lambda one: "__pycache__" in one.parts)
    Shelf(target).catalogue.create()
    identity = new_identity(mission, target / "mission")
    write_identity(target, identity)  # last: a folder without it is no archive
    disk.remove(target / _BEGUN)
    return Archive(target)


def open(path: Path | str) -> Archive:
    """Open an archive that is there; one of the format before is brought to this one.

    A missing or damaged catalogue is made again. Raises ArchiveError where there is no archive, or one of a newer
    format, DamageError where what it says of itself is damaged.
    """
    target = Path(path)
    found = stated_format(target)
    if found not in (FORMAT - 1, FORMAT):
        raise ArchiveError(
            f"{target}: got an archive of format {found}, wanted format {FORMAT} or {FORMAT - 1}; "
            + ("a newer Telemus wrote it and can read it" if found > FORMAT else "an older Telemus can migrate it")
        )
    archive = Archive(target)
    if found < FORMAT:
        with archive.writing():
            migrate(target)
    read_document(target / NAME)
    archive.catch_up()
    return archive


def heal(path: Path | str) -> tuple[Archive, list[str]]:
    """Open an archive that may be damaged, heal what has a second copy, and take out of use what can be made again.

    Returns it with one sentence for each thing done. Raises ArchiveError where there is no archive, DamageError where
    both copies of what it says of itself are damaged.
    """
    target = Path(path)
    if not (disk.is_file(target / NAME) or disk.is_file(target / COPY)):
        raise ArchiveError(f"{target}: got no {NAME}, wanted an archive made by Telemus")
    with WriterLock(target / "lock"):
        done = list(restore_identity(target))
    archive = open(target)
    return archive, done + archive.restore()


def open_or_create(path: Path | str, mission_folder: Path | str, timeline_name: str) -> Archive:
    """Open the archive that is there, if its mission is the one given, or make it.

    Raises ArchiveError where it holds another mission or timeline.
    """
    if disk.is_file(Path(path) / NAME):
        found = open(path)
        found.require_mission(missions.find_folder(mission_folder), timeline_name)
        return found
    return create(path, mission_folder, timeline_name)
