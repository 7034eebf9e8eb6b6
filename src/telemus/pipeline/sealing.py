"""Write the granules of one received file behind the work that makes the next: one at a time, in order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive import Archive, Draft, Granule
from telemus.pipeline.stamp import Settled

VERSION = 2
"""Grows when the same bytes would give other rows."""


class StampsName:
    """Names the times that packets were given: equal for the same packets with the same times and quality."""

    def __init__(self) -> None:
        self._running = hashlib.blake2b(digest_size=16)

    def add(self, settled: Settled, quality: NDArray[np.uint32]) -> None:
        """Take up packets: their places in the file, times, slopes and quality."""
        table, rows, timed = settled
        for column in (table.packet_offset[rows], timed.tai_ns, timed.slope, quality):
            self._running.update(np.ascontiguousarray(column).tobytes())

    def taken(self) -> str:
        """Return the name of what was added, and begin anew."""
        name = self._running.hexdigest()
        self._running = hashlib.blake2b(digest_size=16)
        return name


class Sealer:
    """Seals parts of a file's products; names them by the file, what its making depends on, and a running number.

    One granule is encoded and written in a thread while the caller goes on; a second one waits for it, so that memory
    stays bounded. Errors of the writing are raised at the next call or at the end of the ``with`` block.
    """

    def __init__(self, archive: Archive, source: str, made_from: Mapping[str, Any]) -> None:
        self.made_from = {"source": source, "version": VERSION, **made_from}
        self.granules: list[Granule] = []
        self._archive = archive
        self._parts: Counter[str] = Counter()
        self._worker = ThreadPoolExecutor(1)
        self._pending: Future[Granule] | None = None

    def __enter__(self) -> Sealer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._worker.shutdown(cancel_futures=True)

    def seal(self, product: str, content: pa.Table | Iterable[pa.Table], span: tuple[int, int], stamps: str) -> None:
        """Write the next part of a product, which speaks for ``span`` [ns TAI]; ``stamps`` names the times in it.

        A part whose times are as they were keeps its name, and is not written again.
        """
        self.wait()
        part = self._parts[product]
        self._parts[product] += 1
        recipe = {"product": product, "part": part, "stamps": stamps, **self.made_from}
        slot = f"{self.made_from['source'][:32]}/{part:05d}"
        self._pending = self._worker.submit(
            self._archive.seal, Draft(product, 1, VERSION, recipe, *span, slot=slot), content
        )

    def wait(self) -> None:
        """Wait until everything handed over is on the disk."""
        if self._pending is not None:
            self.granules.append(self._pending.result())
            self._pending = None
