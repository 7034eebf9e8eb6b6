"""Derives beats (L2) from samples of any length: in chunks of bounded memory, and the same beats however it is cut.

    read      |<- overlap ->|<-------- chunk -------->|<- overlap ->|
    kept                    |xxxxxxxxxxxxxxxxxxxxxxxxx|                 by the time of the fiducial

A beat depends on samples within a few seconds of it, on a grid counted from where its stretch of samples began
(``stretches``); therefore chunk borders leave no trace, neither inside a bin of hours nor between two bins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from telemus.pipeline.stretches import Anchors, Stretch, stretches
from telemus.series import NS_PER_S, Samples

OVERLAP_NS = 16 * NS_PER_S
"""Read on either side of a chunk [ns]: 4 s for the beats themselves, and five more intervals of 2 s for the marks that
compare an interval with its neighbours."""

Columns = dict[str, NDArray[Any]]
Find = Callable[[NDArray[np.float64], float, NDArray[np.uint32], int, Mapping[str, Any]], NamedTuple]
"""(values, rate_hz, quality, number of the first sample, parameters) -> columns, one row per beat; those named
``..._index`` are fractional sample indices; ``interval_s`` and ``quality`` are among them."""
Mark = Callable[[Columns, str | None], NDArray[np.uint32]]
"""(columns of one stretch, species or None) -> quality bits to add (n,)."""


class Detector(NamedTuple):
    """How a science finds beats: in which quantity, by which function, timed by which fiducial, marked how."""

    quantity: str
    find: Find
    fiducial: str
    mark: Mark


class Reader(Protocol):
    """Something that can be read piece by piece: samples between two instants [ns TAI]."""

    def __call__(self, start_ns: int, stop_ns: int) -> Samples:
        """Return the samples between two instants [ns TAI]."""


class Search(NamedTuple):
    """How beats are sought: detector, declared rate [Hz], parameters, and the species whose norms mark (or None)."""

    detector: Detector
    rate_hz: float
    parameters: Mapping[str, Any]
    species: str | None = None


def find_in(samples: Samples, anchors: Anchors, how: Search) -> Columns:
    """Return the beats of samples, one row each in order of time; the detector is never shown two stretches at once.

    The declared rate sets the grid, which must not follow a drifting clock. ``tai_ns`` is the fiducial's time;
    other indices become offsets from it, ``systole_index`` -> ``systole_ns``, float64 [ns] with NaN where there is
    none; ``interval_s`` is the difference of the two times, exact on the corrected clock.
    """
    parts = [
        stretch_beats(stretch, how)
        for stretch in stretches(samples, anchors)
        if len(stretch.values) > how.rate_hz * 0.1  # shorter than any beat
    ]
    return stacked(parts) if parts else no_beats(how)


def stretch_beats(stretch: Stretch, how: Search) -> Columns:
    """Return the beats of one stretch, with the marks of the detector's rules added to their quality."""
    detector = how.detector
    found = detector.find(stretch.values, how.rate_hz, stretch.quality, stretch.number, how.parameters)
    named: Columns = found._asdict()
    fiducial = named[detector.fiducial]
    tai_ns = stretch.time_at(fiducial)
    columns: Columns = {"tai_ns": tai_ns}
    for name, values in named.items():
        if name == detector.fiducial:
            continue
        if name.endswith("_index"):
            columns[name.removesuffix("_index") + "_ns"] = np.rint((values - fiducial) * (NS_PER_S / how.rate_hz))
        else:
            columns[name] = values
    known = np.isfinite(columns["interval_s"])
    step_s = np.append(np.diff(tai_ns), 0)[: len(tai_ns)] / NS_PER_S
    columns["interval_s"] = np.where(known, step_s, np.nan)
    columns["heart_rate_bpm"] = 60.0 / columns["interval_s"]
    columns["quality"] = columns.pop("quality").astype(np.uint32)
    columns["quality"] = columns["quality"] | detector.mark(columns, how.species)
    return columns


def no_beats(how: Search) -> Columns:
    """Return the columns without rows."""
    nothing = Stretch(np.zeros(0), np.zeros(0, np.uint32), 0, (), np.zeros(0, np.int64))
    return stretch_beats(nothing, how)


def beats_between(read: Reader, anchors: Anchors, chunks: Sequence[tuple[int, int]], how: Search) -> Iterable[Columns]:
    """Yield the beats of each chunk [ns TAI], by the time of their fiducial; read with an overlap on either side."""
    for start_ns, stop_ns in chunks:
        samples = read(start_ns - OVERLAP_NS, stop_ns + OVERLAP_NS)
        beats = find_in(samples, anchors, how)
        first, last = np.searchsorted(beats["tai_ns"], [start_ns, stop_ns])
        yield {name: column[first:last] for name, column in beats.items()}


def chunks_of(segments_ns: NDArray[np.int64], start_ns: int, stop_ns: int, longest_s: float) -> list[tuple[int, int]]:
    """Cut a span [ns TAI] into chunks that hold at most about ``longest_s`` [s] of samples each.

    ``segments_ns`` (k, 2): start and stop of what was recorded, ascending. A sparse recording makes few chunks, a dense
    one many; the chunks tile the span.

    >>> hour = 3_600_000_000_000
    >>> dense, sparse = np.array([[0, 2 * hour]]), np.array([[0, hour // 60], [hour, hour + hour // 60]])
    >>> len(chunks_of(dense, 0, 2 * hour, 1800.0)), len(chunks_of(sparse, 0, 2 * hour, 1800.0))
    (4, 1)
    """
    clipped = np.clip(segments_ns.reshape(-1, 2), start_ns, stop_ns)
    lengths = clipped[:, 1] - clipped[:, 0]
    total_ns = int(lengths.sum())
    count = max(-(-total_ns // round(longest_s * NS_PER_S)), 1)
    if count == 1:
        return [(start_ns, stop_ns)]
    before = np.concatenate([[0], np.cumsum(lengths)])
    wanted = np.array([total_ns * k // count for k in range(1, count)], np.int64)
    row = np.searchsorted(before, wanted, side="right") - 1
    borders = (clipped[row, 0] + wanted - before[row]).tolist()
    edges = [start_ns, *borders, stop_ns]
    return list(pairwise(edges))


def stacked(parts: Sequence[Columns]) -> Columns:
    """Return columns of several parts one below the other."""
    if len(parts) == 1:
        return dict(parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
