"""Run the postfix formulas of XTCE math operations (660.0-B-2, MathOperatorsType) over whole columns.

A formula is data: a list of numbers, ``x``, parameters and names from one written table. Nothing is evaluated as code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.xtce.model import Instance

MAX_STEPS = 1000
"""Operands and operators of one formula; real ones have up to about 20."""
MAX_STACK = 64

Floats = NDArray[np.float64]


class Operator(NamedTuple):
    """How many values an operator takes, how many it leaves, and the function over them."""

    takes: int
    leaves: int
    function: Callable[..., Any]


def _factorial(x: Floats) -> Floats:
    """Return x! for whole numbers 0 to 170, NaN for anything else."""
    whole = np.where((x >= 0) & (x <= 170) & (x == np.floor(x)), x, np.nan)
    table = np.cumprod(np.concatenate([[1.0], np.arange(1.0, 171.0)]))
    return np.where(np.isnan(whole), np.nan, table[np.nan_to_num(whole).astype(np.int64)])


def _whole(function: Callable[[Any, Any], Any]) -> Callable[[Floats, Floats], Floats]:
    """Return an operator on integers that works on floats which hold them."""

    def applied(x: Floats, y: Floats) -> Floats:
        left, right = (np.clip(np.nan_to_num(value), -(2.0**62), 2.0**62).astype(np.int64) for value in (x, y))
        result: Floats = np.asarray(function(left, right), np.float64)
        return result

    return applied


def _shifted(x: Any, by: Any, left: bool) -> Any:
    by = np.clip(by, 0, 62)
    return x << by if left else x >> by


def _euclidean(x: Floats, y: Floats) -> Floats:
    """Return the quotient of a division whose remainder is not negative."""
    return np.where(y > 0, np.floor(x / y), np.ceil(x / y))


def _truth(function: Callable[[Any, Any], Any]) -> Callable[[Floats, Floats], Floats]:
    return lambda x, y: np.asarray(function(x, y), np.float64)


OPERATORS: dict[str, Operator] = {
    "+": Operator(2, 1, np.add),
    "-": Operator(2, 1, np.subtract),
    "*": Operator(2, 1, np.multiply),
    "/": Operator(2, 1, np.divide),
    "%": Operator(2, 1, np.fmod),
    "^": Operator(2, 1, np.power),
    "y^x": Operator(2, 1, lambda x, y: np.power(y, x)),
    "ln": Operator(1, 1, np.log),
    "log": Operator(1, 1, np.log10),
    "e^x": Operator(1, 1, np.exp),
    "1/x": Operator(1, 1, np.reciprocal),
    "x!": Operator(1, 1, _factorial),
    "tan": Operator(1, 1, np.tan),
    "cos": Operator(1, 1, np.cos),
    "sin": Operator(1, 1, np.sin),
    "atan": Operator(1, 1, np.arctan),
    "atan2": Operator(2, 1, lambda x, y: np.arctan2(y, x)),
    "acos": Operator(1, 1, np.arccos),
    "asin": Operator(1, 1, np.arcsin),
    "tanh": Operator(1, 1, np.tanh),
    "cosh": Operator(1, 1, np.cosh),
    "sinh": Operator(1, 1, np.sinh),
    "atanh": Operator(1, 1, np.arctanh),
    "acosh": Operator(1, 1, np.arccosh),
    "asinh": Operator(1, 1, np.arcsinh),
    "swap": Operator(2, 2, lambda x, y: (y, x)),
    "drop": Operator(1, 0, lambda x: ()),
    "dup": Operator(1, 2, lambda x: (x, x)),
    "over": Operator(2, 3, lambda x, y: (x, y, x)),
    "abs": Operator(1, 1, np.abs),
    "int": Operator(1, 1, np.trunc),
    "div": Operator(2, 1, _euclidean),
    "<<": Operator(2, 1, _whole(lambda x, y: _shifted(x, y, True))),
    ">>": Operator(2, 1, _whole(lambda x, y: _shifted(x, y, False))),
    "&": Operator(2, 1, _whole(np.bitwise_and)),
    "|": Operator(2, 1, _whole(np.bitwise_or)),
    "~": Operator(1, 1, lambda x: _whole(lambda left, _: ~left)(x, x)),
    "&&": Operator(2, 1, _truth(np.logical_and)),
    "||": Operator(2, 1, _truth(np.logical_or)),
    "!": Operator(1, 1, lambda x: np.asarray(np.logical_not(x), np.float64)),
    ">": Operator(2, 1, _truth(np.greater)),
    ">=": Operator(2, 1, _truth(np.greater_equal)),
    "<": Operator(2, 1, _truth(np.less)),
    "<=": Operator(2, 1, _truth(np.less_equal)),
    "==": Operator(2, 1, _truth(np.equal)),
    "!=": Operator(2, 1, _truth(np.not_equal)),
    "min": Operator(2, 1, np.minimum),
    "max": Operator(2, 1, np.maximum),
    "xor": Operator(2, 1, _whole(np.bitwise_xor)),
}
"""Of two operands x and y the first, x, was put on the stack first.

