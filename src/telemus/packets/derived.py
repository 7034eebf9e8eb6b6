"""Compute parameters that no packet carries: outputs of math algorithms, from the packets that trigger them.

An algorithm sees the packet that it runs for and the constants of its definition. A parameter of another packet is not
remembered here: where a formula asks for one its value is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Ragged
from telemus.packets.layout import Field, Place
from telemus.packets.matching import Known, number_of
from telemus.packets.told import value_beside
from telemus.packets.xtce import Container, Definition, Encoding
from telemus.packets.xtce.formula import run_formula
from telemus.packets.xtce.model import Algorithm, Instance

Column = NDArray[Any] | Ragged


@dataclass(frozen=True)
class Derivation:
    """One derived column: its field, the algorithm, and the constants [float] that the formula asks for."""

    field: Field
    algorithm: Algorithm
    constants: Mapping[str, float]


def derivations(definition: Definition, container: Container, fields: tuple[Field, ...]) -> tuple[Derivation, ...]:
    """Return what is computed for the packets of a container, an input before what needs it.

    An algorithm runs if the container, one that it inherits from or includes, or one of its parameters triggers it.
    """
    if not definition.algorithms:
        return ()
    names = _containers_of(definition, container)
    present = {one.parameter for one in fields}
    waiting = [
        one
        for one in definition.algorithms
        if names.intersection(one.containers) or present.intersection(one.parameters)
    ]
    taken = {one.name for one in fields}
    result: list[Derivation] = []
    while waiting:
        ready = [one for one in waiting if not _inputs(one) & {other.output for other in waiting if other is not one}]
        # Where none is ready there is a circle: the values that are asked for too early are NaN.
        result.extend(_derivation(definition, one, taken) for one in ready or waiting)
        waiting = [one for one in waiting if ready and one not in ready]
    return tuple(result)


def derive(
    found: tuple[Derivation, ...], fields: tuple[Field, ...], columns: Mapping[str, Column]
) -> dict[str, Column]:
    """Return the derived columns [float64] (n,) of packets whose other columns are given."""
    count = next((_count(column) for column in columns.values()), 0)
    result: dict[str, Column] = {}
    for one in found:
        known = {**columns, **result}

        def value_of(instance: Instance, one: Derivation = one, known: Mapping[str, Column] = known) -> Any:
            if instance.parameter in one.constants:
                return np.full(count, one.constants[instance.parameter])
            candidates = [*fields, *(other.field for other in found)]
            field = next((each for each in reversed(candidates) if each.parameter == instance.parameter), None)
            column = None if field is None else known.get(field.name)
            if field is None or column is None or isinstance(column, Ragged) or column.ndim != 1:
                return None
            present = ~np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
            return value_beside(instance, lambda _: Known(field.type, np.ma.getdata(column), present))

        result[one.field.name] = run_formula(one.algorithm.formula.steps, np.zeros(count), value_of)
    return result


def _inputs(algorithm: Algorithm) -> set[str]:
    return {step.parameter for step in algorithm.formula.steps if isinstance(step, Instance)}


def _derivation(definition: Definition, algorithm: Algorithm, taken: set[str]) -> Derivation:
    parameter = definition.parameters[algorithm.output]
    kind = replace(
        parameter.type, encoding=None, calibration=(), calibrator=None, contexts=(), labels={}, label_ranges=()
    )
    name = parameter.short_name
    while name in taken:
        name += "#derived"
    taken.add(name)
    field = Field(name, parameter.name, kind, Encoding("IEEE754", 64), Place(-1, 0), 64)
    return Derivation(field, algorithm, _constants(definition, algorithm))


def _constants(definition: Definition, algorithm: Algorithm) -> dict[str, float]:
    """Return the initial values of those inputs that no telemetry brings."""
    held = {entry.parameter for one in definition.containers.values() for entry in one.entries}
    result: dict[str, float] = {}
    for name in _inputs(algorithm) - held:
        parameter = definition.parameters.get(name)
        if parameter is None or parameter.initial_value is None or parameter.source == "derived":
            continue
        value = number_of(parameter.initial_value)
        if value is not None:
            result[name] = float(value)
    return result


def _containers_of(definition: Definition, container: Container) -> set[str]:
    """Return the names of a container, of all that it inherits from, and of all that these include."""
    names: set[str] = set()
    waiting = [container]
    while waiting:
        one = waiting.pop()
        if one.name not in names:
            names.add(one.name)
            below = [one.base, *(entry.container for entry in one.entries)]
            waiting.extend(definition.containers[name] for name in below if name)
    return names


def _count(column: Column) -> int:
    return column.offsets.size - 1 if isinstance(column, Ragged) else int(column.shape[0])
