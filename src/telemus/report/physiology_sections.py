"""Sections that the physiology brings: waveform with beats, distributions, quality, comparison with baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S, format_utc
from telemus.pipeline import physical
from telemus.report.numbers import ABSENT, number, percent, signed
from telemus.report.page import Block, Picture, Section, Table, Text
from telemus.report.signal_figures import Marks, Wave, share_figure, spread_figure, wave_figure
from telemus.report.style import GREEN, ORANGE, VERMILION
from telemus.report.time_figures import difference_figure
from telemus.report.view import View, column
from telemus.series import Samples

MEASURES = (
    ("map_mmhg", "Mean arterial pressure", "mmHg"),
    ("heart_rate_bpm", "Heart rate", "bpm"),
    ("sbp_mmhg", "Systolic pressure", "mmHg"),
    ("dbp_mmhg", "Diastolic pressure", "mmHg"),
)
_LABELS = {"pressure_arterial": "Arterial pressure [mmHg]", "ecg": "ECG [mV]"}
_PRODUCTS = {"pressure_arterial": "beats_pressure", "ecg": "beats_ecg"}
Found = dict[tuple[str, str, str], dict[str, Any]]
"""Rows of the product phases by subject, phase and measure."""
REASONS = ("missing", "quality", "average", "neighbour", "range")


def zoom_section(view: View) -> Section:
    """Real waveform of each subject, with the beats that were found in it."""
    blocks: list[Block] = [
        Text(
            "The waveform as recorded, in physical units, and the marks as the detectors set them, between samples. "
            "Each stretch is the middle of the subject's last well covered minute before the flight ends."
        )
    ]
    for subject in view.mission.subjects:
        start_ns = _good_moment(view, subject.id)
        if start_ns is None:
            blocks.append(Text(f"{subject.title or subject.id}: no minute with beats, so nothing to show."))
            continue
        waves = [_wave(view, subject.id, quantity, start_ns) for quantity in _quantities(view)]
        title = f"{subject.title or subject.id}, {format_utc(start_ns, decimals=1)}"
        blocks.append(Picture(f"zoom-{subject.id}", wave_figure(waves, title), _zoom_caption(waves)))
    return Section("waveform", "Waveform and beats", blocks)


def _quantities(view: View) -> list[str]:
    named = [view.mission.channel(name) for name in view.mission.displays.zoom_channels]
    shown = [one.reference.quantity if one.reference else one.quantity for one in named]
    return [quantity for quantity in shown if quantity in _PRODUCTS]


def _good_moment(view: View, subject: str) -> int | None:
    """Return the middle of the last well covered minute of flight, else of any phase [ns TAI]."""
    rows = view.of_subject(view.windows, subject)
    if rows.num_rows == 0:
        return None
    coverage, starts = column(rows, "coverage"), column(rows, "tai_ns").astype(np.int64)
    kinds = {phase.name: phase.kind for phase in view.mission.timeline.phase}
    flying = np.array([kinds.get(str(name)) == "flight" for name in rows["phase"].to_pylist()], bool)
    for wanted in (flying & (coverage > 0.9), coverage > 0.9, coverage > 0.0):
        if wanted.any():
            return int(starts[wanted][-1]) + 30 * NS_PER_S
    return None


def _wave(view: View, subject: str, quantity: str, start_ns: int) -> Wave:
    stop_ns = start_ns + round(view.mission.displays.zoom_s * NS_PER_S)
    samples = physical(view.archive, view.mission, subject, quantity, start_ns, stop_ns)
    beats = view.archive.read(_PRODUCTS[quantity], subject=subject, start_ns=start_ns, stop_ns=stop_ns)
    times_ns = column(beats, "tai_ns").astype(np.int64)
    after = {name: column(beats, name) for name in ("systole_ns", "notch_ns")}
    return wave_of(samples, quantity, start_ns, times_ns, **after)


def wave_of(
    samples: Samples,
    quantity: str,
    start_ns: int,
    times_ns: NDArray[np.int64],
    *,
    systole_ns: NDArray[Any],
    notch_ns: NDArray[Any],
) -> Wave:
    """Return a stretch of signal with its marks: foot, systole and notch on a pressure, R on an ECG.

    ``times_ns`` (n,) are the fiducials [ns TAI]; ``systole_ns`` and ``notch_ns`` (n,) come after them [ns].
    """
    seconds, values = _with_gaps(samples, start_ns)

    def marks(moments_ns: NDArray[Any], marker: str, colour: str) -> Marks:
        at = np.asarray((moments_ns - start_ns) / NS_PER_S, np.float64)
        at = at[np.isfinite(at)]
        inside = at[(at >= seconds[0]) & (at <= seconds[-1])] if len(seconds) else at[:0]
        return Marks(inside, np.interp(inside, seconds, values) if len(inside) else inside, marker, colour)

    if quantity == "ecg":
        named = {"R": marks(times_ns, "o", VERMILION)}
    else:
        named = {
            "foot": marks(times_ns, "v", VERMILION),
            "systole": marks(times_ns + systole_ns if len(systole_ns) else times_ns[:0], "^", GREEN),
            "notch": marks(times_ns + notch_ns if len(notch_ns) else times_ns[:0], "d", ORANGE),
        }
    return Wave(
        seconds, values, _LABELS.get(quantity, quantity), {name: one for name, one in named.items() if len(one.seconds)}
    )


def _with_gaps(samples: Samples, start_ns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return seconds and values with a NaN between segments, so that no line is drawn across a gap."""
    seconds, values = [], []
    for segment, part, _ in samples.runs():
        times = (segment.times_ns() - start_ns) / NS_PER_S
        seconds += [times, times[-1:]]
        values += [np.asarray(part, np.float64), np.array([np.nan])]
    if not seconds:
        return np.zeros(0), np.zeros(0)
    return np.concatenate(seconds)[:-1], np.concatenate(values)[:-1]


