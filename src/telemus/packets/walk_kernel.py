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

The cost is linear in the bytes, whatever they are: a place is asked about once while searching, a question looks at
``LONG_CHAIN`` headers at most, and what ``seal_kernel`` looks for it remembers. No decision needs more than the octets
of ``LONG_CHAIN`` packets and one of the longest ahead.

``books`` is (rules, heads, tables, sums): what the definition or the stream says of each APID, which octets begin a
header with a checksum (2, 256), the tables of the checksum, and room for its running registers (size // GRID + 1,).
``state`` and ``rules`` are what the names of ``walk_state`` say.

One call to ``_search`` serves all three questions (is this a packet, where is the next, is one inside): compiling it
in three places would triple the time of a cold start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.ccsds import IDLE_APID, MAX_PACKET_BYTES
from telemus.packets.crc import crc16_range
from telemus.packets.seal_kernel import apid_of, holds, inner, kind_of, packet_bytes, scan
from telemus.packets.walk_state import (
    BY_CHECKSUM,
    BY_NEIGHBOUR,
    CAUSE,
    CHECKSUM,
    CHECKSUM_RULE,
    DAMAGED,
    DOUBTFUL_END,
    DOUBTFUL_KIND,
    END,
    FAMILIAR,
    FINAL,
    GUARDED,
    INSIDE,
    KIND,
    KNOWN_RULE,
    LEARNT_AFTER,
    LENGTH,
    MASK,
    MODE,
    NEWCOMERS,
    NO,
    NONE,
    PACKETS,
    PLACE,
    POSITION,
    PREFIX,
    RANGES,
    REASON,
    SEALED,
    SEARCHING,
    SEEN_RULE,
    STRANGER,
    SYNCED,
    TRUNCATED,
    TRUSTED,
    UNRECOGNISED,
    UNVERIFIED,
    VERDICT,
    WAIT,
)

CHAIN = 3  # headers in a row that make strangers believable
LONG_CHAIN = 64  # the same where the definition has checksums and the chain has met no packet that it knows


@inner
def _endless(buffer, at, place, books, state):  # type: ignore[no-untyped-def]
    """Say the same where a long chain to ``place`` met nothing known: flat data looks like strangers without end.

    But then a sealed packet is not far; where none is, the stream is one that the definition does not know.
    """
    far = place + MAX_PACKET_BYTES
    if far > buffer.size and not state[FINAL]:
        return WAIT
    found = scan(buffer, at + 1, far, books, state)
    return BY_NEIGHBOUR if found == NO else min(found, NO)


@inner
def _followed(buffer, at, place, books, state):  # type: ignore[no-untyped-def]
    """Say whether the packet at ``at`` may end at ``place``: NO, WAIT or BY_NEIGHBOUR."""
    rules = books[0]
    size = buffer.size
    guarded = state[GUARDED]
    trusted = not guarded or (state[MODE] == SYNCED and state[TRUSTED])
    wanted = 1 if trusted else 2
    for _ in range(LONG_CHAIN if guarded else CHAIN):
        if guarded:
            found = scan(buffer, at + 1, place + 1, books, state)
            if found != NO:
                over = NO if state[SEALED] != place else BY_NEIGHBOUR
                return min(found, over)
        header = place + state[PREFIX]
        if header + 6 > size:
            return BY_NEIGHBOUR if state[FINAL] else WAIT
        kind = kind_of(buffer, header, rules, state[MASK])
        if kind == NONE:
            break
        apid = apid_of(buffer, header)
        if kind == FAMILIAR and (trusted or (rules[apid, KNOWN_RULE] and apid != IDLE_APID)):
            wanted -= 1
            if wanted == 0:
                return BY_NEIGHBOUR
        place = header + packet_bytes(buffer, header)
        if place > size:
            return NO if state[FINAL] else WAIT
    else:
        return BY_NEIGHBOUR if not guarded else _endless(buffer, at, place, books, state)
    return NO


@inner
def _believe(buffer, at, strangers, books, state):  # type: ignore[no-untyped-def]
    """Say whether a packet begins at ``at``: NO, WAIT, BY_NEIGHBOUR or BY_CHECKSUM. Sets KIND and END of ``state``."""
    rules, _, tables, sums = books
    header = at + state[PREFIX]
    state[KIND] = kind = kind_of(buffer, header, rules, state[MASK])
    if kind == NONE or (kind == STRANGER and not strangers):
        return NO
    state[END] = end = header + packet_bytes(buffer, header)
    if end > buffer.size:
        return NO if state[FINAL] else WAIT
    if not rules[apid_of(buffer, header), CHECKSUM_RULE]:
        return _followed(buffer, at, end, books, state)
    return BY_CHECKSUM if holds(buffer, header, end, tables, sums, state) else NO


@inner
def _search(buffer, start, stop, strangers, books, state):  # type: ignore[no-untyped-def]
    """Find the first place in [start, stop) that is not NO; what it is returns, and PLACE says where."""
    prefix, mask = state[PREFIX], state[MASK]
    whole = min(stop, buffer.size - 5 - prefix)  # where a header ends within the buffer
    state[KIND] = NONE
    for at in range(start, whole):
        if buffer[at + prefix] & mask:
            continue
        found = _believe(buffer, at, strangers, books, state)
        if found != NO:
            state[PLACE] = at
            return found
    cut = stop > whole and not state[FINAL]
    state[PLACE] = max(start, whole) if cut else stop
    return WAIT if cut else NO


@inner
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
        known = not buffer[header] & state[MASK] and rules[apid_of(buffer, header), KNOWN_RULE]
        state[MODE], state[REASON] = SEARCHING, LENGTH if known else UNRECOGNISED
    elif found == NO:
        state[MODE], state[DOUBTFUL_END], state[DOUBTFUL_KIND] = INSIDE, state[END], state[KIND]


@inner
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
    elif rules[apid_of(buffer, state[POSITION] + state[PREFIX]), CHECKSUM_RULE]:
        state[PLACE], state[CAUSE] = state[DOUBTFUL_END], CHECKSUM
    else:
        state[PLACE], state[CAUSE] = state[DOUBTFUL_END], UNRECOGNISED
        stands = state[DOUBTFUL_KIND] == FAMILIAR and (state[TRUSTED] or not state[GUARDED])
        state[VERDICT] = UNVERIFIED if stands else NO
        state[MODE], state[REASON] = SEARCHING, UNRECOGNISED


@inner
def _settle_searching(buffer, state, found):  # type: ignore[no-untyped-def]
    """Reject what lies before the place where ``_search`` stopped: nothing believable begins there."""
    state[VERDICT], state[CAUSE] = min(found, NO), state[REASON]
    if found > NO:
        state[MODE] = SYNCED
    elif found == NO:
        state[PLACE] = buffer.size


@inner
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


@inner
def _keep(buffer, rules, table, state):  # type: ignore[no-untyped-def]
    """Append the packet that ends at PLACE, with what the VERDICT says of it."""
    offset, length, apid, count, flags = table
    row = state[PACKETS]
    header = state[POSITION] + state[PREFIX]
    own = apid_of(buffer, header)
    offset[row], length[row], apid[row] = header, state[PLACE] - header, own
    count[row] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
    flag = (buffer[header + 2] >> 6) | ((buffer[header] & 8) >> 1)
    verdict = state[VERDICT]
    flags[row] = flag | (8 if verdict >= BY_NEIGHBOUR else 0) | (16 if verdict == BY_CHECKSUM else 0)
    if not rules[own, KNOWN_RULE]:
        rules[own, SEEN_RULE] += 1
        if rules[own, SEEN_RULE] >= LEARNT_AFTER:
            state[NEWCOMERS] = 0
    state[PACKETS] = row + 1
    state[TRUSTED] = verdict >= BY_NEIGHBOUR


@inner
def _run(buffer, books, table, state):  # type: ignore[no-untyped-def]
    """Take the packets that follow the last one and are like it (APID, flags and length).

    What ``_search`` would say of each, said faster: the places of a run are known before its headers are read, so
    that the processor need not wait for one header to find the next.
    """
    rules, _, tables, _ = books
    offset, length, apid, count, flags = table
    row = state[PACKETS] - 1
    first, own = offset[row], apid[row]
    if not rules[own, KNOWN_RULE] and rules[own, SEEN_RULE] < LEARNT_AFTER:
        return
    checked = rules[own, CHECKSUM_RULE]
    guarded = state[GUARDED] and not checked
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
        elif guarded:
            state[POSITION] = header - state[PREFIX]
            if scan(buffer, state[POSITION] + 1, state[POSITION] + step + 1, books, state) != NO:
                break
        done += 1
        offset[row + done], length[row + done], apid[row + done] = header, length[row], own
        count[row + done] = ((np.int64(buffer[header + 2]) & 0x3F) << 8) + np.int64(buffer[header + 3])
        flags[row + done] = (buffer[header + 2] >> 6) | (flags[row] & 0xFC)
        header += step
    if not rules[own, KNOWN_RULE]:
        rules[own, SEEN_RULE] += done
    state[PACKETS] = row + 1 + done
    state[PLACE] = first + done * step + length[row]


@njit(cache=True)
def walk_block(buffer, books, table, ranges, state):  # type: ignore[no-untyped-def]
    """Walk ``buffer`` from ``state[POSITION]`` until its end, a full output, or a decision that must wait.

    Fills ``table`` = (offset, length, apid, count, flags) and ``ranges`` (m, 3) = (start, stop, reason). Returns 1 if
    it stopped because an output was full, else 0.
    """
    rules = books[0]
    size = buffer.size
    while state[POSITION] < size:
        if state[PACKETS] >= table[0].size or state[RANGES] >= ranges.shape[0]:
            return 1
        at, mode = state[POSITION], state[MODE]
        start = at + 1 if mode == INSIDE else at
        stop = size if mode == SEARCHING else (min(state[DOUBTFUL_END], size) if mode == INSIDE else at + 1)
        strangers = 1 if mode == SYNCED else state[NEWCOMERS]
        found = _search(buffer, start, stop, strangers, books, state)
        if mode == SYNCED:
            _settle_synced(buffer, rules, state, found)
        elif mode == INSIDE:
            _settle_inside(buffer, rules, state, found)
        else:
            _settle_searching(buffer, state, found)
        if state[VERDICT] > NO:
            _keep(buffer, rules, table, state)
            if state[VERDICT] >= BY_NEIGHBOUR:
                _run(buffer, books, table, state)
        elif state[PLACE] > at:
            _reject(ranges, state)
        state[POSITION] = state[PLACE]
        if state[VERDICT] == WAIT:
            return 0
    return 0
