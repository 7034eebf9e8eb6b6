"""An empty archive of a mission that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus import archive
from telemus.mission import MISSIONS

SHIPPED = sorted(path.parent for path in MISSIONS.glob("*/mission.toml"))[-1]


@pytest.fixture
def mission_folder() -> Path:
    """Return the folder of a mission that ships."""
    return SHIPPED


@pytest.fixture
def store(tmp_path: Path, mission_folder: Path) -> archive.Archive:
    """Return an empty archive of its rehearsal."""
    return archive.create(tmp_path / "archive", mission_folder, "rehearsal")
