"""Tables of variability: one row for each window, all its measures, and why one is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.intervals import whole_ns
from telemus.physiology.variability.rules import Shortfall, VariabilityRules
from telemus.physiology.variability.window import Measures, interval_measures, joint_measures, pressure_measures

Columns = dict[str, NDArray[Any]]


class SeriesOfBeats(NamedTuple):
    """Beats with what is known of each, in the order of time.

    ``times_ns`` (n,) int64 ascending; ``interval_s`` (n,) to the next beat, NaN where a gap, a bad mark or the border
    follows; ``rejected`` (n,): true where the interval is not trusted; ``pressures`` name -> (n,) [mmHg], of which
    ``sbp_mmhg`` also takes part in the joint words; ``bad_beat`` (n,): true where its pressures are not trusted.
    """

    times_ns: NDArray[np.int64]
    interval_s: NDArray[np.float64]
    rejected: NDArray[np.bool_]
    pressures: Mapping[str, NDArray[np.float64]] = {}
    bad_beat: NDArray[np.bool_] | None = None


class _Window(NamedTuple):
    """One window: its beats, start and stop [ns], share of the time due that is kept, half the heart rate."""

    beats: slice
    start_ns: int
    stop_ns: int
    coverage: float
    n_kept: int
    half_rate_hz: float


def variability_windows(
    beats: SeriesOfBeats, edges_ns: ArrayLike, rules: VariabilityRules, due_s: ArrayLike | None = None
) -> Columns:
    """Compute the variability of intervals in consecutive windows, one row for each that has a beat.

    ``edges_ns`` (m + 1,) ascending; ``due_s`` (m,) [s]: how much of each window was to be recorded, its length where
    not given. A beat and its interval belong to the window of the beat. Columns are those of the product
    ``variability``: ``shortfall`` says in words what is missing and why.

    Raises SignalError where lengths differ.
    """
    rows = []
    interval_ms = _milliseconds(beats)
    for window in _windows(beats, edges_ns, due_s):
        part = window.beats
        times_s = (beats.times_ns[part] - window.start_ns) / 1e9
        rejected = beats.rejected[part]
        lack = _too_little(window, rules)
        found: Measures = {}
        if not lack:
            found, lack = interval_measures(times_s, interval_ms[part], rejected, rules, window.half_rate_hz)
            if "sbp_mmhg" in beats.pressures:
                bad = rejected if beats.bad_beat is None else rejected | beats.bad_beat[part]
                found |= joint_measures(beats.pressures["sbp_mmhg"][part], interval_ms[part], bad)
            else:
                lack |= Shortfall.NO_JOINT_WORDS
        rows.append(_row(window, rejected, lack, rules) | found)
    return _columns(rows, interval_names())


def pressure_variability_windows(
    beats: SeriesOfBeats, edges_ns: ArrayLike, rules: VariabilityRules, due_s: ArrayLike | None = None
) -> Columns:
    """Compute the variability of each pressure of ``beats`` in consecutive windows, one row for each of both.

    Columns are those of the product ``variability_pressure``; ``series`` names the pressure. Neighbours are beats with
    an interval between them: nothing is computed across a gap. Otherwise as `variability_windows`.
    """
    rows = []
    bad_beat = np.zeros(len(beats.times_ns), np.bool_) if beats.bad_beat is None else beats.bad_beat
    gap_after = np.flatnonzero(~np.isfinite(beats.interval_s)) + 1
    for window in _windows(beats, edges_ns, due_s):
        part = window.beats
        breaks = gap_after[(gap_after > part.start) & (gap_after < part.stop)] - part.start
        times_s = (beats.times_ns[part] - window.start_ns) / 1e9
        times_s = np.insert(times_s, breaks, times_s[breaks])
        bad = np.insert(bad_beat[part], breaks, False)
        for name, column in beats.pressures.items():
            lack = _too_little(window, rules)
            found: Measures = {}
            if not lack:
                pressure = np.insert(column[part], breaks, np.nan)
                found, lack = pressure_measures(times_s, pressure, bad, rules, window.half_rate_hz)
            rows.append({"series": name} | _row(window, bad_beat[part], lack, rules) | found)
    return _columns(rows, ["series", *pressure_names()])


def _row(window: _Window, rejected: NDArray[np.bool_], lack: Shortfall, rules: VariabilityRules) -> dict[str, Any]:
    return {
        "start_ns": window.start_ns,
        "stop_ns": window.stop_ns,
        "n_beats": len(rejected),
        "n_intervals": window.n_kept,
        "coverage": window.coverage,
        "rejected_share": float(rejected.mean()),
        "half_rate_hz": window.half_rate_hz,
        "bands": rules.label,
        "correction": rules.correction,
        "shortfall": "|".join(str(bit.name).lower() for bit in Shortfall if bit in lack),
    }


def _too_little(window: _Window, rules: VariabilityRules) -> Shortfall:
    lack = Shortfall(0)
    if window.n_kept < rules.least_intervals:
        lack |= Shortfall.FEW_INTERVALS
    if not window.coverage >= rules.least_coverage:
        lack |= Shortfall.LOW_COVERAGE
    return lack


def _windows(beats: SeriesOfBeats, edges_ns: ArrayLike, due_s: ArrayLike | None) -> Iterator[_Window]:
    edges = np.asarray(edges_ns, np.int64)
    due = np.diff(edges) / 1e9 if due_s is None else np.asarray(due_s, np.float64)
    lengths = {len(column) for column in (beats.interval_s, beats.rejected, *beats.pressures.values())}
    if lengths != {len(beats.times_ns)} or len(due) != len(edges) - 1:
        raise SignalError(
            f"variability: got columns of {sorted(lengths)} rows for {len(beats.times_ns)} beats and {len(due)} "
            f"lengths for {len(edges) - 1} windows, wanted one of each"
        )
    kept_s = np.where(beats.rejected, np.nan, beats.interval_s)
    places = np.searchsorted(beats.times_ns, edges)
    for number in np.flatnonzero(np.diff(places)).tolist():
        part = slice(int(places[number]), int(places[number + 1]))
        known = kept_s[part][np.isfinite(kept_s[part])]
        total_s = float(known.sum())
        yield _Window(
            part,
            int(edges[number]),
            int(edges[number + 1]),
            min(total_s / float(due[number]), 1.0) if due[number] > 0 else 1.0,
            known.size,
            0.5 * known.size / total_s if total_s > 0 else float("nan"),
        )


def _milliseconds(beats: SeriesOfBeats) -> NDArray[np.float64]:
    """Return intervals [ms] rounded to a nanosecond, NaN where missing."""
    interval_ns = whole_ns(beats.interval_s)
    return np.where(interval_ns > 0, interval_ns / 1e6, np.nan)


_TEXTS = ("series", "bands", "correction", "shortfall")
_WHOLE = ("start_ns", "stop_ns", "n_beats", "n_intervals")


def _columns(rows: list[dict[str, Any]], names: list[str]) -> Columns:
    """Return rows as columns in order; a measure that a row does not have is NaN."""
    columns: Columns = {}
    for name in names:
        if name in _TEXTS:
            columns[name] = np.array([row[name] for row in rows], dtype=object)
        elif name in _WHOLE:
            columns[name] = np.array([row[name] for row in rows], np.int64)
        else:
            columns[name] = np.array([row.get(name, np.nan) for row in rows], np.float64)
    return columns


def interval_names() -> list[str]:
    """Return the columns of the table of intervals, in order."""
    from telemus.physiology.variability.products import INTERVAL_COLUMNS

    return [column.name for column in INTERVAL_COLUMNS]


def pressure_names() -> list[str]:
    """Return the columns of the table of pressures, in order, but ``series``."""
    from telemus.physiology.variability.products import PRESSURE_COLUMNS

    return [column.name for column in PRESSURE_COLUMNS if column.name != "series"]
