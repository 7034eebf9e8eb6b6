"""What an archive says of itself: format, identity, mission and timeline, and the mission's files by their SHA-256."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import NamedTuple

from telemus.archive import disk
from telemus.archive.documents import read_document, write_document
from telemus.errors import ArchiveError, DamageError
from telemus.mission import Mission
from telemus.provenance import file_sha256, folder_sha256

FORMAT = 2
"""Version of the layout on disk."""
NAME, COPY = "archive.json", "archive-copy.json"


class Identity(NamedTuple):
    """What stands in ``archive.json``: ``id`` is the archive's own, which its backups share."""

    format: int
    id: str
    mission: str
    timeline: str
    mission_sha256: str
    mission_files: dict[str, str]

    def changed_files(self, folder: Path) -> list[str]:
        """Return the names of the mission's files that are missing, new or not as they were."""
        there = _sha256_by_name(folder)
        names = sorted({*self.mission_files, *there})
        return [name for name in names if there.get(name) != self.mission_files.get(name)]

    def require_files(self, folder: Path) -> None:
        """Raise DamageError unless the archive's copy of the mission is as it was."""
        changed = self.changed_files(folder)
        if changed:
            raise DamageError(
                f"{folder / changed[0]}: got another content, wanted the mission as when the archive was made; "
                "copy it from a backup"
            )

    def require_same(self, archive: Path, folder: Path, timeline: str) -> None:
        """Raise ArchiveError unless a mission folder and timeline are those that the archive was made with."""
        if timeline != self.timeline:
            raise ArchiveError(f"{archive}: got timeline {timeline}, wanted {self.timeline} of this archive")
        given = folder_sha256(folder)
        if given != self.mission_sha256:
            raise ArchiveError(
                f"{archive}: got mission {folder} with contents {given[:12]}, wanted {self.mission} "
                f"with {self.mission_sha256[:12]} as when the archive was made; a changed mission needs "
                "an archive of its own"
            )


def new_identity(mission: Mission, copy: Path) -> Identity:
    """Return the identity of a new archive of a mission, whose copy stands in a folder."""
    name, timeline = mission.name, mission.timeline_name
    return Identity(FORMAT, uuid.uuid4().hex, name, timeline, folder_sha256(copy), _sha256_by_name(copy))


def read_identity(archive: Path, name: str = NAME) -> Identity:
    """Return what an archive says of itself. Raises DamageError."""
    told = read_document(archive / name)
    return Identity(**{name: told[name] for name in Identity._fields})


def write_identity(archive: Path, identity: Identity) -> None:
    """Write what an archive says of itself, twice: a damaged one is restored from the other."""
    write_document(archive / COPY, identity._asdict())
    write_document(archive / NAME, identity._asdict())


def _sha256_by_name(folder: Path) -> dict[str, str]:
    found = [one for one in disk.files(folder) if "__pycache__" not in one.parts]
    return {one.relative_to(folder).as_posix(): file_sha256(one) for one in found}
