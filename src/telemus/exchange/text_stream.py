"""Opens a text file as a stream of ASCII bytes: compressed or not, UTF-16 or not, one separator between columns.

What a compressed file may unfold to is bounded, so that a small file cannot fill the memory.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
from pathlib import Path
from typing import IO, Any, Protocol, cast

from telemus.errors import FormatError
from telemus.exchange.guard import read_head

_MOST_UNFOLDED = 200  # bytes of text from one byte of a compressed file; number tables unfold 3 to 20 times
_ALWAYS_ALLOWED = 16 << 20
PLAIN = bytes(range(128)) + b"?" * 128
"""Numbers need no more than ASCII, and Arrow's handler of odd rows fails on bytes that are no UTF-8."""


class Readable(Protocol):
    """What gives its next bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


def open_text(path: Path, *, squeeze: bool = False) -> IO[bytes]:
    """Return a file's text as a stream of bytes; the caller closes it.

    ``squeeze`` turns every run of blanks into one space, for columns that are set out by blanks.
    Raises FormatError where the file cannot be opened; reading raises it where a compressed file unfolds beyond reason.
    """
    head = read_head(path, 6)
    raw = cast("IO[bytes]", _decompressed(path, head))
    stream: io.RawIOBase | IO[bytes] = raw
    if raw is not None and _is_compressed(head):
        limit = max(_ALWAYS_ALLOWED, path.stat().st_size * _MOST_UNFOLDED)
        stream = _Bounded(raw, path, limit)
    mark = stream.read(3) or b""
    stream = _Prefixed(mark.removeprefix(codecs.BOM_UTF8), cast("Readable", stream))
    if mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        stream = _Recoded(cast("Readable", stream))
    stream = _Plain(cast("Readable", stream))
    if squeeze:
        stream = _Squeezed(cast("Readable", stream))
    return io.BufferedReader(stream, 1 << 20)


def _is_compressed(head: bytes) -> bool:
    return head[:2] == b"\x1f\x8b" or head[:3] in (b"BZh", b"\x5d\0\0") or head == b"\xfd7zXZ\0"


def _decompressed(path: Path, head: bytes) -> object:
    if head[:2] == b"\x1f\x8b":
        return gzip.open(path)
    if head[:3] == b"BZh":
        return bz2.open(path)
    if head == b"\xfd7zXZ\0" or head[:3] == b"\x5d\0\0":
        return lzma.open(path)
    return path.open("rb")


class _Stream(io.RawIOBase):
    """A readable stream over another; a subclass says how the next bytes come about."""

    def __init__(self, source: Readable) -> None:
        super().__init__()
        self._source = source
        self._pending = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        closer = getattr(self._source, "close", None)
        if closer is not None and not self.closed:
            closer()
        super().close()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        if not self._pending:
            self._pending = self._next(len(view))
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _next(self, size: int) -> bytes:
        return self._source.read(size)


class _Prefixed(_Stream):
    """Bytes that were read ahead, then the rest."""

    def __init__(self, head: bytes, source: Readable) -> None:
        super().__init__(source)
        self._pending = head


class _Bounded(_Stream):
    """A decompressor that stops at a limit [bytes]."""

    def __init__(self, source: Readable, path: Path, limit: int) -> None:
        super().__init__(source)
        self._path, self._limit, self._count = path, limit, 0

    def _next(self, size: int) -> bytes:
        try:
            chunk = self._source.read(size)
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise FormatError(
                f"got a compressed file that breaks off or is damaged ({error})", path=self._path
            ) from error
        self._count += len(chunk)
        if self._count > self._limit:
            raise FormatError(f"got more than {self._limit} bytes unfolded, wanted a table of numbers", path=self._path)
        return chunk


class _Plain(_Stream):
    """ASCII, with a question mark for every other byte."""

    def _next(self, size: int) -> bytes:
        return self._source.read(size).translate(PLAIN)


class _Recoded(_Stream):
    """UTF-16 as UTF-8; what cannot be decoded becomes the replacement character."""

    def __init__(self, source: Readable) -> None:
        super().__init__(source)
        self._decoder = io.TextIOWrapper(
            io.BufferedReader(cast("io.RawIOBase", source)), "utf-16", "replace", newline=""
        )

    def _next(self, size: int) -> bytes:
        return self._decoder.read(max(size // 4, 1)).encode("utf-8", "replace")


class _Squeezed(_Stream):
    """Columns set out by runs of blanks, with one space between them and none at the ends of a line."""

    def __init__(self, source: Readable) -> None:
        super().__init__(source)
        self._rest = b""

    def _next(self, size: int) -> bytes:
        while True:
            chunk = self._source.read(max(size, 1 << 16))
            text = self._rest + chunk
            cut = len(text) if not chunk else max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
            whole, self._rest = text[:cut], text[cut:]
            squeezed = re.sub(rb"[ \t]+", b" ", whole)
            squeezed = re.sub(rb"(^|[\r\n]) | (?=[\r\n]|$)", rb"\1", squeezed)
            if squeezed or not chunk:
                return squeezed
