"""The section on the recorder's clock, and the lines that ingest prints."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from telemus import mission as missions
from telemus.cli.ingest import clock_lines
from telemus.clock import TABLE_VARIABLE, parse_utc
from telemus.report.clock_section import MOST_EVENTS, clock_section
from telemus.report.page import Table, Text
from telemus.report.view import View

START_NS = parse_utc("2025-08-12T17:00:00Z")
STRETCH = {
    "stretch": 0,
    "points": 1440,
    "start_ns": START_NS,
    "stop_ns": START_NS + 86_400 * 10**9,
    "rms_ns": 24.3,
    "largest_ns": 59,
    "drift_ppm": -20.0001,
    "drift_error_ppm": 0.00004,
    "wander_ns": 1500.0,
}
ALONE = STRETCH | dict.fromkeys(("rms_ns", "largest_ns", "drift_ppm", "drift_error_ppm", "wander_ns"))
STEP = {"tai_ns": START_NS, "onboard_ns": 5, "kind": "set forward", "amount_ns": 2_500_000_000, "detail": ""}
WRONG = STEP | {"kind": "time packet rejected", "detail": "off the line", "amount_ns": 3600 * 10**9}
CLOCK = {
    "time_packets": {"used": 1441, "late": 3, "rejected": {"off the line": 1}},
    "stretches": [STRETCH, ALONE],
    "events": [STEP, WRONG],
}


def view_of(clock):
    archive = SimpleNamespace(account=lambda: {"level_1": {"clock": clock}} if clock else {})
    return View(archive, missions.load("mtb2"))


def test_stretches_and_events_are_told():
    section = clock_section(view_of(CLOCK))
    summary, stretches, events, leap = section.blocks
    assert isinstance(summary, Text)
    assert "1\u202f441 time packets" in summary.text
    assert "3 came late" in summary.text
    assert "1 off the line" in summary.text
    assert isinstance(stretches, Table)
    assert stretches.rows[0][2:] == ("1\u202f440", "−20.0001 ± 0.0000", "24", "59", "1.5")
    assert stretches.rows[1][3:] == ("–", "–", "–", "–")
    assert [row[1] for row in events.rows] == ["set forward", "time packet rejected"]
    assert [row[2:] for row in events.rows] == [("+2.500000", "–"), ("+3600.000000", "off the line")]
    assert "valid until 2027-06-28" in leap.text


def test_an_archive_without_a_clock_has_no_such_section():
    assert clock_section(view_of(None)).blocks == []


def test_many_events_are_cut_with_a_count():
    events = clock_section(view_of(CLOCK | {"events": [STEP] * (MOST_EVENTS + 7)})).blocks[2]
    assert len(events.rows) == MOST_EVENTS
    assert "7 more stand in events_clock" in events.note


def test_a_table_that_ends_before_the_timeline_is_told(tmp_path, monkeypatch):
    (tmp_path / "old.csv").write_text("# expires 2020-01-01\n1972-01-01,10\n", encoding="utf-8")
    monkeypatch.setenv(TABLE_VARIABLE, str(tmp_path / "old.csv"))
    assert "2020-01-01, before the end of the timeline" in clock_section(view_of(CLOCK)).blocks[-1].text


def test_ingest_prints_each_stretch_and_each_event():
    first, alone, step, wrong = clock_lines(CLOCK)
    assert first == (
        "clock 2025-08-12T17:00:00Z to 2025-08-13T17:00:00Z: 1,440 time packets, drift -20.0001 +- 0.0000 ppm, "
        "residual rms 24 ns, largest 59 ns"
    )
    assert alone.endswith("1,440 time packets")
    assert step == "clock 2025-08-12T17:00:00Z: set forward by +2.500000 s"
    assert "rejected by +3600" in wrong


@pytest.mark.parametrize("clock", [{}, {"stretches": []}])
def test_nothing_is_printed_of_no_clock(clock):
    assert list(clock_lines(clock)) == []
