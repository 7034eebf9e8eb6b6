"""Archive: one directory in which received bytes, everything made from them and people's decisions are kept.

::

    archive.json       format version, mission, timeline
    mission/           the mission folder as used
    l0/                received files, byte for byte (received.py)
    granules/PRODUCT/  Parquet files, written once, named by the hash of what made them (granule.py)
    pointers.jsonl     which granule became current, in order, with its CRC
    catalogue.sqlite   the same for quick questions; deleted or damaged, it is made again from the files above
    decisions.jsonl    what people decided
    account.json       the accounts of all received files, added up
    lock               held by the one writer
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from telemus import mission as missions
from telemus.archive import pyramid, query, reading, rebuilding, samples
from telemus.archive.catalogue import Catalogue
from telemus.archive.decimation import Decimated, Decimator
from telemus.archive.durable import require_space, sealed_file, write_json
from telemus.archive.gaps import Gap, gaps_between
from telemus.archive.granule import Granule, granule_metadata, granule_path
from telemus.archive.intervals import Spans
from telemus.archive.journal import Journal
from telemus.archive.lock import WriterLock
from telemus.archive.parquet import crc32_of, write_parquet
from telemus.archive.received import Received, receive, received_files
from telemus.archive.samples import SAMPLES
from telemus.archive.stored_rows import StoredRows
from telemus.errors import ArchiveError
from telemus.provenance import digest, environment, folder_sha256
from telemus.series import Samples

FORMAT = 1
"""Version of the layout on disk."""


class Archive:
    """An archive that is open. Reading needs no lock; writing takes the one lock of the directory.

    Made by ``create`` or ``open``. It can be sent to another process, which opens the same directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decisions = Journal(path / "decisions.jsonl")
        self._pointers = Journal(path / "pointers.jsonl")
        self._lock = WriterLock(path / "lock")
        self._catalogue = Catalogue(path / "catalogue.sqlite", path / "granules")
        self.stored = StoredRows(lambda start_ns, stop_ns: self._catalogue.find(SAMPLES, None, start_ns, stop_ns))
        self._decimator = Decimator(self.stored, lambda product, *span: self._catalogue.find(product, None, *span))

    def __reduce__(self) -> tuple[Callable[[Path], Archive], tuple[Path]]:
        return open, (self.path,)

    def __repr__(self) -> str:
        return f"Archive({str(self.path)!r})"

    # --- what it is of

    @cached_property
    def _told(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.path / "archive.json").read_text(encoding="utf-8"))
        return content

    def mission(self) -> Path:
        """Return the folder of the mission as used."""
        return self.path / "mission"

    @property
    def timeline_name(self) -> str:
        """Return the name of the timeline that the archive was made for."""
        return str(self._told["timeline"])

    @cached_property
    def description(self) -> missions.Mission:
        """Return the mission as used, read and checked once. Raises MissionError on faults."""
        return missions.load(self.mission(), self.timeline_name)

    def require_mission(self, folder: Path, timeline_name: str) -> None:
        """Raise ArchiveError unless a mission folder and timeline are those that the archive was made with."""
        if timeline_name != self.timeline_name:
            raise ArchiveError(
                f"{self.path}: got timeline {timeline_name}, wanted {self.timeline_name} of this archive"
            )
        given = folder_sha256(folder)
        if given != self._told["mission_sha256"]:
            raise ArchiveError(
                f"{self.path}: got mission {folder} with contents {given[:12]}, wanted {self._told['mission']} "
                f"with {self._told['mission_sha256'][:12]} as when the archive was made; a changed mission needs "
                "an archive of its own"
            )

    # --- level 0

    def writing(self) -> WriterLock:
        """Return the lock of the one writer, for a ``with`` block; ArchiveError where another process writes."""
        return self._lock

    def receive(self, source: Path, progress: Callable[[int], None] | None = None) -> tuple[Received, bool]:
        """Copy a received file into level 0, durably, and return it and whether it is new. See received.receive."""
        with self._lock:
            return receive(self.path / "l0", source, progress)

    def require_space(self, wanted_bytes: int, what: str) -> None:
        """Raise SpaceError unless the disk has room for ``wanted_bytes`` of ``what``, and a reserve."""
        require_space(self.path, wanted_bytes, what)

    def tidy(self) -> None:
        """Remove what an interrupted writer left half done: it was never seen and is made again."""
        with self._lock:
            for path in self.path.glob("l0/.incoming-*"):
                shutil.rmtree(path)
            for path in self.path.rglob(".*.part"):
                path.unlink()

    def received(self) -> list[Received]:
        """Return the received files in the order of their reception."""
        return received_files(self.path / "l0")

    def account(self) -> dict[str, Any]:
        """Return the accounts of all received files, added up by who ingested them; empty before the first."""
        path = self.path / "account.json"
        if not path.is_file():
            return {}
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def set_account(self, account: Mapping[str, Any]) -> None:
        """Write the accounts of all received files, added up."""
        with self._lock:
            write_json(self.path / "account.json", account)

    # --- granules

    def has(self, product: str, recipe: Mapping[str, Any]) -> bool:
        """Return whether the granule of a recipe is there and current."""
        found = self._catalogue.get(product, digest(recipe))
        return found is not None and found.current and found.path.is_file()

    def granules(
        self,
        product: str | None = None,
        subject: str | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
        *,
        current: bool = True,
    ) -> list[Granule]:
        """Return granules by product, subject and span [ns TAI], ordered by product and start.

        Only current ones unless told otherwise. Granules that speak for several subjects are found for each.
        """
        return self._catalogue.find(product, subject, start_ns, stop_ns, current=current)

    def seal(
        self,
        product: str,
        level: int,
        version: int,
        recipe: Mapping[str, Any],
        content: pa.Table | Iterable[pa.Table | pa.RecordBatch],
        *,
        subject: str | None = None,
        start_ns: int,
        stop_ns: int,
        slot: str | None = None,
    ) -> Granule:
        """Write the file of a granule and return it, without making it current: for workers, who hold no lock.

        Name = hash of the recipe. If the file exists, nothing is written. Raises ArchiveError where it exists for
        another subject or span (the recipe left something out), SpaceError on a full disk.
        """
        path = granule_path(self.path / "granules", product, recipe)
        wanted = Granule(
            path.stem, product, level, version, subject, slot, int(start_ns), int(stop_ns), 0, 0, 0, path, dict(recipe)
        )
        if path.is_file():
            there = rebuilding.read_granule(path)
            if (there.subject, there.start_ns, there.stop_ns) != (subject, start_ns, stop_ns):
                raise ArchiveError(
                    f"{path}: got a granule of {subject}, {start_ns} to {stop_ns} ns, with the recipe of "
                    f"{there.subject}, {there.start_ns} to {there.stop_ns} ns; "
                    "wanted a recipe that names all it depends on"
                )
            return there._replace(current=True)
        with sealed_file(path) as temporary:
            rows = write_parquet(
                temporary,
                content,
                metadata=granule_metadata(wanted, environment()),
                group_per_part=product in (SAMPLES, *pyramid.PRODUCTS),
                blobs=samples.BLOBS if product == SAMPLES else (),
                numbers=pyramid.ENCODINGS if product in pyramid.PRODUCTS else None,
            )
            crc32, size = crc32_of(temporary), temporary.stat().st_size
        return wanted._replace(rows=rows, bytes=size, crc32=crc32)

    def adopt(self, granules: Iterable[Granule]) -> None:
        """Make sealed granules current, in order; those they replace stay on disk, no longer read.

        What the pyramid says of the spans of fresh samples is no longer read either, until it is made anew.
        """
        fresh = list(granules)
        with self._lock:
            self._retire_pyramid(one for one in fresh if one.product == SAMPLES)
            if fresh:
                self._pointers.append(
                    "current", granules=[{"product": one.product, "id": one.id, "crc32": one.crc32} for one in fresh]
                )
            self._catalogue.put(fresh)

    def write(
        self,
        product: str,
        level: int,
        version: int,
        recipe: Mapping[str, Any],
        content: pa.Table | Iterable[pa.Table | pa.RecordBatch],
        *,
        subject: str | None = None,
        start_ns: int,
        stop_ns: int,
        slot: str | None = None,
    ) -> Granule:
        """Write a granule once and make it current: ``seal`` and ``adopt``.

        It replaces the current granules of its product and subject whose spans it overlaps, or, with a ``slot``,
        those of the same slot. If its file exists, only the pointer moves.
        """
        with self._lock:
            granule = self.seal(
                product, level, version, recipe, content, subject=subject, start_ns=start_ns, stop_ns=stop_ns, slot=slot
            )
            self.adopt([granule])
        return granule

    def retire(self, product: str, granules: Iterable[Granule]) -> None:
        """Make granules no longer current without putting others in their place."""
        retired = list(granules)
        ids = [one.id for one in retired]
        with self._lock:
            if product == SAMPLES:
                self._retire_pyramid(retired)
            if ids:
                self._pointers.append("retired", product=product, ids=ids)
                self._catalogue.retire(product, ids)

    def _retire_pyramid(self, changed: Iterable[Granule]) -> None:
        """Take the tiles that changed samples bear on out of use, before the change is seen."""
        tiles = pyramid.touched(lambda name, *span: self._catalogue.find(name, None, *span), changed)
        for product, ids in tiles.items():
            self._pointers.append("retired", product=product, ids=ids)
            self._catalogue.retire(product, ids)

    def provenance(self, granule: Granule) -> dict[str, Any]:
        """Return what made a granule: product, version, recipe, and the versions of the software that wrote it."""
        return rebuilding.provenance_of(granule.path)

    # --- reading

    def read(
        self,
        product: str,
        *,
        subject: str | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the rows of the current granules of a product, sorted by time.

        The time of a row is its column ``tai_ns``, or else ``start_ns``; rows at or after ``start_ns`` and before
        ``stop_ns`` [ns TAI] are returned. A product without either column is returned whole. Where nothing is there
        the table has no rows, and no columns. Raises DamageError where a page fails its checksum.
        """
        return query.table(self.batches(product, subject=subject, start_ns=start_ns, stop_ns=stop_ns, columns=columns))

    def batches(
        self,
        product: str,
        *,
        subject: str | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the same rows granule by granule, in the order of the granules' start, in bounded memory."""
        found = self.granules(product, subject, start_ns, stop_ns)
        return query.batches(found, subject, start_ns, stop_ns, columns)

    def raw_samples(self, channel: str, entity: str, start_ns: int, stop_ns: int) -> Samples:
        """Return the raw counts of a channel of an entity with quality, between two times [ns TAI].

        Late files and files received twice are resolved: each sample time once, the verified copy first. What was
        not received is between two segments; ``gaps`` says why.
        """
        return reading.raw_samples(self.stored, channel, entity, start_ns, stop_ns)

    def sample_batches(self, channel: str, entity: str, start_ns: int, stop_ns: int) -> Iterator[pa.RecordBatch]:
        """Yield the same samples as batches, in bounded memory: ``tai_ns``, ``value``, ``quality``, ``segment``.

        ``segment`` counts up where samples are missing: nothing is bridged, and nothing is filled.
        """
        return reading.sample_batches(self.stored, channel, entity, start_ns, stop_ns)

    def decimated(self, channel: str, entity: str, start_ns: int, stop_ns: int, buckets: int) -> Decimated:
        """Return minimum, maximum, mean, samples and union of quality of raw counts in buckets of a span [ns TAI].

        The time it takes depends on the number of buckets, not on the span, where the pyramid is complete. The ends
        are exact; edges inside lie on the grid of what they are made of. Raises SignalError on buckets without width.
        """
        return self._decimator.decimated(channel, entity, start_ns, stop_ns, buckets)

    def coverage(self, channel: str, start_ns: int, stop_ns: int) -> dict[str, Spans]:
        """Return the spans (n, 2) [ns TAI] in which each entity of a channel has samples; without any it is absent."""
        columns = ["channel", "entity", "start_ns", "stop_ns", "count"]
        tables = self.stored.tables(channel, None, start_ns, stop_ns, columns)
        return query.coverage((table for *_, table in tables), start_ns, stop_ns)

    def gaps(self, channel: str, entity: str, start_ns: int, stop_ns: int) -> list[Gap]:
        """Return what is missing of a channel between two times [ns TAI], and why.

        Kinds: ``scheduled_off`` by the timeline's duty cycle, ``common`` where every entity of that kind is missing
        at once, ``dropout`` where only this one is.
        """
        timeline = self.description.timeline
        covered = self.coverage(channel, start_ns, stop_ns)
        peers = [one.id for one in self.description.entities(self.description.channel(channel).entity)]
        return gaps_between(covered, entity, peers, timeline.recorded(start_ns, stop_ns), (start_ns, stop_ns))

    def span(self) -> tuple[int, int]:
        """Return the first and last time [ns TAI] of which there are samples. Raises ArchiveError before the first."""
        found = self.granules(SAMPLES)
        if not found:
            raise ArchiveError(
                f"{self.path}: got an archive without samples, wanted one into which files were ingested"
            )
        return min(one.start_ns for one in found), max(one.stop_ns for one in found)

    # --- care

    def rebuild(self) -> int:
        """Make the catalogue again from the granules and the pointers; return the number of granules entered."""
        with self._lock:
            return rebuilding.rebuild(self.path / "granules", self._pointers, self._catalogue)

    def verify(self) -> list[str]:
        """Return one sentence for each damage found in received bytes, granules and journals; empty if all is well."""
        return rebuilding.damages(self.received(), self.path / "granules", [self._pointers, self.decisions])


def create(path: Path | str, mission_folder: Path | str, timeline_name: str) -> Archive:
    """Make an archive in a new or empty folder, with a copy of the mission, and open it.

    A folder in which this was interrupted is cleared and begun anew; it holds nothing yet.
    Raises ArchiveError where something is there already, MissionError on a faulty mission, SpaceError.
    """
    target = Path(path)
    begun = target / "unfinished"
    if begun.is_file() and not (target / "archive.json").exists():
        shutil.rmtree(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ArchiveError(f"{target}: got a place where something is already, wanted a new or empty folder")
    folder = missions.find_folder(mission_folder)
    mission = missions.load(folder, timeline_name)
    require_space(target, sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()), "an archive")
    target.mkdir(parents=True, exist_ok=True)
    begun.touch()
    for name in ("l0", "granules"):
        (target / name).mkdir()
    shutil.copytree(folder, target / "mission", ignore=shutil.ignore_patterns("__pycache__"))
    Catalogue(target / "catalogue.sqlite", target / "granules").create()
    told = {
        "format": FORMAT,
        "mission": mission.name,
        "timeline": timeline_name,
        "mission_sha256": folder_sha256(target / "mission"),
    }
    write_json(target / "archive.json", told)  # last: a folder without it is no archive
    begun.unlink()
    return Archive(target)


def open(path: Path | str) -> Archive:
    """Open an archive that is there.

    A missing or unreadable catalogue is made again. Raises ArchiveError where there is no archive, or one of another
    format version.
    """
    target = Path(path)
    try:
        told = json.loads((target / "archive.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{target}: got no readable archive.json, wanted an archive made by Telemus") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        got = told.get("format") if isinstance(told, dict) else told
        raise ArchiveError(f"{target}: got an archive of format {got}, wanted format {FORMAT}")
    found = Archive(target)
    if not found._catalogue.exists:
        found.rebuild()
    return found


def open_or_create(path: Path | str, mission_folder: Path | str, timeline_name: str) -> Archive:
    """Open the archive that is there, if its mission is the one given, or make it.

    Raises ArchiveError where it holds another mission or timeline.
    """
    if (Path(path) / "archive.json").is_file():
        found = open(path)
        found.require_mission(missions.find_folder(mission_folder), timeline_name)
        return found
    return create(path, mission_folder, timeline_name)
