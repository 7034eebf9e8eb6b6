"""Build frames of other services than spanning packets, and frames of variable length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames.encode import Sender, write_headers, zone_bounds
from telemus.packets.frames.frame_layout import TRUNCATED_HEADER_BYTES, FrameLayout
from telemus.packets.frames.frame_table import (
    FIRST_SEGMENT,
    LAST_SEGMENT,
    NEXT_SEGMENT,
    OCTETS,
    PRIVATE,
    REST_OF_UNIT,
    START_OF_UNIT,
    USER_OCTETS,
    WHOLE,
)
from telemus.packets.frames.randomiser import pseudo_random_octets, randomise
from telemus.packets.frames.uslp import VERSION

Octets = NDArray[np.uint8]


def encode_data(units: Sequence[bytes], layout: FrameLayout, *, protocol: int = PRIVATE, **sender: Any) -> Octets:
    """Return the frames (n, frame bytes) of fixed length that carry data units which are no packets.

    In TM and AOS each private unit (VCA_SDU) fills a zone exactly; ``protocol`` 4 in AOS is a bitstream, whose last
    zone may be valid in part. In USLP units of any length go by the rules 001 and 010. Idle data fill what is left.
    Raises SignalError for units that do not fit, and for what a header cannot hold.
    """
    who = Sender(**sender)
    who.check(layout)
    start, stop = zone_bounds(layout, who, rule=START_OF_UNIT, protocol=protocol)
    zone = stop - start
    if layout.kind != "uslp" and protocol == PRIVATE and any(len(unit) != zone for unit in units):
        raise SignalError(f"frames: got units of {sorted({len(unit) for unit in units})} bytes, wanted {zone}")
    joined = [b"".join(units)] if protocol == USER_OCTETS else units
    parts = [(unit[at : at + zone], at, len(unit)) for unit in joined for at in range(0, len(unit), zone)]
    rows = np.zeros((len(parts), layout.frame_bytes), np.uint8)
    rows[:, start:stop] = pseudo_random_octets("idle", zone)
    for row, (part, _, _) in zip(rows, parts, strict=True):
        row[start : start + len(part)] = np.frombuffer(part, np.uint8)
    if layout.kind != "uslp":
        pointers = np.array([len(part) if len(part) < zone else -1 for part, _, _ in parts], np.int64)
        write_headers(rows, pointers, layout, who, rule=WHOLE, protocol=protocol)
        return rows
    for count, (part, at, size) in enumerate(parts):
        pointer = np.array([len(part) - 1 if at + zone >= size else -1], np.int64)
        rule = REST_OF_UNIT if at else START_OF_UNIT
        write_headers(rows[count : count + 1], pointer, layout, _later(who, count), rule=rule, protocol=protocol)
    return rows


def encode_variable(units: Sequence[bytes], layout: FrameLayout, *, protocol: int, **sender: Any) -> list[bytes]:
    """Return USLP frames, each as long as its content needs, at most ``layout.frame_bytes``.

    ``protocol`` 0: packets, each in a frame of its own (rule 111) or, if it is too long, in segments (100, 101, 110);
    4: octets of a stream (011); others: data units, whole or in segments like packets.
    """
    who = Sender(**sender)
    who.check(layout)
    start, stop = zone_bounds(layout, who, rule=WHOLE, protocol=protocol)
    frames: list[bytes] = []
    for unit in units:
        for rule, part in _segments(unit, stop - start, stream=protocol == USER_OCTETS):
            row = np.zeros((1, start + len(part) + layout.frame_bytes - stop), np.uint8)
            row[0, start : start + len(part)] = np.frombuffer(part, np.uint8)
            write_headers(row, np.array([-1]), layout, _later(who, len(frames)), rule=rule, protocol=protocol)
            frames.append(row.tobytes())
    return frames


def truncated_frame(octets: bytes, layout: FrameLayout, *, protocol: int = PRIVATE, **sender: Any) -> bytes:
    """Return a truncated USLP frame (732.1-B-3 annex D): 4 octets of header, 1 of data field header, the octets.

    >>> layout = FrameLayout("uslp", 64, variable_length=True, truncated_bytes=8)
    >>> truncated_frame(bytes([1, 2, 3]), layout, spacecraft=0x1234, channel=5, map_id=6).hex()
    'c12340ade5010203'
    """
    who = Sender(**sender)
    who.check(layout)
    if len(octets) != layout.truncated_bytes - TRUNCATED_HEADER_BYTES - 1:
        raise SignalError(f"frames: got {len(octets)} octets, wanted {layout.truncated_bytes - 5} in a truncated frame")
    word = VERSION << 28 | who.spacecraft << 12 | who.channel << 5 | who.map_id << 1 | 1
    return word.to_bytes(4, "big") + bytes([WHOLE << 5 | protocol]) + octets


def encode_stream(frames: Sequence[bytes], layout: FrameLayout) -> bytes:
    """Return frames of any lengths as they are sent: a marker before each, randomised."""
    if layout.code is not None:
        raise SignalError("frames: got Reed-Solomon, which frames of variable length do not have")
    sent = []
    for frame in frames:
        octets = np.frombuffer(frame, np.uint8)[None]
        sent.append(layout.marker + (randomise(octets, layout.randomiser) if layout.randomiser else octets).tobytes())
    return b"".join(sent)


def _later(who: Sender, count: int) -> Sender:
    """Return the sender ``count`` frames later."""
    return replace(who, first_count=who.first_count + count)


def _segments(unit: bytes, zone: int, *, stream: bool) -> list[tuple[int, bytes]]:
    """Return the parts of a unit with the construction rule of each."""
    parts = [unit[at : at + zone] for at in range(0, len(unit), zone)]
    if stream:
        return [(OCTETS, part) for part in parts]
    if len(parts) == 1:
        return [(WHOLE, unit)]
    rules = [FIRST_SEGMENT] + [NEXT_SEGMENT] * (len(parts) - 2) + [LAST_SEGMENT]
    return list(zip(rules, parts, strict=True))
