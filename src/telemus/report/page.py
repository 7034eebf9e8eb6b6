"""A page: sections of text, pictures and tables, written as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """A vector picture with its caption. ``identifier`` names it in the page, for links and for saving it alone."""

    identifier: str
    svg: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table: heads, rows of text, and a note under it. Numbers stand to the right where ``numeric`` says so."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Text:
    """A paragraph; ``kind`` is plain, notice or good."""

    text: str
    kind: str = "plain"


Block = Picture | Table | Text


@dataclass(frozen=True)
class Section:
    """One section of a page."""

    identifier: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Fact:
    """One figure of the summary at the head of the page."""

    value: str
    label: str


@dataclass(frozen=True)
class Page:
    """What a page says, from its title to what made it."""

    title: str
    subtitle: str
    facts: Sequence[Fact]
    sections: Sequence[Section]
    made_by: str


def render(page: Page) -> str:
    """Return the HTML of a page. Everything that came from data is escaped; pictures are our own SVG."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("telemus.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["kind"] = lambda block: type(block).__name__.lower()
    return environment.get_template("page.html").render(page=page)


def write(page: Page, path: Path) -> Path:
    """Write a page to a file, whole or not at all; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(render(page), encoding="utf-8")
    unfinished.replace(path)
    return path
