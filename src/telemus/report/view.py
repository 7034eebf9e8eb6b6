"""What the page reads of an archive, each thing once: tables as arrays, times in hours after T0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive import Archive
from telemus.clock import NS_PER_S
from telemus.mission import Mission, Phase
from telemus.report.time_figures import Backdrop, Trend

NS_PER_H = 3600 * NS_PER_S
LEAST_COVERAGE = 0.5
"""A window with beats in less of its scheduled time is not drawn, as it is left out of the phases."""


def column(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a numeric column as an array, NaN for null; empty where the table has no such column."""
    if name not in table.column_names:
        return np.zeros(0)
    values: NDArray[Any] = table[name].to_numpy(zero_copy_only=False)
    return values


@dataclass(frozen=True)
class View:
    """An archive and its mission, as the page sees them."""

    archive: Archive
    mission: Mission

    @cached_property
    def windows(self) -> pa.Table:
        """Windows of one minute of all subjects."""
        return self.archive.read("windows_1min")

    @cached_property
    def phases(self) -> pa.Table:
        """Rows of subject, phase and measure."""
        return self.archive.read("phases")

    def of_subject(self, table: pa.Table, subject: str) -> pa.Table:
        """Return the rows of one subject."""
        import pyarrow.compute as pc

        return table.filter(pc.equal(table["subject"], subject)) if table.num_rows else table

    def hours(self, tai_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return times [ns TAI] as hours after T0 [h]."""
        return np.asarray((tai_ns - self.mission.timeline.t0_ns) / NS_PER_H, np.float64)

    def trend(self, subject: str, product: str, name: str) -> Trend:
        """Return one column of a windowed product of one subject, over time; empty where the product has none."""
        table = self.windows if product == "windows_1min" else self.archive.read(product, subject=subject)
        rows = self.of_subject(table, subject)
        if rows.num_rows == 0 or name not in rows.column_names:
            return Trend(np.zeros(0), np.zeros(0))
        values = column(rows, name).astype(np.float64)
        if "coverage" in rows.column_names:
            values = np.where(column(rows, "coverage") >= LEAST_COVERAGE, values, np.nan)
        return Trend(self.hours(column(rows, "tai_ns")), values)

    @cached_property
    def backdrop(self) -> Backdrop:
        """Phases, nights and recorded spans [h after T0]."""
        timeline = self.mission.timeline
        phases = [(one.title, one.kind, one.start_h, one.stop_h) for one in timeline.phase]
        recorded = timeline.recorded(timeline.start_ns, timeline.stop_ns)
        return Backdrop(phases, nights(self.mission), self.hours(recorded).reshape(-1, 2))

    @property
    def compared(self) -> list[Phase]:
        """Phases that are compared with the baseline: all but the baseline itself."""
        return [phase for phase in self.mission.timeline.phase if not phase.baseline]


def nights(mission: Mission) -> NDArray[np.float64]:
    """Return the spans without light [h after T0] (n, 2), cut to the timeline."""
    from telemus.clock import tai_to_utc

    light, timeline = mission.description.light, mission.timeline
    local_h = (tai_to_utc(timeline.t0_ns) / NS_PER_H + light.utc_offset_h) % 24.0
    dark_h = (light.on_h - light.off_h) % 24.0
    start_h, stop_h = timeline.phase[0].start_h, timeline.phase[-1].stop_h
    first = light.off_h - local_h + 24.0 * np.floor((start_h - (light.off_h - local_h)) / 24.0)
    offs = np.arange(first, stop_h, 24.0)
    spans = np.stack([np.maximum(offs, start_h), np.minimum(offs + dark_h, stop_h)], axis=1)
    return np.asarray(spans[spans[:, 1] > spans[:, 0]], np.float64)
