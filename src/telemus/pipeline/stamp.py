"""Give decoded packets their time: tables wait until the timekeeper has settled the time of their packets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.mission import OnboardClock
from telemus.packets import DecodedTable, cuc_to_ns
from telemus.pipeline.correlate import Knot, Stamps, Stretch, Timed, Timekeeper
from telemus.pipeline.routes import Route, short_name

WAITING_BYTES = 64 << 20
"""Packets that may wait for a time packet [bytes]."""
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1


def step_limit_ns(clock: OnboardClock) -> int:
    """Return how far a time packet may lie off the line before the counter counts as set [ns]."""
    return round(clock.step_limit_s * NS_PER_S)


class Settled(NamedTuple):
    """Packets of one table whose time is settled: the rows of the table (m,) and their times."""

    table: DecodedTable
    rows: NDArray[np.int64]
    timed: Timed


class _Block(NamedTuple):
    """The packets of one table on their way to the timekeeper, one array per property."""

    offset: NDArray[np.int64]
    onboard_ns: NDArray[np.int64]
    stream: NDArray[np.int64]
    key: NDArray[np.int64]
    knot: NDArray[np.bool_]
    stated_ns: NDArray[np.int64]


class Stamper:
    """Keeps the tables of one file until their packets have a time.

    ``untimed`` counts the packets of containers that carry no counter.
    """

    def __init__(
        self,
        clock: OnboardClock,
        routes: Mapping[str, tuple[Route, ...]],
        seed: Callable[[int], Stretch | None] = lambda onboard_ns: None,
        guides: Callable[[Knot], Sequence[Knot]] = lambda knot: (),
    ) -> None:
        self.keeper = Timekeeper(clock.modulus_s * NS_PER_S, step_limit_ns(clock), seed, guides)
        self.untimed: Counter[str] = Counter()
        self._clock = clock
        self._routes = routes
        self._containers: dict[str, int] = {}
        self._tables: dict[int, DecodedTable] = {}
        self._left: dict[int, int] = {}
        self._bytes: dict[int, int] = {}
        self._count = 0

    def feed(self, tables: list[DecodedTable]) -> Iterator[Settled]:
        """Take the tables of one block and yield what is settled, of this block or earlier ones."""
        parts = [part for table in tables if (part := self._admit(table)) is not None]
        if parts:
            columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
            order = np.argsort(columns[0], kind="stable")  # the order of the file
            block = _Block(*(column[order] for column in columns))
            knots = np.flatnonzero(block.knot)
            stamps = Stamps(block.onboard_ns, block.stream, block.key)
            yield from self._settled(self.keeper.feed(stamps, knots, block.stated_ns[knots]))
        if sum(self._bytes.values()) > WAITING_BYTES:
            yield from self._settled(self.keeper.settle())

    def finish(self) -> Iterator[Settled]:
        """End the file and yield the rest."""
        yield from self._settled(self.keeper.finish())

    def is_time(self, table: DecodedTable) -> bool:
        """Return whether a table holds time packets."""
        return short_name(table.container) == self._clock.container

    def _admit(self, table: DecodedTable) -> _Block | None:
        onboard_ns = self._onboard_ns(table)
        if onboard_ns is None:
            self.untimed[short_name(table.container)] += table.count
            return None
        self._count += 1
        self._tables[self._count], self._left[self._count] = table, table.count
        self._bytes[self._count] = int(table.packet_bytes.sum(dtype=np.int64))
        key = (np.int64(self._count) << _ROW_BITS) + np.arange(table.count)
        is_time = self.is_time(table)
        stated = self._stated_ns(table) if is_time else np.zeros(table.count, np.int64)
        knot = np.full(table.count, is_time)
        return _Block(table.packet_offset, onboard_ns, self._streams(table), key, knot, stated)

    def _onboard_ns(self, table: DecodedTable) -> NDArray[np.int64] | None:
        """Return the counter of each packet [ns] (n,), None where the container carries none."""
        coarse, fine = (table.columns.get(name) for name in (self._clock.coarse_parameter, self._clock.fine_parameter))
        if not isinstance(coarse, np.ndarray):
            return None
        if not isinstance(fine, np.ndarray):
            return coarse.astype(np.int64) * NS_PER_S
        return np.asarray(cuc_to_ns(coarse, fine, self._clock.fine_octets), np.int64)

    def _stated_ns(self, table: DecodedTable) -> NDArray[np.int64]:
        """Return the TAI that time packets state [ns] (n,): seconds since 1958, and nanoseconds."""
        seconds, rest_ns = (
            np.asarray(table.columns[name], np.int64)
            for name in (self._clock.reference_s_parameter, self._clock.reference_ns_parameter)
        )
        return seconds * NS_PER_S + rest_ns + TAI_1958_NS

    def _streams(self, table: DecodedTable) -> NDArray[np.int64]:
        """Return a number that is the same for packets of one container and one entity (n,)."""
        number = np.int64(self._containers.setdefault(table.container, len(self._containers))) << _ROW_BITS
        routes = self._routes.get(table.container)
        return number + (routes[0].addresses(table) if routes else np.zeros(table.count, np.int64))

    def _settled(self, timed: Timed) -> Iterator[Settled]:
        number = timed.key >> _ROW_BITS
        order = np.argsort(number, kind="stable")
        bounds = np.flatnonzero(np.diff(number[order])) + 1
        for part in np.split(order, bounds) if len(order) else ():
            one = int(number[part[0]])
            table = self._tables[one]
            self._left[one] -= len(part)
            if self._left[one] == 0:
                del self._tables[one], self._left[one], self._bytes[one]
            yield Settled(table, timed.key[part] & _ROW_MASK, Timed._make(column[part] for column in timed))
