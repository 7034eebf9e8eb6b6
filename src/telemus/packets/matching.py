"""Evaluate conditions of XTCE over columns: comparisons and trees of them, for restriction, inclusion and context."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import calibrate
from telemus.packets.xtce import ParameterType
from telemus.packets.xtce.model import AllOf, AnyOf, Comparison, Match

Truth = NDArray[np.bool_]


class Known(NamedTuple):
    """What is known of a parameter: its type, raw values (n,) and where there is one; None stands for everywhere."""

    type: ParameterType
    raw: NDArray[Any]
    present: Truth | None = None


Lookup = Callable[[str], Known | None]
"""Returns what is known of a parameter at this point of the packet, None if the packet does not hold it."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(match: Match, lookup: Lookup, count: int) -> Truth:
    """Return (count,) True where a condition holds.

    A comparison with a parameter that the packet does not hold (also ``!=``) does not hold: nothing is known of it.
    """
    if isinstance(match, Comparison):
        return _comparison(match, lookup, count)
    if isinstance(match, AllOf):
        result = np.ones(count, np.bool_)
        for part in match.parts:
            result &= holds(part, lookup, count)
        return result
    result = np.zeros(count, np.bool_)
    for part in match.parts:
        result |= holds(part, lookup, count)
    return result


def parameters_of(match: Match) -> list[str]:
    """Return the names of all parameters that a condition asks for."""
    if isinstance(match, AllOf | AnyOf):
        return [name for part in match.parts for name in parameters_of(part)]
    return [match.parameter, *([match.other] if match.other else [])]


def _comparison(comparison: Comparison, lookup: Lookup, count: int) -> Truth:
    known = lookup(comparison.parameter)
    if known is None:
        return np.zeros(count, np.bool_)
    if comparison.other:
        other = lookup(comparison.other)
        if other is None:
            return np.zeros(count, np.bool_)
        left, right = _told(known, comparison.use_calibrated), _told(other, comparison.other_calibrated)
        result = np.broadcast_to(np.asarray(_COMPARE[comparison.operator](left, right), np.bool_), (count,))
        return _where(_where(result, known), other)
    return _where(compare(known.type, comparison, known.raw), known)


def _told(known: Known, calibrated: bool) -> NDArray[Any]:
    return calibrate(known.type, known.raw) if calibrated else known.raw


def _where(result: Truth, known: Known) -> Truth:
    return result if known.present is None else result & known.present


def compare(kind: ParameterType, comparison: Comparison, values: NDArray[Any]) -> Truth:
    """Compare as numbers, or by label where the parameter has labels and the value is one of them."""
    wanted_label = comparison.value
    function = _COMPARE[comparison.operator]
    if values.dtype.kind == "S":
        return np.asarray(function(calibrate(kind, values), wanted_label), np.bool_)
    if comparison.use_calibrated and wanted_label in kind.labels.values():
        return _compare_label(kind, comparison, values)
    wanted = _truth_of(wanted_label) if kind.kind == "boolean" else number_of(wanted_label)
    if wanted is None:
        return np.full(values.shape, comparison.operator == "!=", np.bool_)
    if comparison.use_calibrated and not kind.labels:
        values = calibrate(kind, values)
    return np.asarray(function(values, wanted), np.bool_)


def _truth_of(text: str) -> int | float | None:
    """Return the number of a boolean as XML writes it (true, false), or of a number."""
    return {"true": 1, "false": 0}.get(text.strip().lower(), number_of(text))


def _compare_label(kind: ParameterType, comparison: Comparison, values: NDArray[Any]) -> Truth:
    raws = [raw for raw, label in kind.labels.items() if label == comparison.value]
    if comparison.operator not in ("==", "!="):
        return np.asarray(_COMPARE[comparison.operator](values, raws[0]), np.bool_)
    named = np.asarray(values == raws[0], np.bool_)
    for raw in raws[1:]:
        named |= values == raw
    for first, last, label in kind.label_ranges:
        if label == comparison.value:
            named |= (values >= first) & (values <= last)
    return named if comparison.operator == "==" else ~named


def number_of(text: str) -> int | float | None:
    """Return the number that a text is (decimal, 0x, 0o, 0b, with a fraction), None if it is none."""
    for convert in (lambda t: int(t, 0), int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return None
