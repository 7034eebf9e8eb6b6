"""Derives level 3: each subject in each phase against its own baseline, and groups with every subject shown.

The baseline is compared **by hour of the day**: a phase of four hours at noon is compared with the baseline's noons,
not with its nights. For every window the baseline's mean of the same local hour is subtracted; windows at hours
without a baseline are not compared, and are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.derive_findings import death_ns
from telemus.pipeline.work import Work, columns_of

MEASURES = {
    "map_mmhg": ("mmHg", "pressure_coverage"),
    "sbp_mmhg": ("mmHg", "pressure_coverage"),
    "dbp_mmhg": ("mmHg", "pressure_coverage"),
    "pulse_pressure_mmhg": ("mmHg", "pressure_coverage"),
    "heart_rate_bpm": ("bpm", "coverage"),
    "ecg_rmssd_ms": ("ms", "ecg_coverage"),
    "temperature_degc": ("degC", ""),
    "activity": ("1", ""),
}
"""Columns of the windows that are followed through the phases: unit, and the column of coverage that must suffice."""


NS_PER_DAY = 86_400_000_000_000


class Difference(NamedTuple):
    """Difference from baseline: mean, windows and hours compared, and why there is none ("" where there is one)."""

    mean: float
    n: int
    hours: int
    reason: str


def hourly_difference(
    values: NDArray[np.float64],
    hour: NDArray[np.int64],
    baseline: NDArray[np.float64],
    baseline_hour: NDArray[np.int64],
) -> Difference:
    """Return the mean difference of values (n,) from a baseline (m,) at the same hour of the day (0 to 23).

    NaN values are left out. Without any baseline, or none at these hours, the mean is NaN and ``reason`` says so.

    >>> hourly_difference(np.array([110.0, 99.0]), np.array([1, 5]), np.array([100.0, 104.0]), np.array([1, 1]))
    Difference(mean=8.0, n=1, hours=1, reason='')
    """
    known, base_known = np.isfinite(values), np.isfinite(baseline)
    if not known.any():
        return Difference(np.nan, 0, 0, "no data in this phase")
    if not base_known.any():
        return Difference(np.nan, 0, 0, "no baseline of this subject")
    n = np.bincount(baseline_hour[base_known], minlength=24)
    total = np.bincount(baseline_hour[base_known], weights=baseline[base_known], minlength=24)
    compared = known & (n[hour] > 0)
    if not compared.any():
        return Difference(np.nan, 0, 0, "no baseline at these hours of the day")
    at = hour[compared]
    return Difference(float(np.mean(values[compared] - total[at] / n[at])), len(at), len(np.unique(at)), "")


def usable(windows: Columns, measure: str, least_coverage: float) -> NDArray[np.float64]:
    """Return a measure of windows (m,), NaN where too little of the window is covered by kept beats."""
    coverage = MEASURES[measure][1]
    values = np.array(windows[measure], np.float64)
    if coverage:
        values[~(windows[coverage] >= least_coverage)] = np.nan
    return values


def alive(windows: Columns, findings: pa.Table) -> Columns:
    """Return the windows before the subject's death; all of them where it lived."""
    dead_ns = death_ns(findings)
    if dead_ns is None or not windows:
        return windows
    kept = windows["tai_ns"] < dead_ns
    return {name: column[kept] for name, column in windows.items()}


def make_phases(work: Work) -> pa.Table:
    """Make ``phases`` of one subject: one row for each phase and measure that its windows have."""
    windows = alive(columns_of(work.table("windows_1min")), work.table("findings"))
    if not windows:
        return rows_table([], work)
    timeline, least = work.mission.timeline, work.parameters["least_coverage"]
    base = in_baseline(work, windows)
    rows = [
        {"start_ns": timeline.span_of(phase)[0], "stop_ns": timeline.span_of(phase)[1], "phase": phase.name} | row
        for phase in timeline.phase
        for row in compared_rows(windows, windows["phase"] == phase.name, base, least)
    ]
    return rows_table(rows, work)


def make_days(work: Work) -> pa.Table:
    """Make ``days`` of one subject: one row for each day after time zero (negative before) and measure."""
    windows = alive(columns_of(work.table("windows_1min")), work.table("findings"))
    if not windows:
        return rows_table([], work)
    timeline, least = work.mission.timeline, work.parameters["least_coverage"]
    day = (windows["tai_ns"] - timeline.t0_ns) // NS_PER_DAY
    base = in_baseline(work, windows)
    rows: list[Mapping[str, Any]] = []
    for number in np.unique(day).tolist():
        inside = day == number
        start_ns = timeline.t0_ns + number * NS_PER_DAY
        phases = list(dict.fromkeys(one for one in windows["phase"][inside].tolist() if one is not None))
        told = {"start_ns": start_ns, "stop_ns": start_ns + NS_PER_DAY, "day": number, "phase": ", ".join(phases)}
        rows.extend(told | row for row in compared_rows(windows, inside, base, least))
    return rows_table(rows, work)


