"""Derives results of windows of pressure beats (L2): what joins systolic pressures and the intervals that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline.derive_level2 import MINUTE_NS
from telemus.pipeline.derive_phases import rows_table
from telemus.pipeline.schedule import phase_names
from telemus.pipeline.work import Work, columns_of
from telemus.series import NS_PER_S

Array = NDArray[np.float64]
RowsOf = Callable[[Array, Array, Array, Mapping[str, Any]], Iterable[Mapping[str, Any]]]
"""(time [s], systolic pressure [mmHg], interval that follows [ms], parameters) -> rows of one window."""
Reject = Callable[[Array, NDArray[np.uint32]], NDArray[np.uint32]]
"""(interval [s], quality) -> 0 where the interval is kept."""


def make_reflex(work: Work, rows_of: RowsOf, reject: Reject, quality_rejects: int) -> pa.Table:
    """Make a product of windows of pressure beats of one subject and span.

    A pressure is missing where a bit of ``quality_rejects`` is set, an interval where ``reject`` says so; nothing is
    filled in. A window without enough beats has no row.
    """
    beats = columns_of(work.table("beats_pressure"))
    kept = reject(beats["interval_s"], beats["quality"]) == 0
    interval_ms = np.where(kept, beats["interval_s"] * 1e3, np.nan)
    sound = (beats["quality"] & np.uint32(quality_rejects)) == 0
    sbp_mmhg = np.where(sound, beats["sbp_mmhg"], np.nan)
    length_ns = int(work.parameters["window_min"]) * MINUTE_NS
    edges_ns = np.arange(work.start_ns, work.stop_ns + 1, length_ns)
    places = np.searchsorted(beats["tai_ns"], edges_ns)
    rows: list[Mapping[str, Any]] = []
    for start_ns, first, last in zip(edges_ns[:-1].tolist(), places[:-1], places[1:], strict=True):
        time_s = (beats["tai_ns"][first:last] - start_ns) / NS_PER_S
        phase = phase_names(work.mission.timeline, np.array([start_ns]))[0]
        told = {"tai_ns": start_ns, "stop_ns": start_ns + length_ns, "phase": phase}
        found = rows_of(time_s, sbp_mmhg[first:last], interval_ms[first:last], work.parameters)
        rows.extend({**told, **row} for row in found)
    return rows_table(rows, work)
