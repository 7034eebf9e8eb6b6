"""Walk successive blocks of a byte stream and return its packets as tables, with every other byte accounted for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets import walk_state as slot
from telemus.packets.ccsds import (
    APID_COUNT,
    IDLE_APID,
    MAX_PACKET_BYTES,
    MIN_PACKET_BYTES,
    Block,
    PacketTable,
    empty_table,
    join_tables,
    octets_of,
)
from telemus.packets.crc import TABLES
from telemus.packets.seal_kernel import GRID
from telemus.packets.walk_kernel import walk_block

_ROWS_PER_CALL = 1 << 20  # room that is not filled is never touched
_RANGES_PER_CALL = 1 << 12
VERSION_AND_TYPE = 0xF0
VERSION_ONLY = 0xE0


class ApidRule(NamedTuple):
    """What the definition says of one APID: lengths [bytes] and whether a 16-bit checksum ends each packet."""

    shortest: int = MIN_PACKET_BYTES
    longest: int = MAX_PACKET_BYTES
    checksum: bool = False


class Walk(NamedTuple):
    """What one block gave: packets, rejected ranges (m, 3) of start, stop and reason, and bytes that are done with."""

    table: PacketTable
    rejected: NDArray[np.int64]
    consumed: int


class Walker:
    """Finds packets in successive blocks; remembers between them which APIDs the stream has shown.

    The caller gives each block with the bytes that the walk before had not consumed in front of it. The result does
    not depend on where the blocks end. Only telemetry packets are accepted unless ``telecommands`` is true.
    ``prefix_bytes`` are skipped before each packet (record markers).
    """

    def __init__(
        self, rules: dict[int, ApidRule] | None = None, *, prefix_bytes: int = 0, telecommands: bool = False
    ) -> None:
        table = np.zeros((APID_COUNT, slot.RULES), np.int64)
        table[:, slot.SHORTEST_RULE], table[:, slot.LONGEST_RULE] = MIN_PACKET_BYTES, MAX_PACKET_BYTES
        for apid, rule in (rules or {}).items():
            table[apid] = (1, rule.shortest, rule.longest, rule.checksum, 0)
        table[IDLE_APID, slot.KNOWN_RULE] = 1
        self._rules = table
        self._mode = np.array([slot.SYNCED, slot.UNRECOGNISED, not rules, True], np.int64)
        self._prefix = prefix_bytes
        self._mask = VERSION_ONLY if telecommands else VERSION_AND_TYPE
        self._heads = _heads(np.flatnonzero(table[:, slot.CHECKSUM_RULE]), self._mask)

    def walk(self, block: Block, *, final: bool = False) -> Walk:
        """Return the packets of ``block``; with ``final`` no byte is left over.

        A damaged packet costs itself: the walk finds the next believable one. Where ``rules`` have checksums, no
        packet without one is believed over a packet whose checksum holds. Raises nothing on any bytes.
        """
        buffer = octets_of(block)
        state = np.zeros(slot.STATE_SIZE, np.int64)
        state[slot.MODE : slot.PACKETS] = self._mode
        state[slot.FINAL], state[slot.PREFIX], state[slot.MASK] = final, self._prefix, self._mask
        state[slot.GUARDED] = self._heads.any()
        state[slot.SEALED] = state[slot.SUMMED] = -1
        sums = np.empty(buffer.size // GRID + 1, np.uint16)
        books = (self._rules, self._heads, TABLES, sums)
        tables: list[PacketTable] = []
        ranges: list[NDArray[np.int64]] = []
        full: Any = True
        while full:
            rows = min(_ROWS_PER_CALL, (buffer.size - int(state[slot.POSITION])) // MIN_PACKET_BYTES + 1)
            table = empty_table(rows)
            rejected = np.empty((_RANGES_PER_CALL, 3), np.int64)
            state[slot.PACKETS] = state[slot.RANGES] = 0
            full = walk_block(buffer, books, tuple(table), rejected, state)
            count = int(state[slot.PACKETS])
            # Copied where the room was not needed: a column that is kept would keep all of it.
            tables.append(table.take(slice(count) if 2 * count > rows else np.arange(count)))
            ranges.append(rejected[: state[slot.RANGES]])
        self._mode[:] = state[slot.MODE : slot.PACKETS]
        return Walk(join_tables(tables), np.concatenate(ranges), int(state[slot.POSITION]))


def _heads(sealed: NDArray[np.intp], mask: int) -> NDArray[np.uint8]:
    """Return (2, 256): the bit of an octet's three high bits of an APID, and the bits that go with a low octet.

    Where the first two octets of a header have a bit in common, its version and type are right and its APID is one of
    ``sealed``.
    """
    heads = np.zeros((2, 256), np.uint8)
    if sealed.size:
        octet = np.arange(256)
        heads[0] = np.where(octet & mask, 0, 1 << (octet & 7))
        np.bitwise_or.at(heads[1], sealed & 255, (1 << (sealed >> 8)).astype(np.uint8))
    return heads


def walk(
    data: Block,
    rules: dict[int, ApidRule] | None = None,
    *,
    prefix_bytes: int = 0,
) -> Walk:
    """Return the packets of a whole buffer, and the ranges that are none.

    >>> found = walk(bytes.fromhex("0830c001000155aa" "0830c002000155aa"))
    >>> found.table.sequence_count.tolist(), len(found.rejected), found.consumed
    ([1, 2], 0, 16)
    """
    return Walker(rules, prefix_bytes=prefix_bytes).walk(data, final=True)
