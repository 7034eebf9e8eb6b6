"""Product: the frozen declaration of one result. A declaration only: no engine stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from telemus.errors import ProductError


@dataclass(frozen=True)
class Parameter:
    """A number that a result depends on: name, default, unit, meaning, and where the default comes from."""

    name: str
    default: float | int | str | bool
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True)
class Column:
    """One column of a result: name, unit ("" where it has none) and meaning."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Product:
    """The declaration of one result.

    ``level`` is 1, 2 or 3; ``inputs`` names the channels' quantities or the products it is made from; ``version``
    grows when the same inputs would give another result; ``quality_rejects`` are the bits that keep a row out of the
    aggregates made from it; ``mission_values`` names the only parts of a mission that its identity depends on
    (``light``, ``phases`` ...).
    """

    name: str
    version: int
    level: int
    title: str
    inputs: tuple[str, ...]
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    quality_rejects: int = 0
    mission_values: tuple[str, ...] = ()
    reference: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def with_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter's value: the default, or the one given.

        Raises ProductError on a name that the product does not declare, with those it does, and on a value of
        another kind than the default.

        >>> p = Product("x", 1, 2, "", (), (), (Parameter("k", 3.0, "s", "", ""),))
        >>> p.with_parameters({"k": 4})
        {'k': 4.0}
        """
        values = {parameter.name: parameter.default for parameter in self.parameters}
        for name, value in given.items():
            if name not in values:
                known = ", ".join(values) or "none"
                raise ProductError(f"product {self.name}: got parameter {name!r}, wanted one of: {known}")
            kind = type(values[name])
            if isinstance(value, bool) != (kind is bool) or isinstance(value, str) != (kind is str):
                raise ProductError(f"product {self.name}, {name}: got {value!r}, wanted a {kind.__name__}")
            values[name] = kind(value)
        return values
