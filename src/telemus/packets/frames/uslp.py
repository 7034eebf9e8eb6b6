"""Read and write the headers of USLP transfer frames (CCSDS 732.1-B-3 clause 4.1).

Primary header, 7 to 14 octets (clause 4.1.2):

    bits  0-3   transfer frame version number, 1100
    bits  4-19  spacecraft identifier
    bit  20     1 = the spacecraft is the destination
    bits 21-26  virtual channel identifier; 63 = only idle data
    bits 27-30  multiplexer access point (MAP) identifier
    bit  31     end of frame primary header: 1 = a truncated frame (annex D), whose header ends here
    bits 32-47  frame length: octets of the whole frame, minus one
    bit  48     bypass flag: 1 = expedited, counted apart from sequence-controlled frames
    bit  49     protocol control command flag
    bits 50-51  reserved
    bit  52     operational control field flag
    bits 53-55  octets of the virtual channel frame count, 0 to 7
    0-56 bits   virtual channel frame count

Then an insert zone, and the header of the data field (clause 4.1.4.2): 3 bits of construction rule, 5 bits of protocol
identifier and, for the rules 000, 001 and 010, 16 bits of pointer. A truncated frame has neither insert zone nor
operational control nor error control; its length is agreed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_layout import TRUNCATED_HEADER_BYTES, USLP_HEADER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import (
    IDLE,
    NO_PACKET_STARTS,
    ONLY_IDLE,
    PACKETS,
    REST_OF_UNIT,
    SPANNING,
    WHOLE,
    FrameTable,
    control_words,
    number,
    octet_at,
)

VERSION = 0b1100
IDLE_CHANNEL = 63
CHANNELS, MAPS, SPACECRAFT = 64, 16, 65536
POINTER_NONE = 0xFFFF
"""No packet begins, or the data unit goes on in the next frame: 732.1-B-3 clause 4.1.4.2.4."""
POINTER_BYTES = 2
MAX_COUNT_BYTES = 7

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]


def read_uslp(rows: Octets, layout: FrameLayout, length: Places) -> FrameTable:
    """Return the headers of frames (n, bytes), each of ``length`` (n,); nothing is raised on any bytes."""
    word = number(rows, 0, 4)
    truncated = (word & 1) == 1
    flags = np.where(truncated, 0, octet_at(rows, np.full(len(rows), 6)))
    told = np.where(
        truncated, layout.truncated_bytes, (octet_at(rows, _all(rows, 4)) << 8 | octet_at(rows, _all(rows, 5))) + 1
    )
    count_bytes = flags & 7
    channel = ((word >> 5) & 0x3F).astype(np.uint8)
    field = np.where(truncated, TRUNCATED_HEADER_BYTES, USLP_HEADER_BYTES + count_bytes + layout.insert_bytes)
    header = octet_at(rows, field)
    rule, protocol = (header >> 5).astype(np.uint8), (header & 31).astype(np.uint8)
    pointed = rule <= REST_OF_UNIT
    start = field + 1 + POINTER_BYTES * pointed
    has_control = (flags & 8) != 0
    trailer = np.where(truncated, 0, layout.trailer_bytes(False) + 4 * has_control)
    stop = told - trailer
    idle = (channel == IDLE_CHANNEL) | (protocol == IDLE)
    return FrameTable(
        version=(word >> 28).astype(np.uint8),
        spacecraft=((word >> 12) & 0xFFFF).astype(np.uint16),
        channel=channel,
        frame_count=_counts(rows, count_bytes),
        modulo=np.where(count_bytes > 0, np.int64(1) << (8 * count_bytes), 0),
        pointer=_pointers(rows, field, rule, protocol, idle, stop - start),
        start=start,
        stop=stop,
        operational_control=control_words(rows, has_control, stop),
        length=np.where(told == length, told, -1),
        master_count=_all(rows, -1),
        map_id=((word >> 1) & 0xF).astype(np.uint8),
        rule=rule,
        protocol=protocol,
        expedited=(flags & 0x80) != 0,
    )


def _all(rows: Octets, value: int) -> Places:
    return np.full(len(rows), value, np.int64)


def _counts(rows: Octets, count_bytes: Places) -> Places:
    """Return the frame count of as many octets as each header says (n,)."""
    count = np.zeros(len(rows), np.int64)
    for place in range(MAX_COUNT_BYTES):
        more = octet_at(rows, _all(rows, USLP_HEADER_BYTES + place))
        count = np.where(place < count_bytes, (count << 8) | more, count)
    return count


def _pointers(
    rows: Octets,
    field: Places,
    rule: NDArray[np.uint8],
    protocol: NDArray[np.uint8],
    idle: NDArray[np.bool_],
    zone: Places,
) -> Places:
    """Return the pointer of each frame (n,) in the words of FrameTable.

    Clause 4.1.4.2.4: rule 000 points to the first packet, 001 and 010 to the last valid octet. Packets under rule 111
    begin with the zone.
    """
    told = octet_at(rows, field + 1) << 8 | octet_at(rows, field + 2)
    spanning = (rule == SPANNING) & (protocol == PACKETS)
    pointer = np.where(spanning, told, np.minimum(told + 1, zone))
    pointer[(told == POINTER_NONE) | (rule > REST_OF_UNIT)] = NO_PACKET_STARTS
    pointer[(rule == WHOLE) & (protocol == PACKETS)] = 0
    pointer[idle] = ONLY_IDLE
    return pointer


def write_uslp(
    rows: Octets,
    pointers: Places,
    layout: FrameLayout,
    *,
    spacecraft: int,
    channel: int,
    map_id: int = 0,
    first_count: int = 0,
    count_bytes: int = 3,
    rule: int = SPANNING,
    protocol: int = PACKETS,
    expedited: bool = False,
    operational_control: bool = False,
) -> None:
    """Write primary headers, headers of the data field and pointers into frames (n, frame bytes) in place."""
    word = VERSION << 28 | spacecraft << 12 | channel << 5 | map_id << 1
    flags = expedited << 7 | operational_control << 3 | count_bytes
    fixed = word.to_bytes(4, "big") + (rows.shape[1] - 1).to_bytes(2, "big") + bytes([flags])
    rows[:, :USLP_HEADER_BYTES] = np.frombuffer(fixed, np.uint8)
    count = first_count + np.arange(len(rows), dtype=np.int64)
    for place in range(count_bytes):
        rows[:, USLP_HEADER_BYTES + place] = (count >> 8 * (count_bytes - 1 - place)) & 0xFF
    field = USLP_HEADER_BYTES + count_bytes + layout.insert_bytes
    rows[:, field] = rule << 5 | protocol
    if rule <= REST_OF_UNIT:
        told = np.where(pointers < 0, POINTER_NONE, pointers)
        rows[:, field + 1], rows[:, field + 2] = told >> 8, told & 0xFF
