"""Interpolates the zero offset of a pressure sensor between the readings that a mission states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.mission import Mission
from telemus.units import to_canonical


class ZeroOffset(NamedTuple):
    """Zero offset at some instants: offset_mmhg (n,) [mmHg], provisional (n,) bool."""

    offset_mmhg: NDArray[np.float64]
    provisional: NDArray[np.bool_]


def zero_readings(mission: Mission, sensor: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the zero readings of a sensor in order of time: instants [ns TAI] (k,) and offsets [mmHg] (k,)."""
    readings = sorted(
        (one.at_ns, one.offset * to_canonical(one.unit, "pressure")[0])
        for one in mission.description.zero
        if one.sensor == sensor
    )
    return np.array([at for at, _ in readings], np.int64), np.array([offset for _, offset in readings], np.float64)


def zero_offset(
    reading_ns: NDArray[np.int64], reading_mmhg: NDArray[np.float64], times_ns: NDArray[np.int64]
) -> ZeroOffset:
    """Interpolate a zero offset: linear between readings, constant beyond the first and the last.

    reading_ns (k,) ascending [ns TAI] with reading_mmhg (k,) [mmHg]; times_ns (n,) [ns TAI]. A sensor drifts, so the
    offset is closed only between two readings; before the first, after the last, and where there is only one (in
    flight; an animal that died) it is **provisional**. Without any reading the offset is 0 mmHg, and provisional.

    >>> hour = 3_600_000_000_000
    >>> at = np.array([0, 10 * hour]), np.array([-1.0, -3.0])
    >>> zero_offset(*at, np.array([5 * hour, 20 * hour])).offset_mmhg.tolist()
    [-2.0, -3.0]
    >>> zero_offset(*at, np.array([5 * hour, 20 * hour])).provisional.tolist()
    [False, True]
    """
    if len(reading_ns) == 0:
        return ZeroOffset(np.zeros(len(times_ns)), np.ones(len(times_ns), np.bool_))
    since_s = (times_ns - reading_ns[0]) / 1e9
    offset = np.interp(since_s, (reading_ns - reading_ns[0]) / 1e9, reading_mmhg)
    closed = (times_ns >= reading_ns[0]) & (times_ns <= reading_ns[-1]) & (len(reading_ns) > 1)
    return ZeroOffset(offset, ~closed)
