"""Collect, while a definition is read, everything that is wrong with it and everything that is not supported."""

from __future__ import annotations

from lxml import etree

from telemus.errors import DefinitionError, Fault
from telemus.packets.xtce.document import line_of, local_name

_NUMBER_BASES = {"0x": 16, "0o": 8, "0b": 2}


class Findings:
    """The faults and the unsupported elements found so far; it lives as long as one reading."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.unsupported: list[Fault] = []
        self._noted: set[etree._Element] = set()

    def place(self, element: etree._Element) -> str:
        """Return where an element stands: file, line, tag and name."""
        name = element.get("name") or element.get("parameterRef") or element.get("containerRef") or ""
        return f"{self.source}, line {line_of(element)}, {local_name(element)} {name}".rstrip()

    def fault(self, element: etree._Element, got: str, wanted: str, advice: str = "") -> None:
        """Note a fault: the definition cannot be used."""
        self.faults.append(Fault(self.place(element), got, wanted, advice))

    def not_supported(self, element: etree._Element, what: str) -> str:
        """Note an element that is not supported, once, and return the note's text."""
        if element not in self._noted:
            self.unsupported.append(Fault(self.place(element), what, "an element that is supported", "not decoded"))
        return f"line {line_of(element)}: {what}"

    def not_known(self, element: etree._Element, what: str) -> None:
        """Note an element that is not acted on; what is found missing in it later is not said again."""
        self.unsupported.append(Fault(self.place(element), what, "an element that is supported", "not acted on"))
        self._noted.add(element)

    def attribute_not_known(self, element: etree._Element, attribute: str, what: str) -> None:
        """Note an attribute that is not acted on."""
        wanted = "one that is supported"
        self.unsupported.append(Fault(f"{self.place(element)}, {attribute}", what, wanted, "not acted on"))

    def raise_if_faulty(self) -> None:
        """Raise DefinitionError with every fault, if there is one."""
        if self.faults:
            raise DefinitionError(self.source, tuple(self.faults))

    def integer(self, element: etree._Element, text: str | None, default: int = 0) -> int:
        """Return the integer of an attribute or text (decimal, 0x, 0o or 0b); a fault if it is none."""
        if text is None:
            return default
        stripped = text.strip()
        try:
            return int(stripped, _NUMBER_BASES.get(stripped[:2].lower(), 10))
        except ValueError:
            self.fault(element, repr(text), "an integer")
            return default

    def number(self, element: etree._Element, text: str | None, default: float = 0.0) -> float:
        """Return the number of an attribute or text; a fault if it is none."""
        if text is None:
            return default
        try:
            return float(text)
        except ValueError:
            self.fault(element, repr(text), "a number")
            return default

    def flag(self, element: etree._Element, attribute: str, default: bool) -> bool:
        """Return a boolean attribute; a fault if it is neither true nor false."""
        text = element.get(attribute)
        if text is None:
            return default
        if text.strip() not in ("true", "false", "1", "0"):
            self.fault(element, f"{attribute}={text!r}", "true or false")
        return text.strip() in ("true", "1")
