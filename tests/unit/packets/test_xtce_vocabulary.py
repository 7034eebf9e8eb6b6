"""Nothing that a definition says is dropped in silence: whatever is put in where it does not belong is reported."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
from lxml import etree

from telemus.errors import DefinitionError
from telemus.packets import parse_definition
from telemus.packets.xtce.document import local_name
from telemus.packets.xtce.vocabulary import COMMAND_SIDE, REPORTED, VOCABULARY, outcome_of

HERE = Path(__file__)
PAGE = HERE.parents[3] / "docs" / "explanation" / "xtce.md"
RICH = etree.parse(HERE.with_name("everything.xml")).getroot()
PLACES = [one for one in RICH.iter() if isinstance(one.tag, str) and local_name(one) not in COMMAND_SIDE]
DROPPED = [local_name(one) for one in PLACES]


def reports(root: etree._Element) -> list[str]:
    """Return what is reported, and the faults, as text."""
    try:
        return [str(fault) for fault in parse_definition(etree.tostring(root)).unsupported]
    except DefinitionError as error:
        return [str(fault) for fault in error.faults]


def test_the_rich_definition_is_valid_and_uses_every_element() -> None:
    assert sorted(set(VOCABULARY) - set(DROPPED) - COMMAND_SIDE) == []
    definition = parse_definition(etree.tostring(RICH))
    reported = {name for name in DROPPED if name in REPORTED}
    assert len(definition.unsupported) >= len(reported)


@pytest.mark.parametrize("what", ["element", "attribute", "foreign attribute"])
def test_anything_unknown_anywhere_is_reported_with_its_line(what: str) -> None:
    """An element and an attribute of no XTCE version, at every place of a definition that has every element."""
    silent = []
    for index, place in enumerate(PLACES):
        mutant = copy.deepcopy(RICH)
        target = [one for one in mutant.iter() if isinstance(one.tag, str) and local_name(one) not in COMMAND_SIDE][
            index
        ]
        if what == "element":
            etree.SubElement(target, "Oddity")
        else:
            target.set("oddity" if what == "attribute" else "{urn:odd}oddity", "1")
        found = [one for one in reports(mutant) if "ddity" in one]
        if len(found) != 1 or not re.search(r", line \d+, ", found[0]):
            silent.append(f"line {place.sourceline}: {local_name(place)}: {found}")
    assert silent == []


def test_an_element_where_another_one_has_it_is_reported() -> None:
    mutant = copy.deepcopy(RICH)
    container = next(one for one in mutant.iter() if isinstance(one.tag, str) and local_name(one) == "EntryList")
    etree.SubElement(container, f"{{{etree.QName(container).namespace}}}SplinePoint")
    assert any("SplinePoint in EntryList" in one for one in reports(mutant))


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("rangeForm", "sideways"), ("bitOrder", "odd"), ("units", "fortnights"), ("level", "panic")],
)
def test_a_word_that_an_attribute_does_not_have_is_reported(attribute: str, value: str) -> None:
    mutant = copy.deepcopy(RICH)
    next(one for one in mutant.iter() if isinstance(one.tag, str) and one.get(attribute)).set(attribute, value)
    assert any(value in one and "line" in one for one in reports(mutant))


def test_the_words_of_the_schemas_are_the_vocabulary(shared_data: Path) -> None:
    """Every element of the telemetry side of 1.1, 1.2 and 1.3, and every attribute, is in the table."""
    folder = shared_data / "packets" / "xtce" / "schema"
    missing = []
    for version in ("1.1", "1.2", "1.3"):
        for place, attributes, children in elements_of(folder / f"SpaceSystem-{version}.xsd"):
            known = VOCABULARY.get(place)
            if known is None:
                missing.append((version, place))
                continue
            missing += [(version, place, one) for one in (attributes - known.attributes) | (children - known.children)]
    assert missing == []


XSD = "{http://www.w3.org/2001/XMLSchema}"


def elements_of(path: Path) -> list[tuple[str, set[str], set[str]]]:
    """Return (name, attributes, children) of each element below SpaceSystem, without the command side."""
    root = etree.parse(path, etree.XMLParser(remove_comments=True)).getroot()
    types = {one.get("name", ""): one for one in root if one.tag == f"{XSD}complexType"}
    system = next(one for one in root if one.tag == f"{XSD}element")
    found: list[tuple[str, set[str], set[str]]] = []
    waiting, seen = [("SpaceSystem", types.get(_bare(system.get("type")), system))], set()
    while waiting:
        name, node = waiting.pop()
        if (name, node) in seen:
            continue
        seen.add((name, node))
        attributes: set[str] = set()
        children: dict[str, etree._Element] = {}
        _content(node, types, attributes, children)
        found.append((name, attributes, set(children)))
        for child, element in children.items():
            inner = types.get(_bare(element.get("type")), element)
            if child not in COMMAND_SIDE and element.get("ref") is None:
                waiting.append((child, inner))
    return found


def _bare(name: str | None) -> str:
    return (name or "").split(":")[-1]


def _content(
    node: etree._Element, types: dict[str, etree._Element], attributes: set[str], children: dict[str, etree._Element]
) -> None:
    for one in node:
        if one.tag == f"{XSD}element":
            children[one.get("name") or _bare(one.get("ref"))] = one
        elif one.tag == f"{XSD}attribute":
            if one.get("name"):
                attributes.add(one.get("name", ""))
        else:
            base = types.get(_bare(one.get("base")))
            if base is not None:
                _content(base, types, attributes, children)
            _content(one, types, attributes, children)


def test_the_page_says_of_every_element_what_becomes_of_it() -> None:
    """The table of docs/explanation/xtce.md is the vocabulary: no element less, none more, each with its test."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, *_ in rows] == sorted(VOCABULARY.keys() | COMMAND_SIDE)
    for name, outcome, test in rows:
        assert outcome == outcome_of(name), name
        files = re.findall(r"tests/[\w/]+\.py", test)
        assert files, name
        assert all((HERE.parents[3] / file).is_file() for file in files), test
