"""Hold what an XTCE document (CCSDS 660.0-B-2) says of telemetry, as frozen records and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from telemus.errors import Fault


class Reference(NamedTuple):
    """A number read from another parameter: ``slope * value + intercept`` (XTCE DynamicValue, LinearAdjustment)."""

    parameter: str
    slope: float = 1.0
    intercept: float = 0.0
    use_calibrated: bool = True


Size = int | Reference
"""Bits, fixed or read from another parameter."""


@dataclass(frozen=True)
class Encoding:
    """How a value lies in the packet.

    ``scheme``: unsigned, twosComplement, IEEE754, string, binary. ``little`` is least significant byte first.
    """

    scheme: str
    bits: Size
    little: bool = False
    charset: str = "UTF-8"
    is_checksum: bool = False


@dataclass(frozen=True)
class ParameterType:
    """One parameter type: what kind of value, how encoded, in what unit, and how calibrated.

    ``calibration`` are polynomial coefficients in rising order of exponent, empty for none. ``labels`` map raw values
    to text. ``dimensions`` (array) count elements per axis; ``element`` is the type of each. ``members`` (aggregate)
    are names with types, in order. ``unsupported`` says, if not empty, why no value can be decoded.
    """

    name: str
    kind: str
    encoding: Encoding | None = None
    unit: str = ""
    calibration: tuple[float, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    valid_range: tuple[float, float] | None = None
    dimensions: tuple[Size, ...] = ()
    element: ParameterType | None = None
    members: tuple[tuple[str, ParameterType], ...] = ()
    unsupported: str = ""
    line: int = 0


@dataclass(frozen=True)
class Parameter:
    """One named parameter; ``name`` is qualified by its space systems (``/A/B/NAME``)."""

    name: str
    type: ParameterType
    description: str = ""
    ancillary: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def short_name(self) -> str:
        """The name without its space systems."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Comparison:
    """One comparison of a restriction: parameter, operator (==, !=, <, <=, >, >=) and the value as written."""

    parameter: str
    operator: str
    value: str
    use_calibrated: bool = True


@dataclass(frozen=True)
class Entry:
    """One entry of a container: a parameter or another container, at a place.

    ``origin`` is previousEntry, containerStart or containerEnd; ``shift_bits`` counts from there.
    ``dimensions``, if given, replace those of the array parameter.
    """

    parameter: str = ""
    container: str = ""
    origin: str = "previousEntry"
    shift_bits: int = 0
    dimensions: tuple[Size, ...] = ()
    unsupported: str = ""
    line: int = 0


@dataclass(frozen=True)
class Container:
    """One sequence container; ``base`` and ``criteria`` say which packets of the base it describes."""

    name: str
    entries: tuple[Entry, ...] = ()
    base: str = ""
    criteria: tuple[Comparison, ...] = ()
    abstract: bool = False
    description: str = ""
    unsupported: str = ""
    line: int = 0

    @property
    def short_name(self) -> str:
        """The name without its space systems."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Definition:
    """All telemetry of one XTCE document, names qualified.

    ``unsupported`` lists every element that was understood to be there but is not acted on, each with its line.
    """

    name: str
    parameters: Mapping[str, Parameter]
    containers: Mapping[str, Container]
    unsupported: tuple[Fault, ...] = ()
    source: str = ""
