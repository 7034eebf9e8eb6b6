"""Find channel access data units in a stream of bytes by their attached sync marker (CCSDS 131.0-B-3 clause 9).

A unit is taken where its marker has at most ``tolerance`` wrong bits and the next marker stands where it should (or
the data end there). A marker that is worse is bridged if the one behind it is right. Where neither holds, the search
goes bit by bit, in all eight alignments, from inside the last unit: bits that were lost or added (a slip) so cost the
unit in which they slipped and no other. A place found by the search counts only if a second marker confirms it; a
last unit of the data, behind which there is none, must show its marker without a wrong bit. With two wrong bits
allowed, random bits show a marker of either polarity once in 4 million places, and two at the right distance once in
2e13.

A receiver that locks half a cycle off delivers every bit turned over. A marker is recognised turned over too, and its
unit is turned back; a marker that is gone leaves the polarity as it was. Where the next marker has the other polarity,
or stands somewhat later than it should, the unit before it is *doubtful*: bits in it may be wrong.

Places are counted in bits of the stream. A unit that begins inside a byte is charged with whole bytes from the one in
which it begins, so that the bytes of the stream are divided without overlap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.account import RejectedRange
from telemus.packets.ccsds import Block, octets_of

MARKER = bytes.fromhex("1acffc1d")
"""Of uncoded, convolutional, Reed-Solomon and concatenated channels: 131.0-B-3 clause 9.3.3."""
NO_MARKER, SLIP, TRUNCATED = "no sync marker", "bits slipped", "truncated frame"
_SEARCH_BYTES = 1 << 16
_MISSING = 1 << 20

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]


class Units(NamedTuple):
    """Units without their markers: ``rows`` (n, bytes), and for each where it began [bits], its length [bytes] without
    marker, its marker's wrong bits, whether it came in the other polarity (and was turned back), whether it is doubtful
    (n,). Rows of units that are shorter than the longest end in zeros.
    """

    rows: Octets
    start_bit: Places
    length: NDArray[np.int64]
    marker_errors: NDArray[np.int64]
    inverted: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    rejected: tuple[RejectedRange, ...]


class Synchroniser:
    """Cuts successive blocks of a stream into units of one length; the result does not depend on where blocks end.

    ``unit_bytes`` is the length without the marker. With an empty marker units follow one another from the first byte.
    Memory: one block and two units. Raises SignalError for lengths or a tolerance that cannot work.
    """

    def __init__(self, unit_bytes: int, *, marker: bytes = MARKER, tolerance: int = 2) -> None:
        if unit_bytes < 1 or len(marker) == 1 or (marker and not 0 <= tolerance <= 2 * len(marker)):
            raise SignalError(
                f"sync: got units of {unit_bytes} bytes, a marker of {len(marker)} and {tolerance} wrong bits, "
                "wanted at least 1, none or at least 2, and at most a quarter of the marker's bits"
            )
        self._marker = np.frombuffer(marker, np.uint8)
        self._bits = 8 * len(marker)
        self._step = 8 * (unit_bytes + len(marker))
        self._tolerance = tolerance
        self._data = np.empty(0, np.uint8)
        self._base = 0  # byte of the stream at which the data in hand begin
        self._end = 0  # bit of the stream at which they end
        self._at = 0  # bit of the stream from which nothing is decided yet
        self._locked = not marker
        self._turned = False  # polarity of the last marker that was good
        self._runs: list[Places] = []
        self._late: set[int] = set()
        self._rejected: list[RejectedRange] = []

    def feed(self, block: Block, *, final: bool = False) -> Units:
        """Return the units that can be decided on with this block; with ``final`` all that are left."""
        rest = self._data[self._at // 8 - self._base :]
        self._base = self._at // 8
        self._data = np.concatenate([rest, octets_of(block)]) if rest.size else octets_of(block)
        self._end = 8 * (self._base + self._data.size)
        self._runs, self._rejected, self._late = [], [], set()
        while self._advance(final):
            pass
        if final:
            self._reject(self._end, TRUNCATED if self._locked else NO_MARKER)
        if not self._runs:
            return self._none()
        places = np.concatenate(self._runs)
        wrong = self._distances(places)
        inverted, doubtful = self._polarity(places, wrong)
        rows = self._cut()
        if inverted.any():
            rows = rows ^ np.where(inverted, np.uint8(255), np.uint8(0))[:, None]
        length = np.full(places.size, rows.shape[1], np.int64)
        return Units(rows, places, length, self._fewest(wrong), inverted, doubtful, tuple(self._rejected))

    def _none(self) -> Units:
        """Return no units, and what was rejected."""
        none, no = np.empty(0, np.int64), np.empty(0, np.bool_)
        rows = np.empty((0, self._step // 8 - self._marker.size), np.uint8)
        return Units(rows, none, none, none, no, no, tuple(self._rejected))

    def _polarity(self, places: Places, own: Places) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which units came turned over, and which are doubtful (n,); ``own`` are the wrong bits of markers."""
        if not self._bits:
            return np.zeros(places.size, np.bool_), np.zeros(places.size, np.bool_)
        following = np.append(own[1:], 0)
        apart = np.append(places[1:] != places[:-1] + self._step, True)
        following[apart] = self._distances(places[apart] + self._step)
        known = self._good(own)
        latest = np.maximum.accumulate(np.where(known, np.arange(places.size), -1))
        inverted = np.where(latest >= 0, 2 * own[latest] > self._bits, self._turned)
        self._turned = bool(inverted[-1])
        changed = self._good(following) & ((2 * following > self._bits) != inverted)
        return inverted, changed | np.isin(places, list(self._late))

    def _advance(self, final: bool) -> bool:
        """Decide on what stands next; return False if nothing more can be decided with these data."""
        ahead = (3 if self._locked else 1) * self._step + self._bits
        if self._locked and (run := self._run()).size:
            self._take(run)
            return True
        if not self._bits or (self._at + ahead > self._end and not final):
            return False
        if self._at + self._step > self._end:
            return False
        return self._stumble(final) if self._locked else self._lock(final)

    def _run(self) -> Places:
        """Return the places from here on that have a good marker and are followed by one."""
        count = (self._end - self._at - self._bits) // self._step + 1
        places = self._at + self._step * np.arange(count if count > 1 else 0)
        if not self._bits:
            return places[:-1]
        good = self._errors(places) <= self._tolerance
        run = good.size if good.all() else int(np.argmin(good))
        return places[: max(run - 1, 0)]

    def _stumble(self, final: bool) -> bool:
        """Decide on the unit here, whose own marker or the next is not good."""
        here, behind = self._at, self._at + self._step
        own, following = (self._errors(np.array([here, behind])) <= self._tolerance).tolist()
        at_end = behind + self._bits > self._end
        if following or (own and at_end):  # only this marker is bad, or there is no next one
            self._take(np.array([here]))
            return True
        found = self._search(here + 1, behind, final)
        if found >= 0:
            self._reject(found, SLIP)
        elif own:
            if self._search(behind + 1, behind + self._step // 2, final) >= 0:
                self._late.add(here)
            self._take(np.array([here]))
        else:
            self._locked = False
        return True

    def _lock(self, final: bool) -> bool:
        """Look for the next marker anywhere."""
        stop = self._end - self._step - (0 if final else self._bits) + 1
        found = self._search(self._at, stop, final)
        self._reject(found if found >= 0 else stop, NO_MARKER)
        self._locked = found >= 0
        return self._locked

    def _search(self, first: int, stop: int, final: bool) -> int:
        """Return the first confirmed marker in bits [first, stop), or -1."""
        for start in range(first, stop, 8 * _SEARCH_BYTES):
            places = self._candidates(start, min(stop, start + 8 * _SEARCH_BYTES))
            errors, behind = self._errors(places), places + self._step
            last = (behind + self._bits > self._end) & (behind <= self._end) & (errors == 0) & final
            confirmed = places[(errors <= self._tolerance) & ((self._errors(behind) <= self._tolerance) | last)]
            if confirmed.size:
                return int(confirmed[0])
        return -1

    def _candidates(self, start: int, stop: int) -> Places:
        """Return the bits in [start, stop) at which the first octets of the marker stand, nearly."""
        width = min(4, self._marker.size)
        first = start // 8 - self._base
        octets = self._data[first : stop // 8 - self._base + width + 2]
        octets = np.concatenate([octets, np.zeros(width + 1, np.uint8)])
        count = octets.size - width
        words = np.zeros(count, np.uint64)
        for place in range(width + 1):
            words = (words << np.uint64(8)) | octets[place : place + count]
        wanted = np.uint64(int.from_bytes(self._marker[:width].tobytes(), "big"))
        mask = np.uint64((1 << 8 * width) - 1)
        found = []
        for bit in range(8):
            wrong = np.bitwise_count(((words >> np.uint64(8 - bit)) & mask) ^ wanted)
            near = (wrong <= self._tolerance) | (wrong >= 8 * width - self._tolerance)
            found.append(8 * np.flatnonzero(near) + bit)
        places = np.sort(np.concatenate(found)) + 8 * (first + self._base)
        return places[(places >= start) & (places < stop)]

    def _errors(self, places: Places) -> NDArray[np.int64]:
        """Return the wrong bits of the marker at each place (n,), in the polarity in which they are fewer."""
        return self._fewest(self._distances(places))

    def _fewest(self, wrong: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(2 * wrong > self._bits, np.abs(self._bits - wrong), wrong)

    def _good(self, wrong: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which numbers of wrong bits (n,) are those of a marker, in either polarity."""
        return (wrong <= self._tolerance) | (np.abs(self._bits - wrong) <= self._tolerance)

    def _distances(self, places: Places) -> NDArray[np.int64]:
        """Return the wrong bits of the marker at each place (n,); very many where the data end before it does."""
        inside = places + self._bits <= self._end
        octet, shift = np.where(inside, places // 8 - self._base, 0), places % 8
        last, wrong = max(self._data.size - 1, 0), np.zeros(places.size, np.int64)
        for order, wanted in enumerate(self._marker):
            found = self._data[np.minimum(octet + order, last)]
            if shift.any():
                following = self._data[np.minimum(octet + order + 1, last)].astype(np.uint16)
                found = ((found.astype(np.uint16) << 8 | following) >> (8 - shift).astype(np.uint16)).astype(np.uint8)
            wrong += np.bitwise_count(found ^ wanted)
        return np.where(inside, wrong, _MISSING)

    def _take(self, places: Places) -> None:
        self._runs.append(places)
        self._at = int(places[-1]) + self._step

    def _reject(self, stop: int, reason: str) -> None:
        """Give up the bits up to ``stop``."""
        start_byte, stop_byte = self._at // 8, stop // 8
        if stop_byte > start_byte:
            self._rejected.append(RejectedRange(start_byte, stop_byte, reason))
        self._at = max(self._at, stop)

    def _cut(self) -> Octets:
        """Return the units of all runs, without markers, aligned to whole bytes."""
        step = self._step // 8
        parts = []
        for run in self._runs:
            first, shift = int(run[0]) // 8 - self._base, int(run[0]) % 8
            octets = self._data[first : first + run.size * step]
            if shift:
                following = self._data[first + 1 : first + run.size * step + 1]
                octets = (octets << np.uint8(shift)) | (following >> np.uint8(8 - shift))
            parts.append(octets.reshape(run.size, step)[:, self._marker.size :])
        return np.concatenate(parts) if len(parts) > 1 else parts[0]
