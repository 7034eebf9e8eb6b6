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
of APIDs that the definition does not have. ``state`` (16,) int64 is what the names below say.

One call to ``_search`` serves all three questions (is this a packet, where is the next, is one inside): compiling it
in three places would triple the time of a cold start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.crc import crc16_range

POSITION, MODE, REASON, NEWCOMERS, PACKETS, RANGES, FINAL, PREFIX, MASK = range(9)
PLACE, KIND, END, DOUBTFUL_END, DOUBTFUL_KIND, VERDICT, CAUSE = range(9, 16)
STATE_SIZE = 16
SYNCED, SEARCHING, INSIDE = 0, 1, 2  # INSIDE: a packet is doubtful, and a believable one is looked for inside it
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
def _followed(buffer, place, rules, seen, state):  # type: ignore[no-untyped-def]
    """Say whether a packet may end at ``place``: NO, WAIT or BY_NEIGHBOUR."""
    size = buffer.size
    for _ in range(CHAIN):
        header = place + state[PREFIX]
        if header + 6 > size:
            return BY_NEIGHBOUR if state[FINAL] else WAIT
        kind = _kind(buffer, header, rules, seen, state[MASK])
        if kind != STRANGER:
            return BY_NEIGHBOUR if kind == FAMILIAR else NO
        place = header + _packet_bytes(buffer, header)
        if place > size:
            return NO if state[FINAL] else WAIT
    return BY_NEIGHBOUR


@njit(cache=True)
def _believe(buffer, at, strangers, rules, seen, tables, state):  # type: ignore[no-untyped-def]
    """Say whether a packet begins at ``at``: NO, WAIT, BY_NEIGHBOUR or BY_CHECKSUM. Sets KIND and END of ``state``."""
    size = buffer.size
    header = at + state[PREFIX]
    cut = NO if state[FINAL] else WAIT
    state[KIND] = NONE
    if header + 6 > size:
        return cut
    state[KIND] = kind = _kind(buffer, header, rules, seen, state[MASK])
    if kind == NONE or (kind == STRANGER and not strangers):
        return NO
    state[END] = end = header + _packet_bytes(buffer, header)
    if end > size:
        return cut
    if rules[_apid(buffer, header), CHECKSUM_RULE]:
        return BY_CHECKSUM if crc16_range(buffer, header, end, tables) == 0 else NO
    return _followed(buffer, end, rules, seen, state)


@njit(cache=True)
def _search(buffer, start, stop, strangers, rules, seen, tables, state):  # type: ignore[no-untyped-def]
    """Find the first place in [start, stop) that is not NO; what it is returns, and PLACE says where."""
    for at in range(start, stop):
        found = _believe(buffer, at, strangers, rules, seen, tables, state)
        if found != NO:
            state[PLACE] = at
            return found
    state[PLACE] = stop
    return NO


@njit(cache=True)
def _settle_synced(buffer, rules, state, found):  # type: ignore[no-untyped-def]
    """Decide on the packet that should begin at POSITION, after ``_search`` has looked there."""
    size = buffer.size
    header = state[POSITION] + state[PREFIX]
    state[VERDICT], state[PLACE] = found, state[POSITION]
    if found > NO:
        state[PLACE] = state[END]
    elif found == NO and header + 6 > size:
        state[PLACE], state[CAUSE] = size, TRUNCATED
    elif found == NO and state[KIND] == NONE:
        known = not buffer[header] & state[MASK] and rules[_apid(buffer, header), KNOWN_RULE]
        state[MODE], state[REASON] = SEARCHING, LENGTH if known else UNRECOGNISED
    elif found == NO:
        state[MODE], state[DOUBTFUL_END], state[DOUBTFUL_KIND] = INSIDE, state[END], state[KIND]


@njit(cache=True)
def _settle_inside(buffer, rules, state, found):  # type: ignore[no-untyped-def]
    """Decide on a doubtful packet, after ``_search`` has looked inside it."""
    state[MODE] = SYNCED
    state[VERDICT] = min(found, NO)
    if found == WAIT:
        state[PLACE] = state[POSITION]
    elif found > NO:
        state[CAUSE] = DAMAGED
    elif state[DOUBTFUL_END] > buffer.size:
        state[PLACE], state[CAUSE] = buffer.size, TRUNCATED
    elif rules[_apid(buffer, state[POSITION] + state[PREFIX]), CHECKSUM_RULE]:
        state[PLACE], state[CAUSE] = state[DOUBTFUL_END], CHECKSUM
    else:
        state[PLACE], state[CAUSE] = state[DOUBTFUL_END], UNRECOGNISED
        state[VERDICT] = UNVERIFIED if state[DOUBTFUL_KIND] == FAMILIAR else NO
        state[MODE], state[REASON] = SEARCHING, UNRECOGNISED


@njit(cache=True)
def _settle_searching(buffer, state, found):  # type: ignore[no-untyped-def]
    """Reject what lies before the place where ``_search`` stopped: nothing believable begins there."""
    state[VERDICT], state[CAUSE] = min(found, NO), state[REASON]
    if found > NO:
        state[MODE] = SYNCED
    elif found == NO:
        state[PLACE] = buffer.size


