"""Takes a changed mission into an archive, where level 1 stays as it is."""

from __future__ import annotations

from pathlib import Path

from telemus import archive as archives
from telemus import mission as missions
from telemus.archive import Archive
from telemus.errors import ArchiveError
from telemus.pipeline.ingest_file import definition_digest


def revise(archive: Archive, folder: Path) -> Archive:
    """Put another version of the archive's mission in place of the one it holds, and return the archive opened anew.

    What no longer fits is made again by ``process``; granules of before stay, with their provenance. Raises
    ArchiveError where the change reaches level 1 (packets, clock, addresses, places of channels): that needs an
    archive of its own, into which the files are ingested again.
    """
    given = missions.load(folder, archive.timeline_name)
    if not archive.identity.changed_files(archive.mission()):  # else an interrupted change is taken up again
        here = missions.load(archive.mission(), archive.timeline_name)
        if definition_digest(here) != definition_digest(given):
            raise ArchiveError(
                f"{archive.path}: got a mission whose packets, clock, addresses or channels' places changed, wanted "
                "the same as when the files were ingested; such a change needs an archive of its own"
            )
    return archives.revise_mission(archive, folder)
