"""Filters, spectra, windows, gaps and statistics: numbers only, no animal and no instrument."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "alternating_extrema": "cells",
    "mean_cells": "cells",
}
__all__ = [
    "alternating_extrema",
    "mean_cells",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its file on first use, so that opening the room compiles nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
