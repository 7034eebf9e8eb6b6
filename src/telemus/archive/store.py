"""Archive: one directory in which received bytes, everything made from them and people's decisions are kept.

::

    archive.json       format version, identity, mission with the SHA-256 of each of its files, timeline
    mission/           the mission folder as used; missions/ holds those it took the place of (revision.py)
    l0/                received files and passes, byte for byte (received.py)
    granules/PRODUCT/  Parquet files, written once, named by the hash of what made them (granule.py)
    pointers.jsonl     which granule became current, in order, with its CRCs
    catalogue.sqlite   the same for quick questions; deleted or damaged, it is made again from the files above
    decisions.jsonl    what people decided
    account.json       the accounts of all received files, added up
    lock               held by the one writer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from telemus import mission as missions
from telemus import settings
from telemus.archive import disk, pyramid, query, reading, samples
from telemus.archive.checks import checks_of
from telemus.archive.decimation import Decimated, Decimator
from telemus.archive.documents import read_document, write_document
from telemus.archive.gaps import Gap, gaps_between
from telemus.archive.granule import Draft, Granule, granule_path, told_by, write_granule
from telemus.archive.identity import Identity, read_identity
from telemus.archive.intervals import Spans
from telemus.archive.journal import Journal
from telemus.archive.lock import WriterLock
from telemus.archive.parquet import PLAIN, Layout
from telemus.archive.pointers import Shelf
from telemus.archive.rebuilding import restore
from telemus.archive.received import LIVE, Received, receive, received_files, take_up
from telemus.archive.reception import Reception, begin
from telemus.archive.samples import SAMPLES
from telemus.archive.stored_rows import StoredRows
from telemus.archive.verification import Damage, verify
from telemus.errors import ArchiveError
from telemus.provenance import digest
from telemus.series import Samples

LAYOUTS = {SAMPLES: Layout(group_per_part=True, blobs=samples.BLOBS)} | dict.fromkeys(
    pyramid.PRODUCTS, Layout(group_per_part=True, numbers=pyramid.ENCODINGS)
)
"""How granules are laid out in their files, where that is not plain."""


class Archive:
    """An archive that is open. Reading needs no lock; writing takes the one lock of the directory.

    Made by ``create`` or ``open``. It can be sent to another process, which opens the same directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decisions = Journal(path / "decisions.jsonl")
        self._shelf = Shelf(path)
        self._lock = WriterLock(path / "lock")
        self.stored = StoredRows(lambda start_ns, stop_ns: self.granules(SAMPLES, None, start_ns, stop_ns))
        self._decimator = Decimator(self.stored, lambda product, *span: self.granules(product, None, *span))

    def __reduce__(self) -> tuple[Callable[[Path], Archive], tuple[Path]]:
        from telemus.archive.opening import open

        return open, (self.path,)

    def __repr__(self) -> str:
        return f"Archive({str(self.path)!r})"

    # --- what it is of

    @cached_property
    def identity(self) -> Identity:
        """Return what the archive says of itself, read once. Raises DamageError."""
        return read_identity(self.path)

    def mission(self) -> Path:
        """Return the folder of the mission as used."""
        return self.path / "mission"

    @property
    def timeline_name(self) -> str:
        """Return the name of the timeline that the archive was made for."""
        return self.identity.timeline

    @cached_property
    def description(self) -> missions.Mission:
        """Return the mission as used, read and checked once. Raises DamageError where a file of it has changed."""
        self.identity.require_files(self.mission())
        return missions.load(self.mission(), self.timeline_name)

    def require_mission(self, folder: Path, timeline_name: str) -> None:
        """Raise ArchiveError unless a mission folder and timeline are those that the archive was made with."""
        self.identity.require_same(self.path, folder, timeline_name)

    # --- level 0

    def writing(self) -> WriterLock:
        """Return the lock of the one writer, for a ``with`` block; ArchiveError where another process writes."""
        return self._lock

    def receive(self, source: Path, progress: Callable[[int], None] | None = None) -> tuple[Received, bool]:
        """Copy a received file into level 0, durably, and return it and whether it is new. See received.receive."""
        with self._lock:
            return receive(self.path / "l0", source, progress)

    @contextmanager
    def feed(self, name: str, flush_interval_s: float | None = None) -> Iterator[Reception]:
        """Receive a live feed as one pass named ``name``: ``append(data, received_utc_ns)`` in the ``with`` block.

        Bytes are durable ``flush_interval_s`` [s] after they came at the latest (that of the settings where None);
        ``acknowledged_bytes`` says how far. 0 flushes at every ``append``.
        At the end the pass stands among the received files; after an interruption ``tidy`` puts there what was
        acknowledged. The one lock is held meanwhile.
        """
        with self._lock:
            interval_s = settings.load().flush_interval_ms / 1000 if flush_interval_s is None else flush_interval_s
            reception = begin(self.path / "l0", LIVE, name, interval_s)
            try:
                yield reception
            finally:
                reception.seal()

    def require_space(self, wanted_bytes: int, what: str) -> None:
        """Raise SpaceError unless the disk has room for ``wanted_bytes`` of ``what``, and a reserve."""
        disk.require_space(self.path, wanted_bytes, what)

    def tidy(self) -> None:
        """Finish what an interrupted writer left: a live pass is sealed; other half-done files go, to be made again."""
        with self._lock:
            take_up(self.path / "l0")
            disk.remove_unfinished(self.path)

    def received(self) -> list[Received]:
        """Return the received files in the order of their reception."""
        return received_files(self.path / "l0")

    def account(self) -> dict[str, Any]:
        """Return the accounts of all received files, added up by who ingested them; empty before the first."""
        path = self.path / "account.json"
        return read_document(path) if disk.is_file(path) else {}

    def set_account(self, account: Mapping[str, Any]) -> None:
        """Write the accounts of all received files, added up."""
        with self._lock:
            write_document(self.path / "account.json", account)

    # --- granules

    def has(self, product: str, recipe: Mapping[str, Any]) -> bool:
        """Return whether the granule of a recipe is there and current."""
        found = self._shelf.get(product, digest(recipe))
        return found is not None and found.current and disk.is_file(found.path)

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
        return [
            one
            for one in self._shelf.granules(product)
            if (one.current or not current)
            and (subject is None or one.subject in (None, subject))
            and (stop_ns is None or one.start_ns < stop_ns)
            and (start_ns is None or one.stop_ns > start_ns)
        ]

    def seal(self, draft: Draft, content: pa.Table | Iterable[pa.Table | pa.RecordBatch]) -> Granule:
        """Write the file of a granule and return it, without making it current: for workers, who hold no lock.

        If it is there as written, nothing is done; if it is damaged, or no pointer vouches for it, it is written
        again. Raises ArchiveError where it exists for another subject or span (the recipe left something out),
        SpaceError on a full disk.
        """
        identifier = digest(draft.recipe)
        path = granule_path(self.path / "granules", draft.product, identifier)
        known = self._shelf.get(draft.product, identifier)
        if known is not None:
            if (known.subject, known.start_ns, known.stop_ns) != (draft.subject, draft.start_ns, draft.stop_ns):
                raise ArchiveError(
                    f"{path}: got a granule of {draft.subject}, {draft.start_ns} to {draft.stop_ns} ns, with the "
                    f"recipe of {known.subject}, {known.start_ns} to {known.stop_ns} ns; "
                    "wanted a recipe that names all it depends on"
                )
            if disk.size(path) == known.bytes and checks_of(path).blocks == known.blocks:
                return known._replace(current=True, recipe=dict(draft.recipe))
        return write_granule(self.path / "granules", draft, content, LAYOUTS.get(draft.product, PLAIN))

    def adopt(self, granules: Iterable[Granule]) -> None:
        """Make sealed granules current, in order; those they replace stay on disk, no longer read.

        What the pyramid says of the spans of fresh samples is no longer read either, until it is made anew.
        """
        fresh = list(granules)
        with self._lock:
            self._retire_pyramid(one for one in fresh if one.product == SAMPLES)
            self._shelf.adopt(fresh)

    def write(self, draft: Draft, content: pa.Table | Iterable[pa.Table | pa.RecordBatch]) -> Granule:
        """Write a granule once and make it current: ``seal`` and ``adopt``.

        It replaces the current granules of its product and subject whose spans it overlaps, or, with a ``slot``,
        those of the same slot. If its file exists, only the pointer moves.
        """
        with self._lock:
            granule = self.seal(draft, content)
            self.adopt([granule])
        return granule

    def retire(self, product: str, granules: Iterable[Granule]) -> None:
        """Make granules no longer current without putting others in their place."""
        retired = list(granules)
        with self._lock:
            if product == SAMPLES:
                self._retire_pyramid(retired)
            self._shelf.retire(product, [one.id for one in retired])

    def supersede(self, whole: Granule, parts: Iterable[Granule]) -> None:
        """Make a granule current and retire others that hold the same rows: what the pyramid says stays true."""
        with self._lock:
            self._shelf.adopt([whole])
            self._shelf.retire(whole.product, [one.id for one in parts])

    def _retire_pyramid(self, changed: Iterable[Granule]) -> None:
        """Take the tiles that changed samples bear on out of use, before the change is seen."""
        tiles = pyramid.touched(lambda name, *span: self.granules(name, None, *span), changed)
        for product, ids in tiles.items():
            self._shelf.retire(product, ids)

    def provenance(self, granule: Granule) -> dict[str, Any]:
        """Return what made a granule: product, version, recipe, and the versions of the software that wrote it."""
        return told_by(granule.open(), granule.path)

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

    def catch_up(self) -> None:
        """Bring the catalogue up to what the pointers say, or make it again where it is damaged.

        Where another process writes just now, a catalogue that is merely behind is left to that one.
        """
        if self._shelf.is_current or (self._shelf.is_sound and self._lock.taken_elsewhere()):
            return
        with self._lock:
            if self._shelf.is_sound:
                self._shelf.follow({})
            else:
                self._shelf.rebuild()

    def rebuild(self) -> int:
        """Make the catalogue again from the granules and the pointers; return the number of granules entered."""
        with self._lock:
            return self._shelf.rebuild()

    def restore(self) -> list[str]:
        """Heal what has a second copy, and take out of use what has none but can be made again from level 0.

        Returns one sentence for each thing done. What was taken out is made again by ingest and process.
        """
        with self._lock:
            return restore(self.path, self._shelf)

    def verify(self) -> list[Damage]:
        """Return each damage found in any file of the archive, with its place and its remedy; empty if all is well."""
        return verify(self.path)
