"""Cut a stream into frames that tell their own length: USLP without a block code (CCSDS 732.1-B-3 clause 4.1.2.7).

At each byte a frame is taken if the marker is good (where there is one), the header is plausible (version 1100,
reserved bits 00, a length that can be) and something confirms it: a good marker or plausible header behind it, its
error control, or the end of the data. Otherwise the search goes on one byte further. Slips of bits, and inverted
polarity, are recognised in streams of fixed length only: see ``sync``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import RejectedRange
from telemus.packets.ccsds import Block, octets_of
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.randomiser import pseudo_random_octets
from telemus.packets.frames.sync import NO_MARKER, Units

_SPARE_BYTES = 1 << 20

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]


class VariableSynchroniser:
    """Cuts successive blocks of a stream into frames; the result does not depend on where blocks end.

    Memory: a few blocks and one frame.
    """

    def __init__(self, layout: FrameLayout) -> None:
        self._layout = layout
        self._marker = np.frombuffer(layout.marker, np.uint8)
        whitening = np.zeros(layout.frame_bytes, np.uint8)
        if layout.randomiser is not None:
            whitening = pseudo_random_octets(layout.randomiser, layout.frame_bytes).copy()
        self._whitening = whitening
        self._data = np.empty(0, np.uint8)
        self._base = 0  # byte of the stream at which the data in hand begin
        self._decided = 0  # byte of the stream up to which all is taken or rejected
        self._spent = 0  # octets over which error control was computed in the search

    def feed(self, block: Block, *, final: bool = False) -> list[Units]:
        """Return the frames that can be decided on with this block, in batches of similar lengths."""
        from telemus.packets.crc import TABLES
        from telemus.packets.frames import variable_kernel as kernel
        from telemus.packets.frames.error_control import TABLES_32

        layout = self._layout
        self._data = np.concatenate([self._data, octets_of(block)])
        bits = layout.error_control_bits * layout.error_control
        rules = (layout.marker_tolerance, layout.frame_bytes, layout.truncated_bytes, bits, int(final))
        tables = np.stack([TABLES[0], TABLES_32[0]])
        most = self._data.size // (len(layout.marker) + kernel.LEAST_BYTES) + 1
        starts, lengths = np.empty(most, np.int64), np.empty(most, np.int64)
        count, at, self._spent = kernel.chain(
            self._data, self._marker, self._whitening, rules, tables, starts, lengths, self._base, self._spent
        )
        found = self._batches(starts[:count], lengths[:count])
        if final:
            at = self._data.size
            if self._base + at > self._decided:
                found.append(self._units(starts[:0], lengths[:0], [self._skip(at)]))
        self._data, self._base = self._data[at:].copy(), self._base + at
        return found

    def _batches(self, starts: Places, lengths: Places) -> list[Units]:
        """Return frames in batches whose rows, padded to the longest, take little more room than the frames."""
        found, first = [], 0
        while first < starts.size:
            longest = np.maximum.accumulate(lengths[first:])
            padded = longest * np.arange(1, longest.size + 1)
            fits = padded <= 4 * np.cumsum(lengths[first:]) + _SPARE_BYTES
            stop = first + (int(np.argmin(fits)) if not fits.all() else fits.size)
            part = slice(first, max(stop, first + 1))
            rejected = [one for one in map(self._gap, starts[part].tolist(), lengths[part].tolist()) if one]
            found.append(self._units(starts[part], lengths[part], rejected))
            first = part.stop
        return found

    def _gap(self, start: int, length: int) -> RejectedRange | None:
        """Return what was passed over before a frame, and go behind it."""
        begin = self._base + start - self._marker.size
        gap = RejectedRange(self._decided, begin, NO_MARKER) if begin > self._decided else None
        self._decided = self._base + start + length
        return gap

    def _skip(self, stop: int) -> RejectedRange:
        """Give up what is left at the end of the data."""
        gap = RejectedRange(self._decided, self._base + stop, NO_MARKER)
        self._decided = self._base + stop
        return gap

    def _units(self, starts: Places, lengths: Places, rejected: list[RejectedRange]) -> Units:
        """Copy frames that begin at ``starts`` of the data in hand into rows."""
        rows = np.zeros((starts.size, int(lengths.max()) if starts.size else self._layout.frame_bytes), np.uint8)
        errors = np.zeros(starts.size, np.int64)
        for row, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            rows[row, :length] = self._data[start : start + length]
            marker = self._data[start - self._marker.size : start]
            errors[row] = int(np.bitwise_count(marker ^ self._marker).sum())
        none = np.zeros(starts.size, np.bool_)
        begin = 8 * (self._base + starts - self._marker.size)
        return Units(rows, begin, lengths, errors, none, none, tuple(rejected))
