"""The reception journal: for each run of received bytes where they stand, their CRC-32, and when they came.

Each record is 32 bytes, little-endian::

    0   4  mark          b"TLMr"
    4   4  crc32         of the 28 bytes of the record without mark and this word
    8   8  offset        of the run in received.bin [bytes]
    16  4  length        of the run [bytes]
    20  4  bytes_crc32   of the run
    24  8  received      [ns since 1970, UTC]

A record is written after its run is on the disk, so what a record names was durable. A reader that meets a bad record
looks for the next mark with a right CRC: one bad record costs itself.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

_MARK = b"TLMr"
_HEAD = struct.Struct("<4sI")
_BODY = struct.Struct("<QIIq")
RECORD_BYTES = _HEAD.size + _BODY.size


class Record(NamedTuple):
    """A run of received bytes: offset, length [bytes], CRC-32, and reception [ns since 1970, UTC]."""

    offset: int
    length: int
    crc32: int
    received_utc_ns: int

    @property
    def stop(self) -> int:
        """Return where the run ends [bytes]."""
        return self.offset + self.length

    def packed(self) -> bytes:
        """Return the record as it is written.

        >>> len(Record(0, 9, 0xcbf43926, 1).packed())
        32
        """
        body = _BODY.pack(*self)
        return _HEAD.pack(_MARK, zlib.crc32(body)) + body


class Scan(NamedTuple):
    """What a journal holds: the good records in order, and the byte ranges (start, stop) that are none."""

    records: list[Record]
    bad: list[tuple[int, int]]


def scan(data: bytes) -> Scan:
    """Return the records of a journal; whatever is none is passed over up to the next good one.

    >>> whole = Record(0, 9, 1, 2).packed() + b"torn" + Record(9, 9, 3, 4).packed()
    >>> [one.offset for one in scan(whole).records], scan(whole).bad
    ([0, 9], [(32, 36)])
    """
    found = Scan([], [])
    place = start = 0
    while place < len(data):
        record = _record_at(data, place)
        if record is None:
            following = data.find(_MARK, place + 1)
            place = len(data) if following < 0 else following
            continue
        if start < place:
            found.bad.append((start, place))
        found.records.append(record)
        place = start = place + RECORD_BYTES
    if start < len(data):
        found.bad.append((start, len(data)))
    return found


def _record_at(data: bytes, place: int) -> Record | None:
    if data[place : place + 4] != _MARK or place + RECORD_BYTES > len(data):
        return None
    _, crc32 = _HEAD.unpack_from(data, place)
    body = data[place + _HEAD.size : place + RECORD_BYTES]
    return Record._make(_BODY.unpack(body)) if zlib.crc32(body) == crc32 else None
