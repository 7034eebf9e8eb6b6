"""Granule: one Parquet file, written once, named by the hash of what made it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from telemus.errors import ArchiveError
from telemus.provenance import digest

_PRODUCT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Granule(NamedTuple):
    """One granule of the catalogue.

    ``id`` is the hash of ``recipe``; ``start_ns`` and ``stop_ns`` [ns TAI] the span it speaks for; ``subject`` None
    where it speaks for several; ``slot`` the place it fills where that is not simply its span; ``crc32`` that of the
    whole file; ``current`` whether reading sees it.
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
    path: Path
    recipe: Mapping[str, Any]
    current: bool = True


def granule_path(folder: Path, product: str, recipe: Mapping[str, Any]) -> Path:
    """Return where the granule of a recipe stands under the folder of granules.

    Raises ArchiveError on a product name that could leave the folder.
    """
    if not _PRODUCT_NAME.fullmatch(product):
        raise ArchiveError(f"product: got the name {product!r}, wanted lower-case letters, digits and _")
    return folder / product / f"{digest(recipe)}.parquet"


def granule_metadata(granule: Granule, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a granule's file says of itself: enough to rebuild its line of the catalogue."""
    told = {
        "product": granule.product,
        "level": granule.level,
        "version": granule.version,
        "subject": granule.subject,
        "slot": granule.slot,
        "start_ns": granule.start_ns,
        "stop_ns": granule.stop_ns,
        "recipe": dict(granule.recipe),
        "environment": dict(environment),
    }
    return {"telemus": json.dumps(told, sort_keys=True)}


def granule_of(path: Path, told: Mapping[str, Any], rows: int, crc32: int) -> Granule:
    """Return the granule that a file's own metadata describes; it is not current until the pointers say so.

    Raises ArchiveError where the metadata lacks something or does not fit the file's name.
    """
    try:
        recipe = told["recipe"]
        if digest(recipe) != path.stem or told["product"] != path.parent.name:
            raise ArchiveError(f"{path}: got a name that is not the hash of its recipe, wanted {digest(recipe)}")
        return Granule(
            id=path.stem,
            product=told["product"],
            level=int(told["level"]),
            version=int(told["version"]),
            subject=told["subject"],
            slot=told["slot"],
            start_ns=int(told["start_ns"]),
            stop_ns=int(told["stop_ns"]),
            rows=rows,
            bytes=path.stat().st_size,
            crc32=crc32,
            path=path,
            recipe=recipe,
            current=False,
        )
    except (KeyError, TypeError) as error:
        raise ArchiveError(f"{path}: got metadata without {error}, wanted a granule of Telemus") from error
