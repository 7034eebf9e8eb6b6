"""Fixtures common to all tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip with a message where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings (../shared/data beside the project) are not here")
    return SHARED_DATA.resolve()


@pytest.fixture(scope="session")
def faults() -> ModuleType:
    """Return the module that makes durable steps fail (tests/faults.py)."""
    spec = importlib.util.spec_from_file_location("telemus_faults", Path(__file__).with_name("faults.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