def in_baseline(work: Work, windows: Columns) -> NDArray[np.bool_]:
    """Return which windows lie in a baseline phase."""
    return np.isin(windows["phase"].astype(str), [one.name for one in work.mission.timeline.phase if one.baseline])


def compared_rows(
    windows: Columns, inside: NDArray[np.bool_], base: NDArray[np.bool_], least_coverage: float
) -> Iterator[dict[str, Any]]:
    """Yield one row for each measure of the windows ``inside`` (m,), against those of the ``base`` (m,)."""
    hour = np.floor(windows["hour_h"]).astype(np.int64) % 24
    light = windows["light"].astype(bool)
    due = int(np.count_nonzero(inside & (windows["scheduled_s"] > 0)))
    for measure, (unit, _) in MEASURES.items():
        if measure not in windows:
            continue
        values = usable(windows, measure, least_coverage)
        here = np.where(inside, values, np.nan)
        known = values[inside & np.isfinite(values)]
        difference = hourly_difference(values[inside], hour[inside], values[base], hour[base])
        yield {
            "measure": measure,
            "unit": unit,
            "mean": _mean(known),
            "sd": float(known.std(ddof=1)) if len(known) > 1 else np.nan,
            "light_mean": _mean(here[light]),
            "dark_mean": _mean(here[~light]),
            "n": len(known),
            "coverage": len(known) / due if due else np.nan,
            "baseline_mean": _mean(values[base]),
            "difference": difference.mean,
            "compared_n": difference.n,
            "hours": difference.hours,
            "reason": difference.reason,
        }


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def make_groups(work: Work) -> pa.Table:
    """Make ``groups``: for each group and factor level, phase and measure, the differences of all its subjects."""
    phases = work.table("phases").to_pylist()
    description = work.mission.description
    groups = {group.name: group.members for group in description.group}
    for factor in description.factor:
        groups |= {f"{factor.name}={level}": members for level, members in factor.levels.items()}
    by_place: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in phases:
        by_place.setdefault((row["phase"], row["measure"]), {})[row["subject"]] = row
    rows = [
        {"group": name, "phase": phase, "measure": measure} | group_row(members, found)
        for name, members in groups.items()
        for (phase, measure), found in by_place.items()
    ]
    return rows_table(rows, work)


def group_row(members: Sequence[str], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one row of a group: how many have a difference, its spread, and every subject's own.

    A subject without a difference stays in the list, with null and the reason.
    """
    units = [row["unit"] for row in found.values()]
    differences = [_known(found[one]["difference"]) if one in found else None for one in members]
    known = np.array([value for value in differences if value is not None])
    return {
        "unit": units[0] if units else "",
        "n": len(known),
        "members": len(members),
        "mean": _mean(known),
        "sd": float(known.std(ddof=1)) if len(known) > 1 else np.nan,
        "minimum": float(known.min()) if len(known) else np.nan,
        "maximum": float(known.max()) if len(known) else np.nan,
        "subjects": list(members),
        "differences": differences,
        "reasons": [str(found[one]["reason"]) if one in found else "no data" for one in members],
    }


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


_LISTS = {"subjects": pa.list_(pa.string()), "differences": pa.list_(pa.float64()), "reasons": pa.list_(pa.string())}
_WHOLE = {"day", "n", "members", "compared_n", "hours", "light_n", "dark_n", "start_ns", "stop_ns", "tai_ns"}
_WHOLE |= {"beats", "segments", "loop_beats", "delay_beats", "up_n", "down_n", "ramps", "chance_n"}
_TEXT = {"group", "stratum", "series", "phase", "source", "measure", "unit", "reason", "subject"}


def rows_table(rows: Sequence[Mapping[str, Any]], work: Work) -> pa.Table:
    """Return rows of level 3 as a table whose columns and types stand even where no row is."""
    names = [column.name for column in work.product.columns if column.name != "subject" or work.subject is not None]
    filled = [dict(row) | ({"subject": work.subject} if work.subject is not None else {}) for row in rows]
    arrays = {}
    for name in names:
        kind = _LISTS.get(name) or (pa.int64() if name in _WHOLE else pa.string() if name in _TEXT else pa.float64())
        arrays[name] = pa.array([row[name] for row in filled], kind)
    return table_of_arrays(arrays, work)


def table_of_arrays(arrays: Mapping[str, pa.Array], work: Work) -> pa.Table:
    """Return Arrow arrays as the product's table, with units and meanings."""
    from telemus.archive import annotate

    return annotate(pa.table(dict(arrays)), work.product.columns)
