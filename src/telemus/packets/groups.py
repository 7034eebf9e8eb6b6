"""Group segmented packets by their sequence flags (CCSDS 133.0-B-2 clause 4.1.3.4.2); keep and flag broken groups.

    01  the first segment of user data
    00  a continuation segment
    10  the last segment
    11  unsegmented user data

Segments of one group have one APID and sequence counts that follow one another. Where a count is missing, or a first or
last segment does not come, what there is of the group is handed out with ``complete`` False: nothing is thrown away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from telemus.packets.ccsds import PRIMARY_HEADER_BYTES, SEQUENCE_MODULO, UNSEGMENTED

CONTINUATION, FIRST, LAST = 0b00, 0b01, 0b10
LARGEST_GROUP_BYTES = 1 << 24
"""A group that never ends is handed out in parts of this size."""


class PacketGroup(NamedTuple):
    """User data of one group of segments, or of one unsegmented packet.

    ``octets`` are the data fields one after another, without secondary headers; ``first_count`` and ``last_count`` the
    sequence counts of the first and last packet that is in it, ``packets`` how many are; ``complete`` False if a
    segment is missing, before, between or behind.
    """

    apid: int
    first_count: int
    last_count: int
    packets: int
    octets: bytes
    complete: bool


class PacketGrouper:
    """Groups the packets of one channel, whatever APIDs are mixed; groups of different APIDs may overlap.

    ``secondary_header_bytes`` are taken off every packet that has a secondary header.

    >>> grouper = PacketGrouper()
    >>> first, last = bytes.fromhex("0005400000012a2b"), bytes.fromhex("0005800100002c")
    >>> [group.octets.hex() for group in grouper.add([first, last])]
    ['2a2b2c']
    """

    def __init__(self, *, secondary_header_bytes: int = 0) -> None:
        self._header = secondary_header_bytes
        self._open: dict[int, list[tuple[int, bytes]]] = {}
        self._held_bytes: Counter[int] = Counter()
        self._broken: set[int] = set()

    def add(self, packets: Iterable[bytes]) -> list[PacketGroup]:
        """Take whole packets in their order; return the groups that end with them."""
        groups: list[PacketGroup] = []
        for packet in packets:
            apid = int.from_bytes(packet[:2], "big") & 0x7FF
            sequence = int.from_bytes(packet[2:4], "big")
            start = PRIMARY_HEADER_BYTES + self._header * (packet[0] >> 3 & 1)
            self._take(groups, apid, sequence >> 14, sequence & 0x3FFF, packet[start:])
        return groups

    def finish(self) -> list[PacketGroup]:
        """Return what is left of groups whose last segment did not come."""
        groups: list[PacketGroup] = []
        for apid in sorted(self._open):
            self._close(groups, apid, complete=False)
        return groups

    def _take(self, groups: list[PacketGroup], apid: int, flags: int, count: int, octets: bytes) -> None:
        parts = self._open.get(apid, [])
        follows = bool(parts) and count == (parts[-1][0] + 1) % SEQUENCE_MODULO
        if parts and (flags in (FIRST, UNSEGMENTED) or not follows):
            self._close(groups, apid, complete=False)
        if flags in (CONTINUATION, LAST) and not follows:
            self._broken.add(apid)
        self._open.setdefault(apid, []).append((count, octets))
        self._held_bytes[apid] += len(octets)
        if flags in (LAST, UNSEGMENTED):
            self._close(groups, apid, complete=apid not in self._broken)
        elif self._held_bytes[apid] > LARGEST_GROUP_BYTES:
            self._close(groups, apid, complete=False)
            self._broken.add(apid)

    def _close(self, groups: list[PacketGroup], apid: int, *, complete: bool) -> None:
        parts = self._open.pop(apid)
        self._broken.discard(apid)
        del self._held_bytes[apid]
        octets = b"".join(part for _, part in parts)
        groups.append(PacketGroup(apid, parts[0][0], parts[-1][0], len(parts), octets, complete))
