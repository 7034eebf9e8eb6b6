"""The two shapes of data, Samples and Events, and the quality bits common to all sciences.

Time is int64 nanoseconds of TAI since 1970-01-01T00:00:00 TAI ("tai_ns"). A sensor clock that is 20 ppm off
drifts by 52 s in a month, so Samples are made of segments with an exact rational period each.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError

NS_PER_S = 1_000_000_000


class Quality(enum.IntFlag):
    """What is known against a sample; 0 is good. Bits 0 to 15 are general, 16 to 31 belong to a science."""

    GOOD = 0
    DROPOUT = 1 << 0
    """No value was received where one was due."""
    FLATLINE = 1 << 1
    """The value did not move for longer than the quantity can stand still."""
    RAIL = 1 << 2
    """The converter was at the end of its range."""
    SPIKE = 1 << 3
    """A single excursion faster than the quantity can move."""
    CLOCK_STEP = 1 << 4
    """The on-board clock was set, reset or rolled over here."""
    CHECKSUM_FAILED = 1 << 5
    """The bytes differ from their checksum."""
    UNVERIFIED = 1 << 6
    """The bytes carry no checksum and their neighbours do not vouch for them."""
    SCHEDULED_OFF = 1 << 7
    """The recorder was off by its declared schedule: not a gap."""
    COMMON_GAP = 1 << 8
    """All subjects were lost at once: the receiver's fault, not the animal's."""


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Segment:
    """A run of evenly spaced samples: start [ns TAI], exact period [ns], count.

    >>> Segment(0, Fraction(2_000_000), 500).stop_ns
    1000000000
    """

    start_ns: int
    period_ns: Fraction
    count: int

    @property
    def stop_ns(self) -> int:
        """Return the time [ns TAI] at which the sample after the last would stand."""
        return self.start_ns + round(self.period_ns * self.count)

    @property
    def rate_hz(self) -> float:
        """Return the sampling rate [Hz]."""
        return float(NS_PER_S / self.period_ns)

    def times_ns(self) -> NDArray[np.int64]:
        """Return the time of each sample [ns TAI], rounded to the nearest nanosecond (count,)."""
        return self.time_at(np.arange(self.count))

    def time_at(self, index: NDArray[Any]) -> NDArray[np.int64]:
        """Return the time [ns TAI] at sample indices, whole or fractional.

        The integer part is carried exactly: no float ever holds an absolute time.

        >>> Segment(10, Fraction(1, 3), 9).time_at(np.array([0, 3, 6.5])).tolist()
        [10, 11, 12]
        """
        whole = np.floor(index).astype(np.int64)
        fraction = np.asarray(index - whole, dtype=np.float64)
        quotient, remainder = divmod(self.period_ns.numerator, self.period_ns.denominator)
        exact = whole * quotient + (whole // self.period_ns.denominator) * remainder
        rest = ((whole % self.period_ns.denominator) * remainder) / self.period_ns.denominator
        moved = np.rint(rest + fraction * float(self.period_ns)).astype(np.int64)
        return np.asarray(self.start_ns + exact + moved, dtype=np.int64)

    def index_at(self, time_ns: int) -> int:
        """Return the index of the first sample at or after a time [ns TAI], not clipped to the segment."""
        return -((self.start_ns - time_ns) * self.period_ns.denominator // self.period_ns.numerator)

    def indices_at(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return ``index_at`` of several times [ns TAI] (n,), exactly.

        >>> Segment(10, Fraction(1, 3), 9).indices_at(np.array([9, 10, 11])).tolist()
        [-3, 0, 3]
        """
        numerator, denominator = self.period_ns.numerator, self.period_ns.denominator
        before_ns = self.start_ns - np.asarray(times_ns, np.int64)
        furthest = int(np.abs(before_ns).max()) if before_ns.size else 0
        if furthest * denominator >= 1 << 62:  # beyond int64: Python's own integers
            before_ns = before_ns.astype(object)
        return np.asarray(-(before_ns * denominator // numerator), np.int64)


@dataclass(frozen=True)
class Samples:
    """Evenly sampled values in segments, frozen.

    ``values`` (n, ...) and ``quality`` (n,) uint32 run through all segments in order; the time between two segments is
    a gap. A value that is missing inside a segment is NaN (or anything, for integers) with a quality bit.

    Raises SignalError where counts differ or segments overlap.
    """

    segments: tuple[Segment, ...]
    values: NDArray[Any]
    quality: NDArray[np.uint32]
    unit: str = ""

    def __post_init__(self) -> None:
        count = sum(segment.count for segment in self.segments)
        if not count == len(self.values) == len(self.quality):
            raise SignalError(
                f"Samples: got {count} samples in segments, {len(self.values)} values and {len(self.quality)} quality "
                "words, wanted the same number of each"
            )
        for one, next_one in zip(self.segments, self.segments[1:], strict=False):
            if next_one.start_ns < one.stop_ns - 1:  # rounding to whole nanoseconds may touch
                raise SignalError(
                    f"Samples: got a segment that starts at {next_one.start_ns} ns before the one ahead ends at "
                    f"{one.stop_ns} ns, wanted segments in order"
                )
        object.__setattr__(self, "values", _frozen(self.values))
        object.__setattr__(self, "quality", _frozen(np.asarray(self.quality, dtype=np.uint32)))

    @classmethod
    def of(
        cls, values: NDArray[Any], rate_hz: float | Fraction, start_ns: int = 0, unit: str = "", quality: Any = None
    ) -> Samples:
        """Return one segment of values at a rate [Hz] from a start [ns TAI]; quality is 0 unless given.

        >>> Samples.of(np.zeros(1000), 500, unit="mmHg").segments[0].stop_ns
        2000000000
        """
        rate = Fraction(rate_hz).limit_denominator(10**9)
        words = np.zeros(len(values), np.uint32) if quality is None else np.asarray(quality, np.uint32)
        return cls((Segment(start_ns, NS_PER_S / rate, len(values)),), np.asarray(values), words, unit)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def start_ns(self) -> int:
        """Return the time of the first sample [ns TAI]; 0 where there is none."""
        return self.segments[0].start_ns if self.segments else 0

    @property
    def stop_ns(self) -> int:
        """Return the time at which the sample after the last would stand [ns TAI]; 0 where there is none."""
        return self.segments[-1].stop_ns if self.segments else 0

    def times_ns(self) -> NDArray[np.int64]:
        """Return the time of each sample [ns TAI] (n,)."""
        parts = [segment.times_ns() for segment in self.segments]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def runs(self) -> Iterator[tuple[Segment, NDArray[Any], NDArray[np.uint32]]]:
        """Yield each segment with its values and quality, as views."""
        start = 0
        for segment in self.segments:
            stop = start + segment.count
            yield segment, self.values[start:stop], self.quality[start:stop]
            start = stop

    def between(self, start_ns: int, stop_ns: int) -> Samples:
        """Return the samples at or after ``start_ns`` and before ``stop_ns`` [ns TAI]; views where one segment is left.

        >>> Samples.of(np.arange(10), 1).between(2_500_000_000, 5_000_000_000).values.tolist()
        [3, 4]
        """
        segments, values, quality = [], [], []
        for segment, run_values, run_quality in self.runs():
            first = min(max(segment.index_at(start_ns), 0), segment.count)
            last = min(max(segment.index_at(stop_ns), first), segment.count)
            if last > first:
                start = int(segment.time_at(np.array([first]))[0])
                segments.append(Segment(start, segment.period_ns, last - first))
                values.append(run_values[first:last])
                quality.append(run_quality[first:last])
        if len(segments) == 1:
            return Samples(tuple(segments), values[0], quality[0], self.unit)
        joined = np.concatenate(values) if values else self.values[:0]
        words = np.concatenate(quality) if quality else self.quality[:0]
        return Samples(tuple(segments), joined, words, self.unit)


@dataclass(frozen=True)
class Events:
    """Things that happen at a time, one row each, frozen.

    ``times_ns`` (n,) int64 [ns TAI] ascending; ``values`` name -> (n, ...); ``quality`` (n,) uint32; ``units`` name ->
    unit. Raises SignalError where lengths differ or times descend.
    """

    times_ns: NDArray[np.int64]
    values: Mapping[str, NDArray[Any]]
    quality: NDArray[np.uint32]
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.values.items()} | {"quality": len(self.quality)}
        wrong = {name: length for name, length in lengths.items() if length != len(self.times_ns)}
        if wrong:
            raise SignalError(f"Events: got columns of lengths {wrong}, wanted {len(self.times_ns)} like the times")
        if len(self.times_ns) > 1 and bool(np.any(np.diff(self.times_ns) < 0)):
            raise SignalError("Events: got times that go back, wanted ascending times")
        object.__setattr__(self, "times_ns", _frozen(np.asarray(self.times_ns, np.int64)))
        object.__setattr__(self, "quality", _frozen(np.asarray(self.quality, np.uint32)))
        frozen = {name: _frozen(np.asarray(column)) for name, column in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(frozen))
        object.__setattr__(self, "units", MappingProxyType(dict(self.units)))

    def __len__(self) -> int:
        return len(self.times_ns)

    def between(self, start_ns: int, stop_ns: int) -> Events:
        """Return the events at or after ``start_ns`` and before ``stop_ns`` [ns TAI]."""
        first, last = np.searchsorted(self.times_ns, [start_ns, stop_ns])
        cut = {name: column[first:last] for name, column in self.values.items()}
        return Events(self.times_ns[first:last], cut, self.quality[first:last], self.units)


def flag_names(quality: int, *vocabularies: type[enum.IntFlag]) -> list[str]:
    """Return the names of the bits in a quality word, lowest first, in the vocabularies given (general bits always).

    >>> flag_names(Quality.RAIL | Quality.DROPOUT)
    ['dropout', 'rail']
    """
    kinds: tuple[type[enum.IntFlag], ...] = (Quality, *vocabularies)
    bits = [bit for kind in kinds for bit in kind if int(bit) & int(quality)]
    return [str(bit.name).lower() for bit in sorted(bits, key=int)]
