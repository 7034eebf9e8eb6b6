"""Reception: bytes on their way into level 0, durable a stated time after they came, before anything looks at them.

The bytes are appended to one file and flushed; then a record of each run (records.py) is appended to a second one and
flushed: group commit, by default once a second. What is acknowledged survives kill -9 and a power cut; what is not is
cut off when the reception is taken up again.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from telemus.archive import disk
from telemus.archive.documents import read_document, write_document
from telemus.archive.records import Record, scan
from telemus.errors import ArchiveError

BYTES, JOURNAL, BEGUN, MANIFEST = "received.bin", "received.journal", "begun.json", "manifest.json"
RUN_BYTES = 1 << 20
"""Longest run under one CRC-32: how finely damage is located [bytes]."""


class Reception:
    """One file or one pass of a live feed that is being received, in a folder of its own.

    ``flush_interval_s`` [s] is how long bytes wait for their flush to the disk at most; 0 flushes at every ``append``,
    None at the end only: for a file, whose source is still there. One thread appends; a second one flushes.
    """

    def __init__(self, folder: Path, flush_interval_s: float | None) -> None:
        self.folder = folder
        self.acknowledged_bytes = 0
        self._hash = hashlib.sha256()
        self._first_utc_ns: int | None = None
        self._take_up()
        self._bytes = disk.append_to(folder / BYTES)
        self._journal = disk.append_to(folder / JOURNAL)
        self._length = self.acknowledged_bytes
        self._waiting: list[Record] = []
        self._appending, self._committing = threading.Lock(), threading.Lock()
        self._beside = ThreadPoolExecutor(1)  # sums of large parts while they are written
        self._failure: OSError | None = None
        self._ended = threading.Event()
        self._flusher = threading.Thread(target=self._flush_every, args=(flush_interval_s,), daemon=True)
        self._at_once = flush_interval_s == 0
        if flush_interval_s:
            self._flusher.start()

    def append(self, data: bytes | memoryview, received_utc_ns: int | None = None) -> int:
        """Take the next bytes with the time of their reception [ns since 1970, UTC; now if None].

        Returns how many came so far; they are durable once ``acknowledged_bytes`` has reached that. Raises SpaceError
        on a full disk, also where it was the flush of earlier bytes that met it.
        """
        self._raise_failure()
        moment = time.time_ns() if received_utc_ns is None else received_utc_ns
        self._first_utc_ns = moment if self._first_utc_ns is None else self._first_utc_ns
        view = memoryview(data).cast("B")
        parts = [view[at : at + RUN_BYTES] for at in range(0, len(view), RUN_BYTES)]
        summing = self._beside.submit(self._sums, parts) if len(parts) > 1 else None
        with self._noted():
            self._bytes.write(view)
        sums = summing.result() if summing else self._sums(parts)
        with self._appending:
            for part, crc32 in zip(parts, sums, strict=True):
                self._waiting.append(Record(self._length, len(part), crc32, moment))
                self._length += len(part)
        if self._at_once:
            self.commit()
        return self._length

    def _sums(self, parts: list[memoryview]) -> list[int]:
        """Return the CRC-32 of each part, and take them into the hash of the whole."""
        for part in parts:
            self._hash.update(part)
        return [zlib.crc32(part) for part in parts]

    def commit(self) -> int:
        """Flush what came so far, and return how many bytes are durable. Raises SpaceError on a full disk."""
        self._raise_failure()
        with self._committing, self._noted():
            with self._appending:
                records, self._waiting = self._waiting, []
            if records:
                self._bytes.sync()
                self._journal.write(b"".join(one.packed() for one in records))
                self._journal.sync()
                self.acknowledged_bytes = records[-1].stop
        return self.acknowledged_bytes

    def close(self) -> None:
        """Flush what came and end the flusher; the folder stays, to be taken up again or sealed."""
        self._ended.set()
        if self._flusher.is_alive():
            self._flusher.join()
        try:
            if self._failure is None:
                self.commit()
        finally:
            self._beside.shutdown()
            self._bytes.close()
            self._journal.close()

    def seal(self) -> Path | None:
        """Close, write the manifest and give the folder its final name; return it, None where no byte came.

        A folder of the same bytes that is there already stays, and this one goes.
        """
        self.close()
        self._raise_failure()
        if self._length == 0:
            disk.remove(self.folder)
            return None
        sha256 = self._hash.hexdigest()
        target = self.folder.parent / sha256[:32]
        if disk.is_folder(target):
            disk.remove(self.folder)
            return target
        told = {"bytes": self._length, "sha256": sha256, "received_utc_ns": self._first_utc_ns}
        write_document(self.folder / MANIFEST, {"name": read_document(self.folder / BEGUN)["name"], **told})
        disk.rename(self.folder, target)
        return target

    def abandon(self) -> None:
        """Close and remove what came: the source is still there."""
        self._failure = self._failure or ArchiveError("reception abandoned")
        self.close()
        disk.remove(self.folder)

    def _take_up(self) -> None:
        """Go on behind what was acknowledged, if this folder was left by an interruption."""
        journal = self.folder / JOURNAL
        if not disk.is_file(journal):
            disk.remove(self.folder / BYTES)
            return
        found = scan(disk.read(journal))
        if found.bad and found.bad[-1][1] == disk.size(journal):
            disk.cut(journal, found.bad[-1][0])
        if found.records:
            self.acknowledged_bytes = max(one.stop for one in found.records)
            self._first_utc_ns = found.records[0].received_utc_ns
        if disk.size(self.folder / BYTES) > self.acknowledged_bytes:
            disk.cut(self.folder / BYTES, self.acknowledged_bytes)
        self.acknowledged_bytes = disk.size(self.folder / BYTES)  # less only on a damaged disk; verify names that
        sha256_of(self.folder / BYTES, self._hash)

    def _flush_every(self, interval_s: float) -> None:
        while self._failure is None and not self._ended.wait(interval_s):
            with suppress(OSError):  # noted; the next append raises it
                self.commit()

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember an error of the disk, so that nothing more is taken, and let it pass on."""
        try:
            yield
        except OSError as error:
            self._failure = error
            raise

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def begin(l0: Path, kind: str, name: str, flush_interval_s: float | None) -> Reception:
    """Begin to receive something named ``name`` in a new folder of level 0; ``kind`` begins the folder's name."""
    folder = l0 / f"{kind}{time.time_ns()}"
    disk.make_folder(folder)
    write_document(folder / BEGUN, {"name": name})
    return Reception(folder, flush_interval_s)


def sha256_of(path: Path, running: hashlib._Hash | None = None) -> str:
    """Return the SHA-256 of a file; with ``running``, that one goes on over its bytes."""
    running = hashlib.sha256() if running is None else running
    with disk.reading(path) as file:
        while block := file.read(4 << 20):
            running.update(block)
    return running.hexdigest()
