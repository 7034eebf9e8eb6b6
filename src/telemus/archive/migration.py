"""Bring an archive of format 1 to format 2, in steps that may be interrupted and done again.

Format 1 had documents without a checksum, the CRCs of received bytes in the manifest, and pointers that named granules
by CRC-32 only. Received bytes and granules stay as they are; no checksum that was there is computed anew.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from telemus import mission as missions
from telemus.archive import disk
from telemus.archive.checks import checks_of
from telemus.archive.documents import read_document, write_document
from telemus.archive.granule import granule_path, read_granule
from telemus.archive.identity import NAME, new_identity, write_identity
from telemus.archive.journal import Journal
from telemus.archive.pointers import CURRENT, Shelf
from telemus.archive.received import ACCOUNT, INDEX, MARK, received_folders
from telemus.archive.reception import BEGUN, JOURNAL, MANIFEST
from telemus.archive.records import Record
from telemus.errors import ArchiveError, DamageError
from telemus.provenance import folder_sha256


def stated_format(archive: Path) -> int:
    """Return the format that an archive states.

    Raises ArchiveError where there is no archive, or nothing that states a format, DamageError where it is damaged.
    """
    told = _json(archive / NAME)
    found = (read_document(archive / NAME) if "crc32" in told else told).get("format")
    if not isinstance(found, int):
        raise ArchiveError(f"{archive / NAME}: got format {found!r}, wanted a whole number")
    return found


def migrate(archive: Path) -> None:
    """Bring an archive of format 1 to format 2. Raises DamageError where its mission is not what it was."""
    told = _json(archive / NAME)
    if folder_sha256(archive / "mission") != told["mission_sha256"]:
        raise DamageError(f"{archive / 'mission'}: got other files than when the archive was made, wanted the same")
    for folder in received_folders(archive / "l0"):
        _received(folder)
    if disk.is_file(archive / ACCOUNT):
        _document(archive / ACCOUNT)
    _pointers(archive)
    Shelf(archive).rebuild()
    mission = missions.load(archive / "mission", told["timeline"])
    write_identity(archive, new_identity(mission, archive / "mission")._replace(mission=told["mission"]))


def _received(folder: Path) -> None:
    """Move the CRCs of a received file from its manifest to a journal, and check its documents from now on."""
    manifest = _json(folder / MANIFEST)
    if not isinstance(manifest.get("crc32"), list):
        return
    length, moment = manifest["block_bytes"], manifest["received_utc_ns"]
    records = [
        Record(number * length, min(length, manifest["bytes"] - number * length), crc32, moment)
        for number, crc32 in enumerate(manifest["crc32"])
    ]
    disk.put_bytes(folder / JOURNAL, b"".join(one.packed() for one in records))
    write_document(folder / BEGUN, {"name": manifest["name"]})
    for name in (ACCOUNT, MARK):
        if disk.is_file(folder / name):
            _document(folder / name)
    names = ("name", "bytes", "sha256", "received_utc_ns")
    write_document(folder / MANIFEST, {name: manifest[name] for name in names})  # last: it says that this is done


def _document(path: Path) -> None:
    try:
        content = read_document(path)
    except DamageError:
        content = _json(path)
    if path.name == MARK and "index" not in content:
        checks = checks_of(path.with_name(INDEX))
        content["index"] = {"bytes": checks.bytes, "blocks": checks.blocks}
    write_document(path, content)


def _pointers(archive: Path) -> None:
    """Write the pointers anew, each with all that the catalogue needs; a damaged granule keeps the CRC that it had."""
    journal = Journal(archive / "pointers.jsonl")
    journal.replace([_entry(archive / "granules", entry) for entry in journal.entries()])


def _entry(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    if entry["kind"] != CURRENT:
        return entry
    found = []
    for told in entry["granules"]:
        if "blocks" in told:
            found.append(told)
            continue
        with suppress(DamageError):  # of a damaged one nothing can be read; what it was made from is there
            granule = read_granule(granule_path(folder, told["product"], told["id"]))
            found += [granule.told()] if granule.crc32 == told["crc32"] else []
    return {**entry, "granules": found}


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(disk.read(path))
    except OSError as error:
        raise ArchiveError(f"{path.parent}: got no readable {path.name}, wanted an archive made by Telemus") from error
    except ValueError as error:
        raise DamageError(f"{path}: got {error}, wanted what Telemus wrote; `telemus rebuild` may heal it") from error
    if not isinstance(content, dict):
        raise ArchiveError(f"{path}: got {type(content).__name__}, wanted an archive made by Telemus")
    return content
