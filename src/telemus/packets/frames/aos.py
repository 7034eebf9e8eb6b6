"""Read and write the headers of AOS transfer frames (CCSDS 732.0-B-4 clause 4.1).

Primary header, 6 octets (clause 4.1.2), then perhaps header error control, an insert zone, and in the data field of
channels with packets the header of a multiplexing protocol data unit (clause 4.1.4.2), of channels with a bitstream
that of a bitstream protocol data unit (clause 4.1.4.3: 2 reserved bits, 14 bits of bitstream data pointer), of other
channels none:

    bits  0-1   transfer frame version number, 01
    bits  2-9   spacecraft identifier
    bits 10-15  virtual channel identifier; 63 = only idle data
    bits 16-39  virtual channel frame count
    bit  40     replay flag
    bit  41     virtual channel frame count usage flag: the cycle counts
    bits 42-43  reserved up to issue 4, not looked at; since issue 5 the upper bits of the spacecraft identifier
    bits 44-47  virtual channel frame count cycle
    5 bits      reserved
    11 bits     first header pointer
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.packets.frames.frame_layout import AOS_POINTER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import (
    NO_PACKET_STARTS,
    OCTETS,
    ONLY_IDLE,
    PACKETS,
    PRIVATE,
    SPANNING,
    USER_OCTETS,
    WHOLE,
    FrameTable,
    control_words,
    number,
)
from telemus.packets.frames.header_error import write_header_error_control

COUNT_BITS, CYCLE_BITS = 24, 4
POINTER_NONE, POINTER_IDLE = 0x7FF, 0x7FE
"""732.0-B-4 clause 4.1.4.2.2."""
BITSTREAM_FULL, BITSTREAM_IDLE = 0x3FFF, 0x3FFE
"""732.0-B-4 clause 4.1.4.3.2."""
IDLE_CHANNEL = 63
"""Frames of only idle data: 732.0-B-4 clause 4.1.2.3."""
CHANNELS = 64

Octets = NDArray[np.uint8]


def read_aos(rows: Octets, layout: FrameLayout) -> FrameTable:
    """Return the headers of frames (n, frame bytes); nothing is raised on any bytes.

    Of a bitstream whole octets are given out; the last may be valid in part.
    """
    word, signal = number(rows, 0, 2), rows[:, 5].astype(np.int64)
    counts_cycles = (signal & 0x40) != 0
    count = number(rows, 2, 3) | np.where(counts_cycles, (signal & 0xF) << COUNT_BITS, 0)
    stop = np.full(len(rows), layout.frame_bytes - layout.trailer_bytes(layout.operational_control), np.int64)
    channel = (word & 0x3F).astype(np.uint8)
    packets = layout.carries_packets(channel)
    bits = np.isin(channel, list(layout.bitstream_channels))
    start = layout.header_bytes - AOS_POINTER_BYTES * ~(packets | bits)
    upper = (signal & 0x30) << 4 if layout.spacecraft_bits == 10 else 0
    pointer = number(rows, layout.header_bytes - AOS_POINTER_BYTES, 2)
    return FrameTable(
        version=(word >> 14).astype(np.uint8),
        spacecraft=(((word >> 6) & 0xFF) | upper).astype(np.uint16),
        channel=channel,
        frame_count=count,
        modulo=np.where(counts_cycles, 1 << (COUNT_BITS + CYCLE_BITS), 1 << COUNT_BITS).astype(np.int64),
        pointer=_pointers(pointer, packets, bits, channel, stop - start),
        start=start,
        stop=stop,
        operational_control=control_words(rows, np.full(len(rows), layout.operational_control), stop),
        length=np.full(len(rows), layout.frame_bytes, np.int64),
        master_count=np.full(len(rows), -1, np.int64),
        map_id=np.zeros(len(rows), np.uint8),
        rule=np.where(packets, SPANNING, np.where(bits, OCTETS, WHOLE)).astype(np.uint8),
        protocol=np.where(packets, PACKETS, np.where(bits, USER_OCTETS, PRIVATE)).astype(np.uint8),
        expedited=np.zeros(len(rows), np.bool_),
    )


def _pointers(
    field: NDArray[np.int64],
    packets: NDArray[np.bool_],
    bits: NDArray[np.bool_],
    channel: NDArray[np.uint8],
    zone: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return what the two octets before the zone say, in the words of FrameTable."""
    first, last = field & 0x7FF, field & 0x3FFF
    pointer = np.full(field.size, NO_PACKET_STARTS, np.int64)
    pointer[packets] = np.where(first == POINTER_NONE, NO_PACKET_STARTS, first)[packets]
    pointer[bits] = np.where(last == BITSTREAM_FULL, zone, np.minimum(last // 8 + 1, zone))[bits]
    idle = (packets & (first == POINTER_IDLE)) | (bits & (last == BITSTREAM_IDLE)) | (channel == IDLE_CHANNEL)
    pointer[idle] = ONLY_IDLE
    return pointer


def write_aos(
    rows: Octets,
    pointers: NDArray[np.int64],
    layout: FrameLayout,
    *,
    spacecraft: int,
    channel: int,
    first_count: int = 0,
    count_cycles: bool = False,
    protocol: int = PACKETS,
) -> None:
    """Write primary headers and first header pointers into frames (n, frame bytes) in place."""
    signalling = 0x40 * count_cycles | (spacecraft >> 8) << 4
    count = first_count + np.arange(len(rows), dtype=np.int64)
    word = (1 << 14) | ((spacecraft & 0xFF) << 6) | channel
    rows[:, :2] = np.frombuffer(word.to_bytes(2, "big"), np.uint8)
    for place in range(3):
        rows[:, 2 + place] = (count >> (16 - 8 * place)) & 0xFF
    rows[:, 5] = signalling | (((count >> COUNT_BITS) & 0xF) if count_cycles else 0)
    if protocol != PRIVATE:
        at = layout.header_bytes - AOS_POINTER_BYTES
        field = _field(pointers, bits=protocol == USER_OCTETS)
        rows[:, at], rows[:, at + 1] = field >> 8, field & 0xFF
    if layout.header_error_control:
        write_header_error_control(rows)


def _field(pointers: NDArray[np.int64], *, bits: bool) -> NDArray[np.int64]:
    """Return what stands before a zone for these pointers to packets, or (``bits``) for so many octets."""
    idle, none = (BITSTREAM_IDLE, BITSTREAM_FULL) if bits else (POINTER_IDLE, POINTER_NONE)
    told = 8 * pointers - 1 if bits else pointers
    return np.where(pointers == ONLY_IDLE, idle, np.where(pointers == NO_PACKET_STARTS, none, told))
