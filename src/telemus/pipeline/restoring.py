"""Make again everything above level 0 of an archive: heal, ingest what lost its mark, process what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive import Damage, heal, verify
from telemus.pipeline.ingest_files import ingest
from telemus.pipeline.run import Failure, process

Progress = Callable[[str, float, float], None]
"""Called with (what is done, amount so far, amount in all)."""


class RebuildSummary(NamedTuple):
    """What a rebuild did: sentences of what was healed and of what to know, counts, and the damage that is left."""

    healed: tuple[str, ...]
    notes: tuple[str, ...]
    files: int
    granules: int
    left: tuple[Damage, ...]
    failures: tuple[Failure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        left = [one.to_dict() for one in self.left]
        return self._asdict() | {"left": left, "failures": [one._asdict() for one in self.failures]}


def rebuild(path: Path, *, workers: int = 2, progress: Progress | None = None) -> RebuildSummary:
    """Heal an archive and make again what level 0 can make: catalogue, granules, accounts, products.

    Levels above the samples are made again only where there are any, or were. Received bytes, the mission and the
    decisions are never changed; damage in them is told, and what is around it is kept. Raises ArchiveError where there
    is no archive or another process writes, DamageError where the mission is damaged, SpaceError.
    """
    archive, healed = heal(path)
    processed = any(one.level > 1 for one in archive.granules(current=False))
    taken = ingest(archive, [], progress)
    done = process(archive, workers=workers, progress=progress) if processed else None
    return RebuildSummary(
        tuple(healed),
        taken.notes,
        len(taken.files),
        sum(one.granules for one in taken.files) + (done.made if done else 0),
        tuple(verify(path)),
        done.failures if done else (),
    )
