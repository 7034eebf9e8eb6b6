"""One row per window of a beat series: means by beat and by time, variability, coverage, what was rejected and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import divide, group_count, group_mean_sd, group_sum, group_union, window_index
from telemus.physiology.intervals import Rejection, whole_ns

Columns = dict[str, NDArray[Any]]


def window_edges(start_ns: int, stop_ns: int, length_ns: int, origin_ns: int = 0) -> NDArray[np.int64]:
    """Return the edges (m + 1,) of windows of ``length_ns`` that cover start to stop, on the grid origin + k length.

    The grid does not depend on the data, so windows of two subjects, or of a record continued later, are the same.

    >>> window_edges(70, 190, 60).tolist()
    [60, 120, 180, 240]
    """
    if length_ns <= 0 or stop_ns < start_ns:
        raise SignalError(
            f"window_edges: got {start_ns} to {stop_ns} by {length_ns} ns, wanted a span and a length above 0"
        )
    first = (start_ns - origin_ns) // length_ns
    last = -((origin_ns - stop_ns) // length_ns)
    return origin_ns + length_ns * np.arange(first, max(last, first + 1) + 1, dtype=np.int64)


def summarise_windows(
    times_ns: ArrayLike,
    interval_s: ArrayLike,
    edges_ns: ArrayLike,
    measures: Mapping[str, ArrayLike] | None = None,
    *,
    quality: ArrayLike | None = None,
    rejected: ArrayLike | None = None,
    quality_rejects: int = 0,
) -> Columns:
    """Summarise beats in consecutive windows, one row per window, empty ones included.

    ``times_ns`` (n,) int64 ascending; ``interval_s`` (n,) [s] to the next beat, NaN where none; ``edges_ns`` (m +
    1,); ``measures`` name -> (n,), one value per beat; ``quality`` (n,) words, of which ``quality_rejects`` keep a
    beat out of the means; ``rejected`` (n,) words of `intervals.Rejection`, nonzero keeps the interval out. Beat and
    interval belong to the window of the (first) beat; a successive difference needs both intervals kept, touching,
    and in one window.

    Returns columns (m,): ``start_ns``, ``stop_ns``; ``n_beats``, ``n_intervals`` (kept); ``coverage``, the sum of
    kept intervals over the length of the window, at most 1; ``rejected_share`` of beats whose interval is not kept,
    and ``rejected_<reason>`` for each reason; ``hr_bpm`` = 60 / mean interval (time-weighted), ``hr_beat_bpm`` = mean
    of 60 / interval (beat-weighted); ``nn_mean_ms``; ``sdnn_ms`` (ddof 1); ``rmssd_ms``; ``quality``, the union; and
    for each measure ``<name>``, the mean over beats, and ``<name>_time``, the mean weighted by the interval that
    follows. NaN where there is nothing to average.

    Raises SignalError where lengths differ.

    >>> beats = {"map_mmhg": [90.0, 100.0, 95.0]}
    >>> w = summarise_windows([0, 1_000, 2_000], [1e-6, 1e-6, 1e-6], [0, 2_000, 4_000], beats)
    >>> w["n_beats"].tolist(), w["map_mmhg"].tolist(), w["coverage"].tolist()
    ([2, 1], [95.0, 95.0], [1.0, 0.5])
    """
    times, edges = np.asarray(times_ns, np.int64), np.asarray(edges_ns, np.int64)
    values = {name: np.asarray(column, np.float64) for name, column in (measures or {}).items()}
    words = np.zeros(times.shape, np.uint32) if quality is None else np.asarray(quality, np.uint32)
    marks = np.zeros(times.shape, np.uint32) if rejected is None else np.asarray(rejected).astype(np.uint32)
    interval = whole_ns(interval_s)
    others: Columns = {"interval_s": interval, "quality": words, "rejected": marks}
    _same_length(times, others | dict(values))
    marks = marks | np.where(interval > 0, 0, Rejection.MISSING).astype(np.uint32)
    index = window_index(times, edges)
    good = (words & np.uint32(quality_rejects)) == 0
    columns: Columns = {"start_ns": edges[:-1], "stop_ns": edges[1:]}
    columns |= _interval_columns(index, interval, marks, edges)
    columns["quality"] = group_union(index, words, edges.size - 1)
    weight_ns = np.where(marks == 0, interval, 0)
    for name, column in values.items():
        row = np.where(good & np.isfinite(column), index, -1)
        columns[name], columns[f"{name}_time"] = _means(row, column, weight_ns, edges.size - 1)
    return columns


def _interval_columns(
    index: NDArray[np.int64], interval: NDArray[np.int64], marks: NDArray[np.uint32], edges: NDArray[np.int64]
) -> Columns:
    count = edges.size - 1
    kept = marks == 0
    row = np.where(kept, index, -1)
    beats, n = group_count(index, count), group_count(row, count)
    mean_ns, sd_ns = group_mean_sd(row, interval, count)
    total = group_sum(row, interval, count)
    columns: Columns = {
        "n_beats": beats,
        "n_intervals": n,
        "coverage": np.minimum(total / np.diff(edges), 1.0),
        "rejected_share": divide(beats - n, beats),
    }
    for reason in Rejection:
        if reason:
            hit = np.where((marks & np.uint32(reason)) != 0, index, -1)
            columns[f"rejected_{str(reason.name).lower()}"] = divide(group_count(hit, count), beats)
    columns["hr_bpm"] = divide(60e9, mean_ns)
    columns["hr_beat_bpm"] = divide(group_sum(row, 60e9 / np.where(kept, interval, 1), count), n)
    columns["nn_mean_ms"], columns["sdnn_ms"] = mean_ns / 1e6, sd_ns / 1e6
    columns["rmssd_ms"] = _rmssd_ms(row, interval, count)
    return columns


def _rmssd_ms(row: NDArray[np.int64], interval: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    if row.size < 2:
        return np.full(count, np.nan)
    pair = np.where(row[1:] == row[:-1], row[1:], -1)
    squares = (np.diff(interval) / 1e6) ** 2
    return np.asarray(np.sqrt(divide(group_sum(pair, squares, count), group_count(pair, count))))


def _means(
    row: NDArray[np.int64], column: NDArray[np.float64], weight_ns: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the beat-weighted and the interval-weighted mean of the rows of each window."""
    value = np.where(row >= 0, column, 0.0)
    by_beat = divide(group_sum(row, value, count), group_count(row, count))
    return by_beat, divide(group_sum(row, value * weight_ns, count), group_sum(row, weight_ns, count))


def _same_length(times: NDArray[np.int64], columns: Mapping[str, NDArray[Any]]) -> None:
    wrong = {name: column.shape for name, column in columns.items() if column.shape != times.shape}
    if times.ndim != 1 or wrong:
        raise SignalError(f"summarise_windows: got shapes {wrong} beside times {times.shape}, wanted all (n,)")
