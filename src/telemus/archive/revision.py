"""Give an archive a changed mission: another limit, a calibration measured later. What was before is kept beside it.

::

    mission/             the mission as used now
    missions/SHA256/     the missions as used before, named by 32 digits of the SHA-256 of their contents
    decisions.jsonl      when one took the place of another

Granules name what made them, so those of before keep their provenance; the next plan finds what is to be made anew.
"""

from __future__ import annotations

from pathlib import Path

from telemus import mission as missions
from telemus.archive import disk
from telemus.archive.identity import new_identity, write_identity
from telemus.archive.opening import open as open_archive
from telemus.archive.store import Archive
from telemus.errors import ArchiveError
from telemus.provenance import folder_sha256

_DIGITS = 32


def revise_mission(archive: Archive, folder: Path) -> Archive:
    """Put another version of the archive's mission in place of the one it holds, and return the archive opened anew.

    The same contents change nothing. Interrupted between the two, the archive says that its mission is damaged, and
    the same call takes it up again. Raises ArchiveError where it is another mission, MissionError on a faulty one.
    """
    given = missions.load(folder, archive.timeline_name)
    identity = archive.identity
    if given.name != identity.mission:
        raise ArchiveError(f"{archive.path}: got mission {given.name}, wanted another version of {identity.mission}")
    if not identity.changed_files(folder):
        return archive
    here = archive.mission()
    with archive.writing():
        if folder_sha256(here) == identity.mission_sha256:
            _keep(here, archive.path / "missions" / identity.mission_sha256[:_DIGITS])
        _put(folder, here)
        fresh = new_identity(given, here)._replace(id=identity.id)
        archive.decisions.append("mission revised", before=identity.mission_sha256, after=fresh.mission_sha256)
        write_identity(archive.path, fresh)
    return open_archive(archive.path)


def _keep(here: Path, place: Path) -> None:
    if not disk.is_folder(place):
        _put(here, place)


def _put(source: Path, target: Path) -> None:
    """Copy a mission to a place where there may be another, whole or not at all but for the two steps of the end."""
    fresh = target.with_name(f".{target.name}.next")
    disk.remove(fresh)
    disk.make_folder(target.parent)
    disk.copy_tree(source, fresh, left_out=lambda one: "__pycache__" in one.parts)
    disk.remove(target)
    disk.rename(fresh, target)
