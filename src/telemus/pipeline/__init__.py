"""From bytes to results: ingest (level 0 and 1), calibrate, derive (levels 2 and 3), and what is still to be done."""

from __future__ import annotations

import importlib
from typing import Any

_DOORS = {
    "REGISTRY": "telemus.pipeline.registry",
    "ChannelResult": "telemus.pipeline.recording",
    "Correction": "telemus.pipeline.subtraction",
    "Failure": "telemus.pipeline.run",
    "FileSummary": "telemus.pipeline.summary",
    "IngestSummary": "telemus.pipeline.summary",
    "Plan": "telemus.pipeline.plan",
    "ProcessSummary": "telemus.pipeline.run",
    "RecordingResult": "telemus.pipeline.recording",
    "Registered": "telemus.pipeline.work",
    "analyse_recording": "telemus.pipeline.recording",
    "check_mission": "telemus.pipeline.check",
    "correction": "telemus.pipeline.calibrate",
    "detectors_compiling": "telemus.pipeline.warming",
    "ingest": "telemus.pipeline.ingest_files",
    "known_species": "telemus.pipeline.registry",
    "make_plan": "telemus.pipeline.plan",
    "physical": "telemus.pipeline.calibrate",
    "process": "telemus.pipeline.run",
}
"""Public name -> the module that has it, which is loaded when the name is first used."""

__all__ = [
    "REGISTRY",
    "ChannelResult",
    "Correction",
    "Failure",
    "FileSummary",
    "IngestSummary",
    "Plan",
    "ProcessSummary",
    "RecordingResult",
    "Registered",
    "analyse_recording",
    "check_mission",
    "correction",
    "detectors_compiling",
    "ingest",
    "known_species",
    "make_plan",
    "physical",
    "process",
]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(_DOORS)
