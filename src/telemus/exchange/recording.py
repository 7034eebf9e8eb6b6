"""What a reader finds in a file, and what it hands on: a recording of chosen channels in canonical units.

Reading goes in two steps. A format's reader opens the file and lists its channels as ``Source``: name, unit, rate,
count and a function that loads the values. Only the channels that are chosen are then loaded, so that a file of forty
channels costs the memory of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from telemus.series import NS_PER_S, Events, Samples


def no_events() -> Events:
    """Return an empty list of remarks, with the columns that a full one has."""
    nothing = np.zeros(0, np.int64)
    return Events(nothing, {"text": np.zeros(0, object), "duration_s": np.zeros(0)}, nothing.astype(np.uint32))


def remarks(rows: list[tuple[int, float, str]]) -> Events:
    """Return what was written beside a recording, from rows of (time [ns], duration [s] or NaN, text).

    >>> remarks([(2, 0.5, "drug"), (1, float("nan"), "on")]).values["text"].tolist()
    ['on', 'drug']
    """
    if not rows:
        return no_events()
    ordered = sorted(rows, key=lambda row: row[0])
    texts = np.empty(len(ordered), object)
    texts[:] = [text for _, _, text in ordered]
    durations = np.array([duration for _, duration, _ in ordered], np.float64)
    times = np.array([time for time, _, _ in ordered], np.int64)
    return Events(
        times, {"text": texts, "duration_s": durations}, np.zeros(len(ordered), np.uint32), {"duration_s": "s"}
    )


@dataclass(frozen=True)
class Source:
    """A channel as its file holds it, not yet loaded.

    ``unit`` is as the file writes it, "" where it gives none; ``rate_hz`` [Hz] and ``count`` [samples] are None where
    only loading tells (a text file). ``load`` returns the samples in the file's own unit and notes about them.
    """

    name: str
    unit: str
    rate_hz: float | None
    count: int | None
    load: Callable[[], tuple[Samples, tuple[str, ...]]]

    def describe(self, number: int) -> str:
        """Return one line for a list of channels, with the number by which it may be chosen.

        >>> Source("ABP", "", 100.0, 12000, lambda: None).describe(2)
        "2 'ABP' [no unit] 100 Hz"
        """
        rate = "" if self.rate_hz is None else f" {self.rate_hz:g} Hz"
        empty = ", empty" if self.count == 0 else ""
        return f"{number} {self.name!r} [{self.unit or 'no unit'}]{rate}{empty}"


@dataclass(frozen=True)
class Contents:
    """All that a reader found in a file before any channel is chosen.

    ``start_tai_ns`` is None where the file states no start: then samples and events count from 0. ``prepare``, where a
    reader gives it, is called with the places of the chosen channels before they are loaded, so that text is parsed
    once.
    """

    format: str
    sources: tuple[Source, ...]
    start_tai_ns: int | None = None
    events: Events = field(default_factory=no_events)
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    prepare: Callable[[list[int]], int | None] | None = None


@dataclass(frozen=True)
class Channel:
    """A channel that was chosen and loaded.

    ``quantity`` is a name of telemus.units.QUANTITIES or "other"; ``unit`` the canonical unit of ``samples``;
    ``source_unit`` what the file (or the caller) said; ``number`` its place in the file, from 1.
    """

    name: str
    quantity: str
    unit: str
    source_unit: str
    samples: Samples
    number: int


@dataclass(frozen=True)
class Recording:
    """A file's chosen channels in canonical units, with what the file says about itself.

    Times of samples and events are ``tai_ns`` where ``start_tai_ns`` is known; else they count from 0. ``found`` lists
    every channel of the file in words; ``notes`` everything that was skipped, assumed or found wanting.
    """

    path: Path
    format: str
    channels: tuple[Channel, ...]
    start_tai_ns: int | None
    events: Events
    facts: Mapping[str, str]
    notes: tuple[str, ...]
    found: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    @property
    def origin_ns(self) -> int:
        """Return the time [ns] from which the recording's seconds are counted."""
        return 0 if self.start_tai_ns is None else self.start_tai_ns

    @property
    def duration_s(self) -> float:
        """Return the time from the origin to the end of the last channel [s], gaps included."""
        stops = [channel.samples.stop_ns for channel in self.channels]
        return max((stop - self.origin_ns for stop in stops), default=0) / NS_PER_S

    def of(self, quantity: str) -> Iterator[Channel]:
        """Yield the channels of a quantity, in the order of the file."""
        return (channel for channel in self.channels if channel.quantity == quantity)
