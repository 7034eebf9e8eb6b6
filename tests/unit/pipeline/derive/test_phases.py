"""Baselines by the hour of the day, subjects without one, and groups in which every subject is shown."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from telemus.pipeline.derive_phases import MEASURES, alive, compared_rows, group_row, hourly_difference


def windows(phase, hour, values, coverage=None):
    count = len(phase)
    return {
        "tai_ns": np.arange(count) * 60_000_000_000,
        "phase": np.array(phase, dtype=object),
        "hour_h": np.asarray(hour, float),
        "light": (np.asarray(hour) >= 8) & (np.asarray(hour) < 20),
        "scheduled_s": np.full(count, 60.0),
        "coverage": np.ones(count) if coverage is None else np.asarray(coverage, float),
        "heart_rate_bpm": np.asarray(values, float),
    }


def in_phase(table, phase):
    return compared_rows(table, table["phase"] == phase, table["phase"] == "baseline", 0.5)


def row(found, measure="heart_rate_bpm"):
    return next(one for one in found if one["measure"] == measure)


def test_a_phase_is_compared_with_the_same_hours_of_the_baseline():
    """Nights are 100 above days. A flight recorded at noon, 10 above the baseline's noon, is 10 up, not 40 down."""
    hours = np.arange(24)
    baseline = np.where((hours >= 8) & (hours < 20), 500.0, 600.0)
    table = windows(["baseline"] * 24 + ["flight"] * 2, [*hours, 12, 13], [*baseline, 510.0, 510.0])
    found = row(in_phase(table, "flight"))
    assert found["mean"] == 510.0
    assert found["baseline_mean"] == 550.0
    assert found["difference"] == pytest.approx(10.0)
    assert (found["compared_n"], found["hours"], found["reason"]) == (2, 2, "")


def test_the_baseline_differs_from_itself_by_nothing():
    table = windows(["baseline"] * 48, list(range(24)) * 2, np.arange(48.0))
    assert row(in_phase(table, "baseline"))["difference"] == pytest.approx(0.0, abs=1e-12)


def test_hours_without_a_baseline_are_not_compared():
    table = windows(["baseline"] * 3 + ["flight"] * 4, [1, 1, 2, 1, 1, 2, 9], [100, 104, 90, 110, 110, 100, 999.0])
    found = row(in_phase(table, "flight"))
    assert found["difference"] == pytest.approx((8 + 8 + 10) / 3)
    assert (found["n"], found["compared_n"], found["hours"]) == (4, 3, 2)


@pytest.mark.parametrize(
    ("phase", "hour", "reason"),
    [
        (["flight"] * 2, [1, 2], "no baseline of this subject"),
        (["baseline", "flight"], [1, 2], "no baseline at these hours of the day"),
        (["baseline", "baseline"], [1, 2], "no data in this phase"),
    ],
)
def test_without_a_baseline_there_is_a_reason_and_no_exception(phase, hour, reason):
    found = row(in_phase(windows(phase, hour, [500.0, 510.0]), "flight"))
    assert np.isnan(found["difference"])
    assert found["reason"] == reason


def test_light_and_dark_and_coverage():
    table = windows(["flight"] * 4, [10, 11, 22, 23], [500, 510, 600, 620], coverage=[1, 0.4, 1, 1])
    found = row(in_phase(table, "flight"))
    assert (found["light_mean"], found["dark_mean"], found["n"], found["coverage"]) == (500.0, 610.0, 3, 0.75)


def test_the_mean_of_an_hourly_profile_is_taken_before_it_is_subtracted():
    found = hourly_difference(np.array([10.0]), np.array([3]), np.array([1.0, 3.0, np.nan]), np.array([3, 3, 3]))
    assert found.mean == 8.0


def test_windows_after_death_are_left_out():
    table = windows(["flight"] * 4, [1, 2, 3, 4], [500, 510, 20, 20.0])
    findings = pa.table({"kind": ["no_signal", "dead"], "start_ns": [0, 120_000_000_000]})
    assert alive(table, findings)["heart_rate_bpm"].tolist() == [500, 510]
    assert len(alive(table, pa.table({"kind": ["no_signal"], "start_ns": [0]}))["tai_ns"]) == 4


def test_a_group_shows_every_subject_and_counts_those_it_could_use():
    found = {
        "A": {"unit": "bpm", "difference": 10.0, "reason": ""},
        "B": {"unit": "bpm", "difference": float("nan"), "reason": "no data in this phase"},
        "C": {"unit": "bpm", "difference": -2.0, "reason": ""},
    }
    group = group_row(("A", "B", "C", "D"), found)
    assert (group["n"], group["members"], group["mean"]) == (2, 4, 4.0)
    assert group["differences"] == [10.0, None, -2.0, None]
    assert group["reasons"] == ["", "no data in this phase", "", "no data"]
    assert (group["minimum"], group["maximum"]) == (-2.0, 10.0)


def test_every_measure_is_a_declared_column_of_the_windows():
    from telemus.pipeline import REGISTRY

    declared = {column.name: column.unit for column in REGISTRY["windows_1min"].product.columns}
    for measure, (unit, coverage) in MEASURES.items():
        assert declared[measure] == unit
        assert coverage == "" or coverage in declared
