"""Name the fields of a CCSDS space packet (133.0-B-2) and hold many packets as one table of arrays.

Primary header, 6 octets, most significant bit first (133.0-B-2 clause 4.1.3):

    bits  0-2   packet version number, 000            4.1.3.2
    bit   3     packet type, 0 = telemetry            4.1.3.3.2
    bit   4     secondary header flag                 4.1.3.3.3
    bits  5-15  application process identifier, APID  4.1.3.3.4
    bits 16-17  sequence flags                        4.1.3.4.2
    bits 18-31  packet sequence count, modulo 16384   4.1.3.4.3
    bits 32-47  packet data length: octets that follow, minus one   4.1.3.5
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PRIMARY_HEADER_BYTES = 6
"""133.0-B-2 clause 4.1.3.1."""
MIN_PACKET_BYTES = 7
"""The data field has at least one octet: 133.0-B-2 clause 4.1.4.1.2."""
MAX_PACKET_BYTES = 65542
"""Six octets of header and at most 65536 of data: 133.0-B-2 clause 4.1.1.2."""
APID_COUNT = 2048
"""Eleven bits: 133.0-B-2 clause 4.1.3.3.4."""
IDLE_APID = 2047
"""All ones marks an idle packet: 133.0-B-2 clause 4.1.3.3.4.4."""
SEQUENCE_MODULO = 16384
"""Fourteen bits: 133.0-B-2 clause 4.1.3.4.3."""
UNSEGMENTED = 3
"""Sequence flags 11: 133.0-B-2 clause 4.1.3.4.2.2."""

FLAG_SEQUENCE = 0b11
FLAG_SECONDARY = 1 << 2
FLAG_VERIFIED = 1 << 3
FLAG_CHECKSUM = 1 << 4


Block = bytes | bytearray | memoryview | NDArray[np.uint8]
"""Anything that holds the octets of a stream."""


def octets_of(block: Block) -> NDArray[np.uint8]:
    """Return a read-only view (n,) of the octets of a block; nothing is copied.

    Always read-only, so that the compiled kernels meet one type only and are compiled once.
    """
    view = np.frombuffer(block, np.uint8)
    view.flags.writeable = False
    return view


class PacketTable(NamedTuple):
    """Many packets, one array per property (n,); no object per packet.

    ``offset`` is the place of the primary header in the buffer [bytes], ``length`` the whole packet [bytes],
    ``flags`` the sequence flags (bits 0-1), the secondary header flag (bit 2), whether the packet's limits were
    verified by a checksum or by its neighbours (bit 3), and whether its checksum was there and held (bit 4).
    """

    offset: NDArray[np.int64]
    length: NDArray[np.int32]
    apid: NDArray[np.uint16]
    sequence_count: NDArray[np.uint16]
    flags: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Number of packets."""
        return int(self.offset.size)

    @property
    def sequence_flags(self) -> NDArray[np.uint8]:
        """Sequence flags, 0 to 3 (133.0-B-2 clause 4.1.3.4.2)."""
        return self.flags & np.uint8(FLAG_SEQUENCE)

    @property
    def has_secondary_header(self) -> NDArray[np.bool_]:
        """Secondary header flag (133.0-B-2 clause 4.1.3.3.3)."""
        return np.asarray((self.flags & FLAG_SECONDARY) != 0)

    @property
    def verified(self) -> NDArray[np.bool_]:
        """True where a checksum or the neighbouring headers confirm where the packet begins and ends."""
        return np.asarray((self.flags & FLAG_VERIFIED) != 0)

    @property
    def checksum_ok(self) -> NDArray[np.bool_]:
        """True where the definition names a checksum and it held."""
        return np.asarray((self.flags & FLAG_CHECKSUM) != 0)

    def take(self, rows: Any) -> PacketTable:
        """Return the table of the rows (indices, mask or slice)."""
        return PacketTable(*(column[rows] for column in self))


def empty_table(count: int = 0) -> PacketTable:
    """Return a table of ``count`` packets with nothing in it yet."""
    return PacketTable(
        np.empty(count, np.int64),
        np.empty(count, np.int32),
        np.empty(count, np.uint16),
        np.empty(count, np.uint16),
        np.empty(count, np.uint8),
    )


def join_tables(tables: list[PacketTable]) -> PacketTable:
    """Return one table of all rows, in order."""
    if len(tables) == 1:
        return tables[0]
    return PacketTable(*(np.concatenate(columns) for columns in zip(*tables, strict=True))) if tables else empty_table()


def primary_headers(
    apid: int,
    sequence_count: NDArray[np.integer[Any]],
    packet_bytes: int,
    *,
    secondary_header: bool = True,
    sequence_flags: int = UNSEGMENTED,
) -> NDArray[np.uint8]:
    """Return the primary headers (n, 6) of telemetry packets of one APID and one length.

    >>> primary_headers(48, np.array([1]), 212).tobytes().hex()
    '0830c00100cd'
    """
    headers = np.empty((sequence_count.size, PRIMARY_HEADER_BYTES), np.uint8)
    words = headers.view(">u2")
    words[:, 0] = (int(secondary_header) << 11) | apid
    words[:, 1] = (sequence_flags << 14) | (np.asarray(sequence_count) % SEQUENCE_MODULO)
    words[:, 2] = packet_bytes - MIN_PACKET_BYTES
    return headers
