"""The page of a mission and of a recording: one self-contained file for each, that needs no network."""

from telemus.report.mission_page import mission_page
from telemus.report.page import Fact, Page, Picture, Section, Table, Text, render, write
from telemus.report.recording_page import recording_page

__all__ = ["Fact", "Page", "Picture", "Section", "Table", "Text", "mission_page", "recording_page", "render", "write"]
