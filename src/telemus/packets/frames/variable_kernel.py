"""Walk along frames that tell their own length: the compiled part behind ``variable_length``."""

from __future__ import annotations

import numpy as np
from numba import njit

LEAST_BYTES = 6
"""Header of a truncated frame, header of the data field, one octet."""
SPENT_PER_BYTE, SPENT_AT_ONCE = 16, 1 << 20
"""Error control is computed in search of frames over so many octets for each of the stream, and so many more."""


@njit(cache=True)
def _good_marker(octets, at, marker, tolerance):  # type: ignore[no-untyped-def]
    if at + marker.size > octets.size:
        return False
    wrong = 0
    for place in range(marker.size):
        differ = np.int64(octets[at + place] ^ marker[place])
        while differ:
            wrong += 1
            differ &= differ - 1
    return wrong <= tolerance


@njit(cache=True)
def _told_length(octets, at, whitening, longest, truncated):  # type: ignore[no-untyped-def]
    """Return the length that the header at ``at`` tells, 0 if it is none."""
    if (octets[at] ^ whitening[0]) >> 4 != 12:
        return 0
    if (octets[at + 3] ^ whitening[3]) & 1:
        return truncated
    if at + 7 > octets.size or (octets[at + 6] ^ whitening[6]) & 0x30:
        return 0
    length = (np.int64(octets[at + 4] ^ whitening[4]) << 8) + np.int64(octets[at + 5] ^ whitening[5]) + 1
    return length if 9 <= length <= longest else 0


@njit(cache=True)
def _holds(octets, at, length, whitening, bits, tables):  # type: ignore[no-untyped-def]
    """Say whether the error control of a frame that has one holds."""
    if bits == 0 or (octets[at + 3] ^ whitening[3]) & 1:
        return False
    table, mask, shift = tables[0 if bits == 16 else 1], (1 << bits) - 1, bits - 8
    register = 0xFFFF if bits == 16 else 0
    for place in range(length):
        octet = octets[at + place] ^ whitening[place]
        register = ((register << 8) & mask) ^ table[(register >> shift) ^ octet]
    return register == 0


@njit(cache=True)
def chain(octets, marker, whitening, rules, tables, starts, lengths, base, spent):  # type: ignore[no-untyped-def]
    """Write where frames begin, behind their markers, and how long they are.

    Return how many, where the walk is, and over how many octets of the stream error control was computed for frames
    that nothing else confirmed (``spent`` before; ``base`` octets of the stream came before these): a stream made to
    look like frames everywhere must not take time without end. ``rules`` = (tolerance, longest, truncated length, bits
    of error control, final). The walk stops where it cannot decide without more data.
    """
    tolerance, longest, truncated, bits, final = rules
    at, count, size, ahead = 0, 0, octets.size, marker.size + 7
    while at + marker.size + LEAST_BYTES <= size:
        begin = at + marker.size
        if not final and at + ahead > size:
            break
        length = 0
        if _good_marker(octets, at, marker, tolerance):
            length = _told_length(octets, begin, whitening, longest, truncated)
        if length > 0:
            stop = begin + length
            if stop + ahead > size and not final:
                break
            if stop <= size:
                confirmed = stop == size
                if stop + marker.size + LEAST_BYTES <= size:
                    confirmed = _good_marker(octets, stop, marker, tolerance) and (
                        _told_length(octets, stop + marker.size, whitening, longest, truncated) > 0
                    )
                if not confirmed and spent <= SPENT_PER_BYTE * (base + at) + SPENT_AT_ONCE:
                    confirmed = _holds(octets, begin, length, whitening, bits, tables)
                    spent += length
                if confirmed:
                    starts[count], lengths[count] = begin, length
                    count += 1
                    at = stop
                    continue
        at += 1
    return count, at, spent
