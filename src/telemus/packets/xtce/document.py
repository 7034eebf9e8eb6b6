"""Parse XML that may come from anywhere: no entities, no document type, no network, bounded depth and size."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from lxml import etree

from telemus.errors import DefinitionError, Fault

MAX_DEPTH = 64
"""Deeper than any real definition (space systems nest to about 6, expressions to about 10)."""
MAX_BYTES = 64 << 20
"""Forty times the largest definition that we have seen."""


def parse_document(text: bytes, source: str) -> etree._Element:
    """Return the root element of an XML document.

    Raises DefinitionError if it is no XML, if it has a document type declaration (and with it entities: expansion
    bombs and external files, refused outright), or if it is too deep or too large.
    """
    if len(text) > MAX_BYTES:
        raise _refuse(source, f"{len(text)} bytes", f"at most {MAX_BYTES}")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refuse(source, "a document type declaration", "none", "entities are not read from definitions")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise _refuse(f"{source}, line {error.lineno}", f"no XML: {error.msg}", "well-formed XML") from error
    if cast("Any", root.getroottree().docinfo).doctype:  # in an encoding that hid it from the search above
        raise _refuse(source, "a document type declaration", "none", "entities are not read from definitions")
    if _depth_over(root, MAX_DEPTH):
        raise _refuse(source, f"elements nested deeper than {MAX_DEPTH}", "less")
    return root


def read_octets(path: Path) -> bytes:
    """Return the octets of a file, at most one more than ``parse_document`` takes.

    Raises OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def local_name(element: etree._Element) -> str:
    """Return the tag without its namespace: XTCE 1.1 to 1.3 differ in the namespace, not in these names."""
    return str(etree.QName(element).localname)


def elements(parent: etree._Element | None) -> list[etree._Element]:
    """Return the child elements, without comments and processing instructions; none of nothing."""
    return [] if parent is None else [child for child in parent if isinstance(child.tag, str)]


def child(parent: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first child element of that local name, or None."""
    return next((one for one in elements(parent) if local_name(one) == name), None)


def named(parent: etree._Element | None, name: str) -> list[etree._Element]:
    """Return the child elements of that local name."""
    return [one for one in elements(parent) if local_name(one) == name]


def line_of(element: etree._Element) -> int:
    """Return the line that an element begins on, 0 if that is not known."""
    return cast("int", element.sourceline) or 0


def _depth_over(root: etree._Element, limit: int) -> bool:
    """Walk with a counter, never by recursion."""
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > limit:
            return True
    return False


def _refuse(source: str, got: str, wanted: str, advice: str = "") -> DefinitionError:
    return DefinitionError(source, (Fault(source, got, wanted, advice),))