def _zoom_caption(waves: list[Wave]) -> str:
    found = "; ".join(
        f"{wave.label.split(' [')[0]}: {len(next(iter(wave.marks.values())).seconds) if wave.marks else 0} beats"
        for wave in waves
    )
    return f"{found} in this stretch."


def distribution_section(view: View) -> Section:
    """The spread of pressure and rate over minutes, each subject, in baseline and in flight."""
    kinds = {"baseline": [p.name for p in view.mission.timeline.phase if p.baseline]}
    kinds |= {"flight": [p.name for p in view.mission.timeline.phase if p.kind == "flight"]}
    panels = {
        f"{title} [{unit}]": {
            kind: {subject.id: _minutes(view, subject.id, name, phases) for subject in view.mission.subjects}
            for kind, phases in kinds.items()
        }
        for name, title, unit in MEASURES[:2]
    }
    caption = "Minutes with beats in at least half of their scheduled time: median, quartiles, 5 to 95 percentiles."
    return Section("distribution", "Distribution", [Picture("distribution", spread_figure(panels), caption)])


def _minutes(view: View, subject: str, name: str, phases: list[str]) -> NDArray[np.float64]:
    rows = view.of_subject(view.windows, subject)
    inside = np.isin(np.array(rows["phase"].to_pylist() if rows.num_rows else [], dtype=str), phases)
    return view.trend(subject, "windows_1min", name).values[inside]


def quality_section(view: View) -> Section:
    """What was kept, what was rejected, and why; and the findings."""
    blocks: list[Block] = [
        Text(
            "Rejection is reversible: a beat keeps its row and its bits; what is rejected is left out of means. "
            "Bits and reasons are defined below."
        )
    ]
    for prefix, title in (("pressure", "Pressure"), ("ecg", "ECG")):
        shares = {subject.id: _rejections(view, subject.id, prefix) for subject in view.mission.subjects}
        if not any(shares.values()):
            continue
        picture = share_figure(shares, f"{title}: intervals of found beats [%]")
        blocks.append(Picture(f"quality-{prefix}", picture, f"{title}: intervals kept, and rejected by reason."))
        blocks.append(_rejection_table(title, shares))
    blocks.append(_findings(view))
    return Section("quality", "Quality, and what was rejected", blocks)


def _rejections(view: View, subject: str, prefix: str) -> dict[str, float]:
    """Return shares of all beats of a subject by what became of their intervals; empty where there is no beat."""
    rows = view.of_subject(view.windows, subject)
    beats = column(rows, f"{prefix}_n_beats").astype(np.float64)
    total = float(np.nansum(beats))
    if total == 0:
        return {}
    kept = float(np.nansum(column(rows, f"{prefix}_n_intervals"))) / total
    shares = {"kept": kept}
    for reason in REASONS:
        share = float(np.nansum(column(rows, f"{prefix}_rejected_{reason}") * beats)) / total
        if share > 0:
            shares[reason] = share
    return shares


