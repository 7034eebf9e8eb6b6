"""Read alarms and valid ranges: static ranges, levels by label, and both in a context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemus.packets.xtce.conditions import read_match
from telemus.packets.xtce.document import child, elements, local_name
from telemus.packets.xtce.model import Alarm, AlarmRange

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

LEVELS = ("normal", "watch", "warning", "distress", "critical", "severe")
"""XTCE ConcernLevelsType, in rising order of severity."""
_RANGES = {f"{level.capitalize()}Range": level for level in LEVELS[1:]}
_HANDLED = frozenset(["StaticAlarmRanges", "EnumerationAlarmList", "ContextMatch", "LongDescription"])


def read_alarms(
    element: etree._Element, resolve: NameLookup, findings: Findings
) -> tuple[Alarm | None, tuple[Alarm, ...]]:
    """Return (default alarm, alarms of contexts) of a parameter type; a kind not supported is noted and left out."""
    holder = child(element, "DefaultAlarm")
    default = None if holder is None else _read_alarm(holder, resolve, findings)
    listed = elements(child(element, "ContextAlarmList"))
    contexts = [_read_alarm(one, resolve, findings) for one in listed]
    return default, tuple(one for one in contexts if one is not None and one.condition is not None)


def _read_alarm(holder: etree._Element, resolve: NameLookup, findings: Findings) -> Alarm | None:
    for one in elements(holder):
        if local_name(one) not in _HANDLED:
            findings.not_supported(one, f"the alarm {local_name(one)}")
    ranges = tuple(
        _read_range(one, findings) for one in elements(child(holder, "StaticAlarmRanges")) if local_name(one) in _RANGES
    )
    labels = tuple(
        (one.get("enumerationLabel", one.get("enumerationValue", "")), one.get("alarmLevel", "normal"))
        for one in elements(child(holder, "EnumerationAlarmList"))
    )
    static = child(holder, "StaticAlarmRanges")
    if static is not None and static.get("rangeForm", "outside") != "outside":
        findings.not_supported(static, "alarm ranges of the form inside")
        return None
    match = child(holder, "ContextMatch")
    condition, why = (None, "") if match is None else read_match(match, resolve, findings)
    if why:
        return None
    by_severity = tuple(sorted(ranges, key=lambda one: LEVELS.index(one.level)))
    return Alarm(by_severity, labels, holder.get("defaultAlarmLevel", "normal"), condition)


def _read_range(one: etree._Element, findings: Findings) -> AlarmRange:
    low = findings.number(one, one.get("minInclusive", one.get("minExclusive")), float("-inf"))
    high = findings.number(one, one.get("maxInclusive", one.get("maxExclusive")), float("inf"))
    level = _RANGES[local_name(one)]
    return AlarmRange(level, low, high, "minExclusive" not in one.attrib, "maxExclusive" not in one.attrib)
