"""Find packets whose checksum holds, in time linear in the octets, whatever they are.

A packet is *sealed* if the definition gives its APID a checksum and that holds. Three things keep the cost linear:

- what was scanned is not scanned again (SCANNED, SEALED);
- eight places are looked at in a stride: two tables of 256 octets, joined by one AND, say exactly whether the first two
  octets of a header are those of an APID with a checksum;
- a checksum is computed over its octets only where no such one failed before (REFUTED: the furthest end of those that
  did). Inside, it comes from running registers kept every ``GRID`` octets (SUMMED: how many are filled in ``sums``), at
  a cost that the packet's length does not multiply.

Each octet is so met by at most one checksum that failed, one that held, and one running register.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.crc import crc16_of_sums, crc16_onwards, crc16_range
from telemus.packets.walk_state import (
    BY_CHECKSUM,
    FAMILIAR,
    FINAL,
    KNOWN_RULE,
    LEARNT_AFTER,
    LONGEST_RULE,
    MASK,
    NO,
    NONE,
    NOWHERE,
    POSITION,
    PREFIX,
    REFUTED,
    SCANNED,
    SEALED,
    SEEN_RULE,
    SHORTEST_RULE,
    STRANGER,
    SUMMED,
    WAIT,
)

GRID = 64
"""Octets from one running register to the next."""

# Only kernels call these: a way in from Python for each would lengthen a cold start.
inner = njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@inner
def packet_bytes(buffer, header):  # type: ignore[no-untyped-def]
    """Length of the whole packet [bytes] (133.0-B-2 clause 4.1.3.5)."""
    return (np.int64(buffer[header + 4]) << 8) + np.int64(buffer[header + 5]) + 7


@inner
def apid_of(buffer, header):  # type: ignore[no-untyped-def]
    """APID (133.0-B-2 clause 4.1.3.3.4)."""
    return ((np.int64(buffer[header]) & 7) << 8) + np.int64(buffer[header + 1])


@inner
def kind_of(buffer, header, rules, mask):  # type: ignore[no-untyped-def]
    """NONE, STRANGER or FAMILIAR. Six octets of zero are erased storage, not a segment of APID 0."""
    if buffer[header] & mask:
        return NONE
    apid = apid_of(buffer, header)
    length = packet_bytes(buffer, header)
    if apid == 0 and length == 7 and buffer[header] | buffer[header + 2] | buffer[header + 3] == 0:
        return NONE
    if rules[apid, KNOWN_RULE]:
        return FAMILIAR if rules[apid, SHORTEST_RULE] <= length <= rules[apid, LONGEST_RULE] else NONE
    return FAMILIAR if rules[apid, SEEN_RULE] >= LEARNT_AFTER else STRANGER


@inner
def _register_at(buffer, place, tables, sums):  # type: ignore[no-untyped-def]
    """Return the running register before ``place``, from the one that ``sums`` keeps next before it."""
    cell = place // GRID
    return crc16_onwards(np.int64(sums[cell]), buffer, cell * GRID, place, tables)


@inner
def holds(buffer, header, end, tables, sums, state):  # type: ignore[no-untyped-def]
    """Say whether the checksum of [header, end) holds; ``header`` is never before POSITION."""
    if header >= state[REFUTED]:
        if crc16_range(buffer, header, end, tables) == 0:
            return True
        state[REFUTED] = end
        return False
    if state[SUMMED] < state[POSITION] // GRID:
        state[SUMMED] = state[POSITION] // GRID
        sums[state[SUMMED]] = 0xFFFF
    for cell in range(state[SUMMED], end // GRID):
        sums[cell + 1] = crc16_onwards(np.int64(sums[cell]), buffer, cell * GRID, (cell + 1) * GRID, tables)
    state[SUMMED] = max(state[SUMMED], end // GRID)
    before = _register_at(buffer, header, tables, sums)
    return crc16_of_sums(before, _register_at(buffer, end, tables, sums), end - header, tables) == 0


@inner
def _next_head(buffer, start, stop, heads):  # type: ignore[no-untyped-def]
    """Return the first place in [start, stop) whose two octets may begin a packet with a checksum, else ``stop``."""
    first, second = heads[0], heads[1]
    octets = buffer[start : stop + 1]
    size = octets.size - 1
    done = 0
    while done + 8 <= size:
        hit = 0
        for step in range(8):
            hit |= first[octets[done + step]] & second[octets[done + step + 1]]
        if hit:
            break
        done += 8
    for place in range(done, size):
        if first[octets[place]] & second[octets[place + 1]]:
            return start + place
    return stop


@inner
def scan(buffer, start, stop, books, state):  # type: ignore[no-untyped-def]
    """Look for a sealed packet that begins in [start, stop): NO, WAIT or BY_CHECKSUM; SEALED says where.

    ``start`` never decreases from call to call, and what was scanned before is not scanned again.
    """
    rules, heads, tables, sums = books
    prefix = state[PREFIX]
    if start > state[SEALED]:
        state[SEALED] = NOWHERE
    at = max(start, state[SCANNED])
    limit = min(stop, state[SEALED], buffer.size - 5 - prefix)
    while at < limit:
        header = _next_head(buffer, at + prefix, limit + prefix, heads)
        at = header - prefix
        if at >= limit:
            break
        state[SCANNED] = at
        if kind_of(buffer, header, rules, state[MASK]) == FAMILIAR:
            end = header + packet_bytes(buffer, header)
            if end > buffer.size:
                if not state[FINAL]:
                    return WAIT
            elif holds(buffer, header, end, tables, sums, state):
                state[SEALED] = at
                break
        at += 1
    state[SCANNED] = max(state[SCANNED], min(stop, state[SEALED]))
    return BY_CHECKSUM if state[SEALED] < stop else NO
