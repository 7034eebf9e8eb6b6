"""An append-only journal: one JSON object per line, each with the CRC-32 of its text.

What people decide cannot be derived from bytes, so it is kept here, and a rebuild replays it. A torn last line (power
cut while writing) and a changed line are passed over on reading and named by ``damage``; nothing is ever rewritten.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive import disk
from telemus.archive.documents import canonical


class Line(NamedTuple):
    """A line of a journal: its byte range, its number from 1, and its entry; None where it is not what was written."""

    start: int
    stop: int
    number: int
    entry: dict[str, Any] | None


class Journal:
    """One append-only file of entries; the file appears with the first entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def bytes(self) -> int:
        """Return the length of the file [bytes]."""
        return disk.size(self.path)

    def append(self, kind: str, **content: Any) -> dict[str, Any]:
        """Write one entry, flushed to the disk before this returns, and return it.

        ``at_utc_ns`` [ns since 1970, UTC] of the computer's clock is added. Raises TypeError or ValueError on what
        JSON cannot say, SpaceError on a full disk.
        """
        entry = {"kind": kind, "at_utc_ns": time.time_ns(), **content}
        line = _text_of(entry)
        torn = self.bytes > 0 and disk.read(self.path, self.bytes - 1) != b"\n"
        with disk.append_to(self.path) as file:
            file.write(b"\n" + line if torn else line)
            file.sync()
        return entry

    def replace(self, entries: Iterable[dict[str, Any]]) -> None:
        """Write the journal anew, in one step: for migration, and where another sound copy heals a damaged one."""
        disk.put_bytes(self.path, b"".join(_text_of(one) for one in entries))

    def entries(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the entries in the order written, of one kind if named; lines that fail their CRC are passed over."""
        for line in self.lines():
            if line.entry is not None and kind in (None, line.entry.get("kind")):
                yield line.entry

    def lines(self, start: int = 0) -> Iterator[Line]:
        """Yield the lines from byte ``start`` on, numbered from there; empty ones, left by a torn line, are none."""
        if disk.is_file(self.path):
            yield from _lines_in(disk.read(self.path, start), start)

    def damage(self) -> list[Line]:
        """Return the lines that are not what was written."""
        return [line for line in self.lines() if line.entry is None]


def entries_in(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the entries in the bytes of a journal; lines that fail their CRC are passed over."""
    yield from (line.entry for line in _lines_in(content, 0) if line.entry is not None)


def _lines_in(content: bytes, start: int) -> Iterator[Line]:
    stop = start
    for number, line in enumerate(content.split(b"\n"), 1):
        begin, stop = stop, min(stop + len(line) + 1, start + len(content))
        if line.strip():
            yield Line(begin, stop, number, _entry_of(line))


def _text_of(entry: dict[str, Any]) -> bytes:
    text = canonical(entry)
    return b'{"crc32":"%08x","entry":%b}\n' % (zlib.crc32(text), text)


def _entry_of(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line, None where the line is not what was written."""
    body = line.rstrip(b"\n")
    head, marker, rest = body.partition(b',"entry":')
    if not (marker and head.startswith(b'{"crc32":"') and rest.endswith(b"}")):
        return None
    text = rest[:-1]
    if head[10:18] != b"%08x" % zlib.crc32(text):
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry
