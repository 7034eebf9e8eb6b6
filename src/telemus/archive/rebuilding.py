"""Heal an archive: from second copies where there are some, else by taking out of use what level 0 can make again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from telemus.archive import disk
from telemus.archive.documents import read_document, write_document
from telemus.archive.granule import Granule
from telemus.archive.identity import COPY, NAME, read_identity, write_identity
from telemus.archive.pointers import Shelf
from telemus.archive.pyramid import touched
from telemus.archive.received import ACCOUNT, INDEX, MARK, Received, received_folders, received_in
from telemus.archive.reception import BEGUN, BYTES, JOURNAL, MANIFEST, sha256_of
from telemus.archive.samples import SAMPLES
from telemus.archive.verification import of_granule
from telemus.errors import DamageError


def restore(archive: Path, shelf: Shelf) -> list[str]:
    """Heal what can be healed and return one sentence for each thing done.

    Damaged granules go; files of level 0 from which something is missing lose their mark, so that they are done again.
    Received bytes are never touched.
    """
    done = [*restore_identity(archive)]
    folders = received_folders(archive / "l0")
    done += [line for folder in folders for line in _heal_received(folder)]
    if _damaged(archive / ACCOUNT):
        disk.remove(archive / ACCOUNT)
        done.append("account.json: damaged, is made again")
    shelf.rebuild()
    done += _take_out_damaged(shelf)
    done += _unmark_incomplete([one for one in map(_readable, folders) if one is not None], shelf)
    return done


def restore_identity(archive: Path) -> Iterator[str]:
    """Restore what an archive says of itself from its second copy; yield a sentence where that was needed."""
    for name, other in ((NAME, COPY), (COPY, NAME)):
        if _damaged(archive / name, missing=True) and not _damaged(archive / other, missing=True):
            write_identity(archive, read_identity(archive, other))
            yield f"{name}: restored from {other}"


def _heal_received(folder: Path) -> Iterator[str]:
    """Heal the documents and the journal of a received file from one another and from the bytes."""
    place = f"l0/{folder.name}"
    if _damaged(folder / MANIFEST, missing=True):
        sha256 = sha256_of(folder / BYTES)
        if not sha256.startswith(folder.name) or _damaged(folder / BEGUN, missing=True):
            yield f"{place}: manifest and bytes or name are damaged; copy the folder from a backup"
            return
        _write_manifest(folder, sha256)
        yield f"{place}/{MANIFEST}: made again"
    received = received_in(folder)
    if _damaged(folder / BEGUN, missing=True):
        write_document(folder / BEGUN, {"name": received.name})
        yield f"{place}/{BEGUN}: made again"
    yield from _heal_journal(received)
    if any(_damaged(folder / name) for name in (ACCOUNT, MARK)) or not _index_is_sound(received):
        received.unmark()
        for name in (ACCOUNT, INDEX):
            disk.remove(folder / name)
        yield f"{place}: account, mark or packet index damaged; the file is done again"


def _write_manifest(folder: Path, sha256: str) -> None:
    received = Received(read_document(folder / BEGUN)["name"], disk.size(folder / BYTES), sha256, 0, folder)
    moments = [one.received_utc_ns for one in received.scan().records]
    told = {"bytes": received.bytes, "sha256": sha256, "received_utc_ns": min(moments, default=0)}
    write_document(folder / MANIFEST, {"name": received.name, **told})


def _heal_journal(received: Received) -> Iterator[str]:
    """Write the journal anew where the SHA-256 of the bytes vouches for what it no longer says."""
    found = received.scan()
    if not found.bad and sum(one.length for one in found.records) == received.bytes:
        return
    if sha256_of(received.path) != received.sha256:
        yield f"l0/{received.folder.name}/{JOURNAL}: damaged, and so are bytes; what has a record is kept"
        return
    disk.put_bytes(received.folder / JOURNAL, b"".join(one.packed() for one in received.records_anew()))
    yield f"l0/{received.folder.name}/{JOURNAL}: made again, the bytes are as received"


def _index_is_sound(received: Received) -> bool:
    if not received.ingested:
        return True
    try:
        with received.open_index(received.mark()["index"]) as file:
            return not file.damage()
    except DamageError:
        return False


def _take_out_damaged(shelf: Shelf) -> Iterator[str]:
    damaged = [one for one in shelf.granules() if one.current and any(of_granule(one))]
    there = [one for one in shelf.granules() if one.current]
    tiles = touched(
        lambda product, start_ns, stop_ns: [
            one for one in there if one.product == product and one.start_ns < stop_ns and one.stop_ns > start_ns
        ],
        [one for one in damaged if one.product == SAMPLES],
    )
    for product, ids in tiles.items():
        shelf.retire(product, ids)
    for granule in damaged:
        shelf.retire(granule.product, [granule.id])
        disk.remove(granule.path)
        yield f"granules/{granule.product}/{granule.path.name}: missing or damaged, is made again"


def _unmark_incomplete(files: list[Received], shelf: Shelf) -> Iterator[str]:
    """Take away the marks of files whose granules are neither current nor part of what is current."""
    there = covered(shelf.granules())
    for one in files:
        if one.ingested and not there.issuperset(one.mark()["granules"]):
            one.unmark()
            yield f"l0/{one.folder.name}: granules of {one.name} are missing; the file is done again"


def covered(granules: list[Granule]) -> set[str]:
    """Return the names of the granules that are current, and of those of the same product put together in them."""
    inputs = {(one.product, one.id): one.recipe.get("inputs", ()) for one in granules}
    found: set[tuple[str, str]] = set()
    waiting = [(one.product, one.id) for one in granules if one.current]
    while waiting:
        key = waiting.pop()
        if key in inputs and key not in found:
            found.add(key)
            waiting.extend((key[0], name) for name in inputs[key])
    return {name for _, name in found}


def _readable(folder: Path) -> Received | None:
    return None if _damaged(folder / MANIFEST, missing=True) else received_in(folder)


def _damaged(path: Path, *, missing: bool = False) -> bool:
    """Return whether a document is not as written; one that is not there counts only where told so."""
    if not disk.is_file(path):
        return missing
    try:
        read_document(path)
    except DamageError:
        return True
    return False
