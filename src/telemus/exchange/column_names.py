"""Takes a column's heading apart: name, unit, and whether it is a time or a running number."""

from __future__ import annotations

import re

from telemus.errors import UnitError
from telemus.units import unit_of

_BRACKETS = re.compile(r"^\s*(?P<name>.*?)\s*[\[({]\s*(?P<unit>[^\[\](){}]*?)\s*[\])}]\s*$")
_SUFFIX = re.compile(r"^\s*(?P<name>.+?)\s*(?:[_/,:;]|\s)\s*(?P<unit>[^\s_/,:;]+)\s*$")
_TIME = re.compile(
    r"^(time|t|times?tamps?|date.?time|date|utc|elapsed.*|clock|epoch|unix.?time|posix|seconds?|secs?|millis(econds)?|ms"
    r"|(time|t).?(stamp|axis|rel|relative|abs|absolute|elapsed|vector|of.?day)|(rel|relative|elapsed|abs|sample|unix).?time)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"^(sample|samples|index|idx|i|n|no|nr|#|row|frame|sample.?(no|nr|number|index)|unnamed: 0)\.?$", re.IGNORECASE
)
_CERTAIN_ALONE = frozenset(("s", "g"))
"""Units of one letter that a bare ending may mean; V, m, h, K, C and 1 are as often a lead, a sex or a number."""


def split_unit(heading: str) -> tuple[str, str]:
    """Return (name, unit) of a heading; the unit is "" where none is written.

    Brackets are believed whatever they hold; a bare ending only where it is a unit that we know.

    >>> split_unit("ABP [mmHg]"), split_unit("pressure_kPa"), split_unit("lead_V")
    (('ABP', 'mmHg'), ('pressure', 'kPa'), ('lead_V', ''))
    """
    text = heading.strip().strip("\ufeff").strip().strip('"').strip()
    bracketed = _BRACKETS.match(text)
    if bracketed and bracketed["unit"]:
        return bracketed["name"] or text, bracketed["unit"]
    bare = _SUFFIX.match(text)
    if bare and _is_unit(bare["unit"]):
        return bare["name"], bare["unit"]
    return text, ""


def _is_unit(symbol: str) -> bool:
    if len(symbol) == 1 and symbol not in _CERTAIN_ALONE:
        return False
    try:
        unit_of(symbol)
    except UnitError:
        return False
    return True


def time_unit(heading: str) -> str | None:
    """Return the unit of a heading that names a time ("" where it states none), None where it names something else.

    >>> time_unit("time_ms"), time_unit("Time"), time_unit("ABP [mmHg]")
    ('ms', '', None)
    """
    name, unit = split_unit(heading)
    if not _TIME.match(name):
        return None
    if unit:
        return unit if _is_unit(unit) and unit_of(unit).dimension == "time" else None
    if re.match(r"^(seconds?|secs?)$", name, re.IGNORECASE):
        return "s"
    return "ms" if re.match(r"^(millis(econds)?|ms)$", name, re.IGNORECASE) else ""


def is_running_number(heading: str) -> bool:
    """Return whether a heading names a count of rows.

    >>> is_running_number("Sample"), is_running_number("ECG")
    (True, False)
    """
    return bool(_NUMBER.match(split_unit(heading)[0]))


def is_since_1970(heading: str) -> bool:
    """Return whether a heading says that its numbers count from 1970."""
    return bool(re.search(r"unix|epoch|posix", heading, re.IGNORECASE))
