"""Follow the sequence counts of every APID: gaps, late packets, duplicates and restarts, in bounded memory.

Each APID has one slot: 16384 marks and fingerprints (one per sequence count, the latest packet that had it) and a row
of counters. A packet is

- a duplicate, if the latest packet with its count had its fingerprint, and the count is not ahead of the last one (or
  the packets carry a time: then an equal fingerprint cannot come from a later cycle of the counter);
- late, if its count is behind and was missing: the gap shrinks;
- out of order, if its count is behind and was not missing; three of those in a row are a restart of the counter;
- else the next one, after a gap if counts were left out.
"""

from __future__ import annotations

import numpy as np
from numba import njit

(LAST, FIRST, PACKETS, MISSING, DUPLICATES, LATE, OUT_OF_ORDER, RESTARTS, OTHER_LAST, OTHER_RUN, WHOLE, TIMED) = range(
    12
)
COUNTERS = 12
NEVER, SEEN, LOST = 0, 1, 2
MODULO = 16384
AHEAD = MODULO // 2
RESTART_AFTER = 3
SAMPLE_BYTES = 16  # the secondary header; with a time in it, or a checksum at the end, both ends tell packets apart


@njit(cache=True)
def _fingerprint(buffer, start, stop, sampled):  # type: ignore[no-untyped-def]
    """Mix octets into a 64-bit number, eight at a time (multiply and fold); if ``sampled`` only both ends."""
    factor = np.uint64(0x9E3779B97F4A7C15)
    shift = np.uint64(29)
    value = np.uint64(stop - start)
    at = start
    while at < stop:
        word = np.uint64(0)
        if at + 8 <= stop:
            for step in range(8):
                word = (word << np.uint64(8)) | np.uint64(buffer[np.uint64(at + step)])
        else:
            for place in range(at, stop):
                word = (word << np.uint64(8)) | np.uint64(buffer[place])
        value = (value ^ word) * factor
        value ^= value >> shift
        at += 8
        if sampled and at == start + SAMPLE_BYTES:
            at = max(at, stop - 8)
    return value


@njit(cache=True)
def follow(buffer, table, slots, counters, marks, prints, duplicate, gaps):  # type: ignore[no-untyped-def]
    """Update the slots with packets in order of arrival.

    ``table`` is (offset, length, apid, sequence count); ``duplicate`` (n,) is set; ``gaps`` (m, 4) receives packet
    row, count before, count after, missing. Returns how many gaps there were, which may be more than ``gaps`` holds.
    """
    offset, length, apid, sequence = table
    found = 0
    for row in range(offset.size):
        slot = slots[apid[row]]
        count = np.int64(sequence[row])
        start = offset[row] + 6
        stop = offset[row] + length[row]
        own = counters[slot]
        value = _fingerprint(buffer, start, stop, not own[WHOLE])
        ahead = (count - own[LAST]) & (MODULO - 1)
        behind = ahead == 0 or ahead >= AHEAD
        if own[PACKETS] == 0:
            own[FIRST] = count
            own[LAST] = count
        elif marks[slot, count] == SEEN and prints[slot, count] == value and (behind or own[TIMED]):
            duplicate[row] = True
            own[DUPLICATES] += 1
            continue
        elif behind and marks[slot, count] == LOST:
            own[MISSING] -= 1
            own[LATE] += 1
        elif behind:
            own[OTHER_RUN] = own[OTHER_RUN] + 1 if count == ((own[OTHER_LAST] + 1) & (MODULO - 1)) else 1
            own[OTHER_LAST] = count
            own[OUT_OF_ORDER] += 1
            if own[OTHER_RUN] == RESTART_AFTER:
                own[RESTARTS] += 1
                own[OUT_OF_ORDER] -= RESTART_AFTER
                own[LAST] = count
                own[OTHER_RUN] = 0
        else:
            if ahead > 1:
                own[MISSING] += ahead - 1
                for lost in range(own[LAST] + 1, own[LAST] + ahead):
                    marks[slot, lost & (MODULO - 1)] = LOST
                if found < gaps.shape[0]:
                    gaps[found, 0] = row
                    gaps[found, 1] = own[LAST]
                    gaps[found, 2] = count
                    gaps[found, 3] = ahead - 1
                found += 1
            own[LAST] = count
            own[OTHER_RUN] = 0
        own[PACKETS] += 1
        marks[slot, count] = SEEN
        prints[slot, count] = value
    return found
