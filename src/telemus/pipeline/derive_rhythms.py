"""Derives rhythms (L3) of every measure, over the whole record and each phase; a science says what of each series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.clock import tai_to_utc
from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.derive_phases import MEASURES, alive, in_baseline, rows_table, usable
from telemus.pipeline.work import Work, columns_of

NS_PER_MIN = 60_000_000_000
WHOLE = "all"
"""What stands for the phase where a row speaks for the whole record."""


Rhythm = Callable[
    [NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], Mapping[str, Any]], Sequence[Mapping[str, Any]]
]
"""(local time [h since a midnight], values, activity, what is given) -> rows; see the science's list of rhythms."""


def make_rhythm(work: Work, rhythm: Rhythm) -> pa.Table:
    """Make the product of a rhythm for one subject: rows for each measure, of the whole record and of each phase."""
    windows = alive(columns_of(work.table("windows_1min")), work.table("findings"))
    if not windows or len(windows["tai_ns"]) == 0:
        return rows_table([], work)
    light, parameters = work.mission.description.light, work.parameters
    hour = local_hours(windows, light.utc_offset_h)
    activity = windows.get("activity", np.full(len(hour), np.nan))
    given = dict(parameters) | {"light_on_h": light.on_h, "light_off_h": light.off_h}
    rows: list[Mapping[str, Any]] = []
    for measure in (one for one in MEASURES if one in windows):
        values = usable(windows, measure, parameters["least_coverage"])
        for phase, inside, length_h in _places(work, windows):
            told: dict[str, Any] = {"phase": phase, "measure": measure, "unit": MEASURES[measure][0]}
            found = rhythm(hour[inside], values[inside], activity[inside], given | {"length_h": length_h})
            rows.extend({**told, **row} for row in found)
    return rows_table(rows, work)


def make_bouts(
    work: Work,
    find: Callable[..., Sequence[NDArray[np.float64]]],
    scale: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
) -> pa.Table:
    """Make ``bouts`` of one subject from the activity of its windows of one minute.

    ``find``: (start [min], activity, step, floor, pause, least) -> start, stop [min], mean activity of each bout.
    ``scale``: (activity, activity in the baseline) -> activity in units of it.
    """
    windows = alive(columns_of(work.table("windows_1min")), work.table("findings"))
    if "activity" not in windows or len(windows["tai_ns"]) == 0:
        return rows_table([], work)
    told, first_ns = work.parameters, int(windows["tai_ns"][0])
    minute = (windows["tai_ns"] - first_ns) / NS_PER_MIN
    start, stop, activity = find(minute, windows["activity"], 1.0, told["floor"], told["pause_min"], told["least_min"])
    relative = scale(activity, windows["activity"][in_baseline(work, windows)])
    phase = windows["phase"][np.searchsorted(minute, start)]
    rows = [
        {
            "start_ns": first_ns + round(begin * NS_PER_MIN),
            "stop_ns": first_ns + round(end * NS_PER_MIN),
            "phase": name,
            "length_min": end - begin,
            "activity": level,
            "relative_activity": own,
        }
        for begin, end, name, level, own in zip(start, stop, phase, activity, relative, strict=True)
    ]
    return rows_table(rows, work)


def _places(work: Work, windows: Columns) -> Iterator[tuple[str, NDArray[np.bool_], float]]:
    """Yield the whole record and each phase that has windows: name, which windows lie in it, its length [h]."""
    yield WHOLE, np.ones(len(windows["tai_ns"]), np.bool_), np.inf
    for phase in work.mission.timeline.phase:
        inside = windows["phase"] == phase.name
        if inside.any():
            yield phase.name, inside, phase.stop_h - phase.start_h


def local_hours(windows: Columns, utc_offset_h: float) -> NDArray[np.float64]:
    """Return local time [h] since the local midnight before the first window; the whole days as integers first."""
    local_ns = np.asarray(tai_to_utc(windows["tai_ns"]), np.int64) + round(utc_offset_h * 3.6e12)
    day_ns = 86_400_000_000_000
    return np.asarray((local_ns - local_ns[0] // day_ns * day_ns) / 3.6e12, np.float64)
