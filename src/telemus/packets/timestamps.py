"""Turn absolute times of XTCE (660.0-B-2, ReferenceTime and Encoding) into timestamps: nanoseconds since 1970.

A timestamp is the epoch's calendar reading plus the time that has passed, in days of 86 400 s: no leap second is put
in or taken out. Times counted from TAI or GPS epochs so read as TAI or GPS time, those from UNIX as UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.xtce import ParameterType

_EPOCHS = {"TAI": "1958-01-01", "J2000": "2000-01-01T12:00:00", "UNIX": "1970-01-01", "GPS": "1980-01-06"}
"""XTCE 1.2 EpochTimeEnumsType; TAI counts from 1958-01-01 (CCSDS 301.0-B-4 clause 3.2.2)."""
_UNIT_NS = {"s": Fraction(10**9), "ps": Fraction(1, 1000), "d": Fraction(86_400 * 10**9)}
_NUMBERS = ("unsigned", "twosComplement", "onesComplement", "signMagnitude", "BCD", "packedBCD", "IEEE754")
_LIMIT_NS = 9.2e18
"""Just inside int64: years 1678 to 2261."""


class TimeRule(NamedTuple):
    """A time [ns since 1970] is ``start_ns + raw * numerator / denominator``, rounded to the nearest."""

    start_ns: int
    numerator: int
    denominator: int


def time_rule(kind: ParameterType) -> TimeRule | None:
    """Return how the raw values of a parameter type become timestamps; None if it has no epoch or is not linear.

    >>> time_rule(ParameterType("T", "absolute time", epoch="1970-01-02", unit="s"))  # no encoding: no values
    """
    numeric = kind.encoding is not None and kind.encoding.scheme in _NUMBERS
    if kind.kind != "absolute time" or not numeric or kind.calibrator is not None or kind.contexts:
        return None
    epoch_ns, unit_ns = _epoch_ns(kind.epoch), _UNIT_NS.get(kind.unit)
    if epoch_ns is None or unit_ns is None or len(kind.calibration) not in (0, 1, 2):
        return None
    # The decimal text of a scale such as 0.001 is what its author meant; its binary fraction is not.
    offset, scale = (Fraction(repr(one)) for one in ((*kind.calibration, 0.0, 0.0)[:2] if kind.calibration else (0, 1)))
    step = scale * unit_ns
    if step.numerator * step.denominator >= 1 << 62:
        return None
    return TimeRule(epoch_ns + round(offset * unit_ns), step.numerator, step.denominator)


def _epoch_ns(epoch: str) -> int | None:
    try:
        when = datetime.fromisoformat(_EPOCHS.get(epoch, epoch))
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


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
    if raw.dtype.kind == "f":
        return np.rint(np.where(beyond, 0.0, passed_ns)).astype(np.int64) + np.where(beyond, 0, rule.start_ns), beyond
    wide = np.where(beyond, 0, raw).astype(np.uint64 if raw.dtype.kind == "u" else np.int64)
    whole, rest = np.divmod(wide, wide.dtype.type(rule.denominator))
    ns = whole.astype(np.int64) * rule.numerator
    ns += (rest.astype(np.int64) * rule.numerator + rule.denominator // 2) // rule.denominator
    return np.where(beyond, 0, ns + rule.start_ns), beyond
