"""What a heart does, computed from arrays: beats from pressure and ECG, their quality, variability and rhythms."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Band": "species",
    "BeatQuality": "quality",
    "Cosinor": "circadian",
    "EcgParameters": "ecg",
    "IntervalStatistics": "intervals",
    "LightDark": "circadian",
    "Norm": "species",
    "PRODUCTS": "products",
    "PressureBeats": "pressure",
    "PressureParameters": "pressure",
    "RPeaks": "ecg",
    "Rejection": "intervals",
    "SampleLimits": "quality",
    "Species": "species",
    "cosinor": "circadian",
    "find_beats": "pressure",
    "find_r_peaks": "ecg",
    "flag_intervals": "quality",
    "flag_range": "species",
    "flag_samples": "quality",
    "interval_statistics": "intervals",
    "is_light": "circadian",
    "light_dark": "circadian",
    "load_species": "species",
    "moving_average_ns": "intervals",
    "reject_average": "intervals",
    "reject_missing": "intervals",
    "reject_neighbour": "intervals",
    "reject_quality": "intervals",
    "reject_range": "intervals",
    "rejected_shares": "intervals",
    "second_of_day": "circadian",
    "species_names": "species",
    "summarise_windows": "windows",
    "whole_ns": "intervals",
    "window_edges": "windows",
}
__all__ = [
    "PRODUCTS",
    "Band",
    "BeatQuality",
    "Cosinor",
    "EcgParameters",
    "IntervalStatistics",
    "LightDark",
    "Norm",
    "PressureBeats",
    "PressureParameters",
    "RPeaks",
    "Rejection",
    "SampleLimits",
    "Species",
    "cosinor",
    "find_beats",
    "find_r_peaks",
    "flag_intervals",
    "flag_range",
    "flag_samples",
    "interval_statistics",
    "is_light",
    "light_dark",
    "load_species",
    "moving_average_ns",
    "reject_average",
    "reject_missing",
    "reject_neighbour",
    "reject_quality",
    "reject_range",
    "rejected_shares",
    "second_of_day",
    "species_names",
    "summarise_windows",
    "whole_ns",
    "window_edges",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its file on first use, so that opening the room compiles nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
