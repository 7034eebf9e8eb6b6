"""The page of a mission: what an archive says, from its bytes to the comparison with baseline."""

from __future__ import annotations

from collections.abc import Callable

from telemus import __version__
from telemus.archive import Archive
from telemus.clock import format_utc
from telemus.report import mission_sections as general
from telemus.report import physiology_sections as physiology
from telemus.report.clock_section import clock_section
from telemus.report.definitions import definition_section
from telemus.report.numbers import count, size
from telemus.report.page import Fact, Page, Section
from telemus.report.view import View

SECTIONS: tuple[Callable[[View], Section], ...] = (
    general.timeline_section,
    general.trend_section,
    general.transition_section,
    physiology.comparison_section,
    physiology.zoom_section,
    physiology.distribution_section,
    physiology.quality_section,
    general.account_section,
    clock_section,
    definition_section,
    general.study_section,
    general.provenance_section,
)
"""The sections of the page, in order."""


def mission_page(archive: Archive) -> Page:
    """Return the page of an archive. Reads what was processed; makes nothing new."""
    view = View(archive, archive.description)
    timeline = view.mission.timeline
    sections = [section for section in (make(view) for make in SECTIONS) if section.blocks]
    span = f"{format_utc(timeline.start_ns, decimals=0)} to {format_utc(timeline.stop_ns, decimals=0)}"
    subtitle = f"{view.mission.description.description} {timeline.title}, {span}."
    made = f"Made by Telemus {__version__}. This page is one file and needs no network."
    return Page(view.mission.description.title, subtitle, _facts(view), sections, made)


def _facts(view: View) -> list[Fact]:
    octets = view.archive.account()["bytes"]
    products = ("beats_pressure", "beats_ecg")
    beats = {name: sum(one.rows for one in view.archive.granules(name)) for name in products}
    hours = sum(phase.stop_h - phase.start_h for phase in view.mission.timeline.phase)
    return [
        Fact(count(len(view.mission.subjects)), "animals"),
        Fact(f"{count(hours)} h", "timeline"),
        Fact(size(octets["received"]), "received"),
        Fact(size(octets["rejected"]), "rejected, with reasons"),
        *(Fact(count(rows), name.replace("beats_", "beats from ")) for name, rows in beats.items() if rows),
    ]
