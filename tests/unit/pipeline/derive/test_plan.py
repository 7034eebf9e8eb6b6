"""What is made again, and what is not: as make does."""

from __future__ import annotations

import re

import numpy as np
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.clock import NS_PER_S
from telemus.errors import ProductError
from telemus.pipeline import make_plan, process
from telemus.pipeline.plan import wanted

HOUR = 3600


@pytest.fixture
def two_bins(recorder):
    """Two animals, ten seconds in each of two bins of twelve hours."""
    for at_s in (HOUR, 9 * HOUR):
        recorder.write([row for number in (1, 2) for row in recorder.animal(number, at_s, 10)])
    return recorder


def edited(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert re.search(old, text)
    (folder / file).write_text(re.sub(old, new, text, count=1), encoding="utf-8")


def planned(store, folder=None):
    mission = missions.load(folder, "short") if folder is not None else store.description
    return make_plan(store, mission)


def names(tasks):
    return sorted({task.product for task in tasks})


def test_nothing_is_planned_for_an_empty_archive(store):
    assert planned(store).tasks == []


def test_what_is_made_is_not_made_again(two_bins):
    store = two_bins.store
    first = process(store, workers=1)
    assert first.failures == ()
    assert (first.made, first.present) == (len(planned(store).tasks), 0)
    second = process(store, workers=1)
    assert (second.made, second.present) == (0, first.made)
    assert planned(archives.open(store.path)).missing == []


def test_late_data_recompute_only_the_bins_they_touch(two_bins):
    store = two_bins.store
    process(store, workers=1)
    two_bins.write(two_bins.animal(1, HOUR + 600, 10))
    missing = planned(store).missing
    bins = {task.start_ns for task in missing if task.product == "beats_pressure"}
    assert len(bins) == 1
    (bin_start,) = bins
    assert bin_start <= two_bins.start_ns + HOUR * NS_PER_S < bin_start + 12 * HOUR * NS_PER_S
    assert {"phases", "cosinor", "findings"} <= set(names(missing))
    before = {one.id for one in store.granules("beats_pressure")}
    process(store, workers=1)
    after = {one.id for one in store.granules("beats_pressure")}
    assert len(before - after) == len(after - before) == len([t for t in missing if t.product == "beats_pressure"])
    assert store.read("beats_pressure", subject="M1").num_rows > 250


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mission.toml", r'title = "Mouse 1"', 'title = "Mouse one"'),
        ("mission.toml", r"assumption: a bench reading", "a bench reading"),
        ("channels.toml", r'title = "ECG"', 'title = "Electrocardiogram"'),
        ("timelines/short.toml", r'title = "Flight"', 'title = "In orbit"'),
        ("study.toml", r'title = ".*"', 'title = "Another title"'),
    ],
)
def test_a_corrected_spelling_recomputes_nothing(two_bins, mission_folder, file, old, new):
    process(two_bins.store, workers=1)
    edited(mission_folder, file, old, new)
    assert planned(two_bins.store, mission_folder).missing == []


@pytest.mark.parametrize(
    ("file", "old", "new", "touched", "spared"),
    [
        ("mission.toml", r"offset = -1.1", "offset = -1.4", {"corrections", "beats_pressure", "phases"}, set()),
        ("mission.toml", r'on = "08:00"', 'on = "07:00"', {"windows_1min", "light_dark"}, {"beats_pressure"}),
        ("channels.toml", r"gain = 0.02,", "gain = 0.021,", {"beats_pressure", "windows_1h"}, set()),
        ("timelines/short.toml", r'name = "flight"', 'name = "orbit"', {"windows_1min", "phases"}, {"beats_ecg"}),
        (
            "products.toml",
            r'name = "cosinor"',
            'name = "cosinor"\nwhy = "a test"\n[product.parameters]\nperiod_h = 12.0',
            {"cosinor"},
            {"windows_1min", "phases"},
        ),
        (
            "products.toml",
            r'name = "beats_ecg"',
            'name = "beats_ecg"\nwhy = "a test"\n[product.parameters]\nleast_merit = 0.4',
            {"beats_ecg", "windows_1min", "phases"},
            {"beats_pressure", "corrections"},
        ),
    ],
)
def test_a_changed_number_recomputes_what_depends_on_it(
    two_bins,
    mission_folder,
    file,
    old,
    new,
    touched,
    spared,
):
    if file.startswith("timelines"):
        edited(mission_folder, "displays.toml", r'transitions = \["flight"\]', "transitions = []")
    process(two_bins.store, workers=1)
    edited(mission_folder, file, old, new)
    missing = set(names(planned(two_bins.store, mission_folder).missing))
    assert touched <= missing
    assert not spared & missing


def test_a_changed_zero_touches_only_the_subject_that_has_the_sensor(two_bins, mission_folder):
    process(two_bins.store, workers=1)
    edited(mission_folder, "mission.toml", r"offset = -1.1", "offset = -1.4")
    missing = planned(two_bins.store, mission_folder).missing
    assert {task.subject for task in missing if task.product == "corrections"} == {"M1"}


def test_products_bring_what_they_are_made_from(store):
    found = wanted(store.description)
    assert next(iter(found)) == "corrections"
    assert {"findings", "windows_1min", "phases"} <= set(found)


def test_a_product_that_nobody_declared_names_those_that_are(mission_folder):
    edited(mission_folder, "products.toml", r'name = "cosinor"', 'name = "cosinus"')
    with pytest.raises(ProductError, match=r"cosinus.*cosinor"):
        wanted(missions.load(mission_folder, "short"))


def test_windows_of_a_minute_and_an_hour_agree(two_bins):
    process(two_bins.store, workers=1)
    minute = two_bins.store.read("windows_1min", subject="M1")
    hour = two_bins.store.read("windows_1h", subject="M1")
    for name in ("pressure_n_beats", "ecg_n_beats"):
        assert np.sum(minute[name].to_numpy()) == np.sum(hour[name].to_numpy()) > 150
