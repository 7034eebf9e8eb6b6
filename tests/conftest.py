"""Fixtures common to all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip with a message where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings (../shared/data beside the project) are not here")
    return SHARED_DATA.resolve()
