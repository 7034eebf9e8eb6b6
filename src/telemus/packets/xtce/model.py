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


class Polynomial(NamedTuple):
    """Coefficients in rising order of exponent."""

    coefficients: tuple[float, ...]


class Spline(NamedTuple):
    """Points in rising order of raw value; ``order`` 0 holds the value of the point before, 1 joins by lines."""

    order: int
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    extrapolate: bool = False


class MathOperation(NamedTuple):
    """A formula in postfix order: numbers, ``x`` for the raw value, and names of operators."""

    steps: tuple[float | str, ...]


Calibrator = Polynomial | Spline | MathOperation


class Comparison(NamedTuple):
    """One comparison: parameter, operator (==, !=, <, <=, >, >=) and the value as written, or another parameter."""

    parameter: str
    operator: str
    value: str
    use_calibrated: bool = True
    other: str = ""
    other_calibrated: bool = True


class AllOf(NamedTuple):
    """Conditions that must all hold."""

    parts: tuple[Match, ...]


class AnyOf(NamedTuple):
    """Conditions of which one must hold."""

    parts: tuple[Match, ...]


Match = Comparison | AllOf | AnyOf
"""XTCE MatchCriteria: one comparison or a tree of them."""


class ContextCalibrator(NamedTuple):
    """A calibrator that applies where its condition holds."""

    condition: Match
    calibrator: Calibrator


class AlarmRange(NamedTuple):
    """The range outside of which a level is raised; ``low_closed`` and ``high_closed``: the limit is still inside."""

    level: str
    low: float
    high: float
    low_closed: bool = True
    high_closed: bool = True


class Alarm(NamedTuple):
    """Ranges by rising severity, levels by label, and (of a context alarm) the condition under which they hold."""

    ranges: tuple[AlarmRange, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    default_level: str = "normal"
    condition: Match | None = None


@dataclass(frozen=True)
class Encoding:
    """How a value lies in the packet.

    ``scheme``: unsigned, twosComplement, onesComplement, signMagnitude, BCD, packedBCD, IEEE754, MILSTD_1750A, string,
    binary. ``little`` is least significant byte first; ``byte_order``, if given, the significance of each octet in
    stream order (0 the lowest). ``bits_reversed`` is least significant bit first. Of a string: ``terminator`` ends it,
    ``leading_bits`` is the width of the count of octets before it, and ``bits`` the buffer it lies in (0: as long as
    the string itself).
    """

    scheme: str
    bits: Size
    little: bool = False
    charset: str = "UTF-8"
    is_checksum: bool = False
    byte_order: tuple[int, ...] = ()
    bits_reversed: bool = False
    terminator: bytes = b""
    leading_bits: int = 0

    @property
    def is_plain(self) -> bool:
        """True for unsigned, two's complement and IEEE 754 numbers of at most 64 bits in a common byte order."""
        common = self.scheme in ("unsigned", "twosComplement", "IEEE754") and not self.byte_order
        return common and not self.bits_reversed and isinstance(self.bits, int) and self.bits <= 64

    @property
    def measures_itself(self) -> bool:
        """True for a string whose length is found in its own octets."""
        return self.scheme == "string" and bool(self.leading_bits or (self.terminator and self.bits == 0))


@dataclass(frozen=True)
class ParameterType:
    """One parameter type: what kind of value, how encoded, in what unit, and how calibrated.

    ``calibration`` are polynomial coefficients in rising order of exponent, empty for none; ``calibrator`` is a default
    calibrator of another kind, ``contexts`` those that come before it where their condition holds. ``labels`` map raw
    values to text, ``label_ranges`` spans (first, last, text). ``epoch`` of an absolute time is as written, or a
    parameter's name after ``offset from``.
    ``dimensions`` (array) count elements per axis; ``element`` is the type of each. ``members`` (aggregate)
    are names with types, in order. ``unsupported`` says, if not empty, why no value can be decoded.
    """

    name: str
    kind: str
    encoding: Encoding | None = None
    unit: str = ""
    calibration: tuple[float, ...] = ()
    calibrator: Calibrator | None = None
    contexts: tuple[ContextCalibrator, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    label_ranges: tuple[tuple[int, int, str], ...] = ()
    alarm: Alarm | None = None
    context_alarms: tuple[Alarm, ...] = ()
    epoch: str = ""
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
class Entry:
    """One entry of a container: a parameter or another container, at a place.

    ``origin`` is previousEntry, containerStart or containerEnd; ``shift_bits`` counts from there (from the end
    backwards). ``dimensions``, if given, replace those of the array parameter. ``condition``: the entry is there only
    where it holds. ``repeat`` is how often it is there, ``repeat_gap_bits`` what lies between.
    """

    parameter: str = ""
    container: str = ""
    origin: str = "previousEntry"
    shift_bits: Size = 0
    dimensions: tuple[Size, ...] = ()
    condition: Match | None = None
    repeat: Size | None = None
    repeat_gap_bits: Size = 0
    unsupported: str = ""
    line: int = 0


@dataclass(frozen=True)
class Container:
    """One sequence container; ``base`` and ``criteria`` say which packets of the base it describes.

    ``size_bits`` is at least as many as the container takes, whatever its entries do (XTCE BinaryEncoding).
    """

    name: str
    entries: tuple[Entry, ...] = ()
    base: str = ""
    criteria: tuple[Match, ...] = ()
    abstract: bool = False
    size_bits: int = 0
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
