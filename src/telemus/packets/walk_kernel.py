"""Find the packets of a byte stream, damaged or not: the compiled walk behind ``walk.Walker``.

A header is *familiar* when its version and type are right, its APID is one of the definition (or an idle packet, or
one that the stream has shown often), and its length is one that the definition allows; a *stranger* when only its
APID is new; else it is none. The walk believes a packet

- at once, if the definition gives it a checksum and that holds (it is *sealed*);
- else if what follows it is a familiar header, a chain of strangers, or the end of the data.

Where the definition has checksums (the walk is *guarded*) the second is not enough, because damaged data can look
like a header, and an idle packet may claim any length. Then the packets that follow must lead to the next sealed
packet exactly, never over it, or with nothing sealed before them to familiar headers: one if the packet begins where
a believed one ended (it is *trusted*), two that are not idle if the walk comes from damage.

Where it cannot believe, it looks inside the doubtful packet for one it can believe: found, everything before it is
damage; not found, the packet stands unverified (nothing contradicts it but what follows is no packet; guarded, only
if it is trusted) and the search goes on behind it. Decisions that need bytes beyond the block wait for the next
block, so that the result does not depend on where blocks end.

The cost is linear in the bytes, whatever they are: the next sealed packet is looked for once per place (SCANNED,
SEALED), and while searching a checksum costs 17 steps at most, from the running registers ``sums`` (SUMMED).

``rules`` is (2048, 4) int64: known (0/1), shortest, longest [bytes], checksum (0/1). ``seen`` (2048,) counts packets
of APIDs that the definition does not have. ``state`` (21,) int64 is what the names below say.

One call to ``_search`` serves all three questions (is this a packet, where is the next, is one inside): compiling it
in three places would triple the time of a cold start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.ccsds import IDLE_APID, MAX_PACKET_BYTES
from telemus.packets.crc import crc16_of_sums, crc16_range

POSITION, MODE, REASON, NEWCOMERS, TRUSTED, PACKETS, RANGES, FINAL, PREFIX, MASK, GUARDED = range(11)
PLACE, KIND, END, DOUBTFUL_END, DOUBTFUL_KIND, VERDICT, CAUSE, SCANNED, SEALED, SUMMED = range(11, 21)
STATE_SIZE = 21
SYNCED, SEARCHING, INSIDE = 0, 1, 2  # INSIDE: a packet is doubtful, and a believable one is looked for inside it
UNRECOGNISED, DAMAGED, TRUNCATED, CHECKSUM, LENGTH = range(5)
REASONS = ("no packet recognised", "damaged packet", "truncated", "checksum", "length not as defined")
NONE, STRANGER, FAMILIAR = 0, 1, 2
LEARNT_AFTER = 3  # packets of a new APID, each with a believable chain behind it
CHAIN = 3  # headers in a row that make strangers believable
LONG_CHAIN = 64  # the same where the definition has checksums and the chain has met no packet that it knows
NOWHERE = 1 << 62
WAIT, NO, UNVERIFIED, BY_NEIGHBOUR, BY_CHECKSUM = -1, 0, 1, 2, 3

KNOWN_RULE, SHORTEST_RULE, LONGEST_RULE, CHECKSUM_RULE = range(4)

# Only kernels call these: a way in from Python for each would lengthen a cold start.
_inner = njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@_inner
def _packet_bytes(buffer, header):  # type: ignore[no-untyped-def]
    return (np.int64(buffer[header + 4]) << 8) + np.int64(buffer[header + 5]) + 7


@_inner
def _apid(buffer, header):  # type: ignore[no-untyped-def]
    return ((np.int64(buffer[header]) & 7) << 8) + np.int64(buffer[header + 1])


@_inner
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


@_inner
def _holds(buffer, header, end, tables, sums, state):  # type: ignore[no-untyped-def]
    """Say whether the checksum of [header, end) holds; ``header`` is never before the first of ``sums``."""
    at = state[SUMMED]
    register = np.int64(sums[at])
    while at < end:
        register = ((register << 8) & 0xFFFF) ^ tables[0, (register >> 8) ^ buffer[at]]
        at += 1
        sums[at] = register
    state[SUMMED] = at
    return crc16_of_sums(np.int64(sums[header]), np.int64(sums[end]), end - header, tables) == 0


@_inner
def _scan(buffer, start, stop, rules, seen, tables, sums, state):  # type: ignore[no-untyped-def]
    """Look for a sealed packet that begins in [start, stop): NO, WAIT or BY_CHECKSUM; SEALED says where.

    ``start`` never decreases from call to call, and what was scanned before is not scanned again.
    """
    if start > state[SEALED]:
        state[SEALED] = NOWHERE
    state[SCANNED] = max(start, state[SCANNED])
    for at in range(state[SCANNED], min(stop, state[SEALED], buffer.size - 5 - state[PREFIX])):
        header = at + state[PREFIX]
        state[SCANNED] = at
        kind = _kind(buffer, header, rules, seen, state[MASK])
        if kind != FAMILIAR or not rules[_apid(buffer, header), CHECKSUM_RULE]:
            continue
        end = header + _packet_bytes(buffer, header)
        if end > buffer.size:
            if not state[FINAL]:
                return WAIT
        elif _holds(buffer, header, end, tables, sums, state):
            state[SEALED] = at
            break
    state[SCANNED] = max(state[SCANNED], min(stop, state[SEALED]))
    return BY_CHECKSUM if state[SEALED] < stop else NO


@_inner
def _endless(buffer, at, place, rules, seen, tables, sums, state):  # type: ignore[no-untyped-def]
    """Say the same where a long chain to ``place`` met nothing known: flat data looks like strangers without end.

    But then a sealed packet is not far; where none is, the stream is one that the definition does not know.
    """
    far = place + MAX_PACKET_BYTES
    if far > buffer.size and not state[FINAL]:
        return WAIT
    found = _scan(buffer, at + 1, far, rules, seen, tables, sums, state)
    return BY_NEIGHBOUR if found == NO else min(found, NO)


@_inner
def _followed(buffer, at, place, rules, seen, tables, sums, state):  # type: ignore[no-untyped-def]
    """Say whether the packet at ``at`` may end at ``place``: NO, WAIT or BY_NEIGHBOUR."""
    size = buffer.size
    guarded = state[GUARDED]
    trusted = not guarded or (state[MODE] == SYNCED and state[TRUSTED])
    wanted = 1 if trusted else 2
    for _ in range(LONG_CHAIN if guarded else CHAIN):
        if guarded:
            found = _scan(buffer, at + 1, place + 1, rules, seen, tables, sums, state)
            if found != NO:
                over = NO if state[SEALED] != place else BY_NEIGHBOUR
                return min(found, over)
        header = place + state[PREFIX]
        if header + 6 > size:
            return BY_NEIGHBOUR if state[FINAL] else WAIT
        kind = _kind(buffer, header, rules, seen, state[MASK])
        if kind == NONE:
            break
        apid = _apid(buffer, header)
        if kind == FAMILIAR and (trusted or (rules[apid, KNOWN_RULE] and apid != IDLE_APID)):
            wanted -= 1
            if wanted == 0:
                return BY_NEIGHBOUR
        place = header + _packet_bytes(buffer, header)
        if place > size:
            return NO if state[FINAL] else WAIT
    else:
        return BY_NEIGHBOUR if not guarded else _endless(buffer, at, place, rules, seen, tables, sums, state)
    return NO


@_inner
def _believe(buffer, at, strangers, rules, seen, tables, sums, state):  # type: ignore[no-untyped-def]
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
    if state[SUMMED] < header:
        state[SUMMED], sums[header] = header, 0xFFFF
    if not rules[_apid(buffer, header), CHECKSUM_RULE]:
        return _followed(buffer, at, end, rules, seen, tables, sums, state)
    if state[MODE] == SYNCED:
        return BY_CHECKSUM if crc16_range(buffer, header, end, tables) == 0 else NO
    return BY_CHECKSUM if _holds(buffer, header, end, tables, sums, state) else NO


@_inner
def _search(buffer, start, stop, strangers, rules, seen, tables, sums, state):  # type: ignore[no-untyped-def]
    """Find the first place in [start, stop) that is not NO; what it is returns, and PLACE says where."""
    for at in range(start, stop):
        found = _believe(buffer, at, strangers, rules, seen, tables, sums, state)
        if found != NO:
            state[PLACE] = at
            return found
    state[PLACE] = stop
    return NO


@_inner
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


@_inner
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
        stands = state[DOUBTFUL_KIND] == FAMILIAR and (state[TRUSTED] or not state[GUARDED])
        state[VERDICT] = UNVERIFIED if stands else NO
        state[MODE], state[REASON] = SEARCHING, UNRECOGNISED


@_inner
def _settle_searching(buffer, state, found):  # type: ignore[no-untyped-def]
    """Reject what lies before the place where ``_search`` stopped: nothing believable begins there."""
    state[VERDICT], state[CAUSE] = min(found, NO), state[REASON]
    if found > NO:
        state[MODE] = SYNCED
    elif found == NO:
        state[PLACE] = buffer.size


@_inner
def _reject(ranges, state):  # type: ignore[no-untyped-def]
    """Append [POSITION, PLACE) as rejected, joining it to the range before if they touch and have one reason."""
    last = state[RANGES] - 1
    start, stop, reason = state[POSITION], state[PLACE], state[CAUSE]
    state[TRUSTED] = 0
    if reason != CHECKSUM and last >= 0 and ranges[last, 1] == start and ranges[last, 2] == reason:
        ranges[last, 1] = stop
        return
    ranges[last + 1, 0] = start
    ranges[last + 1, 1] = stop
    ranges[last + 1, 2] = reason
    state[RANGES] = last + 2


@_inner
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
    state[TRUSTED] = verdict >= BY_NEIGHBOUR


@_inner
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
    if state[GUARDED] and not checked:
        return
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
def walk_block(buffer, rules, seen, tables, sums, table, ranges, state):  # type: ignore[no-untyped-def]
    """Walk ``buffer`` from ``state[POSITION]`` until its end, a full output, or a decision that must wait.

    Fills ``table`` = (offset, length, apid, count, flags) and ``ranges`` (m, 3) = (start, stop, reason). ``sums``
    (size + 1,) uint16 is room to work in. Returns 1 if it stopped because an output was full, else 0.
    """
    size = buffer.size
    while state[POSITION] < size:
        if state[PACKETS] >= table[0].size or state[RANGES] >= ranges.shape[0]:
            return 1
        at, mode = state[POSITION], state[MODE]
        start = at + 1 if mode == INSIDE else at
        stop = size if mode == SEARCHING else (min(state[DOUBTFUL_END], size) if mode == INSIDE else at + 1)
        strangers = 1 if mode == SYNCED else state[NEWCOMERS]
        found = _search(buffer, start, stop, strangers, rules, seen, tables, sums, state)
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
