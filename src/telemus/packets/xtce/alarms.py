"""Read alarms: ranges, changes, labels, patterns of text and conditions, by default and in a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemus.packets.xtce.conditions import read_match
from telemus.packets.xtce.document import child, elements, local_name, named
from telemus.packets.xtce.intervals import read_interval
from telemus.packets.xtce.model import Alarm, AlarmRange, ChangeAlarm, Match
from telemus.packets.xtce.times import UNITS_NS

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

LEVELS = ("normal", "watch", "warning", "distress", "critical", "severe")
"""XTCE ConcernLevelsType, in rising order of severity."""
_RANGES = {f"{level.capitalize()}Range": level for level in LEVELS[1:]}
_CONDITIONS = {f"{level.capitalize()}Alarm": level for level in LEVELS[1:]}


class Alarms(NamedTuple):
    """The default alarm of a parameter type, and those of contexts, which come before it."""

    default: Alarm | None = None
    contexts: tuple[Alarm, ...] = ()


def read_alarms(element: etree._Element, resolve: NameLookup, findings: Findings) -> Alarms:
    """Return the alarms of a parameter type.

    A context whose condition is not supported is noted; it and what comes behind it are left out, since whether they
    apply is not known.
    """
    holder = child(element, "DefaultAlarm")
    default = None if holder is None else _read_alarm(holder, None, resolve, findings)
    listed = named(child(element, "ContextAlarmList"), "ContextAlarm")
    listed += named(child(element, "BinaryContextAlarmList"), "ContextAlarm")
    contexts: list[Alarm] = []
    for one in listed:
        match = child(one, "ContextMatch")
        condition, why = (None, "") if match is None else read_match(match, resolve, findings)
        if why:
            return Alarms(None, tuple(contexts))
        if condition is None:
            findings.fault(one, "no ContextMatch", "the condition under which the alarm holds")
            continue
        contexts.append(_read_alarm(one, condition, resolve, findings))
    return Alarms(default, tuple(contexts))


def _read_alarm(holder: etree._Element, context: Match | None, resolve: NameLookup, findings: Findings) -> Alarm:
    violations = findings.integer(holder, holder.get("minViolations"), 1)
    conformance = findings.integer(holder, holder.get("minConformance"), violations)
    if min(violations, conformance) < 1:
        findings.fault(holder, f"{violations} violations, {conformance} conformances", "1 or more of each")
    return Alarm(
        ranges=_static_ranges(child(holder, "StaticAlarmRanges"), findings)
        + _multi_ranges(child(holder, "AlarmMultiRanges"), findings),
        change=_change(holder, findings),
        labels=_labels(child(holder, "EnumerationAlarmList")),
        patterns=_patterns(child(holder, "StringAlarmList"), findings),
        conditions=_conditions(child(holder, "AlarmConditions"), resolve, findings),
        default_level=_level(holder, "defaultAlarmLevel"),
        context=context,
        min_violations=violations,
        min_conformance=conformance,
        disabled=findings.flag(holder, "disabled", False),
    )


def _level(one: etree._Element, attribute: str) -> str:
    """Return a level by name, normal for a name that is none (which is noted with the attribute)."""
    level = one.get(attribute, "normal")
    return level if level in LEVELS else "normal"


def _static_ranges(holder: etree._Element | None, findings: Findings) -> tuple[AlarmRange, ...]:
    """Return the ranges by rising severity; those of times are in seconds, the unit of calibrated times."""
    if holder is None:
        return ()
    units = holder.get("timeUnits", "seconds")
    if units not in UNITS_NS:
        findings.not_supported(holder, f"times in {units}, which differ in length")
        return ()
    to_s = float(UNITS_NS[units] / UNITS_NS["seconds"])
    inside = holder.get("rangeForm", "outside") == "inside"
    ranges = []
    for one in elements(holder):
        if local_name(one) in _RANGES:
            interval = read_interval(one, findings)
            if interval is None:
                continue
            interval = interval._replace(low=interval.low * to_s, high=interval.high * to_s)
            ranges.append(AlarmRange(_RANGES[local_name(one)], interval, inside))
    return tuple(sorted(ranges, key=lambda one: LEVELS.index(one.level)))


def _multi_ranges(holder: etree._Element | None, findings: Findings) -> tuple[AlarmRange, ...]:
    ranges = []
    for one in named(holder, "Range"):
        if one.get("level") is None:
            findings.fault(one, "no level", "the level that the range raises")
        inside = one.get("rangeForm", "outside") == "inside"
        interval = read_interval(one, findings)
        if interval is not None:
            ranges.append(AlarmRange(_level(one, "level"), interval, inside))
    return tuple(sorted(ranges, key=lambda one: LEVELS.index(one.level)))


def _change(holder: etree._Element, findings: Findings) -> ChangeAlarm | None:
    one = child(holder, "ChangeAlarmRanges")
    if one is None:
        one = child(holder, "ChangePerSecondAlarmRanges")
    if one is None:
        return None
    samples = findings.integer(one, one.get("spanOfInterestInSamples"), 1)
    if samples < 1:
        findings.fault(one, f"a span of {samples} samples", "1 or more")
    return ChangeAlarm(
        _static_ranges(one, findings),
        per_second=one.get("changeType", "changePerSecond") == "changePerSecond",
        percent=one.get("changeBasis", "absoluteChange") == "percentageChange",
        samples=samples,
        seconds=findings.number(one, one.get("spanOfInterestInSeconds"), 0.0),
    )


def _labels(holder: etree._Element | None) -> tuple[tuple[str, str], ...]:
    """Return (label, level); 1.1 called the label ``enumerationValue``."""
    return tuple(
        (one.get("enumerationLabel", one.get("enumerationValue", "")), _level(one, "alarmLevel"))
        for one in named(holder, "EnumerationAlarm")
    )


def _patterns(holder: etree._Element | None, findings: Findings) -> tuple[tuple[str, str], ...]:
    """Return (pattern, level) of each regular expression that can be matched in linear time."""
    found = []
    for one in named(holder, "StringAlarm"):
        pattern = one.get("matchPattern", "")
        if _is_pattern(pattern):
            found.append((pattern, _level(one, "alarmLevel")))
        else:
            findings.not_supported(one, f"the pattern {pattern!r}")
    return tuple(found)


def _is_pattern(pattern: str) -> bool:
    """Return whether Arrow's matcher, which never backtracks, takes a pattern."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _conditions(
    holder: etree._Element | None, resolve: NameLookup, findings: Findings
) -> tuple[tuple[str, Match], ...]:
    found: list[tuple[str, Match]] = []
    for one in elements(holder):
        if local_name(one) in _CONDITIONS:
            condition, why = read_match(one, resolve, findings)
            if condition is not None and not why:
                found.append((_CONDITIONS[local_name(one)], condition))
    return tuple(sorted(found, key=lambda each: LEVELS.index(each[0])))
