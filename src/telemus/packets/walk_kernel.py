"""Find the packets of a byte stream, damaged or not: the compiled walk behind ``walk.Walker``.

A header is *familiar* when its version and type are right, its APID is one of the definition (or an idle packet, or
one that the stream has shown often), and its length is one that the definition allows; a *stranger* when only its
APID is new; else it is none. The walk believes a packet

- at once, if the definition gives it a checksum and that holds;
- else if what follows it is a familiar header, a chain of strangers, or the end of the data.

Where it cannot believe, it looks inside the doubtful packet for one it can believe: found, everything before it is
damage; not found, the packet stands unverified (nothing contradicts it but what follows is no packet) and the search
goes on behind it. Decisions that need bytes beyond the block wait for the next block, so that the result does not
depend on where blocks end.

``rules`` is (2048, 4) int64: known (0/1), shortest, longest [bytes], checksum (0/1). ``seen`` (2048,) counts packets
of APIDs that the definition does not have. ``state`` is POSITION, MODE, REASON, PACKETS, RANGES, FINAL, PREFIX, MASK.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.packets.crc import crc16_range

POSITION, MODE, REASON, PACKETS, RANGES, FINAL, PREFIX, MASK = range(8)
SYNCED, SEARCHING = 0, 1
UNRECOGNISED, DAMAGED, TRUNCATED, CHECKSUM = 0, 1, 2, 3
REASONS = ("no packet recognised", "damaged packet", "truncated", "checksum")
NONE, STRANGER, FAMILIAR = 0, 1, 2
LEARNT_AFTER = 3  # packets of a new APID, each with a believable chain behind it
CHAIN = 3  # headers in a row that make strangers believable
WAIT = -1

KNOWN_RULE, SHORTEST_RULE, LONGEST_RULE, CHECKSUM_RULE = range(4)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _packet_bytes(buffer, header):  # type: ignore[no-untyped-def]
    return (np.int64(buffer[header + 4]) << 8) + np.int64(buffer[header + 5]) + 7


@njit(cache=True)  # type: ignore[untyped-decorator]
def _apid(buffer, header):  # type: ignore[no-untyped-def]
    return ((np.int64(buffer[header]) & 7) << 8) + np.int64(buffer[header + 1])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _kind(buffer, header, rules, seen, mask):  # type: ignore[no-untyped-def]
    """NONE, STRANGER or FAMILIAR. Six octets of zero are erased storage, not a segment of APID 0."""
    if buffer[header] & mask:
        return NONE
    if np.int64(buffer[header]) + buffer[header + 1] + buffer[header + 2] + buffer[header + 3] == 0 and (
        np.int64(buffer[header + 4]) + buffer[header + 5] == 0
    ):
        return NONE
    apid = _apid(buffer, header)
    if rules[apid, KNOWN_RULE]:
        length = _packet_bytes(buffer, header)
        return FAMILIAR if rules[apid, SHORTEST_RULE] <= length <= rules[apid, LONGEST_RULE] else NONE
    return FAMILIAR if seen[apid] >= LEARNT_AFTER else STRANGER


@njit(cache=True)  # type: ignore[untyped-decorator]
def _believable_next(buffer, at, rules, seen, state):  # type: ignore[no-untyped-def]
    """1 if a packet may end at ``at``, 0 if not, WAIT if the bytes that tell are still to come."""
    size = buffer.size
    for _ in range(CHAIN):
        header = at + state[PREFIX]
        if header + 6 > size:
            return 1 if state[FINAL] else WAIT
        kind = _kind(buffer, header, rules, seen, state[MASK])
        if kind != STRANGER:
            return 1 if kind == FAMILIAR else 0
        at = header + _packet_bytes(buffer, header)
        if at > size:
            return 0 if state[FINAL] else WAIT
    return 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _search(buffer, start, stop, rules, seen, state, tables):  # type: ignore[no-untyped-def]
    """Return (place, found) of the first believable packet in [start, stop); found is 1, 0 or WAIT."""
    size = buffer.size
    newcomers = 1  # strangers can only lead the way while nobody is familiar
    for apid in range(2047):
        if rules[apid, KNOWN_RULE] or seen[apid] >= LEARNT_AFTER:
            newcomers = 0
            break
    for at in range(start, stop):
        header = at + state[PREFIX]
        if header + 6 > size:
            return at, 0 if state[FINAL] else WAIT
        kind = _kind(buffer, header, rules, seen, state[MASK])
        if kind == NONE or (kind == STRANGER and not newcomers):
            continue
        end = header + _packet_bytes(buffer, header)
        if end > size:
            if state[FINAL]:
                continue
            return at, WAIT
        if rules[_apid(buffer, header), CHECKSUM_RULE]:
            if crc16_range(buffer, header, end, tables) == 0:
                return at, 1
            continue
        followed = _believable_next(buffer, end, rules, seen, state)
        if followed != 0:
            return at, followed
    return stop, 0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _reject(ranges, state, start, stop, reason):  # type: ignore[no-untyped-def]
    """Append a rejected range, joining it to the one before if they touch and have one reason."""
    if stop <= start:
        return
    last = state[RANGES] - 1
    if reason != CHECKSUM and last >= 0 and ranges[last, 1] == start and ranges[last, 2] == reason:
        ranges[last, 1] = stop
        return
    ranges[last + 1, 0] = start
    ranges[last + 1, 1] = stop
    ranges[last + 1, 2] = reason
    state[RANGES] = last + 2


@njit(cache=True)  # type: ignore[untyped-decorator]
def _judge(buffer, at, rules, seen, state, tables):  # type: ignore[no-untyped-def]
    """Return (verdict, next place, reason) of the packet at ``at``.

    Verdicts: WAIT; 0 the bytes up to the next place are rejected; 1 kept unverified and what follows is to be
    searched; 2 kept, verified by its neighbours; 3 kept, verified by its checksum; 4 rejected and then search.
    """
    size = buffer.size
    header = at + state[PREFIX]
    kind = _kind(buffer, header, rules, seen, state[MASK])
    if kind == NONE:
        return 4, at, UNRECOGNISED
    end = header + _packet_bytes(buffer, header)
    if end > size:
        if not state[FINAL]:
            return WAIT, at, 0
        place, found = _search(buffer, at + 1, size, rules, seen, state, tables)
        return (0, place, DAMAGED) if found == 1 else (0, size, TRUNCATED)
    checked = rules[_apid(buffer, header), CHECKSUM_RULE]
    if checked:
        if crc16_range(buffer, header, end, tables) == 0:
            return 3, end, 0
    else:
        followed = _believable_next(buffer, end, rules, seen, state)
        if followed != 0:
            return (2 if followed == 1 else WAIT), end, 0
    place, found = _search(buffer, at + 1, end, rules, seen, state, tables)
    if found == WAIT:
        return WAIT, at, 0
    if found == 1:
        return 0, place, DAMAGED
    if checked:
        return 0, end, CHECKSUM
    return (1, end, 0) if kind == FAMILIAR else (4, end, UNRECOGNISED)


@njit(cache=True)  # type: ignore[untyped-decorator]
def walk_block(buffer, rules, seen, tables, table, ranges, state):  # type: ignore[no-untyped-def]
    """Walk ``buffer`` from ``state[POSITION]`` until its end, a full table, or a decision that must wait.

    Fills ``table`` = (offset, length, apid, count, flags) and ``ranges`` (m, 3) = (start, stop, reason). Returns 1
    if it stopped because an output was full, else 0.
    """
    offset, length, apid, count, flags = table
    size = buffer.size
    while True:
        at = state[POSITION]
        if state[PACKETS] >= offset.size or state[RANGES] + 2 > ranges.shape[0]:
            return 1
        if state[MODE] == SEARCHING:
            place, found = _search(buffer, at, size, rules, seen, state, tables)
            if found == 0 and state[FINAL]:
                place = size
            _reject(ranges, state, at, place, state[REASON])
            state[POSITION] = place
            if found != 1:
                return 0
            state[MODE] = SYNCED
            continue
        header = at + state[PREFIX]
        if header + 6 > size:
            if state[FINAL]:
                _reject(ranges, state, at, size, TRUNCATED)
                state[POSITION] = size
            return 0
        verdict, place, reason = _judge(buffer, at, rules, seen, state, tables)
        if verdict == WAIT:
            return 0
        if verdict in (0, 4):
            _reject(ranges, state, at, place, reason)
        else:
            row = state[PACKETS]
            offset[row] = header
            length[row] = place - header
            apid[row] = _apid(buffer, header)
            count[row] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
            flag = (buffer[header + 2] >> 6) | ((buffer[header] & 8) >> 1)
            flags[row] = flag | (8 if verdict >= 2 else 0) | (16 if verdict == 3 else 0)
            if not rules[apid[row], KNOWN_RULE]:
                seen[apid[row]] += 1
            state[PACKETS] = row + 1
        state[POSITION] = place
        if verdict in (1, 4):
            state[MODE] = SEARCHING
            state[REASON] = UNRECOGNISED
