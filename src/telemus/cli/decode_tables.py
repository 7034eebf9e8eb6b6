"""The tables that ``telemus decode`` writes: one for each container, all of them there at the end or none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from telemus.errors import ArchiveError

if TYPE_CHECKING:
    import pyarrow as pa

    from telemus.packets import Batch, StreamDecoder

SPACE = {"parquet": 1.0, "arrow": 4.0, "csv": 6.0}
"""Bytes that a table takes for each byte of packets, at most in all recordings at hand but those of single bits."""


class Tables:
    """The tables under way: opened with the first rows of their container, counted, and closed together."""

    def __init__(self, out: Path, format_name: str, decoder: StreamDecoder, stack: ExitStack) -> None:
        self._out, self._format, self._decoder, self._stack = out, format_name, decoder, stack
        self._append: dict[str, Callable[[pa.RecordBatch], None]] = {}
        self.paths: dict[str, Path] = {}
        self.rows: dict[str, int] = {}

    def write(self, batches: Iterable[Batch]) -> None:
        """Append batches to the tables of their containers."""
        from telemus.archive import open_table

        for container, rows in batches:
            if container not in self._append:
                path = self._out / f"{self._free_name(container)}.{self._format}"
                opened = open_table(path, self._decoder.schema(container), self._format)
                self._append[container] = self._stack.enter_context(opened)
                self.paths[container], self.rows[container] = path, 0
            self._append[container](rows)
            self.rows[container] += rows.num_rows

    def _free_name(self, container: str) -> str:
        """Return a file's name for a container: nothing in it leads to another folder or hides the file."""
        name = re.sub(r"[^\w.+-]", "_", container.strip("/").replace("/", ".")).lstrip(".") or "_"
        taken = {path.stem.casefold() for path in self.paths.values()}
        free, number = name, 2
        while free.casefold() in taken:
            free, number = f"{name}-{number}", number + 1
        return free


@contextmanager
def written_together(out: Path, format_name: str, decoder: StreamDecoder) -> Iterator[Tables]:
    """Give the tables of a decoder to write to; they appear under their names when the block ends well, else none.

    Raises ArchiveError where the folder cannot be made or written to, SpaceError where the disk fills up.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"{out}: got {error.strerror}, wanted a folder that can be made") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise ArchiveError(f"{out}: got a folder that you may not write to, wanted one that you may")
    with ExitStack() as stack:
        yield Tables(out, format_name, decoder, stack)
