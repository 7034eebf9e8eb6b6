"""A mission without an animal goes the whole way: simulate, ingest, process, report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.pipeline import check_mission, ingest, make_plan, process
from telemus.report import mission_page, write
from telemus.simulate import MODELS, simulate_mission

FOLDER = Path(__file__).with_name("balloon")


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    out = tmp_path_factory.mktemp("balloon")
    mission = missions.load(FOLDER)
    simulate_mission(mission, out / "flight", seed=1, faults="none", workers=1)
    store = archives.create(out / "archive", out / "flight" / "mission", mission.timeline_name)
    summary = ingest(store, sorted((out / "flight" / "packets").glob("*.bin")))
    return store, summary, process(store, workers=1), out


def test_the_folder_has_no_fault():
    assert check_mission(FOLDER, models=MODELS) == []


def test_every_byte_is_accounted_for(flown):
    octets = flown[1].account["bytes"]
    assert octets["received"] == sum(count for name, count in octets.items() if name != "received")
    assert octets["rejected"] == 0


def test_one_product_is_made_of_every_channel(flown):
    store, _, done, _ = flown
    assert done.failures == ()
    assert {granule.product for granule in store.granules() if granule.level > 1} == {"channel_windows"}
    rows = store.read("channel_windows")
    assert set(rows["channel"].to_pylist()) == {"pressure", "temperature", "altitude"}
    assert set(rows["unit"].to_pylist()) == {"mmHg", "degC", "m"}


def test_the_air_thins_as_the_balloon_rises(flown):
    rows = flown[0].read("channel_windows")
    height = rows.filter(pc.equal(rows["channel"], "altitude")).sort_by("tai_ns")["mean"].to_numpy()
    pressure = rows.filter(pc.equal(rows["channel"], "pressure")).sort_by("tai_ns")["mean"].to_numpy()
    assert height.max() > 25_000
    assert len(height) == len(pressure)
    assert np.corrcoef(height, np.log(pressure))[0, 1] < -0.99
    assert pressure[0] == pytest.approx(760, abs=30)


def test_coverage_is_against_the_duty_cycle(flown):
    rows = flown[0].read("channel_windows")
    halves = rows.filter(pc.equal(rows["scheduled_s"], 30.0))
    assert halves.num_rows > 60
    assert np.median(halves["received_share"].to_numpy()) == 1.0


def test_nothing_is_made_twice(flown):
    store = flown[0]
    plan = make_plan(store, store.description)
    assert len(plan.tasks) > 0
    assert plan.missing == []


@pytest.mark.filterwarnings("ignore:No artists with labels")  # the page's legend of beats, which there are none of
def test_the_page_is_written(flown):
    store, _, _, out = flown
    page = write(mission_page(store), out / "report.html")
    text = page.read_text(encoding="utf-8")
    assert "A sounding of the atmosphere" in text
    assert "<svg" in text