Departures from the schema's own words, which cannot be meant: ``!`` and ``~`` take one operand, ``div`` two. Of 1.1
and 1.2 the words for ``y^x`` and ``atan2`` are as in 1.3: (x1 x2 -- x2**x1) and (x1 x2 -- atan2(x2, x1)).
"""


def check_formula(steps: Sequence[float | str | Instance]) -> str:
    """Return what is wrong with a postfix formula, nothing if it can be run.

    >>> check_formula([2.0, "x", "*"])
    ''
    >>> check_formula([2.0, "*"])
    'the operator * with 1 of 2 values before it'
    """
    if len(steps) > MAX_STEPS:
        return f"{len(steps)} operands and operators (at most {MAX_STEPS})"
    depth = 0
    for step in steps:
        if not isinstance(step, str) or step == "x":
            depth += 1
        elif step not in OPERATORS:
            return f"the operator {step!r}"
        else:
            takes, leaves, _ = OPERATORS[step]
            if depth < takes:
                return f"the operator {step} with {depth} of {takes} values before it"
            depth += leaves - takes
        if depth > MAX_STACK:
            return f"more than {MAX_STACK} values waiting"
    return "" if depth == 1 else f"{depth} values at the end"


def as_floats(values: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    """Return values as float64 of a shape; what is text or is not there becomes NaN."""
    is_number = values.dtype.kind in "iufb" or all(isinstance(one, int) for one in values.reshape(-1).tolist())
    if not is_number:
        return np.full(shape, np.nan)
    floats = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    floats = floats.reshape(floats.shape + (1,) * (len(shape) - floats.ndim))
    result: Floats = np.broadcast_to(floats, shape)
    return result


def run_formula(
    steps: Sequence[float | str | Instance],
    x: NDArray[Any],
    value_of: Callable[[Instance], NDArray[Any] | None] | None = None,
) -> Floats:
    """Return the value of a checked formula for every raw value ``x`` (any shape), as float64.

    ``value_of`` gives the values of other parameters beside ``x``; one that is not known is NaN.

    What has no value (the logarithm of a negative number, 1/0) becomes NaN or infinity.

    >>> run_formula([0.5, "x", "*", 1.25, "+"], np.array([2.0, 4.0])).tolist()
    [2.25, 3.25]
    """
    raw = np.asarray(x, np.float64)
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for step in steps:
            if isinstance(step, float):
                stack.append(np.full(raw.shape, step))
            elif isinstance(step, Instance):
                known = None if value_of is None else value_of(step)
                stack.append(np.full(raw.shape, np.nan) if known is None else as_floats(known, raw.shape))
            elif step == "x":
                stack.append(raw)
            else:
                takes, leaves, function = OPERATORS[step]
                operands = stack[-takes:]
                del stack[-takes:]
                result = function(*operands)
                stack.extend([result] if leaves == 1 else result)
    value: Floats = np.asarray(stack[0], np.float64)
    return value
