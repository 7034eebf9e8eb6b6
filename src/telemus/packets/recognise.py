"""Recognise what a file is whose bytes do not fit what was said of it: for a message that helps, never for decoding."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import IDLE_APID, PRIMARY_HEADER_BYTES, Block, octets_of
from telemus.packets.frames import FrameLayout, ReedSolomon, randomise
from telemus.packets.frames.error_control import remainders
from telemus.packets.frames.frame_layout import FrameKind
from telemus.packets.frames.randomiser import Randomiser
from telemus.packets.frames.reed_solomon import CODES, DEPTHS
from telemus.packets.frames.sync import MARKER
from telemus.packets.walk import VERSION_AND_TYPE, ApidRule

MAX_WRAPPER_BYTES = 64
_MAX_MARKERS = 1000
_ROWS = 32
_KINDS: dict[int, FrameKind] = {0b00: "tm", 0b01: "aos"}
"""By the version in the first two bits of a frame: 132.0-B-3 clause 4.1.2.2.2, 732.0-B-4 clause 4.1.2.2.2."""

_RANDOMISERS: tuple[Randomiser | None, ...] = (None, "short", "long")

_USLP_VERSION = 0b1100
"""732.1-B-3 clause 4.1.2.2.2."""

Octets = NDArray[np.uint8]


class FrameHint(NamedTuple):
    """Sync markers at one distance [bytes], and how the frames behind them are made, if that could be found out."""

    distance_bytes: int
    layout: FrameLayout | None


class Wrapper(NamedTuple):
    """Bytes before and behind each packet."""

    prefix_bytes: int
    suffix_bytes: int


def recognise_frames(sample: Block) -> FrameHint | None:
    """Return what says that a file is one of transfer frames; None if nothing does.

    Most of the sync markers in the sample must stand at one distance. What is between them is tried with both
    randomisers and both codes; a layout is named only if its code words or its error control hold.
    """
    data = octets_of(sample).tobytes()
    places = [data.find(MARKER)]
    while places[-1] >= 0 and len(places) < _MAX_MARKERS:
        places.append(data.find(MARKER, places[-1] + 1))
    found = np.array([place for place in places if place >= 0])
    if found.size < 3:
        return None
    distance, count = Counter(np.diff(found).tolist()).most_common(1)[0]
    if 2 * count < found.size - 1 or distance <= len(MARKER) + 8:
        return None
    starts = found[:-1][np.diff(found) == distance][:_ROWS] + len(MARKER)
    rows = np.stack([octets_of(data[start : start + distance - len(MARKER)]) for start in starts.tolist()])
    return FrameHint(distance, _layout_of(rows))


def _layout_of(rows: Octets) -> FrameLayout | None:
    """Return the first layout that holds; the version of the frames tells the randomiser, for the code does not.

    (The short generator, cut to words of 255 octets, is itself a code word.)
    """
    for randomiser in _RANDOMISERS:
        plain = rows if randomiser is None else randomise(rows, randomiser)
        for code in _codes(rows.shape[1]):
            frames, _, _, good = code.decode(plain.copy(), workers=1)
            fields = {"reed_solomon": code.data_symbols, "interleave": code.depth, "dual_basis": code.dual_basis}
            if 2 * int(good.sum()) > len(rows) and (layout := _described(frames[good], randomiser, fields)):
                return layout
        good = remainders(plain) == 0
        if 2 * int(good.sum()) > len(rows) and (layout := _described(plain[good], randomiser, {})):
            return layout
    return None


def _codes(unit_bytes: int) -> list[ReedSolomon]:
    """Return every Reed-Solomon code whose units can be of that length."""
    found = []
    for data_symbols, depth, dual_basis in product(CODES, DEPTHS, (True, False)):
        frame_bytes = unit_bytes - (255 - data_symbols) * depth
        if 0 < frame_bytes <= data_symbols * depth and frame_bytes % depth == 0:
            found.append(ReedSolomon(data_symbols, depth, frame_bytes, dual_basis))
    return found


def _described(frames: Octets, randomiser: Randomiser | None, code: dict[str, int | bool]) -> FrameLayout | None:
    first, votes = Counter((frames[:, 0] >> 4).tolist()).most_common(1)[0]
    kind: FrameKind | None = "uslp" if first == _USLP_VERSION else _KINDS.get(first >> 2)
    if kind is None or 2 * votes <= len(frames):
        return None
    checked = 2 * int((remainders(frames) == 0).sum()) > len(frames)
    return FrameLayout(
        kind,
        frames.shape[1],
        randomiser=randomiser,
        error_control=checked,
        **code,  # type: ignore[arg-type]
    )


def recognise_wrapper(sample: Block, rules: dict[int, ApidRule]) -> Wrapper | None:
    """Return the bytes around each packet with which the most packets of the definition follow one another.

    None if that is none, if nothing fits, or if the file does not begin with a packet.
    """
    data = octets_of(sample).tobytes()
    best, most = Wrapper(0, 0), _chain(data, Wrapper(0, 0), rules)
    for prefix in range(MAX_WRAPPER_BYTES + 1):
        if not _length(data, prefix, rules):
            continue
        for suffix in range(MAX_WRAPPER_BYTES + 1 - prefix):
            count = _chain(data, Wrapper(prefix, suffix), rules)
            if count > most:
                best, most = Wrapper(prefix, suffix), count
    return best if most > 1 and best != Wrapper(0, 0) else None


def _chain(data: bytes, wrapper: Wrapper, rules: dict[int, ApidRule], enough: int = 20) -> int:
    """Return how many packets follow one another from the beginning."""
    at, count = wrapper.prefix_bytes, 0
    while count < enough and (length := _length(data, at, rules)):
        at += length + wrapper.suffix_bytes + wrapper.prefix_bytes
        count += 1
    return count


def _length(data: bytes, at: int, rules: dict[int, ApidRule]) -> int:
    """Return the bytes of the packet whose header stands at ``at``, 0 if it is none of the definition."""
    header = data[at : at + PRIMARY_HEADER_BYTES]
    if len(header) < PRIMARY_HEADER_BYTES or header[0] & VERSION_AND_TYPE:
        return 0
    apid = (header[0] & 7) << 8 | header[1]
    length = (header[4] << 8 | header[5]) + 7
    if apid == IDLE_APID:
        return length
    rule = rules.get(apid)
    return length if rule is not None and rule.shortest <= length <= rule.longest else 0
