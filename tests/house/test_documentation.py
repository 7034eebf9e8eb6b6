"""Documentation under test: every verb, setting, product, quality bit and requirement has its place."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
COMMAND = re.compile(r"^\s*(?:\$ )?(telemus [a-z].*)$", re.M)


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_verb_and_option_is_on_its_page() -> None:
    from telemus.cli.program import VERBS, program

    page = _text("reference/commands.md")
    context = click.Context(program)
    for verb in VERBS:
        assert f"## telemus {verb}" in page, verb
        command = program.get_command(context, verb)
        assert command is not None
        for parameter in command.params:
            for name in parameter.opts if isinstance(parameter, click.Option) else ():
                assert f"`{name}" in page.split(f"## telemus {verb}")[1].split("\n## ")[0], f"{verb} {name}"


def test_every_setting_is_on_its_page() -> None:
    from telemus.settings import Settings

    page = _text("reference/settings.md")
    assert not [field.name for field in fields(Settings) if f"`{field.name}`" not in page]


def test_every_product_column_and_parameter_is_on_its_page() -> None:
    from telemus.pipeline import REGISTRY

    page = _text("reference/products.md")
    missing = []
    for name, entry in REGISTRY.items():
        product = entry.product
        missing += [name] if f"## {name}" not in page else []
        names = [column.name for column in product.columns] + [parameter.name for parameter in product.parameters]
        missing += [f"{name}.{one}" for one in names if f"`{one}`" not in page]
    assert not missing, missing


def test_every_quality_bit_is_on_its_page() -> None:
    from telemus.physiology import BeatQuality
    from telemus.series import Quality

    page = _text("levels.md")
    bits = [bit for vocabulary in (Quality, BeatQuality) for bit in vocabulary]
    assert not [bit.name for bit in bits if f"`{str(bit.name).lower()}`" not in page]


def test_every_quantity_and_unit_is_in_the_nomenclature() -> None:
    from telemus.units import CANONICAL, QUANTITIES

    page = _text("nomenclature.md")
    assert not [name for name in QUANTITIES if f"`{name}`" not in page]
    assert not [unit for unit in CANONICAL.values() if unit not in page]


def test_reference_pages_follow_from_the_code() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_command_in_the_docs_exists() -> None:
    from telemus.cli.program import VERBS, program

    context = click.Context(program)
    wrong = []
    for path in PAGES:
        for line in COMMAND.findall(path.read_text(encoding="utf-8")):
            words = shlex.split(line.split("  #")[0])
            if words[1] not in VERBS:
                wrong.append(f"{path.name}: {line}")
                continue
            command = program.get_command(context, words[1])
            known = {name for parameter in command.params for name in parameter.opts} | {"--help"}  # type: ignore[union-attr]
            wrong += [f"{path.name}: {line}: {word}" for word in words if word.startswith("--") and word not in known]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_examples_in_the_docs_run(path: Path) -> None:
    failed, _ = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert not [link for link in links if link and not (path.parent / link).exists()]


def test_every_requirement_has_evidence() -> None:
    rows = [line for line in _text("requirements.md").splitlines() if line.startswith("| ")]
    body = [row for row in rows if not set(row) <= set("|- ") and not row.startswith("| clause")]
    assert len(body) > 40
    for row in body:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), f"a cell is empty: {row}"
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", cells[3]), f"no date: {row}"
        for test in re.findall(r"`(tests/[\w/.]+?\.py)", cells[1]):
            assert (ROOT / test).is_file(), f"no such test: {test}"
