"""The kinds of value that stand in a mission's files, each checked where it is read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from telemus.clock import parse_utc
from telemus.errors import ClockError, UnitError
from telemus.units import quantity_of, unit_of

STRICT = ConfigDict(extra="forbid", populate_by_name=True)
"""An unknown key is a fault."""


def _instant(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    try:
        return parse_utc(text)
    except ClockError as error:
        raise ValueError(str(error)) from error


def _clock_hour(value: object) -> float:
    text = str(value)
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes[:2].isdigit() and int(hours) < 24 and int(minutes[:2]) < 60):
        raise ValueError("wanted a time of day such as 08:00")
    return int(hours) + int(minutes[:2]) / 60


def _unit(value: object) -> str:
    try:
        return unit_of(str(value)).symbol
    except UnitError as error:
        raise ValueError(str(error)) from error


def _quantity(value: object) -> str:
    try:
        quantity_of(str(value))
    except UnitError as error:
        raise ValueError(str(error)) from error
    return str(value)


TaiNs = Annotated[int, BeforeValidator(_instant)]
"""An instant, written as ISO 8601 with a zone, held as ``tai_ns``."""
Hour = Annotated[float, BeforeValidator(_clock_hour)]
"""A time of day, written 08:00, held in hours [h]."""
UnitSymbol = Annotated[str, BeforeValidator(_unit)]
"""A unit that units.py knows, in its first spelling."""
QuantityName = Annotated[str, BeforeValidator(_quantity)]
"""A quantity of the vocabulary in units.py."""
Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A name that can stand in a file name or an address."""
Scalar = str | int | float | bool
"""A plain value of an attribute or a parameter."""
