"""Read intervals: the four limits, each inclusive or exclusive, that valid ranges and alarms have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.model import Interval

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.findings import Findings


def read_interval(one: etree._Element, findings: Findings) -> Interval | None:
    """Return the interval of an element; a limit that is not given is infinite, an exclusive one does not belong.

    Both kinds of one limit are a fault. A lower limit above the upper one, which real files have, is noted, and the
    interval left out (None): whether it holds nothing or was turned round is not known.
    """
    for side in ("min", "max"):
        if one.get(f"{side}Inclusive") is not None and one.get(f"{side}Exclusive") is not None:
            findings.fault(one, f"{side}Inclusive and {side}Exclusive", "one of them")
    low = findings.number(one, one.get("minInclusive", one.get("minExclusive")), float("-inf"))
    high = findings.number(one, one.get("maxInclusive", one.get("maxExclusive")), float("inf"))
    if low > high:
        findings.not_supported(one, f"limits of {low} to {high}, the lower above the upper")
        return None
    return Interval(low, high, "minExclusive" not in one.attrib, "maxExclusive" not in one.attrib)
