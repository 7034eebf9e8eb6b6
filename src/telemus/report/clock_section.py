"""The section on the recorder's clock: how it was tied to TAI, how well that is known, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telemus.clock import format_utc, leap_table, tai_to_utc
from telemus.report.numbers import ABSENT, count, number, signed
from telemus.report.page import Block, Section, Table, Text
from telemus.report.view import View

MOST_EVENTS = 40
"""Events shown one by one; all stand in the product events_clock."""


def clock_section(view: View) -> Section:
    """Stretches of the on-board clock with drift and residuals, and what was marked: steps, restarts, rollovers."""
    clock = view.archive.account().get("level_1", {}).get("clock", {})
    if not clock.get("stretches") and not clock.get("events"):
        return Section("clock", "The recorder's clock", [])
    blocks: list[Block] = [Text(_summary(clock["time_packets"])), _stretches(clock["stretches"])]
    events = clock["events"]
    if events:
        blocks.append(_events(events[:MOST_EVENTS], len(events)))
    return Section("clock", "The recorder's clock", [*blocks, Text(_leap_seconds(view))])


def _summary(packets: Mapping[str, Any]) -> str:
    rejected = "; ".join(f"{count(many)} {reason}" for reason, many in packets["rejected"].items())
    told = f", {count(packets['late'])} came late and lie on the line" if packets["late"] else ""
    return (
        f"{count(packets['used'])} time packets tie the recorder's counter to TAI{told}. "
        f"Rejected: {rejected or 'none'}. Between two of them a straight line holds, over a stretch in which the "
        "counter ran without interruption; steps are marked, never bridged."
    )


def _stretches(stretches: list[Mapping[str, Any]]) -> Table:
    rows = [
        (
            format_utc(one["start_ns"], decimals=0),
            format_utc(one["stop_ns"], decimals=0),
            count(one["points"]),
            _drift(one["drift_ppm"], one["drift_error_ppm"]),
            count(one["rms_ns"]),
            count(one["largest_ns"]),
            _thousand(one["wander_ns"]),
        )
        for one in stretches
    ]
    heads = ("stretch from", "to", "points", "drift [ppm]", "residual rms [ns]", "largest [ns]", "wander [µs]")
    note = (
        "Drift: how much slower than TAI the counter ran, least squares, with its standard error. Residual: distance "
        "of a time packet from the line through its neighbours. Wander: largest distance from one straight line."
    )
    return Table(heads, rows, note)


def _drift(drift_ppm: float | None, error_ppm: float | None) -> str:
    if drift_ppm is None:
        return ABSENT
    return signed(drift_ppm, 4) + (f" ± {error_ppm:.4f}" if error_ppm is not None else "")


def _thousand(value_ns: float | None) -> str:
    return ABSENT if value_ns is None else number(value_ns / 1000, 1)


def _events(events: list[Mapping[str, Any]], total: int) -> Table:
    rows = [
        (
            format_utc(one["tai_ns"], decimals=0),
            str(one["kind"]),
            signed(one["amount_ns"] / 1e9, 6) if one["amount_ns"] else ABSENT,
            str(one["detail"]) or ABSENT,
        )
        for one in events
    ]
    note = "Amount: by how much the counter jumped ahead of TAI, or a rejected time packet was off."
    more = f" {count(total - len(events))} more stand in events_clock." if total > len(events) else ""
    return Table(("UTC", "what happened to the clock", "amount [s]", "why"), rows, note + more, numeric=False)


def _leap_seconds(view: View) -> str:
    table, stop_ns = leap_table(), view.mission.timeline.stop_ns
    if table.expires_utc_ns is None:
        return "UTC by a table of leap seconds that tells no date of expiry."
    until = format_utc(stop_ns + table.expires_utc_ns - tai_to_utc(stop_ns), decimals=0)[:10]
    if table.expired(tai_to_utc(stop_ns)):
        return f"UTC by a table of leap seconds that is valid until {until}, before the end of the timeline."
    return f"UTC by a table of leap seconds that is valid until {until}."
