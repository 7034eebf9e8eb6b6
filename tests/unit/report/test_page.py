"""A page is one file that needs no network, in which data can do no harm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from telemus.report import Fact, Page, Picture, Section, Table, Text, render, write

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>mmHg</text></svg>'


@pytest.fixture
def page() -> Page:
    blocks = [
        Text("plain <b>words</b>"),
        Table(("subject", "beats"), [("<script>alert(1)</script>", "12")], "a note & more"),
        Picture("trend-M1", SVG, "Mouse 1"),
    ]
    facts = [Fact("8", "animals")]
    return Page("A & B", "two days", facts, [Section("first", "First", blocks)], "made by a test")


def test_what_came_from_data_is_escaped(page: Page) -> None:
    text = render(page)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "plain &lt;b&gt;words" in text
    assert "A &amp; B" in text


def test_pictures_stand_in_the_page_as_vectors(page: Page) -> None:
    assert SVG in render(page)


def test_nothing_is_fetched(page: Page) -> None:
    text = render(page)
    assert not re.findall(r'(?:src|href)\s*=\s*"(?!#)[^"]*"', text)
    assert not re.findall(r"@import|url\(\s*['\"]?http", text)


def test_a_page_is_written_whole_or_not_at_all(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write(page, tmp_path / "deep" / "page.html")
    before = target.read_text("utf-8")
    monkeypatch.setattr("telemus.report.page.render", lambda page: (_ for _ in ()).throw(RuntimeError("torn")))
    with pytest.raises(RuntimeError):
        write(page, target)
    assert target.read_text("utf-8") == before
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
