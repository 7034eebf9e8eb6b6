"""Days against the animal's own baseline and bouts of activity, from an archive of two days."""

from __future__ import annotations

import pytest

from telemus.clock import NS_PER_S
from telemus.pipeline import process

DAY_S = 86_400


@pytest.fixture
def processed(recorder):
    """Ten minutes at the first hour of both days: 600 bpm, then 500."""
    for at_s, rate_bpm in ((3600, 600.0), (DAY_S + 3600, 500.0)):
        recorder.write(recorder.animal(1, at_s, 600, rate_bpm=rate_bpm))
    assert process(recorder.store, workers=1).failures == ()
    return recorder


def test_each_day_is_compared_with_the_same_hour_of_the_baseline(processed):
    rows = processed.store.read("days", subject="M1").to_pylist()
    rates = {row["day"]: row for row in rows if row["measure"] == "heart_rate_bpm"}
    assert sorted(rates) == [0, 1]
    assert rates[0]["difference"] == pytest.approx(0.0, abs=1e-6)
    assert rates[1]["difference"] == pytest.approx(-100.0, abs=0.5)
    assert (rates[1]["phase"], rates[1]["n"], rates[1]["hours"]) == ("flight", 10, 1)
    assert rates[1]["start_ns"] == processed.start_ns + DAY_S * NS_PER_S


def test_bouts_are_told_in_the_animals_own_units(processed):
    rows = processed.store.read("bouts", subject="M1").to_pylist()
    assert [(row["phase"], row["length_min"], row["relative_activity"]) for row in rows] == [
        ("baseline", 10.0, 1.0),
        ("flight", 10.0, 1.0),
    ]
    assert rows[0]["start_ns"] == processed.start_ns + 3600 * NS_PER_S


def test_two_visits_of_ten_minutes_have_no_stable_period(processed):
    rows = processed.store.read("periods", subject="M1").to_pylist()
    whole = next(row for row in rows if row["phase"] == "all" and row["measure"] == "heart_rate_bpm")
    assert whole["period_h"] is None or whole["period_h"] != whole["period_h"]
    assert "recorded, wanted 48 h" in whole["reason"]


def test_strata_say_how_fast_the_heart_is_by_activity(processed):
    rows = processed.store.read("activity_strata", subject="M1").to_pylist()
    found = {row["stratum"]: row for row in rows if row["phase"] == "all" and row["measure"] == "heart_rate_bpm"}
    assert list(found) == ["floor", "low", "middle", "high"]
    assert sum(row["n"] for row in found.values()) == 20
    assert found["floor"]["n"] == 0