def _rejection_table(title: str, shares: dict[str, dict[str, float]]) -> Table:
    reasons = ["kept", *(one for one in REASONS if any(one in parts for parts in shares.values()))]
    rows = [
        (name, *(percent(parts.get(one, 0.0) if parts else None) for one in reasons)) for name, parts in shares.items()
    ]
    return Table((title, *reasons), rows, "An interval may be rejected for several reasons; each is counted.")


def _findings(view: View) -> Table:
    found = view.archive.read("findings").to_pylist()
    rows = [
        (one["subject"], one["kind"], format_utc(one["start_ns"], decimals=0), format_utc(one["stop_ns"], decimals=0),
         one["evidence"])
        for one in found
    ]  # fmt: skip
    nothing = [("none", ABSENT, ABSENT, ABSENT, ABSENT)]
    note = "Dead is said only when several signals agree under good reception; else it is no signal."
    return Table(("animal", "finding", "from", "to", "evidence"), rows or nothing, note, numeric=False)


def comparison_section(view: View) -> Section:
    """Each animal against its own baseline, by phase."""
    names = [phase.name for phase in view.compared]
    rows = view.phases.to_pylist()
    found = {(one["subject"], one["phase"], one["measure"]): one for one in rows}
    panels = {
        f"{title}, difference [{unit}]": {
            subject.id: [_value(found.get((subject.id, name, measure)), "difference") for name in names]
            for subject in view.mission.subjects
        }
        for measure, title, unit in MEASURES[:2]
    }
    caption = (
        "Each animal against its own baseline, hour of the day against the same hour of the day; the line is the "
        "median. No test of significance: with so few animals every one is shown."
    )
    blocks: list[Block] = [Picture("comparison", difference_figure(names, panels), caption)]
    blocks += [_comparison_table(view, found, *measure) for measure in MEASURES]
    groups = view.archive.read("groups").to_pylist()
    blocks += [_group_table(view, groups, *measure) for measure in MEASURES[:2]] if groups else []
    return Section("comparison", "Against the animal's own baseline", blocks)


def _group_table(view: View, groups: list[dict[str, Any]], measure: str, title: str, unit: str) -> Table:
    """Return mean difference and n of each group and factor level by phase; the animals themselves stand above."""
    found = {(one["group"], one["phase"]): one for one in groups if one["measure"] == measure}
    names = list(dict.fromkeys(group for group, _ in found))
    rows = [
        (
            f"{name} ({next(one['members'] for (group, _), one in found.items() if group == name)})",
            *(_group_cell(found.get((name, phase.name))) for phase in view.compared),
        )
        for name in names
    ]
    heads = (f"{title}, difference [{unit}], by group (animals)", *(phase.title for phase in view.compared))
    return Table(heads, rows, "Mean of the animals' differences, standard deviation, and n with a difference.")


def _group_cell(one: dict[str, Any] | None) -> str:
    if one is None or one["n"] == 0:
        return ABSENT
    spread = f" ± {number(one['sd'])}" if one["n"] > 1 else ""
    return f"{signed(one['mean'])}{spread} (n {one['n']})"


def _value(row: dict[str, Any] | None, name: str) -> float:
    return float("nan") if row is None or row[name] is None else float(row[name])


def _comparison_table(
    view: View, found: dict[tuple[str, str, str], dict[str, Any]], measure: str, title: str, unit: str
) -> Table:
    phases = view.compared
    rows, reasons = [], []
    for subject in view.mission.subjects:
        cells = [found.get((subject.id, phase.name, measure)) for phase in phases]
        baseline = next((_value(cell, "baseline_mean") for cell in cells if cell), float("nan"))
        rows.append((subject.id, number(baseline), *(signed(_value(cell, "difference")) for cell in cells)))
        reasons += [f"{subject.id}, {cell['phase']}: {cell['reason']}" for cell in cells if cell and cell["reason"]]
    note = "Difference from baseline at the same hours." + (f" None: {'; '.join(reasons)}." if reasons else "")
    return Table((f"{title} [{unit}]", "baseline", *(phase.title for phase in phases)), rows, note)