@njit(cache=True)
def _reject(ranges, state):  # type: ignore[no-untyped-def]
    """Append [POSITION, PLACE) as rejected, joining it to the range before if they touch and have one reason."""
    last = state[RANGES] - 1
    start, stop, reason = state[POSITION], state[PLACE], state[CAUSE]
    if reason != CHECKSUM and last >= 0 and ranges[last, 1] == start and ranges[last, 2] == reason:
        ranges[last, 1] = stop
        return
    ranges[last + 1, 0] = start
    ranges[last + 1, 1] = stop
    ranges[last + 1, 2] = reason
    state[RANGES] = last + 2


@njit(cache=True)
def _keep(buffer, rules, seen, table, state):  # type: ignore[no-untyped-def]
    """Append the packet that ends at PLACE, with what the VERDICT says of it."""
    offset, length, apid, count, flags = table
    row = state[PACKETS]
    header = state[POSITION] + state[PREFIX]
    own = _apid(buffer, header)
    offset[row], length[row], apid[row] = header, state[PLACE] - header, own
    count[row] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
    flag = (buffer[header + 2] >> 6) | ((buffer[header] & 8) >> 1)
    verdict = state[VERDICT]
    flags[row] = flag | (8 if verdict >= BY_NEIGHBOUR else 0) | (16 if verdict == BY_CHECKSUM else 0)
    if not rules[own, KNOWN_RULE]:
        seen[own] += 1
        if seen[own] >= LEARNT_AFTER:
            state[NEWCOMERS] = 0
    state[PACKETS] = row + 1


@njit(cache=True)
def _run(buffer, rules, seen, tables, table, state):  # type: ignore[no-untyped-def]
    """Take the packets that follow the last one and are like it (APID, flags and length).

    What ``_search`` would say of each, said faster: the places of a run are known before its headers are read, so
    that the processor need not wait for one header to find the next.
    """
    offset, length, apid, count, flags = table
    row = state[PACKETS] - 1
    first, own = offset[row], apid[row]
    if not rules[own, KNOWN_RULE] and seen[own] < LEARNT_AFTER:
        return
    checked = rules[own, CHECKSUM_RULE]
    step = np.int64(length[row]) + state[PREFIX]
    header = first + step
    # A run without checksums ends one packet early: the header behind each packet is what verifies it.
    ahead = 6 if checked else step + 6
    done = 0
    while row + 1 + done < offset.size and header + max(ahead, length[row]) <= buffer.size:
        at = header if checked else header + step
        if (
            buffer[at] != buffer[first]
            or buffer[at + 1] != buffer[first + 1]
            or buffer[at + 4] != buffer[first + 4]
            or buffer[at + 5] != buffer[first + 5]
        ):
            break
        if checked:
            if crc16_range(buffer, header, header + length[row], tables) != 0:
                break
        elif done == 0 and (
            buffer[header] != buffer[first]
            or buffer[header + 1] != buffer[first + 1]
            or buffer[header + 4] != buffer[first + 4]
            or buffer[header + 5] != buffer[first + 5]
        ):
            break
        done += 1
        offset[row + done], length[row + done], apid[row + done] = header, length[row], own
        count[row + done] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
        flags[row + done] = (buffer[header + 2] >> 6) | (flags[row] & 0xFC)
        header += step
    if not rules[own, KNOWN_RULE]:
        seen[own] += done
    state[PACKETS] = row + 1 + done
    state[PLACE] = first + done * step + length[row]


@njit(cache=True)
def walk_block(buffer, rules, seen, tables, table, ranges, state):  # type: ignore[no-untyped-def]
    """Walk ``buffer`` from ``state[POSITION]`` until its end, a full output, or a decision that must wait.

    Fills ``table`` = (offset, length, apid, count, flags) and ``ranges`` (m, 3) = (start, stop, reason). Returns 1
    if it stopped because an output was full, else 0.
    """
    size = buffer.size
    while state[POSITION] < size:
        if state[PACKETS] >= table[0].size or state[RANGES] >= ranges.shape[0]:
            return 1
        at, mode = state[POSITION], state[MODE]
        start = at + 1 if mode == INSIDE else at
        stop = size if mode == SEARCHING else (min(state[DOUBTFUL_END], size) if mode == INSIDE else at + 1)
        strangers = 1 if mode == SYNCED else state[NEWCOMERS]
        found = _search(buffer, start, stop, strangers, rules, seen, tables, state)
        if mode == SYNCED:
            _settle_synced(buffer, rules, state, found)
        elif mode == INSIDE:
            _settle_inside(buffer, rules, state, found)
        else:
            _settle_searching(buffer, state, found)
        if state[VERDICT] > NO:
            _keep(buffer, rules, seen, table, state)
            if state[VERDICT] >= BY_NEIGHBOUR:
                _run(buffer, rules, seen, tables, table, state)
        elif state[PLACE] > at:
            _reject(ranges, state)
        state[POSITION] = state[PLACE]
        if state[VERDICT] == WAIT:
            return 0
    return 0
