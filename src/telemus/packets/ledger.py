"""Keep the books while a stream is decoded; the account is drawn from them at any time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets import sequence_kernel as kernel
from telemus.packets.account import MAX_LISTED, Account, ApidAccount, Gap, RejectedRange
from telemus.packets.ccsds import APID_COUNT, IDLE_APID, PacketTable
from telemus.packets.clock_steps import ClockWatch
from telemus.packets.columns import Octets

_GAPS_PER_CALL = 4096


class Ledger:
    """The books of one stream: byte classes, rejected ranges, and a slot of sequence state per APID seen.

    Memory is bounded: 150 kB per APID seen (at most 2048), 1.2 MB where the definition marks a time, and lists of at
    most 10 000 entries.
    """

    def __init__(self, source: str, checksummed: frozenset[int], timed: frozenset[int], known: frozenset[int]) -> None:
        self._source = source
        self._checksummed, self._timed, self._known = checksummed, timed, known
        self._bytes: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._ranges: list[RejectedRange] = []
        self._ranges_omitted = 0
        self._slots = np.full(APID_COUNT, -1, np.int64)
        self._counters = np.zeros((0, kernel.COUNTERS), np.int64)
        self._marks = np.zeros(0, np.uint8)
        self._prints = np.zeros(0, np.uint64)
        self._groups: Counter[int] = Counter()
        self._broken_groups: Counter[int] = Counter()
        self._cells = 0
        self._clocks: dict[int, dict[str, ClockWatch]] = {}
        self._gaps: dict[int, list[Gap]] = {}
        self._gaps_omitted: Counter[int] = Counter()
        self._kept: Counter[int] = Counter()
        self._kept_bytes: Counter[int] = Counter()
        self._unverified: Counter[int] = Counter()
        self._failures: Counter[int] = Counter()
        self._longer: Counter[int] = Counter()
        self._containers: dict[int, Counter[str]] = {}
        self._undecoded: dict[int, Counter[str]] = {}

    def receive(self, count: int) -> None:
        """Note bytes that are done with, whatever they were."""
        self._bytes["received"] += count

    def reject(self, start: int, stop: int, reason: str) -> None:
        """Note bytes [start, stop) of the stream as rejected; touching ranges of one reason become one."""
        self._bytes["rejected"] += stop - start
        self._reasons[reason] += stop - start
        last = self._ranges[-1] if self._ranges else None
        if last is not None and last.stop == start and last.reason == reason:
            self._ranges[-1] = RejectedRange(last.start, stop, reason)
        elif len(self._ranges) < MAX_LISTED:
            self._ranges.append(RejectedRange(start, stop, reason))
        else:
            self._ranges_omitted += 1

    def fail_checksum(self, apid: int) -> None:
        """Note a packet whose checksum failed, under the APID that its header shows."""
        self._failures[apid] += 1

    def frame(self, count: int) -> None:
        """Note bytes of record prefixes."""
        self._bytes["framing"] += count

    def follow(self, buffer: Octets, table: PacketTable, base: int) -> NDArray[np.bool_]:
        """Follow the sequence counts; return (n,) True where a packet is a duplicate, whose bytes are noted."""
        self._open_slots(np.flatnonzero(np.bincount(table.apid)))
        duplicate = np.zeros(table.size, np.bool_)
        gaps = np.empty((_GAPS_PER_CALL, 4), np.int64)
        for start in range(0, table.size, _GAPS_PER_CALL):
            part = slice(start, start + _GAPS_PER_CALL)
            columns = tuple(column[part] for column in table[:4])
            books = (self._slots, self._counters, self._marks, self._prints)
            found = kernel.follow(buffer, columns, *books, duplicate[part], gaps)
            for row, after, before, missing in gaps[:found].tolist():
                self._note_gap(int(table.apid[start + row]), Gap(after, before, missing, base + int(columns[0][row])))
        self._bytes["duplicates"] += int(table.length[duplicate].sum())
        return duplicate

    def tick(self, table: PacketTable, container: str, onboard_ns: NDArray[np.int64], base: int) -> None:
        """Note the on-board time [ns] of packets of one container, in order of arrival."""
        for apid, rows in _by_apid(table.apid):
            watch = self._clocks.setdefault(apid, {}).setdefault(container, ClockWatch())
            watch.note(table.sequence_count[rows], onboard_ns[rows], table.offset[rows] + base)

    def group(self, apid: NDArray[np.uint16], decoded: NDArray[np.bool_]) -> None:
        """Note groups of segments that were joined, and which of them could be decoded."""
        self._groups.update(apid.tolist())
        self._broken_groups.update(apid[~decoded].tolist())

    def idle(self, table: PacketTable) -> None:
        """Note idle packets."""
        self._bytes["idle"] += int(table.length.sum(dtype=np.int64))
        self._kept[IDLE_APID] += table.size
        self._kept_bytes[IDLE_APID] += int(table.length.sum(dtype=np.int64))

    def keep(
        self, table: PacketTable, container: str = "", *, undecoded: str = "", described: int | None = None
    ) -> None:
        """Note packets that are kept, under the name of their container or the reason why they have none.

        ``described`` are the bytes that the definition describes of each; packets with more are counted.
        """
        self._bytes["packets"] += int(table.length.sum(dtype=np.int64))
        for apid, rows in _by_apid(table.apid):
            length, flags = table.length[rows], table.verified[rows]
            self._kept[apid] += int(length.size)
            self._kept_bytes[apid] += int(length.sum(dtype=np.int64))
            self._unverified[apid] += int(length.size - np.count_nonzero(flags))
            if described is not None:
                self._longer[apid] += int(np.count_nonzero(length > described))
            books = self._containers if container else self._undecoded
            books.setdefault(apid, Counter())[container or undecoded] += int(length.size)

    def account(self) -> Account:
        """Return the account of everything noted so far."""
        seen = set(np.flatnonzero(self._slots >= 0).tolist()) | set(self._kept) | set(self._failures)
        return Account(
            sources=(self._source,),
            received_bytes=self._bytes["received"],
            packet_bytes=self._bytes["packets"],
            duplicate_bytes=self._bytes["duplicates"],
            framing_bytes=self._bytes["framing"],
            idle_bytes=self._bytes["idle"],
            rejected_bytes=self._bytes["rejected"],
            rejected_by_reason=dict(self._reasons),
            rejected=tuple(self._ranges),
            rejected_omitted=self._ranges_omitted,
            apids={apid: self._apid(apid) for apid in sorted(seen)},
        )

    def _apid(self, apid: int) -> ApidAccount:
        own = self._counters[self._slots[apid]].tolist() if self._slots[apid] >= 0 else None
        told = [watch.judgement() for watch in self._clocks.get(apid, {}).values()]
        steps = sorted((step for one in told for step in one.steps), key=lambda step: step.offset)
        return ApidAccount(
            apid=apid,
            known=apid in self._known,
            containers=dict(self._containers.get(apid, {})),
            undecoded=dict(self._undecoded.get(apid, {})),
            packets=self._kept[apid],
            bytes=self._kept_bytes[apid],
            first_count=own[kernel.FIRST] if own else None,
            last_count=own[kernel.LAST] if own else None,
            missing=(own[kernel.MISSING] if own else 0) + max((one.missing for one in told), default=0),
            duplicates=own[kernel.DUPLICATES] if own else 0,
            late=own[kernel.LATE] if own else 0,
            out_of_order=own[kernel.OUT_OF_ORDER] if own else 0,
            restarts=own[kernel.RESTARTS] if own else 0,
            checksum_failures=self._failures[apid],
            unverified=self._unverified[apid],
            longer=self._longer[apid],
            gaps=tuple(self._gaps.get(apid, ())),
            gaps_omitted=self._gaps_omitted[apid],
            groups=self._groups[apid],
            broken_groups=self._broken_groups[apid],
            missing_modulo=not any(one.periodic for one in told),
            clock_steps=tuple(steps[:MAX_LISTED]),
            clock_steps_omitted=max(0, len(steps) - MAX_LISTED),
        )

    def _open_slots(self, apids: NDArray[Any]) -> None:
        new = [int(apid) for apid in apids if self._slots[apid] < 0]
        if not new:
            return
        rows = np.zeros((len(new), kernel.COUNTERS), np.int64)
        cells = self._cells
        for row, apid in enumerate(new):
            self._slots[apid] = len(self._counters) + row
            rows[row, kernel.WHOLE] = apid not in self._checksummed and apid not in self._timed
            rows[row, kernel.WAYS] = kernel.TIMED_WAYS if apid in self._timed else 1
            rows[row, kernel.CELLS] = cells
            cells += int(rows[row, kernel.WAYS]) * kernel.MODULO
        self._counters = np.concatenate([self._counters, rows])
        if cells > self._marks.size:  # room for as many again, so that APIDs one by one are not copied each time
            room = np.zeros(max(cells, 2 * self._cells) - self._marks.size, np.uint8)
            self._marks = np.concatenate([self._marks, room])
            self._prints = np.concatenate([self._prints, np.zeros(room.size, np.uint64)])
        self._cells = cells

    def _note_gap(self, apid: int, gap: Gap) -> None:
        listed = self._gaps.setdefault(apid, [])
        if len(listed) < MAX_LISTED:
            listed.append(gap)
        else:
            self._gaps_omitted[apid] += 1


def _by_apid(apid: NDArray[np.uint16]) -> list[tuple[int, Any]]:
    """Return (APID, rows) pairs; one slice where all are the same."""
    if apid.size == 0:
        return []
    if bool((apid == apid[0]).all()):
        return [(int(apid[0]), slice(None))]
    return [(int(one), np.flatnonzero(apid == one)) for one in np.unique(apid)]
