"""Follow the sequence counts of every APID: gaps, late packets, duplicates and restarts, in bounded memory.

Each APID has one slot: a row of counters, and for each of the 16384 counts a cell of marks and fingerprints, one for
each of the last ``WAYS`` cycles of the counter (one where the packets carry no time: there an equal fingerprint may
come from another cycle). A packet is

- a duplicate, if a packet with its count had its fingerprint, and the count is not ahead of the last one or the packets
  carry a time;
- late, if its count is behind and was missing, or was missing in the cycle whose duplicates just came: the gap shrinks;
- out of order, if its count is behind and was not missing; three of those in a row are a restart of the counter;
- else the next one, after a gap if counts were left out.

A restart is taken back when a duplicate from before it comes: then it was no restart but the same pass again, whose
beginning had been lost the first time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

(LAST, FIRST, PACKETS, MISSING, DUPLICATES, LATE, OUT_OF_ORDER, RESTARTS, OTHER_LAST, OTHER_RUN, WHOLE) = range(11)
(CELLS, WAYS, CYCLE, AGAIN, RESUME_LAST, RESUME_CYCLE, RESUME_PACKETS, RESUME_MISSING) = range(11, 19)
COUNTERS = 19
NEVER, SEEN, LOST = 0, 1, 2
MODULO = 16384
AHEAD = MODULO // 2
RESTART_AFTER = 3
TIMED_WAYS = 8  # a power of two: cycles that are remembered where packets carry a time, 131 072 packets
SAMPLE_BYTES = 16  # the secondary header; with a time in it, or a checksum at the end, both ends tell packets apart

_inner = njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@_inner
def _word(buffer, place):  # type: ignore[no-untyped-def]
    at = np.uint64(place)
    value = np.uint64(0)
    for step in range(8):
        value = (value << np.uint64(8)) | np.uint64(buffer[at + np.uint64(step)])
    return value


@_inner
def _fingerprint(buffer, start, stop, sampled):  # type: ignore[no-untyped-def]
    """Mix octets into a 64-bit number, eight at a time (multiply and fold); if ``sampled`` only both ends."""
    factor, shift = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
    one = np.uint64(stop - start)
    other = ~one
    at = start
    if sampled and stop - start > SAMPLE_BYTES + 8:
        one = (one ^ _word(buffer, start)) * factor
        other = (other ^ _word(buffer, start + 8)) * factor
        at = stop - 8
    while at + 16 <= stop:  # two chains that do not wait for each other
        one = (one ^ _word(buffer, at)) * factor
        other = (other ^ _word(buffer, at + 8)) * factor
        one ^= one >> shift
        other ^= other >> shift
        at += 16
    if at + 8 <= stop:
        one = (one ^ _word(buffer, at)) * factor
        one ^= one >> shift
        at += 8
    for place in range(at, stop):
        other = (other ^ np.uint64(buffer[place])) * factor
        other ^= other >> shift
    value = (one ^ (other * factor)) * factor
    return value ^ (value >> shift)


@_inner
def _way_with(marks, cell, ways, mark, prints, value):  # type: ignore[no-untyped-def]
    """Return the way of a count that has this mark (and, if it is SEEN, this fingerprint), -1 if none has."""
    for way in range(ways):
        if marks[cell + way] == mark and (mark != SEEN or prints[cell + way] == value):
            return way
    return -1


@_inner
def _repeat(own, way):  # type: ignore[no-untyped-def]
    """Note a duplicate of a packet of that way; one from before a restart takes the restart back."""
    own[DUPLICATES] += 1
    own[AGAIN] = way + 1
    if own[RESUME_LAST] and way != own[CYCLE] & (own[WAYS] - 1):
        own[RESTARTS] -= 1
        own[LATE] += own[PACKETS] - own[RESUME_PACKETS]
        own[LAST], own[CYCLE], own[MISSING] = own[RESUME_LAST] - 1, own[RESUME_CYCLE], own[RESUME_MISSING]
        own[RESUME_LAST] = 0


@_inner
def _stray(own, count):  # type: ignore[no-untyped-def]
    """Note a packet whose count is behind and was not missing; the third in a row restarts the counter."""
    own[OTHER_RUN] = own[OTHER_RUN] + 1 if count == ((own[OTHER_LAST] + 1) & (MODULO - 1)) else 1
    own[OTHER_LAST] = count
    own[OUT_OF_ORDER] += 1
    if own[OTHER_RUN] == RESTART_AFTER:
        own[RESUME_LAST], own[RESUME_CYCLE] = own[LAST] + 1, own[CYCLE]
        own[RESUME_PACKETS], own[RESUME_MISSING] = own[PACKETS] + 1 - RESTART_AFTER, own[MISSING]
        own[RESTARTS] += 1
        own[OUT_OF_ORDER] -= RESTART_AFTER
        own[LAST] = count
        own[CYCLE] += 1
        own[OTHER_RUN] = 0


@_inner
def _lose(own, ahead, marks):  # type: ignore[no-untyped-def]
    """Mark the counts between the last one and the one ``ahead`` of it as lost."""
    ways = own[WAYS]
    for step in range(1, ahead):
        count = (own[LAST] + step) & (MODULO - 1)
        cycle = own[CYCLE] + (count < own[LAST])
        marks[own[CELLS] + count * ways + (cycle & (ways - 1))] = LOST
    own[MISSING] += ahead - 1


@njit(cache=True)
def follow(buffer, table, slots, counters, marks, prints, duplicate, gaps):  # type: ignore[no-untyped-def]
    """Update the slots with packets in order of arrival.

    ``table`` is (offset, length, apid, sequence count); ``duplicate`` (n,) is set; ``gaps`` (m, 4) receives packet
    row, count before, count after, missing. Returns how many gaps there were, which may be more than ``gaps`` holds.
    """
    offset, length, apid, sequence = table
    found = 0
    slot = -1
    own = counters[0]
    for row in range(offset.size):
        if slots[apid[row]] != slot:
            slot = slots[apid[row]]
            own = counters[slot]
        count = np.int64(sequence[row])
        value = _fingerprint(buffer, offset[row] + 6, offset[row] + length[row], not own[WHOLE])
        ways = own[WAYS]
        cell = own[CELLS] + count * ways
        way = own[CYCLE] & (ways - 1)
        ahead = (count - own[LAST]) & (MODULO - 1)
        behind = ahead == 0 or ahead >= AHEAD
        if own[PACKETS] == 0:
            own[FIRST] = own[LAST] = count
        else:
            same = _way_with(marks, cell, ways, SEEN, prints, value) if behind or ways > 1 else -1
            if same >= 0:
                duplicate[row] = True
                _repeat(own, same)
                continue
            lost = _way_with(marks, cell, ways, LOST, prints, value) if behind else -1
            if not behind and own[AGAIN] and marks[cell + own[AGAIN] - 1] == LOST:
                lost = own[AGAIN] - 1
            if lost >= 0:
                own[MISSING] -= 1
                own[LATE] += 1
                way = lost
            elif behind:
                way = (own[CYCLE] + 1) & (ways - 1)  # that of the restart, if it is one
                _stray(own, count)
            else:
                if ahead > 1:
                    if found < gaps.shape[0]:
                        gaps[found, 0], gaps[found, 1] = row, own[LAST]
                        gaps[found, 2], gaps[found, 3] = count, ahead - 1
                    found += 1
                    _lose(own, ahead, marks)
                own[CYCLE] += own[LAST] > count  # rollover
                own[LAST] = count
                own[OTHER_RUN] = own[AGAIN] = 0
                way = own[CYCLE] & (ways - 1)
        own[PACKETS] += 1
        marks[cell + way] = SEEN
        prints[cell + way] = value
    return found
