"""Granule: one Parquet file, written once, named by the hash of what made it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from telemus.archive import disk
from telemus.archive.checks import BlockChecks, CheckedFile, checks_of
from telemus.archive.parquet import Footer, Layout, open_parquet, read_groups, write_parquet
from telemus.errors import ArchiveError, DamageError
from telemus.provenance import digest, environment

_PRODUCT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNTOLD = ("path", "recipe", "current")


class Draft(NamedTuple):
    """What a granule is to be, before its rows are written.

    ``recipe`` names all that it depends on; ``start_ns`` and ``stop_ns`` [ns TAI] the span it speaks for; ``subject``
    None where it speaks for several; ``slot`` the place it fills where that is not simply its span.
    """

    product: str
    level: int
    version: int
    recipe: Mapping[str, Any]
    start_ns: int
    stop_ns: int
    subject: str | None = None
    slot: str | None = None


class Granule(NamedTuple):
    """One granule of the catalogue.

    ``id`` is the hash of ``recipe``; ``start_ns`` and ``stop_ns`` [ns TAI] the span it speaks for; ``subject`` None
    where it speaks for several; ``slot`` the place it fills where that is not simply its span; ``crc32`` that of the
    whole file and ``blocks`` those of its blocks (checks.py); ``current`` whether reading sees it.
    """

    id: str
    product: str
    level: int
    version: int
    subject: str | None
    slot: str | None
    start_ns: int
    stop_ns: int
    rows: int
    bytes: int
    crc32: int
    blocks: str
    path: Path
    recipe: Mapping[str, Any]
    current: bool = True

    def told(self) -> dict[str, Any]:
        """Return the granule as plain data for a journal: all but place and recipe, which stands in its file."""
        return {name: value for name, value in self._asdict().items() if name not in _UNTOLD}

    def open(self, footer: Footer | None = None) -> pq.ParquetFile:
        """Return its file, open for reading; every block is checked before use, a known footer is not read again.

        Raises DamageError where the file is missing or not what was written.
        """
        return open_parquet(self.path, CheckedFile(self.path, self.bytes, self.blocks), footer)


def granule_path(folder: Path, product: str, identifier: str) -> Path:
    """Return where a granule stands under the folder of granules.

    Raises ArchiveError on a product name that could leave the folder.
    """
    if not _PRODUCT_NAME.fullmatch(product):
        raise ArchiveError(f"product: got the name {product!r}, wanted lower-case letters, digits and _")
    return folder / product / f"{identifier}.parquet"


def write_granule(
    folder: Path, draft: Draft, content: pa.Table | Iterable[pa.Table | pa.RecordBatch], layout: Layout
) -> Granule:
    """Write the file of a granule, named by the hash of its recipe, and return it. Raises SpaceError on a full disk."""
    identifier = digest(draft.recipe)
    path = granule_path(folder, draft.product, identifier)
    told = {**draft._asdict(), "recipe": dict(draft.recipe), "environment": environment()}
    metadata = {"telemus": json.dumps(told, sort_keys=True)}
    checks = BlockChecks()
    with disk.put(path, checks) as file:
        rows = write_parquet(file, content, metadata=metadata, layout=layout)
    return _granule(path, draft, rows, checks)


def read_granule(path: Path) -> Granule:
    """Return the granule that a file describes, as the file is now; it is not current until the pointers say so.

    Every page is read. Raises DamageError where one fails its checksum, or the file's name is not that of its recipe.
    """
    file = open_parquet(path, path)
    told = told_by(file, path)
    try:
        draft = Draft(**{name: told[name] for name in Draft._fields})
    except (KeyError, TypeError) as error:
        raise DamageError(f"{path}: got metadata without {error}, wanted a granule of Telemus") from error
    if digest(draft.recipe) != path.stem or draft.product != path.parent.name:
        raise DamageError(f"{path}: got a name that is not the hash of its recipe, wanted {digest(draft.recipe)}")
    for number in range(file.metadata.num_row_groups):
        read_groups(file, path, [number], None)
    return _granule(path, draft, file.metadata.num_rows, checks_of(path))._replace(current=False)


def granule_told(folder: Path, told: Mapping[str, Any]) -> Granule:
    """Return the granule of a journal's entry; its recipe is empty where its file is missing or damaged."""
    path = granule_path(folder, told["product"], told["id"])
    fields = {name: told[name] for name in Granule._fields if name not in _UNTOLD}
    found = Granule(**fields, path=path, recipe={})
    try:
        return found._replace(recipe=told_by(found.open(), path)["recipe"])
    except DamageError:
        return found


def told_by(file: pq.ParquetFile, path: Path) -> dict[str, Any]:
    """Return what a granule's file says of itself, or raise DamageError where it says nothing."""
    told = (file.schema_arrow.metadata or {}).get(b"telemus")
    try:
        content: dict[str, Any] = json.loads(told or b"")
    except ValueError as error:
        raise DamageError(f"{path}: got no metadata of Telemus, wanted a granule") from error
    return content


def _granule(path: Path, draft: Draft, rows: int, checks: BlockChecks) -> Granule:
    return Granule(
        path.stem,
        draft.product,
        draft.level,
        draft.version,
        draft.subject,
        draft.slot,
        int(draft.start_ns),
        int(draft.stop_ns),
        rows,
        checks.bytes,
        checks.crc32,
        checks.blocks,
        path,
        dict(draft.recipe),
    )
