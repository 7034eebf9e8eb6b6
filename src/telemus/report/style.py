"""How every picture of the house looks: vector, with units, and safe for the colour-blind.

Colours are those of Okabe and Ito (2008), "Color Universal Design", which stay apart under the common forms of
colour blindness; those of greatest contrast come first. Text stays text in the SVG, so it can be searched and edited.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
)
CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK, "#7F7F7F")
GREY = "#6b7280"
NIGHT = "#e5e7eb"
WIDTH_IN = 7.2
"""Width of a full-width figure [inch]: two columns of a journal."""

_RC: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "telemus",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "lines.linewidth": 1.0,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.constrained_layout.use": True,
}


@contextmanager
def drawing(height_in: float, rows: int = 1, columns: int = 1, **options: Any) -> Iterator[tuple[Figure, list[Axes]]]:
    """Yield a figure of full width and its axes in reading order, drawn in the style of the house."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_RC):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        axes = figure.subplots(rows, columns, squeeze=False, **options)
        yield figure, list(axes.ravel())


def svg_of(figure: Figure) -> str:
    """Return a figure as an SVG element that can stand inside a page: no XML head, no date, no fixed size."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
