"""Hold what an XTCE document (CCSDS 660.0-B-2) says of telemetry, as frozen records and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from telemus.errors import Fault


class Reference(NamedTuple):
    """A number read from another parameter: ``slope * value + intercept`` (XTCE DynamicValue, LinearAdjustment)."""

    parameter: str
    slope: float = 1.0
    intercept: float = 0.0
    use_calibrated: bool = True


class LookupTable(NamedTuple):
    """A number chosen by conditions: that of the first row whose condition holds, else the default.

    XTCE DiscreteLookupList; a list without a default value has -1, which no packet fits.
    """

    rows: tuple[tuple[Match, int], ...]
    default: int = -1


Size = int | Reference | LookupTable
"""Bits or a count: fixed, read from another parameter, or chosen by conditions."""


class Polynomial(NamedTuple):
    """Coefficients in rising order of exponent."""

    coefficients: tuple[float, ...]


class Spline(NamedTuple):
    """Points in rising order of raw value.

    ``orders`` say of each point how the curve goes on from it: 0 holds its value, 1 is a line to the next, k a
    polynomial of degree k through k + 1 neighbouring points.
    """

    orders: tuple[int, ...]
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    extrapolate: bool = False


class Instance(NamedTuple):
    """The value of a parameter as an operand, calibrated or raw."""

    parameter: str
    use_calibrated: bool = True


class MathOperation(NamedTuple):
    """A formula in postfix order: numbers, ``x`` for the raw value, other parameters, and names of operators."""

    steps: tuple[float | str | Instance, ...]


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


class Interval(NamedTuple):
    """An interval of numbers; ``low_closed`` and ``high_closed``: the limit itself belongs to it."""

    low: float = float("-inf")
    high: float = float("inf")
    low_closed: bool = True
    high_closed: bool = True


class AlarmRange(NamedTuple):
    """A level, and the interval outside of which (``inside``: within which) it is raised."""

    level: str
    interval: Interval
    inside: bool = False


class ChangeAlarm(NamedTuple):
    """Ranges of how much a value may change: per second or over so many samples, in its unit or in percent.

    The change is taken over at least ``samples`` samples and ``seconds`` [s]; its magnitude is what is judged.
    """

    ranges: tuple[AlarmRange, ...]
    per_second: bool = True
    percent: bool = False
    samples: int = 1
    seconds: float = 0.0


class Alarm(NamedTuple):
    """What raises a level: ranges by rising severity, change, labels, patterns of text, conditions.

    ``context`` is, of a context alarm, the condition under which the others hold. A level counts after
    ``min_violations`` in a row, and the state is left after ``min_conformance`` in a row without.
    """

    ranges: tuple[AlarmRange, ...] = ()
    change: ChangeAlarm | None = None
    labels: tuple[tuple[str, str], ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    conditions: tuple[tuple[str, Match], ...] = ()
    default_level: str = "normal"
    context: Match | None = None
    min_violations: int = 1
    min_conformance: int = 1
    disabled: bool = False


class ValidRange(NamedTuple):
    """The values that make sense, of calibrated or of raw values."""

    interval: Interval
    calibrated: bool = True


class TimeScale(NamedTuple):
    """How a number becomes a time: ``(raw * scale + offset) * unit_ns`` nanoseconds, exactly, after an epoch.

    ``epoch`` is as written, empty if there is none. ``origin`` is the parameter whose time this one counts from.
    """

    unit_ns: Fraction
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    epoch: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Encoding:
    """How a value lies in the packet.

    ``scheme``: unsigned, twosComplement, onesComplement, signMagnitude, BCD, packedBCD, IEEE754, MILSTD_1750A, DEC,
    IBM, TI, string, binary. ``little`` is least significant byte first; ``byte_order``, if given, the significance of
    each octet in stream order (0 the lowest). ``bits_reversed`` is least significant bit first. Of a string:
    ``terminator`` ends it, ``leading_bits`` is the width of the count of octets before it, and ``bits`` the buffer it
    lies in (0: as long as the string itself).
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
    values to text, ``label_ranges`` spans (first, last, text). ``time`` is there for absolute and relative times.
    ``valid_if`` is the condition of its parameter (ValidityCondition) under which values mean anything.
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
    time: TimeScale | None = None
    valid_ranges: tuple[ValidRange, ...] = ()
    valid_if: Match | None = None
    initial_value: str | None = None
    dimensions: tuple[Size, ...] = ()
    element: ParameterType | None = None
    members: tuple[tuple[str, ParameterType], ...] = ()
    unsupported: str = ""
    line: int = 0


@dataclass(frozen=True)
class Parameter:
    """One named parameter; ``name`` is qualified by its space systems (``/A/B/NAME``).

    ``aliases`` are (name space, alias). ``source`` is telemetered, derived, constant, local or ground, as written.
    """

    name: str
    type: ParameterType
    description: str = ""
    ancillary: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[tuple[str, str], ...] = ()
    source: str = ""
    initial_value: str | None = None
    line: int = 0

    @property
    def short_name(self) -> str:
        """The name without its space systems."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Entry:
    """One entry of a container: a parameter or another container, at a place.

    ``origin`` is previousEntry, containerStart, containerEnd or nextEntry; ``shift_bits`` counts from there (from the
    end and the next entry backwards). ``dimensions``, if given, replace those of the array parameter. ``condition``:
    the entry is there only where it holds. ``repeat`` is how often it is there, ``repeat_gap_bits`` what lies between.

    ``segment_bits``: the entry is so many bits of ``parameter``, the ``order``-th part if that is given; of a stream or
    container, whose name is ``segment_of``, they are kept as binary. ``named_by``: which parameter it is stands in that
    one, by its alias in the name space ``alias_space`` or by its name.
    """

    parameter: str = ""
    container: str = ""
    origin: str = "previousEntry"
    shift_bits: Size = 0
    dimensions: tuple[Size, ...] = ()
    condition: Match | None = None
    repeat: Size | None = None
    repeat_gap_bits: Size = 0
    segment_bits: int = 0
    segment_of: str = ""
    order: int | None = None
    named_by: str = ""
    alias_space: str = ""
    unsupported: str = ""
    line: int = 0


@dataclass(frozen=True)
class Algorithm:
    """A math algorithm: a formula whose value is a parameter, run where one of its triggers is.

    ``containers`` and ``parameters`` are the names of what triggers it.
    """

    name: str
    output: str
    formula: MathOperation
    containers: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Container:
    """One sequence container; ``base`` and ``criteria`` say which packets of the base it describes.

    ``size_bits`` is at least as many as the container takes, whatever its entries do (XTCE BinaryEncoding). ``sealed``:
    its last 16 bits are a CRC-16 over everything before them.
    """

    name: str
    entries: tuple[Entry, ...] = ()
    base: str = ""
    criteria: tuple[Match, ...] = ()
    abstract: bool = False
    size_bits: int = 0
    sealed: bool = False
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
    ``digest`` is the SHA-256 of the document: tables that were made with the definition carry it.
    """

    name: str
    parameters: Mapping[str, Parameter]
    containers: Mapping[str, Container]
    algorithms: tuple[Algorithm, ...] = ()
    unsupported: tuple[Fault, ...] = ()
    source: str = ""
    digest: str = ""
