"""From bytes to results: ingest (level 0 and 1), calibrate, derive (levels 2 and 3), and what is still to be done."""

from __future__ import annotations

import importlib
from typing import Any

_DOORS = {
    "FileSummary": "telemus.pipeline.summary",
    "IngestSummary": "telemus.pipeline.summary",
    "ingest": "telemus.pipeline.ingest_files",
}
"""Public name -> the module that has it, which is loaded when the name is first used."""

__all__ = ["FileSummary", "IngestSummary", "ingest"]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(_DOORS)
