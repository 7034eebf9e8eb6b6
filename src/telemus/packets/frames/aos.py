"""Read and write the headers of AOS transfer frames (CCSDS 732.0-B-4 clause 4.1).

Primary header, 6 octets (clause 4.1.2), then perhaps header error control, an insert zone, and in the data field the
header of a multiplexing protocol data unit (clause 4.1.4.2):

    bits  0-1   transfer frame version number, 01
    bits  2-9   spacecraft identifier
    bits 10-15  virtual channel identifier; 63 = only idle data
    bits 16-39  virtual channel frame count
    bit  40     replay flag
    bit  41     virtual channel frame count usage flag: the cycle counts
    bits 42-43  reserved, 00; not looked at
    bits 44-47  virtual channel frame count cycle
    5 bits      reserved
    11 bits     first header pointer
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_layout import AOS_HEADER_BYTES, AOS_POINTER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import NO_PACKET_STARTS, ONLY_IDLE, FrameTable, control_words, number

COUNT_BITS, CYCLE_BITS = 24, 4
POINTER_NONE, POINTER_IDLE = 0x7FF, 0x7FE
"""732.0-B-4 clause 4.1.4.2.2."""
IDLE_CHANNEL = 63
"""Frames of only idle data: 732.0-B-4 clause 4.1.2.3."""
CHANNELS = 64
SPACECRAFT = 256
"""Eight bits: 732.0-B-4 clause 4.1.2.2.3."""

Octets = NDArray[np.uint8]


def read_aos(rows: Octets, layout: FrameLayout) -> FrameTable:
    """Return the headers of frames (n, frame bytes); nothing is raised on any bytes."""
    word, signal = number(rows, 0, 2), rows[:, 5].astype(np.int64)
    counts_cycles = (signal & 0x40) != 0
    count = number(rows, 2, 3) | np.where(counts_cycles, (signal & 0xF) << COUNT_BITS, 0)
    start = np.full(len(rows), layout.header_bytes, np.int64)
    stop = np.full(len(rows), layout.frame_bytes - layout.trailer_bytes(layout.operational_control), np.int64)
    channel = (word & 0x3F).astype(np.uint8)
    pointer = number(rows, layout.header_bytes - AOS_POINTER_BYTES, 2) & 0x7FF
    pointer[pointer == POINTER_NONE] = NO_PACKET_STARTS
    pointer[(pointer == POINTER_IDLE) | (channel == IDLE_CHANNEL)] = ONLY_IDLE
    return FrameTable(
        (word >> 14).astype(np.uint8),
        ((word >> 6) & 0xFF).astype(np.uint16),
        channel,
        count,
        np.where(counts_cycles, 1 << (COUNT_BITS + CYCLE_BITS), 1 << COUNT_BITS).astype(np.int64),
        pointer,
        start,
        stop,
        control_words(rows, np.full(len(rows), layout.operational_control), stop),
    )


def write_aos(
    rows: Octets,
    pointers: NDArray[np.int64],
    layout: FrameLayout,
    *,
    spacecraft: int,
    channel: int,
    first_count: int = 0,
    count_cycles: bool = False,
) -> None:
    """Write primary headers and first header pointers into frames (n, frame bytes) in place."""
    count = first_count + np.arange(len(rows), dtype=np.int64)
    word = (1 << 14) | (spacecraft << 6) | channel
    rows[:, :2] = np.frombuffer(word.to_bytes(2, "big"), np.uint8)
    for place in range(3):
        rows[:, 2 + place] = (count >> (16 - 8 * place)) & 0xFF
    cycle = ((count >> COUNT_BITS) & 0xF) | 0x40 if count_cycles else np.zeros(len(rows), np.int64)
    rows[:, 5] = cycle
    field = np.where(
        pointers == NO_PACKET_STARTS, POINTER_NONE, np.where(pointers == ONLY_IDLE, POINTER_IDLE, pointers)
    )
    at = layout.header_bytes - AOS_POINTER_BYTES
    rows[:, at], rows[:, at + 1] = field >> 8, field & 0xFF
    rows[:, AOS_HEADER_BYTES:at] = 0
