"""Derives variability: windows of intervals and pressures (L2), and what long records say of their windows (L3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.errors import ProductError
from telemus.pipeline.derive_beats import Columns, Detector, stacked
from telemus.pipeline.derive_phases import alive, rows_table
from telemus.pipeline.schedule import lit, local_hour, overlap_s, phase_names
from telemus.pipeline.sources import quantities_of
from telemus.pipeline.work import Work, columns_of, table_of
from telemus.series import NS_PER_S

Vary = Callable[[Columns, NDArray[np.int64], NDArray[np.float64], str, Mapping[str, Any]], Columns]
"""(beats, edges of windows [ns TAI], seconds due in each, species, parameters) -> one row for each window with beats;
``start_ns`` and ``stop_ns`` are among the columns."""

MEANS = ("avnn_ms", "rmssd_ms", "lomb_lf_ms2", "lomb_hf_ms2", "alpha1", "sampen")
"""Measures of windows whose mean stands in ``variability_phases``."""
WHOLE = "all"
"""What stands for the phase where a row speaks for the whole record."""


class LongTerm(NamedTuple):
    """What a science says of the means and deviations of the windows of a long record."""

    n: int
    sdann: float
    sdnn_index: float


def make_variability(work: Work, vary: Vary, tables: Mapping[str, Detector]) -> pa.Table:
    """Make the windows of variability of one subject and span, for each source of beats that it has.

    Only what was scheduled counts as due: a recorder that was off by its duty cycle lowers no coverage.
    """
    species, length_ns = _asked(work)
    edges_ns = np.arange(work.start_ns, work.stop_ns + 1, length_ns)
    due_s = overlap_s(work.mission.timeline.recorded(work.start_ns, work.stop_ns), edges_ns)
    known, light = quantities_of(work.mission, work.subject or ""), work.mission.description.light
    parts = []
    for name, detector in tables.items():
        if name in work.product.inputs and detector.quantity in known:
            beats = columns_of(work.table(name))
            rows = vary(beats, edges_ns, due_s, species, work.parameters)
            source = np.full(len(rows["start_ns"]), name.removeprefix("beats_"), dtype=object)
            parts.append({"tai_ns": rows.pop("start_ns"), "stop_ns": rows.pop("stop_ns"), "source": source} | rows)
    columns = stacked(parts)
    times: Columns = {name: columns.pop(name) for name in ("tai_ns", "stop_ns")}
    hour = local_hour(times["tai_ns"], light)
    times["phase"] = np.array(phase_names(work.mission.timeline, times["tai_ns"]), dtype=object)
    times |= {"hour_h": hour, "light": lit(hour, light)}
    return table_of(times | columns, work.product, work.subject)


def _asked(work: Work) -> tuple[str, int]:
    """Return species and length of a window [ns]; ProductError where there is none, or it does not divide an hour."""
    species, minutes = work.mission.description.species, int(work.parameters["window_min"])
    if species is None:
        raise ProductError(
            f"{work.product.name}: got a mission without a species, wanted one: bands belong to a species"
        )
    if minutes < 1 or 60 % minutes:
        raise ProductError(f"{work.product.name}: got windows of {minutes} min, wanted a whole number that divides 60")
    return species, minutes * 60 * NS_PER_S


def make_variability_phases(work: Work, long_term: Callable[..., LongTerm]) -> pa.Table:
    """Make ``variability_phases`` of one subject: a row for each source, of the whole record and each phase."""
    windows = alive(columns_of(work.table("variability")), work.table("findings"))
    if not windows or len(windows["tai_ns"]) == 0:
        return rows_table([], work)
    rows = []
    for phase, source, inside in _places(work, windows):
        found = long_term(windows["avnn_ms"][inside], windows["sdnn_ms"][inside])
        length_ns = int(windows["stop_ns"][0] - windows["tai_ns"][0])
        row = {"phase": phase, "source": source, "n": found.n, "window_min": length_ns / 60 / NS_PER_S}
        row |= {"sdann_ms": found.sdann, "sdnn_index_ms": found.sdnn_index}
        rows.append(row | {name: _mean(windows[name][inside]) for name in MEANS})
    return rows_table(rows, work)


def _places(work: Work, windows: Columns) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield (phase, source, its windows) for the whole record and each phase, where there are any."""
    for source in dict.fromkeys(windows["source"].tolist()):
        own = windows["source"] == source
        yield WHOLE, source, own
        for phase in work.mission.timeline.phase:
            inside = own & (windows["phase"] == phase.name)
            if bool(inside.any()):
                yield phase.name, source, inside


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
