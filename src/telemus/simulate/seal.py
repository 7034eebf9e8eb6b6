"""Seals packets: gives each its place in the stream, its sequence count, its clock and its checksum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets import encode, ns_to_cuc
from telemus.simulate.implant import Rows
from telemus.simulate.oscillator import Oscillator
from telemus.simulate.recorder import PacketKind

_SEQUENCE_MODULO = 16384  # 14 bits: CCSDS 133.0-B-2, clause 4.1.3.4.3


class Sealed(NamedTuple):
    """Packets in the order in which they are written: bytes, times [ns since time zero], kind, entity (n,)."""

    packets: list[bytes]
    times_ns: NDArray[np.int64]
    kind: NDArray[np.int64]
    entity: NDArray[np.int64]

    def take(self, order: Sequence[int]) -> Sealed:
        """Return the packets at those places, in that order."""
        rows = np.asarray(order, np.int64)
        return Sealed([self.packets[row] for row in order], self.times_ns[rows], self.kind[rows], self.entity[rows])


@dataclass
class Sealer:
    """What goes on from block to block: the sequence count of each APID, reset by a restart of the recorder."""

    kinds: dict[int, PacketKind]
    clock: Oscillator
    restarts_ns: tuple[int, ...] = ()
    counts: dict[int, int] = field(default_factory=dict)
    _restarted: int = 0

    def seal(self, rows: Iterable[Rows]) -> Sealed:
        """Return the packets of one block, ordered by time, kind and entity.

        The counts of an APID go on over all entities in that order, as the recorder wrote them.
        """
        parts = [one for one in rows if len(one.times_ns)]
        if not parts:
            return Sealed([], np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
        times = np.concatenate([one.times_ns for one in parts])
        kind = np.concatenate([np.full(len(one.times_ns), one.kind, np.int64) for one in parts])
        entity = np.concatenate([np.full(len(one.times_ns), one.entity, np.int64) for one in parts])
        order = np.lexsort((entity, kind, times))
        sequence = self._sequence(times, kind, order)
        packets: list[bytes] = [b""] * len(times)
        at = 0
        for one in parts:
            count = len(one.times_ns)
            octets = self._encode(one, sequence[at : at + count])
            packets[at : at + count] = [row.tobytes() for row in octets]
            at += count
        return Sealed(packets, times, kind, entity).take(order.tolist())

    def _encode(self, one: Rows, sequence: NDArray[np.int64]) -> NDArray[np.uint8]:
        plan = self.kinds[one.kind].plan
        columns = dict(one.columns)
        if plan.time is not None:
            coarse, fine = ns_to_cuc(self.clock.counter_ns(one.times_ns), plan.time.fine_octets)
            columns[plan.time.coarse] = coarse
            if plan.time.fine:
                columns[plan.time.fine] = fine
        return encode(plan, columns, sequence_start=sequence)

    def _sequence(
        self, times: NDArray[np.int64], kind: NDArray[np.int64], order: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the sequence count of each packet (n,), counted in the order of writing."""
        apids = np.array(
            [self.kinds[number].plan.apid or 0 for number in range(max(self.kinds) + 1) if number in self.kinds],
            np.int64,
        )
        place = {number: row for row, number in enumerate(sorted(self.kinds))}
        apid = apids[np.array([place[number] for number in kind.tolist()], np.int64)] if len(kind) else kind
        sequence = np.empty(len(times), np.int64)
        epoch = np.searchsorted(np.array(self.restarts_ns, np.int64), times, side="right")
        for now in np.unique(epoch).tolist():
            if now != self._restarted:
                self.counts.clear()
                self._restarted = now
            for number in np.unique(apid).tolist():
                mine = order[(apid[order] == number) & (epoch[order] == now)]
                first = self.counts.get(number, 0)
                sequence[mine] = (first + np.arange(len(mine))) % _SEQUENCE_MODULO
                self.counts[number] = (first + len(mine)) % _SEQUENCE_MODULO
        return sequence
