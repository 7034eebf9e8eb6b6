"""A faulty sounding against the standard atmosphere: every height at its second, every byte in the account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus import archive as archives
from telemus import mission
from telemus.archive import Archive
from telemus.clock import NS_PER_S
from telemus.pipeline import ingest, process
from telemus.simulate import Summary, simulate_mission

BALLOON = mission.load(Path(__file__).parent / "balloon")


class Sounded:
    """One faulty sounding, ingested and processed."""

    def __init__(self, folder: Path) -> None:
        self.summary: Summary = simulate_mission(BALLOON, folder / "flight", faults="flight", seed=1)
        self.archive: Archive = archives.open_or_create(folder / "archive", folder / "flight" / "mission", "flight")
        self.account: dict[str, Any] = ingest(self.archive, sorted((folder / "flight" / "packets").iterdir())).account
        self.processed = process(self.archive, workers=1)
        self.folder = folder


@pytest.fixture(scope="module")
def sounded(tmp_path_factory: pytest.TempPathFactory) -> Sounded:
    return Sounded(tmp_path_factory.mktemp("sounded"))


def windows(sounded: Sounded, channel: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sounded.archive.read("channel_windows").to_pylist()
    return [row for row in rows if row["channel"] == channel]


def test_every_byte_is_accounted_for(sounded: Sounded) -> None:
    octets = sounded.account["bytes"]
    assert octets["received"] == sounded.summary.bytes
    assert octets["received"] == sum(octets[name] for name in ("packets", "duplicates", "framing", "idle", "rejected"))
    assert octets["duplicates"] > 0
    assert octets["rejected"] > 0


def test_nothing_fails_and_the_one_product_is_made(sounded: Sounded) -> None:
    assert not sounded.processed.failures
    assert {row["entity"] for row in windows(sounded, "pressure")} == {"R1"}
    assert process(sounded.archive, workers=1).made == 0


def test_heights_stand_at_their_time_through_rollover_restart_and_clock_step(sounded: Sounded) -> None:
    """5 m/s: a window that is a second off is 5 m off."""
    release_ns = BALLOON.timeline.t0_ns
    rising = [
        row
        for row in windows(sounded, "altitude")
        if release_ns <= row["tai_ns"] < release_ns + 5900 * NS_PER_S and row["n"] >= 28
    ]
    assert len(rising) > 90
    middle_s = np.array([(row["tai_ns"] - release_ns) / NS_PER_S + 29.0 for row in rising])  # samples at 0, 2 ... 58 s
    error_m = np.array([row["mean"] for row in rising]) - 5.0 * middle_s
    assert np.median(np.abs(error_m)) < 1.0
    assert np.abs(error_m).max() < 12.0  # up to two samples of thirty are lost


def test_pressure_is_that_of_the_standard_atmosphere(sounded: Sounded) -> None:
    release_ns = BALLOON.timeline.t0_ns
    # ISO 2533:1975 at 11 km: 226.32 hPa; the balloon is there 2200 s after its release
    (row,) = [
        one for one in windows(sounded, "pressure") if one["tai_ns"] <= release_ns + 2200 * NS_PER_S < one["stop_ns"]
    ]
    assert row["minimum"] <= 226.32 * 100.0 / 133.322387415 <= row["maximum"]


def test_scheduled_off_is_no_gap(sounded: Sounded) -> None:
    fall_ns = BALLOON.timeline.t0_ns + 6300 * NS_PER_S
    falling = [row for row in windows(sounded, "pressure") if row["tai_ns"] >= fall_ns + 60 * NS_PER_S]
    assert {row["scheduled_s"] for row in falling} <= {30.0, 60.0}
    assert np.median([row["received_share"] for row in falling]) == 1.0
