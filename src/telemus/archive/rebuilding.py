"""Make the catalogue again from what it was made of, and look for damage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from telemus.archive.catalogue import Catalogue
from telemus.archive.granule import Granule, granule_of
from telemus.archive.journal import Journal
from telemus.archive.parquet import crc32_of, open_parquet, told_by
from telemus.archive.received import Received, damaged_blocks
from telemus.errors import ArchiveError


def read_granule(path: Path) -> Granule:
    """Return the granule that a file describes. Raises DamageError or ArchiveError where it describes none."""
    file = open_parquet(path)
    return granule_of(path, told_by(file, path), file.metadata.num_rows, crc32_of(path))


def provenance_of(path: Path) -> dict[str, Any]:
    """Return everything that a granule's file says of its making."""
    return told_by(open_parquet(path), path)


def rebuild(folder: Path, pointers: Journal, catalogue: Catalogue) -> int:
    """Enter every granule under ``folder`` and replay the pointers; return the number of granules.

    A granule that no pointer names comes after them, oldest file first: the journal was lost, or the power failed
    between the granule and its pointer. Files that are no granules are left out; ``damages`` names them.
    """
    there = {(one.product, one.id): one for one in _readable(folder)}
    catalogue.create()
    named: set[tuple[str, str]] = set()
    for entry in pointers.entries():
        if entry["kind"] == "retired":
            catalogue.retire(entry["product"], entry["ids"])
            continue
        keys = [(one["product"], one["id"]) for one in entry["granules"]]
        named.update(keys)
        catalogue.put(there[key] for key in keys if key in there)
    rest = [one for key, one in there.items() if key not in named]
    catalogue.put(sorted(rest, key=lambda one: one.path.stat().st_mtime_ns))
    return len(there)


def _readable(folder: Path) -> Iterator[Granule]:
    for path in sorted(folder.glob("*/*.parquet")):
        try:
            yield read_granule(path)
        except ArchiveError:
            continue


def damages(received: Iterable[Received], folder: Path, journals: Iterable[Journal]) -> list[str]:
    """Return one sentence for each damage: blocks of received files, granules, lines of journals."""
    found = [
        f"{one.path}, bytes {start} to {stop} of {one.name}: got bytes that do not match their CRC"
        for one in received
        for start, stop in damaged_blocks(one)
    ]
    journals = list(journals)
    checks = {
        (one["product"], one["id"]): one["crc32"]
        for journal in journals
        for entry in journal.entries("current")
        for one in entry["granules"]
    }
    for (product, identifier), crc32 in sorted(checks.items()):
        path = folder / product / f"{identifier}.parquet"
        if not path.is_file():
            found.append(f"{path}: got no file, wanted a granule that was written")
        elif crc32_of(path) != crc32:
            found.append(f"{path}: got bytes that do not match their CRC, wanted the granule as written")
    return found + [line for journal in journals for line in journal.damage()]
