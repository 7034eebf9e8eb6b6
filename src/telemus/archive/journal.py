"""An append-only journal: one JSON object per line, each with the CRC-32 of its text.

What people decide cannot be derived from bytes, so it is kept here, and a rebuild replays it. A torn last line (power
cut while writing) and a changed line are passed over on reading and named by ``damage``; nothing is ever rewritten.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from telemus.archive.durable import flush_folder, full_disk_named


def _line_of(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f'{{"crc32":"{zlib.crc32(text.encode()):08x}","entry":{text}}}\n'.encode()


def _entry_of(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line, None where the line is not what was written."""
    body = line.rstrip(b"\n")
    head, marker, rest = body.partition(b',"entry":')
    if not (marker and head.startswith(b'{"crc32":"') and rest.endswith(b"}")):
        return None
    text = rest[:-1]
    if head[10:18] != f"{zlib.crc32(text):08x}".encode():
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry


class Journal:
    """One append-only file of entries; the file appears with the first entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, **content: Any) -> dict[str, Any]:
        """Write one entry, flushed to the disk before this returns, and return it.

        ``at_utc_ns`` [ns since 1970, UTC] of the computer's clock is added. Raises TypeError or ValueError on what
        JSON cannot say, SpaceError on a full disk.
        """
        entry = {"kind": kind, "at_utc_ns": time.time_ns(), **content}
        line = _line_of(entry)
        created = not self.path.exists()
        with full_disk_named(self.path), self.path.open("ab+") as file:
            if not created and self._torn(file):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if created:
            flush_folder(self.path.parent)
        return entry

    def entries(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the entries in the order written, of one kind if named; lines that fail their CRC are passed over."""
        for _, line in self._lines():
            entry = _entry_of(line)
            if entry is not None and kind in (None, entry.get("kind")):
                yield entry

    def damage(self) -> list[str]:
        """Return one sentence for each line that is not what was written."""
        return [
            f"{self.path.name}, line {number}: got {len(line)} bytes that do not match their CRC, wanted one entry"
            for number, line in self._lines()
            if _entry_of(line) is None
        ]

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line

    @staticmethod
    def _torn(file: Any) -> bool:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return bool(file.read(1) != b"\n")
