"""Derives windows (L2): means over a minute or an hour, what was scheduled, received and kept, and why not the rest.

A window holds the beats whose fiducial lies in it. Its means are weighted by time (each beat by the interval that
follows), which is what a mean over a minute means; beats at a high rate do not count more. Coverage is measured against
what was **scheduled**: a recorder that is off by its duty cycle leaves no gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.schedule import overlap_s
from telemus.pipeline.subtraction import UNTRUSTED
from telemus.series import NS_PER_S, Quality, Samples

SLOW = {
    "temperature_body": "temperature_degc",
    "activity": "activity",
    "signal_strength": "signal_strength",
    "battery": "battery_mv",
    "temperature_ambient": "ambient_degc",
    "illuminance": "light_lx",
}
"""Quantities averaged over a window, and the column each becomes."""

NOT_BEATS = ("tai_ns", "subject", "interval_s", "quality", "heart_rate_bpm", "polarity")
"""Columns of a table of beats that are no measure to be averaged; nor is any offset in ``_ns``."""

_LOST = int(Quality.DROPOUT | Quality.RAIL | Quality.FLATLINE | Quality.CHECKSUM_FAILED | Quality.COMMON_GAP)


class BeatRules(NamedTuple):
    """What a science says about windows of beats: how they are summed up, and which intervals are kept out."""

    summarise: Callable[..., Mapping[str, NDArray[Any]]]
    reject: Callable[[NDArray[np.float64], NDArray[np.uint32], Mapping[str, Any]], NDArray[np.uint32]]
    quality_rejects: int


def source_columns(
    prefix: str, beats: Columns, edges_ns: NDArray[np.int64], rules: BeatRules, parameters: Mapping[str, Any]
) -> Columns:
    """Return the columns (m,) of one source of beats: measures weighted by time, and ``<prefix>_...`` of intervals."""
    measures = {
        name: column
        for name, column in beats.items()
        if name not in NOT_BEATS and not name.endswith("_ns") and column.dtype.kind == "f"
    }
    rejected = rules.reject(beats["interval_s"], beats["quality"], parameters)
    rows = rules.summarise(
        beats["tai_ns"],
        beats["interval_s"],
        edges_ns,
        measures=measures,
        quality=beats["quality"],
        rejected=rejected,
        quality_rejects=rules.quality_rejects,
    )
    columns: Columns = {name: rows[f"{name}_time"] for name in measures}
    for name, column in rows.items():
        if name in {"start_ns", "stop_ns"} or name.removesuffix("_time") in measures:
            continue
        columns[f"{prefix}_{name}".replace("hr_", "heart_rate_")] = column
    return columns


def window_columns(
    edges_ns: NDArray[np.int64],
    scheduled_ns: NDArray[np.int64],
    beats: Mapping[str, Columns],
    received_s: Mapping[str, NDArray[np.float64]],
    slow: Mapping[str, Samples],
    rules: BeatRules,
    parameters: Mapping[str, Any],
) -> Columns:
    """Return the windows of one subject, one row for each in which something was scheduled or received.

    ``edges_ns`` (m + 1,) [ns TAI]; ``scheduled_ns`` (k, 2) spans in which the recorder was on; ``beats`` source ->
    table, the source being ``pressure`` or ``ecg``; ``received_s`` source -> usable samples [s] per window (m,);
    ``slow`` quantity -> samples. Coverage is the sum of the kept intervals over the scheduled time, at most 1.
    ``heart_rate_bpm`` is that of the source which covers more of the window, named in ``heart_rate_source``; both
    stand under their own names.
    """
    scheduled = overlap_s(scheduled_ns, edges_ns)
    length_s = np.diff(edges_ns) / NS_PER_S
    columns: Columns = {"tai_ns": edges_ns[:-1], "stop_ns": edges_ns[1:], "scheduled_s": scheduled}
    for prefix, table in beats.items():
        part = source_columns(prefix, table, edges_ns, rules, parameters)
        kept_s = part[f"{prefix}_coverage"] * length_s
        received = received_s[prefix]
        due_s = np.where(scheduled > 0, scheduled, received)
        part[f"{prefix}_coverage"] = np.minimum(_share(kept_s, due_s), 1.0)
        part[f"{prefix}_received_share"] = np.minimum(_share(received, due_s), 1.0)
        columns |= part
    columns |= best_rate(columns, list(beats))
    for quantity, name in SLOW.items():
        if quantity in slow:
            columns[name] = window_means(slow[quantity], edges_ns)
    shown = scheduled > 0
    for prefix in beats:
        shown |= (received_s[prefix] > 0) | (columns[f"{prefix}_n_beats"] > 0)
    return {name: column[shown] for name, column in columns.items()}


def best_rate(columns: Columns, prefixes: list[str]) -> Columns:
    """Return heart rate and coverage of the source that covers each window best, and its name ("" where none does)."""
    if not prefixes:
        return {}
    coverage = np.nan_to_num(np.array([columns[f"{prefix}_coverage"] for prefix in prefixes]))
    rate = np.array([columns[f"{prefix}_heart_rate_bpm"] for prefix in prefixes])
    best = np.argmax(coverage, axis=0)
    row = np.arange(coverage.shape[1])
    found = np.isfinite(rate[best, row])
    names = np.array([*prefixes, ""], dtype=object)
    return {
        "heart_rate_bpm": rate[best, row],
        "heart_rate_source": names[np.where(found, best, len(prefixes))],
        "coverage": coverage[best, row],
    }


def window_means(samples: Samples, edges_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of the usable samples of each window (m,); NaN where there is none.

    >>> edges = np.array([0, 2, 4]) * NS_PER_S
    >>> window_means(Samples.of(np.array([1.0, 3.0, np.nan, 5.0]), 1), edges).tolist()
    [2.0, 5.0]
    """
    count = len(edges_ns) - 1
    usable = ((samples.quality & np.uint32(UNTRUSTED)) == 0) & np.isfinite(samples.values)
    index = np.searchsorted(edges_ns, samples.times_ns()[usable], side="right") - 1
    inside = (index >= 0) & (index < count)
    index, values = index[inside], samples.values[usable][inside]
    n = np.bincount(index, minlength=count)
    total = np.bincount(index, weights=values, minlength=count)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan), np.float64)


def received_seconds(samples: Samples, edges_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many seconds of usable samples each window (m,) holds: received, not on a rail, not held, not lost.

    >>> received_seconds(Samples.of(np.zeros(10), 2), np.array([0, 4, 8]) * NS_PER_S).tolist()
    [4.0, 1.0]
    """
    seconds = np.zeros(len(edges_ns) - 1)
    for segment, _, quality in samples.runs():
        good = (quality & np.uint32(_LOST)) == 0
        # windows begin at whole samples here: a float is exact to far less than a sample over hours
        places = np.ceil((edges_ns - segment.start_ns) / float(segment.period_ns)).astype(np.int64)
        places = np.clip(places, 0, segment.count)
        filled = np.flatnonzero(places[1:] > places[:-1])
        if len(filled):
            counts = np.add.reduceat(good[: places[-1]], places[filled], dtype=np.int64)
            seconds[filled] += counts / segment.rate_hz
    return seconds


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0), np.float64)
