"""Derives findings (L3): death and loss of signal, said only where several signals agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.work import Work, columns_of, table_of

SOURCES = ("pressure", "ecg")
_BEFORE = 5
"""Windows with a pulse, ahead of the silence, whose temperature is the living one."""


class Finding(NamedTuple):
    """One finding: kind, start and stop [ns TAI], evidence in words."""

    kind: str
    start_ns: int
    stop_ns: int
    evidence: str


def make_findings(work: Work) -> pa.Table:
    """Make ``findings`` of one subject from its windows of one minute."""
    windows = columns_of(work.table("windows_1min"))
    found = find_events(windows, work.parameters) if "tai_ns" in windows else []
    columns = {
        "start_ns": np.array([one.start_ns for one in found], np.int64),
        "stop_ns": np.array([one.stop_ns for one in found], np.int64),
        "kind": np.array([one.kind for one in found], dtype=object),
        "evidence": np.array([one.evidence for one in found], dtype=object),
    }
    table = table_of(columns, work.product, work.subject)
    return table.cast(pa.schema([_text(field) for field in table.schema]))


def _text(field: pa.Field) -> pa.Field:
    """Return the field as text where it has no type for want of rows."""
    return field.with_type(pa.string()) if pa.types.is_null(field.type) else field


def find_events(windows: Columns, parameters: Mapping[str, Any]) -> list[Finding]:
    """Return the findings in windows (m,) of one subject, in order of time.

    ``no_signal``: at least ``silent_windows`` scheduled windows in a row in which no source is received well.
    ``dead``: from some window to the end of the record every well received window is silent in **every** source
    (pressure and ECG, two at least), and the temperature fell by ``fall_degc`` from the last living windows. Where
    the pulse is gone under good reception but the temperature does not fall, or only one source could be heard, it is
    ``no_signal`` with that said.
    """
    sources = [source for source in SOURCES if f"{source}_received_share" in windows]
    if not sources or len(windows["tai_ns"]) == 0:
        return []
    received = np.array([np.nan_to_num(windows[f"{one}_received_share"]) for one in sources])
    covered = np.array([np.nan_to_num(windows[f"{one}_coverage"]) for one in sources])
    heard = (received >= parameters["least_received"]).all(axis=0)
    silent = heard & (covered < parameters["silent_coverage"]).all(axis=0)
    least = int(parameters["silent_windows"])
    found = []
    for first, stop in _runs((received < parameters["least_received"]).all(axis=0), least):
        share = float(received[:, first:stop].mean())
        span = int(windows["tai_ns"][first]), int(windows["stop_ns"][stop - 1])
        found.append(
            Finding("no_signal", *span, f"{share:.0%} of the scheduled samples of {' and '.join(sources)} usable")
        )
    end = _final_silence(windows, heard, silent, sources, parameters)
    return sorted([*found, *([end] if end else [])], key=lambda one: one.start_ns)


def _final_silence(
    windows: Columns,
    heard: NDArray[np.bool_],
    silent: NDArray[np.bool_],
    sources: list[str],
    parameters: Mapping[str, Any],
) -> Finding | None:
    """Return what the silence at the end of the record means; None where there is none."""
    audible = np.flatnonzero(heard)
    alive = audible[~silent[audible]]
    last_alive = int(alive[-1]) if len(alive) else -1
    quiet = audible[audible > last_alive]
    if len(quiet) < int(parameters["silent_windows"]):
        return None
    span = int(windows["tai_ns"][quiet[0]]), int(windows["stop_ns"][quiet[-1]])
    told = f"no beat in {len(quiet)} windows with good reception of {' and '.join(sources)}"
    temperature = windows.get("temperature_degc")
    before = windows["tai_ns"] < 0 if temperature is None else np.isfinite(temperature)
    warm = np.flatnonzero(before & (np.arange(len(before)) <= last_alive))[-_BEFORE:]
    cold = quiet[before[quiet]][-_BEFORE:]
    if temperature is None or len(warm) == 0 or len(cold) == 0:
        return Finding("no_signal", *span, f"{told}; no temperature to compare")
    fall = float(np.median(temperature[warm]) - np.median(temperature[cold]))
    told += f"; body temperature fell by {fall:.1f} degC to {float(np.median(temperature[cold])):.1f} degC"
    agreed = len(sources) > 1 and fall >= parameters["fall_degc"]
    return Finding("dead" if agreed else "no_signal", *span, told)


def _runs(mark: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """Return (first, stop) of every run of at least ``least`` marks."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mark.astype(np.int8), [0]])))
    return [(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if b - a >= least]


def death_ns(findings: pa.Table) -> int | None:
    """Return when a subject's death starts [ns TAI] by its findings, None where there is none."""
    rows = findings.to_pylist()
    starts = [row["start_ns"] for row in rows if row["kind"] == "dead"]
    return min(starts) if starts else None
