"""Faults that show only between the tables of a mission."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from telemus import mission as missions
from telemus.errors import MissionError

FAULTS = [
    ("mission.toml", 'id = "C1"\ntitle = "Cage 1"\nparent = "recorder"', 'id = "C1"\ntitle = "Cage 1"\nparent = "C1"',
     "one not inside itself"),
    ("mission.toml", 'id = "recorder"', 'id = "recorder"\nparent = "M1"', "one not inside itself"),
    ("mission.toml", 'sensor = "S25102"\nsubject', 'sensor = "S25101"\nsubject', "it in M1 and in M2 at once"),
    ("mission.toml", 'on = "08:00"', 'on = "25:00"', "a time of day such as 08:00"),
    ("mission.toml", "since = 2025-08-01T00:00:00Z", 'since = "yesterday"', "yesterday"),
    ("mission.toml", "address = 2", "address = 1", "each once"),
    ("channels.toml", 'unit = "mmHg"', 'unit = "bananas"', "one of mmHg"),
    ("channels.toml", 'unit = "mmHg"\n', "", "this key is required"),
    ("channels.toml", "rate_hz = 500.0", "rate_hz = 0", "greater than 0"),
    ("simulation.toml", 'kind = "death"', 'kind = "holiday"', "got 'holiday', wanted 'death' or 'clot'"),
    ("timelines/flight.toml", "stop_h = 2.0", "stop_h = 3.0", "where launch stops"),
    ("timelines/flight.toml", "title", "title = title", "TOML 1.0"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    folder = tmp_path / "mission"
    shutil.copytree(missions.MISSIONS / "mtb2", folder)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(re.sub(re.escape(old), new, text, count=1), encoding="utf-8")
    _, faults = missions.read(folder)
    lines = [str(fault) for fault in faults]
    assert any(told in line and Path(file).name in line for line in lines), lines
    with pytest.raises(MissionError, match="fault"):
        missions.load(folder)


def test_a_mission_that_is_not_there() -> None:
    with pytest.raises(MissionError, match=r"got nowhere, wanted a folder with a mission\.toml, or one of mtb1, mtb2"):
        missions.load("nowhere")
