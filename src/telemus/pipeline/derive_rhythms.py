"""Derives rhythms (L3): means in light and dark, and the cosinor, over the whole record and each phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.clock import tai_to_utc
from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.derive_phases import MEASURES, alive, rows_table, usable
from telemus.pipeline.work import Work, columns_of

WHOLE = "all"
"""What stands for the phase where a row speaks for the whole record."""

LightDark = Callable[[NDArray[np.float64], NDArray[np.float64], float, float], NamedTuple]
"""(second of the day, values, light on [s], light off [s]) -> row."""
Cosinor = Callable[[NDArray[np.float64], NDArray[np.float64], float], NamedTuple]
"""(hours since a local midnight, values, period [h]) -> row."""


def make_light_dark(work: Work, compare: LightDark) -> pa.Table:
    """Make ``light_dark`` of one subject: one row for each measure, of the whole record and of each phase."""
    light = work.mission.description.light
    rows = []
    for phase, measure, hour, values, _ in _series(work):
        found = compare(np.mod(hour, 24.0) * 3600.0, values, light.on_h * 3600.0, light.off_h * 3600.0)
        rows.append({"phase": phase, "measure": measure, "unit": MEASURES[measure][0]} | found._asdict())
    return rows_table(rows, work)


def make_cosinor(work: Work, fit: Cosinor) -> pa.Table:
    """Make ``cosinor`` of one subject: one row for each measure, of the whole record and each phase of a period."""
    period_h = float(work.parameters["period_h"])
    rows = []
    for phase, measure, hour, values, span_h in _series(work):
        if phase != WHOLE and span_h < period_h:
            continue
        found = fit(hour, values, period_h)
        rows.append({"phase": phase, "measure": measure, "unit": MEASURES[measure][0]} | found._asdict())
    return rows_table(rows, work)


def _series(work: Work) -> Iterator[tuple[str, str, NDArray[np.float64], NDArray[np.float64], float]]:
    """Yield (phase, measure, local time [h since a midnight], values, length of the phase [h])."""
    windows = alive(columns_of(work.table("windows_1min")), work.table("findings"))
    if not windows or len(windows["tai_ns"]) == 0:
        return
    hour = _local_hours(windows, work.mission.description.light.utc_offset_h)
    timeline = work.mission.timeline
    lengths: Mapping[str, float] = {one.name: one.stop_h - one.start_h for one in timeline.phase}
    places: dict[str, NDArray[Any]] = {WHOLE: np.ones(len(hour), np.bool_)}
    places |= {name: windows["phase"] == name for name in lengths}
    for measure in MEASURES:
        if measure not in windows:
            continue
        values = usable(windows, measure, work.parameters["least_coverage"])
        for name, inside in places.items():
            if inside.any():
                yield name, measure, hour[inside], values[inside], lengths.get(name, np.inf)


def _local_hours(windows: Columns, utc_offset_h: float) -> NDArray[np.float64]:
    """Return local time [h] since the local midnight before the first window; the whole days as integers first."""
    local_ns = np.asarray(tai_to_utc(windows["tai_ns"]), np.int64) + round(utc_offset_h * 3.6e12)
    day_ns = 86_400_000_000_000
    return np.asarray((local_ns - local_ns[0] // day_ns * day_ns) / 3.6e12, np.float64)
