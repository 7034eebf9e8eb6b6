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
of APIDs that the definition does not have. ``state`` (12,) int64 is what the names below say.

One call to ``_search`` serves all three questions (is this a packet, where is the next, is one inside): compiling it
in three places would triple the time of a cold start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.crc import crc16_range

POSITION, MODE, REASON, NEWCOMERS, PACKETS, RANGES, FINAL, PREFIX, MASK, PLACE, KIND, END = range(12)
SYNCED, SEARCHING = 0, 1
UNRECOGNISED, DAMAGED, TRUNCATED, CHECKSUM, LENGTH = range(5)
REASONS = ("no packet recognised", "damaged packet", "truncated", "checksum", "length not as defined")
NONE, STRANGER, FAMILIAR = 0, 1, 2
LEARNT_AFTER = 3  # packets of a new APID, each with a believable chain behind it
CHAIN = 3  # headers in a row that make strangers believable
WAIT, NO, UNVERIFIED, BY_NEIGHBOUR, BY_CHECKSUM = -1, 0, 1, 2, 3

KNOWN_RULE, SHORTEST_RULE, LONGEST_RULE, CHECKSUM_RULE = range(4)


@njit(cache=True)
def _packet_bytes(buffer, header):  # type: ignore[no-untyped-def]
    return (np.int64(buffer[header + 4]) << 8) + np.int64(buffer[header + 5]) + 7


@njit(cache=True)
def _apid(buffer, header):  # type: ignore[no-untyped-def]
    return ((np.int64(buffer[header]) & 7) << 8) + np.int64(buffer[header + 1])


@njit(cache=True)
def _kind(buffer, header, rules, seen, mask):  # type: ignore[no-untyped-def]
    """NONE, STRANGER or FAMILIAR. Six octets of zero are erased storage, not a segment of APID 0."""
    if buffer[header] & mask:
        return NONE
    apid = _apid(buffer, header)
    length = _packet_bytes(buffer, header)
    if apid == 0 and length == 7 and buffer[header] | buffer[header + 2] | buffer[header + 3] == 0:
        return NONE
    if rules[apid, KNOWN_RULE]:
        return FAMILIAR if rules[apid, SHORTEST_RULE] <= length <= rules[apid, LONGEST_RULE] else NONE
    return FAMILIAR if seen[apid] >= LEARNT_AFTER else STRANGER


@njit(cache=True)
def _search(buffer, start, stop, strangers, rules, seen, tables, state):  # type: ignore[no-untyped-def]
    """Find the first believable packet in [start, stop): NO, WAIT, BY_NEIGHBOUR or BY_CHECKSUM.

    PLACE, KIND and END of ``state`` tell of the last place looked at.
    """
    size = buffer.size
    prefix = state[PREFIX]
    for at in range(start, stop):
        state[PLACE] = at
        state[KIND] = NONE
        steps = 0  # headers looked at from here: the packet's own, then a chain behind it
        place = at
        while True:
            header = place + prefix
            if header + 6 > size:
                if not state[FINAL]:
                    return WAIT
                if steps == 0:
                    return NO
                return BY_NEIGHBOUR
            kind = _kind(buffer, header, rules, seen, state[MASK])
            if steps == 0:
                state[KIND] = kind
                if kind == NONE or (kind == STRANGER and not strangers):
                    break
            elif kind != STRANGER:
                if kind == FAMILIAR:
                    return BY_NEIGHBOUR
                break
            place = header + _packet_bytes(buffer, header)
            if steps == 0:
                state[END] = place
            if place > size:
                if not state[FINAL]:
                    return WAIT
                break
            if steps == 0 and rules[_apid(buffer, header), CHECKSUM_RULE]:
                if crc16_range(buffer, header, place, tables) == 0:
                    return BY_CHECKSUM
                break
            if steps == CHAIN:
                return BY_NEIGHBOUR
            steps += 1
    state[PLACE] = stop
    return NO


@njit(cache=True)
def _reject(ranges, state, start, stop, reason):  # type: ignore[no-untyped-def]
    """Append a rejected range, joining it to the one before if they touch and have one reason."""
    last = state[RANGES] - 1
    if reason != CHECKSUM and last >= 0 and ranges[last, 1] == start and ranges[last, 2] == reason:
        ranges[last, 1] = stop
        return
    ranges[last + 1, 0] = start
    ranges[last + 1, 1] = stop
    ranges[last + 1, 2] = reason
    state[RANGES] = last + 2


