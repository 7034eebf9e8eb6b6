"""The ASCII codes A and B (301.0-B-4 clause 3.5): UTC as text, by month and day or by day of the year."""

from __future__ import annotations

from typing import Literal

from telemus.clock import format_utc, parse_utc
from telemus.errors import ClockError


def ascii_to_tai(text: str | bytes) -> int:
    """Return ``tai_ns`` of code A (``YYYY-MM-DDThh:mm:ss.d...Z``) or B (``YYYY-DDDThh:mm:ss.d...Z``).

    Decimals may be of any number, and are rounded half to even at 1 ns; the Z at the end is optional (clause 3.5.1).
    A leap second is 23:59:60. Raises ClockError where the text is neither code.

    >>> ascii_to_tai("1988-01-18T17:20:43.123456Z") == ascii_to_tai(b"1988-018T17:20:43.123456")
    True
    """
    try:
        told = text.decode("ascii") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise ClockError(f"ASCII time: got {text!r}, wanted ASCII") from error
    if "T" not in told or "+" in told or "-" in told.partition("T")[2] or "," in told or told.count(":") != 2:
        raise ClockError(f"ASCII time: got {told!r}, wanted YYYY-MM-DDThh:mm:ssZ or YYYY-DDDThh:mm:ssZ")
    return parse_utc(told if told.endswith("Z") else f"{told}Z")


def tai_to_ascii(tai_ns: int, code: Literal["A", "B"] = "A", *, decimals: int = 9, terminator: bool = True) -> str:
    """Return the text of code A or B with 0 to 9 decimals, cut; with the optional Z, unless told otherwise.

    >>> tai_to_ascii(ascii_to_tai("1988-018T17:20:43Z"), "B", decimals=0)
    '1988-018T17:20:43Z'
    """
    text = format_utc(tai_ns, decimals=decimals, day_of_year=code == "B")
    return text if terminator else text[:-1]
