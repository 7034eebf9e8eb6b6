"""Pictures along the mission's time: phases with light and dark, trends of each subject, transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from telemus.report.style import BLUE, CYCLE, GREY, NIGHT, drawing, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PHASE_COLOURS = {
    "ground": "#d1d5db",
    "launch": "#fdba74",
    "flight": "#93c5fd",
    "descent": "#fca5a5",
    "recovery": "#86efac",
}


@dataclass(frozen=True)
class Backdrop:
    """What lies behind every trend [h after T0]: phases (title, kind, start, stop), nights, recorded spans."""

    phases: Sequence[tuple[str, str, float, float]]
    nights: NDArray[np.float64]
    recorded: NDArray[np.float64]


@dataclass(frozen=True)
class Trend:
    """One measure of one subject: times [h after T0] (n,), values (n,), NaN where there is none."""

    hours: NDArray[np.float64]
    values: NDArray[np.float64]


def _shade_nights(axes: Axes, backdrop: Backdrop) -> None:
    for start, stop in backdrop.nights:
        axes.axvspan(start, stop, color=NIGHT, linewidth=0, zorder=0)


def _phase_band(axes: Axes, backdrop: Backdrop) -> None:
    """Draw the phases as a coloured band along the top edge."""
    for _, kind, start, stop in backdrop.phases:
        axes.axvspan(start, stop, ymin=0.965, ymax=1.0, color=PHASE_COLOURS[kind], linewidth=0, zorder=3)


def _limits(backdrop: Backdrop) -> tuple[float, float]:
    return backdrop.phases[0][2], backdrop.phases[-1][3]


def timeline_figure(backdrop: Backdrop, presence: Mapping[str, NDArray[np.float64]]) -> str:
    """Draw phases, nights, the recorder's schedule, and for each subject the spans that have beats [h after T0]."""
    names = list(presence)
    with drawing(0.9 + 0.16 * len(names)) as (figure, (axes,)):
        _shade_nights(axes, backdrop)
        for title, kind, start, stop in backdrop.phases:
            axes.broken_barh([(start, stop - start)], (len(names) + 1.1, 0.8), color=PHASE_COLOURS[kind], linewidth=0)
            if stop - start > 0.06 * (_limits(backdrop)[1] - _limits(backdrop)[0]):
                axes.text((start + stop) / 2, len(names) + 1.5, title, ha="center", va="center", fontsize=7.5)
        _spans(axes, backdrop.recorded, len(names), GREY)
        for row, name in enumerate(names):
            _spans(axes, presence[name], len(names) - 1 - row, BLUE)
        axes.set_yticks([len(names) + 1.5, *(len(names) - row + 0.4 for row in range(len(names) + 1))])
        axes.set_yticklabels(["Phase", "Recorder on", *names])
        axes.set_xlim(*_limits(backdrop))
        axes.set_xlabel("Time after launch [h]; grey: lights off")
        axes.tick_params(axis="y", length=0)
        return svg_of(figure)


def _spans(axes: Axes, spans: NDArray[np.float64], row: int, colour: str) -> None:
    if len(spans):
        axes.broken_barh(
            [(start, stop - start) for start, stop in spans], (row + 0.1, 0.6), color=colour, linewidth=0.3
        )


def trend_figure(backdrop: Backdrop, panels: Sequence[tuple[str, str, Trend]]) -> str:
    """Draw the measures of one subject over the mission, one panel each: (title, unit, trend)."""
    with drawing(1.25 * len(panels) + 0.35, rows=len(panels), sharex=True) as (figure, every):
        for axes, colour, (title, unit, trend) in zip(every, CYCLE, panels, strict=False):
            _shade_nights(axes, backdrop)
            _phase_band(axes, backdrop)
            axes.plot(trend.hours, trend.values, ".", markersize=2.2, color=colour, rasterized=False)
            _range_of(axes, trend.values)
            axes.set_ylabel(f"{title}\n[{unit}]")
        every[-1].set_xlim(*_limits(backdrop))
        every[-1].set_xlabel("Time after launch [h]")
        return svg_of(figure)


