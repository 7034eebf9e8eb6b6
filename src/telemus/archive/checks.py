"""Check bytes as they are written and as they are read: the CRC-32 of each block of 256 KiB.

A Parquet page has a checksum of its own, but its header and the footer have none; a flipped bit there could hide rows.
So the archive keeps the checksums of all blocks of a granule beside its name, and reads only through them: what it
returns is what was written, and only the blocks that are touched are read.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np

from telemus.archive import disk
from telemus.errors import DamageError

BLOCK_BYTES = 1 << 18
"""Bytes under one CRC-32 of a granule."""


class BlockChecks:
    """The CRC-32 of a stream of bytes, whole and block by block, as the bytes pass.

    >>> checks = BlockChecks(); checks.update(memoryview(b"123456789")); hex(checks.crc32), checks.blocks
    ('0xcbf43926', '2639f4cb')
    """

    def __init__(self) -> None:
        self.crc32 = 0
        self.bytes = 0
        self._done: list[int] = []
        self._running = 0

    def update(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.crc32 = zlib.crc32(data, self.crc32)
        while data:
            part = data[: BLOCK_BYTES - self.bytes % BLOCK_BYTES]
            self._running = zlib.crc32(part, self._running)
            self.bytes += len(part)
            data = data[len(part) :]
            if self.bytes % BLOCK_BYTES == 0:
                self._done.append(self._running)
                self._running = 0

    @property
    def blocks(self) -> str:
        """Return the CRC-32 of each block, the last one perhaps shorter, as little-endian words in hexadecimal."""
        rest = [self._running] if self.bytes % BLOCK_BYTES else []
        return np.array(self._done + rest, "<u4").tobytes().hex()


def checks_of(path: Path) -> BlockChecks:
    """Return the checks of a file as it is now."""
    checks = BlockChecks()
    with disk.reading(path) as file:
        while block := file.read(BLOCK_BYTES):
            checks.update(memoryview(block))
    return checks


class CheckedFile(io.RawIOBase):
    """A file open for reading whose every block is checked before a byte of it is returned.

    Raises DamageError, with the byte range, where a block is not what was written, or the length is another.
    """

    def __init__(self, path: Path, size: int, blocks: str) -> None:
        self._path, self._size = path, size
        self._checks = np.frombuffer(bytes.fromhex(blocks), "<u4")
        self._place = 0
        try:
            self._file = disk.reading(path)
        except OSError as error:
            raise DamageError(f"{path}: got no readable file ({error.strerror}), wanted a granule") from error
        if self._file.seek(0, io.SEEK_END) != size:
            found = self._file.tell()
            self._file.close()
            raise DamageError(f"{path}: got {found} bytes, wanted {size} bytes as written")

    def readable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def seekable(self) -> bool:
        """Return True: any place can be read."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place [bytes] and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """Return the place [bytes]."""
        return self._place

    def size(self) -> int:
        """Return the length [bytes]."""
        return self._size

    def read(self, length: int = -1) -> bytes:
        """Return the next bytes, checked."""
        stop = self._size if length < 0 else min(self._place + length, self._size)
        start, self._place = self._place, stop
        first, last = start // BLOCK_BYTES, -(-stop // BLOCK_BYTES)
        view = self._blocks(first, last)
        for number in range(first, last):
            if not self._holds(view, number, first):
                low = number * BLOCK_BYTES
                raise DamageError(
                    f"{self._path}, bytes {low} to {min(low + BLOCK_BYTES, self._size)}: "
                    "got bytes that do not match their CRC, wanted the granule as written"
                )
        return bytes(view[start - first * BLOCK_BYTES : stop - first * BLOCK_BYTES])

    def damage(self) -> list[tuple[int, int]]:
        """Return the byte ranges (start, stop) of the blocks that are not what was written."""
        bad = [
            number
            for number in range(len(self._checks))
            if not self._holds(self._blocks(number, number + 1), number, number)
        ]
        return [(one * BLOCK_BYTES, min((one + 1) * BLOCK_BYTES, self._size)) for one in bad]

    def _blocks(self, first: int, last: int) -> memoryview:
        self._file.seek(first * BLOCK_BYTES)
        return memoryview(self._file.read((last - first) * BLOCK_BYTES))

    def _holds(self, view: memoryview, number: int, first: int) -> bool:
        at = (number - first) * BLOCK_BYTES
        return zlib.crc32(view[at : at + BLOCK_BYTES]) == int(self._checks[number])

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
