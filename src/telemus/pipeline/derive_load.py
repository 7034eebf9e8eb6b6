"""Marks beats under acceleration: launch and descent add a hydrostatic pressure that no barometer takes away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.mission import Mission
from telemus.pipeline import calibrate
from telemus.pipeline.sources import Source
from telemus.pipeline.subtraction import UNTRUSTED
from telemus.pipeline.work import Work
from telemus.series import NS_PER_S, Samples

LIMIT = "acceleration_g"
"""Name of the parameter: the magnitude [g] above which a beat is marked."""
TRANSITIONS = ("launch", "descent")
"""Kinds of phases in which acceleration is looked at; elsewhere nothing but gravity or free fall is expected."""


def transition_spans(mission: Mission) -> list[tuple[int, int]]:
    """Return start and stop [ns TAI] of the phases of launch and descent."""
    timeline = mission.timeline
    return [timeline.span_of(phase) for phase in timeline.phase if phase.kind in TRANSITIONS]


def loaded(work: Work, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where instants [ns TAI] (n,) fall into a second of launch or descent above the limit of acceleration.

    The magnitude is taken over all channels of acceleration of an entity; a second without data is not marked.
    """
    mark = np.zeros(len(times_ns), np.bool_)
    for begin, end in transition_spans(work.mission):
        start_ns, stop_ns = max(begin, work.start_ns), min(end, work.stop_ns)
        if start_ns < stop_ns:
            seconds = _loaded_seconds(work, start_ns, stop_ns)
            place = (times_ns - start_ns) // NS_PER_S
            inside = (place >= 0) & (place < len(seconds)) & (times_ns < stop_ns)
            mark[inside] |= seconds[place[inside]]
    return mark


def _loaded_seconds(work: Work, start_ns: int, stop_ns: int) -> NDArray[np.bool_]:
    """Return for each second from start to stop whether the magnitude passes the limit at its peak (m,)."""
    name = f"loaded {start_ns}"
    if name not in work.shared:
        count = -((start_ns - stop_ns) // NS_PER_S)
        squares: dict[str, NDArray[np.float64]] = {}
        for channel in work.mission.channels:
            if channel.quantity == "acceleration":
                for entity in work.mission.entities(channel.entity):
                    source = Source(channel, entity.id, None, start_ns, stop_ns)
                    samples = calibrate.source_samples(work.archive, work.mission, source, channel.quantity)
                    squares.setdefault(entity.id, np.zeros(count))
                    squares[entity.id] += _peak_squares(samples, start_ns, count)
        limit = float(work.parameters[LIMIT])
        over = [total > limit**2 for total in squares.values()]
        work.shared[name] = np.any(over, axis=0) if over else np.zeros(count, np.bool_)
    found: NDArray[np.bool_] = work.shared[name]
    return found


def _peak_squares(samples: Samples, start_ns: int, count: int) -> NDArray[np.float64]:
    """Return the square of the largest usable value in each second [unit squared]; 0 where there is none."""
    usable = ((samples.quality & np.uint32(UNTRUSTED)) == 0) & np.isfinite(samples.values)
    place = (samples.times_ns()[usable] - start_ns) // NS_PER_S
    inside = (place >= 0) & (place < count)
    peaks = np.zeros(count)
    np.maximum.at(peaks, place[inside], samples.values[usable][inside] ** 2)
    return peaks
