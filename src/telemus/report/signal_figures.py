"""Pictures of the signal itself and of what was found in it: waveform with beats, distributions, shares of quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from telemus.report.style import BLUE, CYCLE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW, drawing, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Marks:
    """Marks on a waveform: times [s] (n,), values (n,), and the marker and colour that show them."""

    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    marker: str = "o"
    colour: str = VERMILION


@dataclass(frozen=True)
class Wave:
    """A stretch of waveform: times [s] (n,), values (n,) with NaN for gaps, label with unit, and marks by name."""

    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    label: str
    marks: Mapping[str, Marks] = field(default_factory=dict)


def wave_figure(waves: Sequence[Wave], title: str = "") -> str:
    """Draw waveforms one above the other on one time axis, with the beats that were detected."""
    with drawing(1.45 * len(waves) + 0.3, rows=len(waves), sharex=True) as (figure, every):
        for axes, wave in zip(every, waves, strict=True):
            axes.plot(wave.seconds, wave.values, color=BLUE, linewidth=0.8)
            for name, marks in wave.marks.items():
                axes.plot(
                    marks.seconds,
                    marks.values,
                    marks.marker,
                    color=marks.colour,
                    markersize=3.6,
                    label=name,
                    clip_on=False,
                )
            if wave.marks:
                axes.legend(loc="upper right", ncols=4, bbox_to_anchor=(1.0, 1.18), handletextpad=0.1)
            axes.set_ylabel(wave.label)
        every[0].set_title(title)
        every[-1].set_xlabel("Time [s]")
        return svg_of(figure)


def distribution_figure(panels: Mapping[str, Mapping[str, NDArray[np.float64]]], bins: int = 48) -> str:
    """Draw the distribution of each measure as steps, one line for each series; panels by "title [unit]"."""
    with drawing(2.0, columns=max(len(panels), 1)) as (figure, every):
        for axes, (label, series) in zip(every, panels.items(), strict=True):
            finite = {name: values[np.isfinite(values)] for name, values in series.items()}
            pooled = np.concatenate(list(finite.values())) if finite else np.zeros(0)
            if len(pooled) == 0:
                axes.text(0.5, 0.5, "no beats", transform=axes.transAxes, ha="center", color=GREY)
                axes.set_xlabel(label)
                continue
            low, high = np.percentile(pooled, [0.1, 99.9])
            edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
            for colour, (name, values) in zip(CYCLE * 4, finite.items(), strict=False):
                if len(values):
                    counts = np.histogram(values, edges)[0] / len(values)
                    axes.stairs(100 * counts, edges, color=colour, linewidth=1.0, label=name)
            axes.set_xlabel(label)
            axes.set_ylabel("Beats [%]")
        if every[-1].get_legend_handles_labels()[0]:
            every[-1].legend(fontsize=6.5, ncols=2, handlelength=1.0, columnspacing=0.8)
        return svg_of(figure)


def spread_figure(panels: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float64]]]]) -> str:
    """Draw medians, quartiles and 5 to 95 percentiles of each subject, one bar for each series; panels by label.

    ``panels`` is label -> series (a phase) -> subject -> values (n,), NaN left out.
    """
    with drawing(2.5, columns=max(len(panels), 1)) as (figure, every):
        for axes, (label, series) in zip(every, panels.items(), strict=True):
            subjects = list(dict.fromkeys(name for one in series.values() for name in one))
            for number, (colour, (name, values)) in enumerate(
                zip((GREY, BLUE, VERMILION), series.items(), strict=False)
            ):
                shift = (number - (len(series) - 1) / 2) * 0.26
                axes.plot([], [], color=colour, linewidth=3, label=name)
                for row, subject in enumerate(subjects):
                    finite = values[subject][np.isfinite(values[subject])]
                    if len(finite):
                        _spread(axes, row + shift, finite, colour)
            axes.set_xticks(range(len(subjects)), subjects)
            axes.set_title(label)
        figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        return svg_of(figure)


def _spread(axes: Axes, place: float, values: NDArray[np.float64], colour: str) -> None:
    lowest, low, middle, high, highest = np.percentile(values, [5, 25, 50, 75, 95])
    axes.plot([place, place], [lowest, highest], color=colour, linewidth=0.8)
    axes.plot([place, place], [low, high], color=colour, linewidth=4, solid_capstyle="butt")
    axes.plot([place], [middle], "o", color="white", markeredgecolor=colour, markersize=3.2)


def share_figure(shares: Mapping[str, Mapping[str, float]], label: str) -> str:
    """Draw stacked shares [0 to 1] by reason, one bar for each row."""
    reasons = list(dict.fromkeys(reason for row in shares.values() for reason in row))
    palette = dict(zip(reasons, (GREEN, ORANGE, VERMILION, BLUE, PURPLE, SKY, YELLOW) * 3, strict=False))
    with drawing(0.75 + 0.2 * len(shares)) as (figure, (axes,)):
        for row, (_, parts) in enumerate(reversed(list(shares.items()))):
            left = 0.0
            for reason in reasons:
                width = 100 * parts.get(reason, 0.0)
                axes.barh(row, width, left=left, height=0.72, color=palette[reason], linewidth=0)
                left += width
        for reason in reasons:
            axes.barh(0, 0, color=palette[reason], label=reason)
        axes.set_yticks(range(len(shares)), list(shares)[::-1])
        axes.set_xlim(0, 100)
        axes.set_xlabel(label)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.32), ncols=6, handlelength=1.0)
        return svg_of(figure)
