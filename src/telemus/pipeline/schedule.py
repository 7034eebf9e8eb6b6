"""Says when the recorder was on by its schedule, which phase held and whether the light was on: time, not signals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, tai_to_utc, utc_to_tai
from telemus.mission import Light, Timeline

NS_PER_DAY = 86_400 * NS_PER_S


def day_origin_ns(time_ns: int) -> int:
    """Return the midnight UTC at or before an instant [both ns TAI]: windows begin at whole minutes of UTC.

    >>> (day_origin_ns(1_400_000_000_000_000_000) - 35 * NS_PER_S) % NS_PER_DAY  # TAI - UTC was 35 s in 2014
    0
    """
    utc_ns = int(tai_to_utc(time_ns))
    return int(utc_to_tai(utc_ns - utc_ns % NS_PER_DAY))


def bins_of(span_ns: tuple[int, int], bin_h: float, origin_ns: int) -> list[tuple[int, int]]:
    """Return the bins [ns TAI] of some hours on the grid of an origin that a span touches.

    >>> hour = 3_600_000_000_000
    >>> bins_of((5 * hour, 13 * hour), 6.0, 0) == [(0, 6 * hour), (6 * hour, 12 * hour), (12 * hour, 18 * hour)]
    True
    """
    length = round(bin_h * 3600 * NS_PER_S)
    first, last = (span_ns[0] - origin_ns) // length, -((origin_ns - span_ns[1]) // length)
    return [(origin_ns + k * length, origin_ns + (k + 1) * length) for k in range(first, last)]


def overlap_s(spans_ns: NDArray[np.int64], edges_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much [s] of each window (m,) between ``edges_ns`` (m + 1,) lies in disjoint ascending spans (k, 2).

    >>> overlap_s(np.array([[0, 5], [8, 30]]) * NS_PER_S, np.array([0, 10, 20, 40]) * NS_PER_S).tolist()
    [7.0, 10.0, 10.0]
    """
    if len(spans_ns) == 0 or len(edges_ns) < 2:
        return np.zeros(max(len(edges_ns) - 1, 0))
    lengths = spans_ns[:, 1] - spans_ns[:, 0]
    before = np.concatenate([[0], np.cumsum(lengths)])
    row = np.searchsorted(spans_ns[:, 0], edges_ns, side="right") - 1
    inside = np.clip(edges_ns - spans_ns[row, 0], 0, lengths[row])
    reached = np.where(row < 0, 0, before[row] + inside)
    return np.diff(reached) / NS_PER_S


def phase_names(timeline: Timeline, times_ns: NDArray[np.int64]) -> list[str | None]:
    """Return the name of the phase that holds at each instant [ns TAI]; None outside the timeline."""
    edges = np.array([timeline.span_of(phase)[0] for phase in timeline.phase] + [timeline.stop_ns], np.int64)
    row = np.searchsorted(edges, times_ns, side="right") - 1
    names = [phase.name for phase in timeline.phase]
    return [names[k] if 0 <= k < len(names) else None for k in row.tolist()]


def local_hour(times_ns: NDArray[np.int64], light: Light) -> NDArray[np.float64]:
    """Return the local time of day [h], 0 to 24, of instants [ns TAI]."""
    local_ns = np.asarray(tai_to_utc(times_ns), np.int64) + round(light.utc_offset_h * 3600 * NS_PER_S)
    return (local_ns % NS_PER_DAY) / (3600 * NS_PER_S)


def lit(hour: NDArray[np.float64], light: Light) -> NDArray[np.bool_]:
    """Return where the light is on by its cycle, at local times of day [h]; a light phase may run over midnight.

    >>> lit(np.array([7.9, 8.0, 20.0]), Light(on_h="08:00", off_h="20:00", utc_offset_h=0.0, source="")).tolist()
    [False, True, False]
    """
    if light.on_h == light.off_h:
        return np.ones(hour.shape, np.bool_)
    if light.on_h < light.off_h:
        return (hour >= light.on_h) & (hour < light.off_h)
    return (hour >= light.on_h) | (hour < light.off_h)
