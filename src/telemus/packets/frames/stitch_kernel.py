"""Put packets together from the packet zones of one virtual channel: the compiled part behind ``access_point``.

``zones`` (m,) holds what was left of the last zones (``held`` bytes, beginning with a packet), then the zones of
frames, one after another; ``ends`` (n,) is where each zone ends, ``pointers`` (n,) the byte of the zone where the
first packet begins (-1 none), ``fresh`` (n,) whether frames were lost before it.

The first header pointer is what is believed: where a packet that is under way does not end where the pointer says that
the next begins, the packet is given up and the walk goes on from the pointer. Where no packet is under way (after a
loss), it begins at the pointer, and what stands before it is the end of a packet whose beginning was lost.

Version 000 is a space packet (133.0-B-2); version 111 an encapsulation packet (133.1-B-3), whose length is read so that
the walk can step over it; of others the length is unknown, and the walk waits for the next pointer.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TAKEN, IDLE, HEADLESS, CUT, BROKEN, FOREIGN = range(6)
CLASSES = 6
IDLE_PACKETS, AT, WRITTEN, PACKETS, LOSSES = 6, 7, 8, 9, 10
STATE_SIZE = 11
UNDER_WAY, UNKNOWN = -1, -2


@njit(cache=True)
def _length(zones, at, end):  # type: ignore[no-untyped-def]
    """Return the bytes of the packet at ``at``, UNDER_WAY if its header is not there yet, UNKNOWN if it is none."""
    version = zones[at] >> 5
    if version == 0:
        if at + 6 > end:
            return UNDER_WAY
        return (np.int64(zones[at + 4]) << 8) + np.int64(zones[at + 5]) + 7
    if version != 7:
        return UNKNOWN
    size = 1 << (zones[at] & 3)
    if size == 1:  # only an idle packet may have no length: 133.1-B-3 clause 4.1.2.4
        return 1 if zones[at] & 0x1C == 0 else UNKNOWN
    if at + size > end:
        return UNDER_WAY
    length = np.int64(0)
    for place in range(at + size // 2, at + size):
        length = (length << 8) + np.int64(zones[place])
    # Less than its own header, or more than memory should hold for it: damage.
    return length if size <= length <= 1 << 24 else UNKNOWN


@njit(cache=True)
def _class(zones, at):  # type: ignore[no-untyped-def]
    if zones[at] >> 5 == 0:
        return IDLE if zones[at] & 7 == 7 and zones[at + 1] == 255 else TAKEN
    return IDLE if zones[at] & 0x1C == 0 else FOREIGN


@njit(cache=True)
def _agree(zones, at, begin, end, pointer):  # type: ignore[no-untyped-def]
    """Say whether the packet under way at ``at`` fits the pointer of the zone [begin, end)."""
    if at == begin:
        return pointer == 0
    length = _length(zones, at, end)
    if length == UNKNOWN:
        return False
    after = at + length - begin if length > 0 else end - begin
    return pointer == (after if after < end - begin else -1)


@njit(cache=True)
def _lose(kind, start, stop, losses, state):  # type: ignore[no-untyped-def]
    """Give up [start, stop)."""
    if stop > start:
        place = state[LOSSES]
        losses[place, 0], losses[place, 1], losses[place, 2] = kind, start, stop
        state[LOSSES] = place + 1


@njit(cache=True)
def _give(zones, at, length, out, lengths, state):  # type: ignore[no-untyped-def]
    """Hand out the packet at ``at``; the length of an encapsulation packet is written with a minus."""
    kind = _class(zones, at)
    state[kind] += length
    state[IDLE_PACKETS] += kind == IDLE
    if kind == IDLE:
        return
    written = state[WRITTEN]
    for place in range(length):
        out[written + place] = zones[at + place]
    lengths[state[PACKETS]] = length if kind == TAKEN else -length
    state[WRITTEN] = written + length
    state[PACKETS] += 1


@njit(cache=True)
def stitch(zones, held, ends, pointers, fresh, out, lengths, losses, state):  # type: ignore[no-untyped-def]
    """Copy whole packets one after another into ``out``, their lengths into ``lengths``; count all bytes in ``state``.

    ``losses`` (3 n, 3): class, start and stop in ``zones`` of what is given up. ``state`` (11,): bytes by class of what
    is handed out, idle packets, where the packet that is still under way begins (-1 none), bytes and packets written,
    losses written.
    """
    at = 0 if state[AT] >= 0 else -1
    begin = held
    for frame in range(ends.size):
        end, pointer = ends[frame], pointers[frame]
        stop = begin + pointer if 0 <= pointer < end - begin else end
        if fresh[frame] and at >= 0:
            _lose(CUT, at, begin, losses, state)
            at = -1
        if at < 0:
            _lose(HEADLESS, begin, stop, losses, state)
            at = stop if stop < end else -1
        elif not _agree(zones, at, begin, end, pointer):
            _lose(BROKEN, at, stop, losses, state)
            at = stop if stop < end else -1
        while 0 <= at < end:
            length = _length(zones, at, end)
            if length == UNKNOWN:
                _lose(BROKEN, at, end, losses, state)
                at = -1
            elif length == UNDER_WAY or at + length > end:
                break
            else:
                _give(zones, at, length, out, lengths, state)
                at += length
        begin = end
    state[AT] = at
