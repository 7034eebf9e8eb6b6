"""Turn absolute times of XTCE (660.0-B-2, ReferenceTime and Encoding) into timestamps: nanoseconds since 1970.

A timestamp is the epoch's calendar reading plus the time that has passed, in days of 86 400 s: no leap second is put
in or taken out. Times counted from TAI or GPS epochs so read as TAI or GPS time, those from UNIX as UTC.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.xtce import ParameterType
from telemus.packets.xtce.epochs import reading_of

_LIMIT_NS = 9.2e18
"""Just inside int64: years 1678 to 2261."""


class TimeRule(NamedTuple):
    """A time [ns since 1970] is ``start_ns + raw * numerator / denominator``, rounded to the nearest."""

    start_ns: int
    numerator: int
    denominator: int


def time_rule(kind: ParameterType) -> TimeRule | None:
    """Return how the raw values of a parameter type become timestamps; None if it has no epoch that is known."""
    passed = None if kind.kind != "absolute time" or kind.time is None else passing_rule(kind)
    start_ns = None if passed is None or kind.time is None else reading_of(kind.time.epoch)
    return None if passed is None or start_ns is None else passed._replace(start_ns=passed.start_ns + start_ns)


def passing_rule(kind: ParameterType) -> TimeRule | None:
    """Return how raw values become the time [ns] that has passed since the epoch; None if they are no linear number."""
    text = kind.encoding is None or kind.encoding.scheme in ("string", "binary")
    if kind.time is None or text or kind.calibrator is not None or kind.contexts:
        return None
    step = kind.time.scale * kind.time.unit_ns
    if abs(step.numerator * step.denominator) >= 1 << 62:
        return None
    return TimeRule(round(kind.time.offset * kind.time.unit_ns), step.numerator, step.denominator)


def timestamps_of(rule: TimeRule, raw: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (n,) times [ns since 1970], exact for integers, and (n,) True where a value is beyond any timestamp.

    >>> times, beyond = timestamps_of(TimeRule(0, 1953125, 128), np.array([1, 1 << 16, (1 << 64) - 1], np.uint64))
    >>> times.tolist(), beyond.tolist()
    ([15259, 1000000000, 0], [False, False, True])
    """
    if raw.dtype == object:
        exact = [rule.start_ns + round(Fraction(int(one) * rule.numerator, rule.denominator)) for one in raw]
        outside = np.array([abs(one) > _LIMIT_NS for one in exact], np.bool_)
        return np.array([0 if abs(one) > _LIMIT_NS else one for one in exact], np.int64), outside
    passed_ns = raw.astype(np.float64) * (rule.numerator / rule.denominator)
    beyond = ~((np.abs(passed_ns) < _LIMIT_NS) & (np.abs(passed_ns + rule.start_ns) < _LIMIT_NS))
    if raw.dtype.kind == "f":  # whole numbers exactly, and of the rest, which is small, the product
        whole_part = np.floor(np.where(beyond, 0.0, raw))
        rest_ns = (np.where(beyond, 0.0, raw) - whole_part) * (rule.numerator / rule.denominator)
        times, _ = timestamps_of(rule, whole_part.astype(np.int64))
        return np.where(beyond, 0, times + np.rint(rest_ns).astype(np.int64)), beyond
    wide = np.where(beyond, 0, raw).astype(np.uint64 if raw.dtype.kind == "u" else np.int64)
    whole, rest = np.divmod(wide, wide.dtype.type(rule.denominator))
    ns = whole.astype(np.int64) * rule.numerator
    ns += (rest.astype(np.int64) * rule.numerator + rule.denominator // 2) // rule.denominator
    return np.where(beyond, 0, ns + rule.start_ns), beyond
