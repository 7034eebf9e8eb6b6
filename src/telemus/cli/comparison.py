"""The estimate against the simulator's truth, on the clean part of the flight.

Clean is what the simulator's own fault intervals leave, never our quality bits: the time in which the recorder was on,
minus each interval of a fault that touches the subject's signal, with a margin on both sides. A true beat in clean
time that was not found counts against sensitivity; a found beat in clean time that is none counts against
predictivity. Truth is that after the sensor.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from telemus.archive import Archive
from telemus.clock import NS_PER_S
from telemus.numerics import match_events

TOLERANCE_S = 0.010
"""A found beat is a true one within 10 ms: a tenth of the shortest usual interval of a small animal."""
MARGIN_S = 0.5
"""Time around a fault that is not clean [s]: the longest beat of a small animal, with room."""
_SIGNALS = {"pressure": ("beats_pressure", "foot_tai_ns"), "ecg": ("beats_ecg", "r_tai_ns")}
_PRESSURES = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")
Spans = NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """How one signal of one subject compares with its truth, on clean time.

    ``errors_mmhg``: median absolute error of SBP, DBP, MAP [mmHg], empty for an ECG. ``bias_ms``, ``jitter_ms``: mean
    and standard deviation of found minus true fiducial [ms].
    """

    subject: str
    signal: str
    true_beats: int
    sensitivity: float
    predictivity: float
    bias_ms: float
    jitter_ms: float
    errors_mmhg: dict[str, float]


def read_truth(folder: Path, name: str) -> pa.Table:
    """Return one table of a truth folder: beats, faults or recorded."""
    with pa.memory_map(str(folder / f"{name}.arrow")) as source:
        table: pa.Table = pa.ipc.open_file(source).read_all()
        return table


def clean_spans(recorded: pa.Table, faults: pa.Table, subject: str, channel: str) -> Spans:
    """Return the spans [ns TAI] (n, 2) in which nothing befell a subject's channel, ascending and apart."""
    touching = [
        (fault["start_tai_ns"], fault["stop_tai_ns"])
        for fault in faults.to_pylist()
        if fault["subject"] in {None, subject} and fault["channel"] in {None, channel}
    ]
    margin_ns = round(MARGIN_S * NS_PER_S)
    dirty = sorted((start - margin_ns, stop + margin_ns) for start, stop in touching)
    clean: list[tuple[int, int]] = []
    for on, off in zip(recorded["start_tai_ns"].to_pylist(), recorded["stop_tai_ns"].to_pylist(), strict=True):
        begin, end = on + margin_ns, off - margin_ns
        for start, stop in dirty:
            if stop <= begin or start >= end:
                continue
            if start > begin:
                clean.append((begin, start))
            begin = max(begin, stop)
        if begin < end:
            clean.append((begin, end))
    return np.array(clean, np.int64).reshape(-1, 2)


def inside(times_ns: NDArray[np.int64], spans: Spans) -> NDArray[np.bool_]:
    """Tell which times [ns TAI] lie in ascending spans.

    >>> inside(np.array([1, 5, 9]), np.array([[0, 2], [8, 12]])).tolist()
    [True, False, True]
    """
    if len(spans) == 0:
        return np.zeros(len(times_ns), bool)
    row = np.searchsorted(spans[:, 0], times_ns, side="right") - 1
    return np.asarray((row >= 0) & (times_ns < spans[np.maximum(row, 0), 1]))


def compare(archive: Archive, truth: Path) -> list[Score]:
    """Return the score of every signal of every subject of an archive against a truth folder."""
    beats, faults, recorded = (read_truth(truth, name) for name in ("beats", "faults", "recorded"))
    mission = archive.description
    channels = {channel.name for channel in mission.channels}
    return [
        _score(archive, beats, clean_spans(recorded, faults, subject.id, signal), subject.id, signal)
        for signal in _SIGNALS
        if signal in channels
        for subject in mission.subjects
    ]


def _score(archive: Archive, beats: pa.Table, clean: Spans, subject: str, signal: str) -> Score:
    product, fiducial = _SIGNALS[signal]
    theirs_too = pc.and_(pc.equal(beats["subject"].cast(pa.string()), subject), pc.is_valid(beats[fiducial]))
    true = beats.filter(theirs_too).sort_by(fiducial)
    found = archive.read(product, subject=subject)
    true_ns, found_ns = true[fiducial].to_numpy(), found["tai_ns"].to_numpy()
    origin_ns = int(true_ns[0]) if len(true_ns) else 0
    tolerance_ns = round(TOLERANCE_S * NS_PER_S)
    true_clean, found_clean = inside(true_ns, clean), inside(found_ns, clean)
    hits = match_events(found_ns - origin_ns, true_ns[true_clean] - origin_ns, tolerance_ns)
    claims = match_events(found_ns[found_clean] - origin_ns, true_ns - origin_ns, tolerance_ns)
    errors = {}
    if signal == "pressure":
        for name in _PRESSURES:
            ours, theirs = found[name].to_numpy(), true[name].to_numpy()[true_clean]
            errors[name] = float(np.nanmedian(np.abs(ours[hits.found_index] - theirs[hits.true_index])))
    return Score(
        subject,
        signal,
        int(true_clean.sum()),
        hits.sensitivity,
        claims.predictivity,
        hits.bias / 1e6,
        hits.jitter / 1e6,
        errors,
    )


def told(scores: list[Score]) -> list[str]:
    """Return the comparison as lines: all animals together, and the worst."""
    lines = []
    for signal, title in (("pressure", "pressure beats"), ("ecg", "R peaks")):
        of_signal = [one for one in scores if one.signal == signal and one.true_beats]
        if not of_signal:
            continue
        total = sum(one.true_beats for one in of_signal)
        found = sum(one.sensitivity * one.true_beats for one in of_signal) / total
        worst = min(of_signal, key=lambda one: min(one.sensitivity, one.predictivity))
        lines.append(
            f"{title}: {total:,} true beats in clean time, sensitivity {found:.5f}; worst animal {worst.subject}: "
            f"sensitivity {worst.sensitivity:.5f}, predictivity {worst.predictivity:.5f} "
            f"(within {TOLERANCE_S * 1e3:.0f} ms; bias {worst.bias_ms:+.2f} ms, jitter {worst.jitter_ms:.2f} ms)"
        )
        if signal == "pressure":
            parts = (
                f"{name.split('_')[0].upper()} {max(one.errors_mmhg[name] for one in of_signal):.2f}"
                for name in _PRESSURES
            )
            lines.append(f"pressures: median absolute error, worst animal [mmHg]: {', '.join(parts)}")
    return lines


def as_json(scores: list[Score]) -> list[dict[str, Any]]:
    """Return the scores as plain data."""
    return [asdict(one) for one in scores]