def course_figure(panels: Sequence[tuple[str, str, Trend]]) -> str:
    """Draw measures of one recording over its minutes, one panel each: (title, unit, trend with minutes for hours)."""
    with drawing(1.15 * len(panels) + 0.35, rows=len(panels), sharex=True) as (figure, every):
        for axes, colour, (title, unit, trend) in zip(every, CYCLE, panels, strict=False):
            axes.plot(trend.hours, trend.values, ".-", markersize=3, linewidth=0.6, color=colour)
            _range_of(axes, trend.values)
            axes.set_ylabel(f"{title}\n[{unit}]")
        every[-1].set_xlabel("Time from the start of the recording [min]")
        return svg_of(figure)


def _range_of(axes: Axes, values: NDArray[np.float64]) -> None:
    """Set the range to the 0.5 to 99.5 percentiles and a margin: one wild window does not flatten a month."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center", color=GREY)
        return
    low, high = np.percentile(finite, [0.5, 99.5])
    margin = 0.12 * max(high - low, 1.0)
    axes.set_ylim(low - margin, high + 2 * margin)


def transition_figure(title: str, span_h: tuple[float, float], panels: Mapping[str, Mapping[str, Trend]]) -> str:
    """Draw one transition (a launch, a descent): every subject thin, their median bold; panels by "title [unit]"."""
    with drawing(2.3, columns=len(panels)) as (figure, every):
        for axes, (label, trends) in zip(every, panels.items(), strict=True):
            inside = {name: _cut(trend, span_h) for name, trend in trends.items()}
            for colour, (name, trend) in zip(CYCLE * 4, inside.items(), strict=False):
                axes.plot(trend.hours, trend.values, "-", linewidth=0.7, color=colour, alpha=0.75, label=name)
            _median(axes, list(inside.values()))
            axes.set_title(title)
            axes.set_ylabel(label)
            axes.set_xlabel("Time after launch [h]")
        figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=9, handlelength=1.2)
        return svg_of(figure)


def _cut(trend: Trend, span_h: tuple[float, float]) -> Trend:
    inside = (trend.hours >= span_h[0]) & (trend.hours < span_h[1])
    return Trend(trend.hours[inside], trend.values[inside])


def _median(axes: Axes, trends: Sequence[Trend]) -> None:
    """Draw the median over subjects of values that share their minute."""
    hours = np.concatenate([np.round(trend.hours * 60) / 60 for trend in trends]) if trends else np.zeros(0)
    values = np.concatenate([trend.values for trend in trends]) if trends else np.zeros(0)
    minutes = np.unique(hours[np.isfinite(values)])
    middle = [float(np.median(values[(hours == minute) & np.isfinite(values)])) for minute in minutes]
    axes.plot(minutes, middle, "-", color="black", linewidth=1.8, label="median")


def difference_figure(phases: Sequence[str], panels: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Draw each subject's difference from its own baseline by phase (NaN: none); panels by "title [unit]"."""
    with drawing(2.5, columns=len(panels)) as (figure, every):
        for axes, (label, subjects) in zip(every, panels.items(), strict=True):
            axes.axhline(0, color=GREY, linewidth=0.6)
            count = max(len(subjects), 1)
            for row, (colour, (name, values)) in enumerate(zip(CYCLE * 4, subjects.items(), strict=False)):
                places = np.arange(len(phases)) + (row - (count - 1) / 2) * 0.6 / count
                axes.plot(places, values, "o", markersize=3.2, color=colour, label=name)
            table = np.array([list(values) for values in subjects.values()], dtype=float).reshape(-1, len(phases))
            for place in range(len(phases)):
                finite = table[np.isfinite(table[:, place]), place]
                if len(finite):
                    axes.plot([place - 0.36, place + 0.36], [np.median(finite)] * 2, color="black", linewidth=1.5)
            axes.set_xticks(range(len(phases)), list(phases))
            axes.set_title(label)
        figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, handletextpad=0.1)
        return svg_of(figure)
