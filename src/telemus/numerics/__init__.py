"""Filters, spectra, windows, gaps and statistics: numbers only, no animal and no instrument."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Agreement": "agreement",
    "LinearFit": "cosinor",
    "Wave": "cosinor",
    "alternating_extrema": "cells",
    "cosinor_design": "cosinor",
    "divide": "grouping",
    "group_count": "grouping",
    "group_mean_sd": "grouping",
    "group_sum": "grouping",
    "group_union": "grouping",
    "least_squares": "cosinor",
    "match_events": "agreement",
    "mean_cells": "cells",
    "wave_of": "cosinor",
    "window_index": "grouping",
}
__all__ = [
    "Agreement",
    "LinearFit",
    "Wave",
    "alternating_extrema",
    "cosinor_design",
    "divide",
    "group_count",
    "group_mean_sd",
    "group_sum",
    "group_union",
    "least_squares",
    "match_events",
    "mean_cells",
    "wave_of",
    "window_index",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its file on first use, so that opening the room compiles nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
