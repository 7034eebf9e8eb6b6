"""Read and write the headers of TM transfer frames (CCSDS 132.0-B-3 clause 4.1).

Primary header, 6 octets (clause 4.1.2):

    bits  0-1   transfer frame version number, 00      4.1.2.2.2
    bits  2-11  spacecraft identifier                  4.1.2.2.3
    bits 12-14  virtual channel identifier             4.1.2.3
    bit  15     operational control field flag         4.1.2.4
    bits 16-23  master channel frame count             4.1.2.5
    bits 24-31  virtual channel frame count            4.1.2.6
    bit  32     secondary header flag                  4.1.2.7.2
    bit  33     synchronisation flag, 0 = packets      4.1.2.7.3
    bit  34     packet order flag                      4.1.2.7.4
    bits 35-36  segment length identifier              4.1.2.7.5
    bits 37-47  first header pointer                   4.1.2.7.6
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_layout import TM_HEADER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import (
    NO_PACKET_STARTS,
    ONLY_IDLE,
    PACKETS,
    PRIVATE,
    SPANNING,
    WHOLE,
    FrameTable,
    control_words,
    number,
)

COUNT_MODULO = 256
"""Eight bits: 132.0-B-3 clause 4.1.2.6."""
POINTER_NONE, POINTER_IDLE = 0x7FF, 0x7FE
"""132.0-B-3 clauses 4.1.2.7.6.4 and 4.1.2.7.6.5."""
CHANNELS = 8
SPACECRAFT = 1024
"""Ten bits: 132.0-B-3 clause 4.1.2.2.3."""
EXTENDED_COUNT_BYTES = 3
"""The secondary header may hold the upper 24 bits of a frame count of 32: ECSS-E-ST-50-03C clause 5.3."""

Octets = NDArray[np.uint8]


def read_tm(rows: Octets, layout: FrameLayout) -> FrameTable:
    """Return the headers of frames (n, frame bytes); nothing is raised on any bytes.

    A secondary header (clause 4.1.3) of the length that its first octet says is no part of the packet zone. Frames
    whose synchronisation flag is set, and those of channels that carry no packets, hold one data unit each.
    """
    word, status = number(rows, 0, 2), number(rows, 4, 2)
    channel = ((word >> 1) & 7).astype(np.uint8)
    has_control = (word & 1) == 1
    has_secondary = (status & 0x8000) != 0
    secondary = np.where(has_secondary, (rows[:, TM_HEADER_BYTES].astype(np.int64) & 0x3F) + 1, 0)
    stop = layout.frame_bytes - layout.trailer_bytes(False) - 4 * has_control.astype(np.int64)
    private = ((status & 0x4000) != 0) | ~layout.carries_packets(channel)
    pointer = status & 0x7FF
    idle = ~private & (pointer == POINTER_IDLE)
    pointer[private | (pointer == POINTER_NONE)] = NO_PACKET_STARTS
    pointer[idle] = ONLY_IDLE
    count, modulo = rows[:, 3].astype(np.int64), np.full(len(rows), COUNT_MODULO, np.int64)
    if layout.extended_count:
        extended = has_secondary & (secondary == EXTENDED_COUNT_BYTES + 1)
        count[extended] |= number(rows[extended], TM_HEADER_BYTES + 1, EXTENDED_COUNT_BYTES) << 8
        modulo[extended] = 1 << 32
    return FrameTable(
        version=(word >> 14).astype(np.uint8),
        spacecraft=((word >> 4) & 0x3FF).astype(np.uint16),
        channel=channel,
        frame_count=count,
        modulo=modulo,
        pointer=pointer,
        start=TM_HEADER_BYTES + secondary,
        stop=stop,
        operational_control=control_words(rows, has_control, stop),
        length=np.full(len(rows), layout.frame_bytes, np.int64),
        master_count=rows[:, 2].astype(np.int64),
        map_id=np.zeros(len(rows), np.uint8),
        rule=np.where(private, WHOLE, SPANNING).astype(np.uint8),
        protocol=np.where(private, PRIVATE, PACKETS).astype(np.uint8),
        expedited=np.zeros(len(rows), np.bool_),
    )


def write_tm(
    rows: Octets,
    pointers: NDArray[np.int64],
    *,
    spacecraft: int,
    channel: int,
    first_count: int = 0,
    master_count: int = 0,
    operational_control: bool = False,
    secondary_bytes: int = 0,
    private: bool = False,
) -> None:
    """Write primary headers, and the first octet of secondary ones, into frames (n, frame bytes) in place.

    ``private`` frames hold a data unit (VCA_SDU): their synchronisation flag is set, their pointer undefined.
    """
    order = np.arange(len(rows))
    status = np.where(
        pointers == NO_PACKET_STARTS, POINTER_NONE, np.where(pointers == ONLY_IDLE, POINTER_IDLE, pointers)
    )
    status = np.full(len(rows), 0x4000) if private else status | 0x1800
    status = status | (0x8000 if secondary_bytes else 0)
    rows[:, :2] = np.frombuffer(((spacecraft << 4) | (channel << 1) | operational_control).to_bytes(2, "big"), np.uint8)
    rows[:, 2] = (master_count + order) % COUNT_MODULO
    rows[:, 3] = (first_count + order) % COUNT_MODULO
    rows[:, 4], rows[:, 5] = status >> 8, status & 0xFF
    if secondary_bytes:
        rows[:, TM_HEADER_BYTES] = secondary_bytes - 1
