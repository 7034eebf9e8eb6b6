"""Turn a stream of bits into good transfer frames: synchronised, derandomised, corrected, checked."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import Block, octets_of
from telemus.packets.frames.aos import read_aos
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import FrameTable
from telemus.packets.frames.header_error import correct_headers
from telemus.packets.frames.randomiser import randomise
from telemus.packets.frames.rejections import Rejections
from telemus.packets.frames.sync import Synchroniser, Units
from telemus.packets.frames.tm import read_tm
from telemus.packets.frames.uslp import read_uslp
from telemus.packets.frames.variable_length import VariableSynchroniser

UNCORRECTABLE, ERROR_CONTROL, HEADER, DOUBTFUL, NO_FRAME = (
    "uncorrectable code word",
    "frame error control",
    "frame header error control",
    "bits slipped or turned over in the unit",
    "not such a frame",
)
BOOKS = ("marker_errors", "inverted_units", "uncorrectable_words", "passed_uncorrectable")
_VERSIONS = {"tm": 0, "aos": 1, "uslp": 0b1100}

Octets = NDArray[np.uint8]


class Frames(NamedTuple):
    """Frames in the order in which they came.

    ``rows`` (n, bytes); their headers; ``origin`` (n,) the byte of the input at which each begins, behind its marker;
    ``unit_bytes`` (n,) from marker to check symbols; ``symbols`` and ``bits`` (n, words) corrected by Reed-Solomon,
    ``header_symbols`` (n,) by header error control.
    """

    rows: Octets
    table: FrameTable
    origin: NDArray[np.int64]
    unit_bytes: NDArray[np.int64]
    symbols: NDArray[np.int16]
    bits: NDArray[np.int16]
    header_symbols: NDArray[np.int32]

    def take(self, which: Any) -> Frames:
        """Return some of the frames (indices, mask or slice)."""
        if isinstance(which, np.ndarray) and which.dtype == np.bool_ and which.all():
            return self
        table = self.table.take(which)
        return Frames(self.rows[which], table, *(column[which] for column in self[2:]))


def join_frames(parts: list[Frames]) -> Frames:
    """Return frames one after another; rows of different lengths are filled up with zeros."""
    if len(parts) == 1:
        return parts[0]
    width = max(one.rows.shape[1] for one in parts)
    rows = [np.pad(one.rows, ((0, 0), (0, width - one.rows.shape[1]))) for one in parts]
    table = FrameTable(*(np.concatenate(columns) for columns in zip(*(one.table for one in parts), strict=True)))
    rest = (np.concatenate(columns) for columns in zip(*(one[2:] for one in parts), strict=True))
    return Frames(np.concatenate(rows), table, *rest)


def read_frames(rows: Octets, layout: FrameLayout, length: NDArray[np.int64] | None = None) -> FrameTable:
    """Return the headers of bare transfer frames (n, bytes), whatever they hold; ``length`` (n,) if they vary."""
    if layout.kind == "tm":
        return read_tm(rows, layout)
    if layout.kind == "aos":
        return read_aos(rows, layout)
    return read_uslp(rows, layout, np.full(len(rows), rows.shape[1], np.int64) if length is None else length)


class FrameDecoder:
    """Reads successive blocks of one physical channel into frames; the result does not depend on where blocks end.

    What is no good frame goes into ``rejections``, its number by reason into ``failed``. Places are counted from
    ``first_byte``.
    """

    def __init__(self, layout: FrameLayout, *, workers: int = 2, first_byte: int = 0) -> None:
        self._layout, self._workers, self._first_byte = layout, workers, first_byte
        self._sync: Synchroniser | VariableSynchroniser = (
            VariableSynchroniser(layout)
            if layout.variable_length
            else Synchroniser(layout.unit_bytes, marker=layout.marker, tolerance=layout.marker_tolerance)
        )
        self.rejections = Rejections()
        self.failed: Counter[str] = Counter()
        self.received_bytes = 0
        self.sums: Counter[str] = Counter()

    def feed(self, block: Block, *, final: bool = False) -> list[Frames]:
        """Return the good frames of this block; with ``final`` nothing is left over. Raises nothing on any bytes.

        They come in one batch, but frames of variable length in several, each of similar lengths.
        """
        octets = octets_of(block)
        self.received_bytes += octets.size
        units = self._sync.feed(octets, final=final)
        found = []
        for one in units if isinstance(units, list) else [units]:
            self._note(one)
            if len(one.rows):
                found.append(self.decode(one._replace(start_bit=one.start_bit + 8 * self._first_byte)))
        return found

    def _note(self, units: Units) -> None:
        """Write into the books what the synchroniser found."""
        for start, stop, reason in units.rejected:
            self.rejections.add(self._first_byte + start, self._first_byte + stop, reason)
        self.sums["marker_errors"] += int(units.marker_errors.sum()) if self._layout.marker else 0
        self.sums["inverted_units"] += int(units.inverted.sum())

    def decode(self, units: Units) -> Frames:
        """Return the good frames of units (n), n at least 1."""
        rows, symbols, bits, ok = self._correct(units.rows)
        failed: dict[str, NDArray[np.bool_]] = {}
        if not self._layout.detects_errors:
            failed[DOUBTFUL] = units.doubtful
        if not self._layout.accept_uncorrectable:
            failed[UNCORRECTABLE] = ~ok
        header_symbols = np.zeros(len(rows), np.int32)
        if self._layout.header_error_control:
            rows = np.require(rows, requirements=["W"])
            header_symbols, known = correct_headers(rows)
            failed[HEADER] = ~known
        length = units.length - self._layout.parity_bytes
        if self._layout.error_control:
            failed[ERROR_CONTROL] = self._broken(rows, length)
        table = read_frames(rows, self._layout, length)
        wrong = (table.version != _VERSIONS[self._layout.kind]) | (table.length < 0) | (table.stop < table.start)
        failed[NO_FRAME] = wrong
        good = np.ones(len(rows), np.bool_)
        unit_bytes = units.length + len(self._layout.marker)
        for reason, which in failed.items():
            self._fail(reason, which & good, units.start_bit, unit_bytes)
            good &= ~which
        self.sums["passed_uncorrectable"] += int((good & ~ok).sum())
        origin = units.start_bit // 8 + len(self._layout.marker)
        return Frames(rows, table, origin, unit_bytes, symbols, bits, header_symbols).take(good)

    def _correct(self, rows: Octets) -> tuple[Octets, NDArray[np.int16], NDArray[np.int16], NDArray[np.bool_]]:
        """Take off randomiser and Reed-Solomon; return frames, symbols and bits corrected, and which are good."""
        if self._layout.randomiser is not None:
            rows = randomise(rows, self._layout.randomiser)
        code = self._layout.code
        if code is None:
            none = np.zeros((len(rows), 0), np.int16)
            return rows[:, : self._layout.frame_bytes], none, none, np.ones(len(rows), np.bool_)
        found = code.decode(rows, workers=self._workers)
        self.sums["uncorrectable_words"] += int((found.symbols < 0).sum())
        return found.rows, found.symbols, found.bits, found.ok

    def _broken(self, rows: Octets, length: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return where the frame error control does not hold (n,); truncated frames of USLP have none."""
        from telemus.packets.frames.error_control import remainders

        broken: NDArray[np.bool_] = (
            remainders(rows, self._layout.error_control_bits, length, workers=self._workers) != 0
        )
        if self._layout.truncated_bytes:
            broken &= (rows[:, 3] & 1) == 0
        return broken

    def _fail(
        self, reason: str, which: NDArray[np.bool_], start_bit: NDArray[np.int64], unit_bytes: NDArray[np.int64]
    ) -> None:
        if not which.any():
            return
        self.failed[reason] += int(which.sum())
        for start, size in zip((start_bit[which] // 8).tolist(), unit_bytes[which].tolist(), strict=True):
            self.rejections.add(start, start + size, reason)
