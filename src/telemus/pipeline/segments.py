"""Gather the samples of packets by channel and entity, and cut them into runs without a hole."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.archive import SampleRow
from telemus.mission import Channel
from telemus.pipeline.correlate import Times
from telemus.pipeline.routes import Route, period_ns
from telemus.series import Quality, Segment

ROW_SAMPLES = 1 << 16
"""Longest run in samples."""
STRAIGHT_NS = 1000
"""How far a packet's time may lie off the line of its run [ns], where the counter's own grain is not coarser."""
_TRUST = np.uint32(Quality.CHECKSUM_FAILED | Quality.UNVERIFIED)


class Packets(NamedTuple):
    """Timed packets of one route: address, TAI and slope of the clock at the first sample, quality, samples.

    ``values`` holds one array (n, k) for each channel of the route.
    """

    address: NDArray[np.int64]
    tai_ns: Times
    slope: NDArray[np.float64]
    quality: NDArray[np.uint32]
    values: tuple[NDArray[Any], ...]

    @property
    def bytes(self) -> int:
        """Return the memory of the samples [bytes]."""
        return sum(one.nbytes for one in self.values) + 28 * len(self.address)


class Gatherer:
    """Collects packets of all routes until they are worth a granule.

    ``grain_ns`` is the tick of the recorder's counter [ns]: times scatter by it, and runs are not cut for that.
    """

    def __init__(self, grain_ns: float = 0.0) -> None:
        self._straight_ns = max(STRAIGHT_NS, 2 * grain_ns)
        self._parts: dict[Route, list[Packets]] = {}
        self.bytes = 0

    def add(self, route: Route, packets: Packets) -> None:
        """Take packets of a route."""
        if len(packets.address):
            self._parts.setdefault(route, []).append(packets)
            self.bytes += packets.bytes

    def drain(self) -> list[SampleRow]:
        """Return everything collected as runs, and begin anew."""
        rows: list[SampleRow] = []
        for route in list(self._parts):
            packets = joined(self._parts.pop(route))  # freed route by route: half the memory
            rows.extend(runs_of(route, packets, self._straight_ns))
        self.bytes = 0
        return rows


def joined(parts: list[Packets]) -> Packets:
    """Return packets of one route as one, in the order given."""
    if len(parts) == 1:
        return parts[0]
    plain = [np.concatenate(columns) for columns in zip(*(part[:4] for part in parts), strict=True)]
    values = tuple(np.concatenate(columns) for columns in zip(*(part.values for part in parts), strict=True))
    return Packets._make((*plain, values))


def runs_of(route: Route, packets: Packets, straight_ns: float) -> Iterator[SampleRow]:
    """Yield the runs of each channel and entity of a route; packets of unknown address are left out.

    The times of a run lie on one line, and no packet's own time is further from it than ``straight_ns`` [ns]: where
    the clock wanders, runs are the shorter.
    """
    order = np.lexsort((packets.quality & _TRUST, packets.tai_ns, packets.address))
    address = packets.address[order]
    bounds = np.flatnonzero(np.diff(address)) + 1
    for part in np.split(order, bounds) if len(order) else ():
        entity = route.entities.get(int(packets.address[part[0]]))
        if entity is None:
            continue
        fresh = np.concatenate(([True], np.diff(packets.tai_ns[part]) > 0))
        rows = part[fresh]  # of the same instant twice the trusted one stands first
        for channel, values in zip(route.channels, packets.values, strict=True):
            yield from _channel_runs(channel, entity, packets, rows, values, straight_ns)


def _channel_runs(
    channel: Channel,
    entity: str,
    packets: Packets,
    rows: NDArray[np.int64],
    values: NDArray[Any],
    straight_ns: float,
) -> Iterator[SampleRow]:
    width = values.shape[1]
    if width == 0:
        return
    start_ns, quality = packets.tai_ns[rows], packets.quality[rows]
    nominal_ns = float(period_ns(channel)) * width * packets.slope[rows]
    broken = np.abs(np.diff(start_ns) - nominal_ns[:-1]) * 2 * width >= nominal_ns[:-1]
    step_ns = typical_step_ns(start_ns, broken, nominal_ns)
    broken |= (quality[1:] & _TRUST) != (quality[:-1] & _TRUST)
    edges = np.concatenate(([0], np.flatnonzero(broken) + 1, [len(rows)]))
    longest = max(ROW_SAMPLES // width, 1)
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for at, end in straight_parts(start_ns[first:last], longest, straight_ns, first):
            count = (end - at) * width
            segment = Segment(int(start_ns[at]), _period(start_ns[at : min(end + 1, last)], step_ns, width), count)
            flat = values[rows[at:end]].reshape(-1)
            yield SampleRow(channel.name, entity, segment, flat, _quality(channel, flat, quality[at:end], width))


def straight_parts(start_ns: Times, longest: int, straight_ns: float, at: int = 0) -> Iterator[tuple[int, int]]:
    """Yield parts (first, stop), counted from ``at``, of packets (n,) whose times [ns] lie on one line each.

    A part has at most ``longest`` packets; one that bends is halved until it does not. The line goes through the first
    packet of a part and that of the next.

    >>> bent = np.array([0, 10, 20, 30, 45, 60, 75, 90])
    >>> list(straight_parts(bent, 8, 4.0)), list(straight_parts(bent, 5, 9.0))
    ([(0, 4), (4, 8)], [(0, 5), (5, 8)])
    """
    bounds = [(first, min(first + longest, len(start_ns))) for first in range(0, len(start_ns), longest)][::-1]
    while bounds:
        first, stop = bounds.pop()
        since_ns = (start_ns[first : stop + 1] - start_ns[first]).astype(np.float64)
        off_ns = np.abs(since_ns - np.linspace(0.0, since_ns[-1], len(since_ns)))
        if stop - first > 1 and off_ns.max() > straight_ns:
            middle = (first + stop) // 2
            bounds += [(middle, stop), (first, middle)]
        else:
            yield at + first, at + stop


def typical_step_ns(start_ns: Times, broken: NDArray[np.bool_], nominal_ns: NDArray[np.float64]) -> int:
    """Return the time from a packet to the next [ns], as measured where none is missing; else the nominal one.

    Samples are taken by a sensor's own clock, so what the packets' times say is believed before the mission.
    """
    measured = np.diff(start_ns)[~broken]
    return round(float(np.median(measured))) if len(measured) else round(float(nominal_ns[0]))


def _period(start_ns: Times, step_ns: int, width: int) -> Fraction:
    """Return the exact period [ns] of a run from the times of its packets and of the one that follows on it."""
    steps = len(start_ns) - 1
    if steps == 0:
        return Fraction(step_ns, width)
    return Fraction(int(start_ns[-1] - start_ns[0]), steps * width)


def _quality(channel: Channel, flat: NDArray[Any], packets: NDArray[np.uint32], width: int) -> NDArray[np.uint32]:
    words = np.repeat(packets, width) if packets.any() else np.zeros(len(flat), np.uint32)
    if channel.rails is not None:
        low, high = channel.rails
        if flat.min() <= low or flat.max() >= high:
            words[(flat <= low) | (flat >= high)] |= np.uint32(Quality.RAIL)
    return words
