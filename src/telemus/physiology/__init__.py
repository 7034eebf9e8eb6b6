"""What a heart does, computed from arrays: beats from pressure and ECG, their quality, variability and rhythms."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "BeatQuality": "quality",
    "PressureBeats": "pressure",
    "PressureParameters": "pressure",
    "SampleLimits": "quality",
    "find_beats": "pressure",
    "flag_intervals": "quality",
    "flag_samples": "quality",
}
__all__ = [
    "BeatQuality",
    "PressureBeats",
    "PressureParameters",
    "SampleLimits",
    "find_beats",
    "flag_intervals",
    "flag_samples",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its file on first use, so that opening the room compiles nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
