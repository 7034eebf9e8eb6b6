"""Read what a time type says beyond its number: units, scale, offset, and the epoch or the time that it counts from."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from telemus.packets.xtce.document import child
from telemus.packets.xtce.epochs import anchor_of
from telemus.packets.xtce.model import Polynomial, TimeScale

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.calibrators import Calibration
    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

_NS_PER_S = 1_000_000_000
UNITS_NS = {
    "seconds": Fraction(_NS_PER_S),
    "milliseconds": Fraction(1_000_000),
    "microseconds": Fraction(1000),
    "nanoseconds": Fraction(1),
    "picoseconds": Fraction(1, 1000),
    "picoSeconds": Fraction(1, 1000),
    "minutes": Fraction(60 * _NS_PER_S),
    "hours": Fraction(3600 * _NS_PER_S),
    "days": Fraction(86400 * _NS_PER_S),
}
"""Nanoseconds of each unit of XTCE; a day has 86400 s whatever the leap seconds. Months and years have no length."""


def read_time(
    element: etree._Element,
    base: TimeScale | None,
    calibration: Calibration,
    resolve: NameLookup,
    findings: Findings,
) -> TimeScale | None:
    """Return the time scale of a type, parts that it does not say from its base type.

    A linear calibrator comes before scale and offset. None where it is not linear or has a context, and where the unit
    has no length; these times stay numbers.
    """
    holder = child(element, "Encoding")
    result = base or TimeScale(UNITS_NS["seconds"])
    if holder is not None:
        units = holder.get("units", "seconds")
        if units not in UNITS_NS:
            findings.not_supported(holder, f"a time in {units}, which differ in length")
            return None
        scale, offset = _exact(holder, "scale", "1", findings), _exact(holder, "offset", "0", findings)
        result = result._replace(unit_ns=UNITS_NS[units], scale=scale, offset=offset)
    if calibration.contexts or calibration.default is not None:
        line = calibration.default
        if calibration.contexts or not isinstance(line, Polynomial) or len(line.coefficients) > 2:
            findings.not_supported(element, "a time by a calibrator that is not linear or that has a context")
            return None
        if not all(map(math.isfinite, line.coefficients)):
            return None
        # The decimal text of a coefficient such as 0.001 is what its author meant; its binary fraction is not.
        low, slope = ([Fraction(repr(one)) for one in line.coefficients] + [Fraction(0)] * 2)[:2]
        result = result._replace(scale=slope * result.scale, offset=low * result.scale + result.offset)
    reference = child(element, "ReferenceTime")
    epoch, origin = child(reference, "Epoch"), child(reference, "OffsetFrom")
    if epoch is not None:
        clock = epoch.get("timeOfDay", "")  # XTCE 1.1
        text = (epoch.text or "").strip() + (f"T{clock}" if clock else "")
        if anchor_of(text) is None:
            findings.not_supported(epoch, f"the epoch {text!r}")
        result = result._replace(epoch=text, origin="")
    if origin is not None:
        if findings.integer(origin, origin.get("instance"), 0):
            findings.not_supported(origin, f"instance {origin.get('instance')}: a value of an earlier packet")
        name = resolve(origin, "parameter", origin.get("parameterRef", ""))
        result = result._replace(epoch="", origin=name)
    return result


def seconds_of(time: TimeScale) -> tuple[float, ...]:
    """Return the polynomial from raw number to seconds [s], empty where the two are the same."""
    to_s = time.unit_ns / _NS_PER_S
    slope, intercept = time.scale * to_s, time.offset * to_s
    return () if slope == 1 and intercept == 0 else (float(intercept), float(slope))


def _exact(holder: etree._Element, name: str, default: str, findings: Findings) -> Fraction:
    """Return the decimal number of an attribute without loss."""
    text = holder.get(name, default).strip()
    try:
        if len(text) > 40 or abs(int(text.lower().partition("e")[2] or "0")) > 30:
            raise ValueError(text)
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        findings.fault(holder, f"{name}={text!r}", "a decimal number of at most 40 digits")
        return Fraction(default)
