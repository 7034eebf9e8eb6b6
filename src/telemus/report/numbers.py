"""How numbers are written on a page: enough digits and no more, and a dash where there is none."""

from __future__ import annotations

import math

ABSENT = "–"


def number(value: float | None, decimals: int = 1) -> str:
    """Return a number with fixed decimals and spaces between thousands; a dash for None and NaN.

    >>> number(1234567.25, 1), number(None), number(float("nan"))
    ('1\u202f234\u202f567.2', '–', '–')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    return f"{value:,.{decimals}f}".replace(",", "\u202f")


def count(value: float | None) -> str:
    """Return a whole number with spaces between thousands."""
    return number(value, 0)


def percent(share: float | None, decimals: int = 2) -> str:
    """Return a share [0 to 1] in percent."""
    return ABSENT if share is None or not math.isfinite(share) else f"{100 * share:.{decimals}f} %"


def signed(value: float | None, decimals: int = 1) -> str:
    """Return a difference with its sign."""
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{value:+.{decimals}f}"
    return f"{0:.{decimals}f}" if float(text) == 0.0 else text.replace("-", "−")


def size(octets: float) -> str:
    """Return a number of bytes in the unit that fits.

    >>> size(162_400_000)
    '162.4 MB'
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= scale:
            return f"{octets / scale:.1f} {unit}"
    return f"{octets:.0f} B"