@njit(cache=True)
def _run(buffer, rules, seen, table, state, row):  # type: ignore[no-untyped-def]
    """Take the packets like ``row`` that follow it, as long as each is followed by one more like it.

    What ``_search`` would say of each, said faster: the places of a run are known before its headers are read, so that
    the processor need not wait for one header to find the next.
    """
    offset, length, apid, count, flags = table
    first = offset[row]
    own = apid[row]
    if not rules[own, KNOWN_RULE] and seen[own] < LEARNT_AFTER:
        return
    step = np.int64(length[row]) + state[PREFIX]
    size = buffer.size
    done = 0
    while row + 1 + done < offset.size:
        header = first + (1 + done) * step
        after = header + step
        if after + 6 > size:
            break
        if (
            buffer[after] != buffer[first]
            or buffer[after + 1] != buffer[first + 1]
            or buffer[after + 4] != buffer[first + 4]
            or buffer[after + 5] != buffer[first + 5]
            or buffer[header] != buffer[first]
            or buffer[header + 1] != buffer[first + 1]
            or buffer[header + 4] != buffer[first + 4]
            or buffer[header + 5] != buffer[first + 5]
        ):
            break
        done += 1
        offset[row + done] = header
        length[row + done] = length[row]
        apid[row + done] = own
        count[row + done] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
        flags[row + done] = (buffer[header + 2] >> 6) | (flags[row] & 0xFC)
    if not rules[own, KNOWN_RULE]:
        seen[own] += done
    state[PACKETS] = row + 1 + done
    state[POSITION] = first + done * step + length[row]


@njit(cache=True)
def walk_block(buffer, rules, seen, tables, table, ranges, state):  # type: ignore[no-untyped-def]
    """Walk ``buffer`` from ``state[POSITION]`` until its end, a full table, or a decision that must wait.

    Fills ``table`` = (offset, length, apid, count, flags) and ``ranges`` (m, 3) = (start, stop, reason). Returns 1
    if it stopped because an output was full, else 0.
    """
    offset, length, apid, count, flags = table
    size = buffer.size
    doubtful_end = -1  # where the packet ends that could not be believed, while one is looked for inside it
    doubtful_kind = NONE
    while True:
        at = state[POSITION]
        if doubtful_end < 0 and (state[PACKETS] >= offset.size or state[RANGES] + 2 > ranges.shape[0]):
            return 1
        searching = state[MODE] == SEARCHING
        start, stop, strangers = at, at + 1, 1
        if doubtful_end >= 0:
            start, stop, strangers = at + 1, min(doubtful_end, size), state[NEWCOMERS]
        elif searching:
            stop, strangers = size, state[NEWCOMERS]
        found = _search(buffer, start, stop, strangers, rules, seen, tables, state)
        place = state[PLACE]
        header = at + state[PREFIX]
        reason = state[REASON]
        if found == WAIT and not searching:
            return 0
        if searching:
            # Nothing believable before ``place``: those bytes are rejected, whatever comes.
            state[MODE] = SEARCHING if found <= NO else SYNCED
            found = WAIT if found == WAIT else NO
            if place == at and state[MODE] == SYNCED:
                continue
            if header + 6 > size and state[FINAL] and state[MODE] == SEARCHING:
                place = size
        elif doubtful_end >= 0:
            checked = header + 6 <= size and rules[_apid(buffer, header), CHECKSUM_RULE]
            if found != NO:
                found, reason = NO, DAMAGED
            elif doubtful_end > size:
                place, reason = size, TRUNCATED
            elif checked:
                reason = CHECKSUM
            elif doubtful_kind == FAMILIAR:
                found = UNVERIFIED
                state[MODE], state[REASON] = SEARCHING, UNRECOGNISED
            else:
                reason = UNRECOGNISED
                state[MODE], state[REASON] = SEARCHING, UNRECOGNISED
            doubtful_end = -1
        elif found == NO:
            if header + 6 > size:
                place, reason = size, TRUNCATED
            elif state[KIND] == NONE:
                known = not buffer[header] & state[MASK] and rules[_apid(buffer, header), KNOWN_RULE]
                state[MODE], state[REASON] = SEARCHING, LENGTH if known else UNRECOGNISED
                continue
            else:
                doubtful_end, doubtful_kind = state[END], state[KIND]
                continue
        else:
            place = state[END]
        if found > NO:
            row = state[PACKETS]
            offset[row] = header
            length[row] = place - header
            apid[row] = _apid(buffer, header)
            count[row] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
            flag = (buffer[header + 2] >> 6) | ((buffer[header] & 8) >> 1)
            flags[row] = flag | (8 if found >= BY_NEIGHBOUR else 0) | (16 if found == BY_CHECKSUM else 0)
            if not rules[apid[row], KNOWN_RULE]:
                seen[apid[row]] += 1
                if seen[apid[row]] >= LEARNT_AFTER:
                    state[NEWCOMERS] = 0
            state[PACKETS] = row + 1
            state[POSITION] = place
            if found == BY_NEIGHBOUR:
                _run(buffer, rules, seen, table, state, row)
        else:
            if place > at:
                _reject(ranges, state, at, place, reason)
            state[POSITION] = place
            if found == WAIT or place >= size:
                return 0
