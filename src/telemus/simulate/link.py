"""The way from implant to recorder: radio dropouts of three kinds, rails and spikes, before there are packets.

    missing   the recorder heard nothing: the packets that the dropout touches are never made
    held      the receiver repeats the last value it heard
    rail      the receiver's output falls to the lower rail

The signal strength falls during all three.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.mission import FaultRates
from telemus.simulate.chance import happenings, noise, uniform, wander
from telemus.simulate.environment import Field
from telemus.simulate.recorder import Digitiser, PacketKind
from telemus.simulate.schedule import Block

MODES = ("missing", "held", "rail")
_LONGEST_S = 60.0
"""No dropout is longer, so that a block need not look further back [s]."""
_SHORTEST_S = 0.2
_GOOD_STRENGTH, _LOST_STRENGTH = 850.0, 40.0


class Dropout(NamedTuple):
    """A time in which the implant was not heard [s since time zero], and what the recorder made of it."""

    start_s: float
    stop_s: float
    mode: str


class Excursion(NamedTuple):
    """A time [s since time zero] in which one waveform stands at a rail or jumps; ``sign`` is its direction."""

    kind: str
    start_s: float
    stop_s: float
    sign: int
    size: float


def dropouts(seed: int, sensor: str, rates: FaultRates, block: Block) -> list[Dropout]:
    """Return the dropouts that overlap a block, cut to the recorded span; they begin in recorded time only.

    Times between them are exponential; their lengths too, with mean ``radio_dropout_s``.
    """
    first = max(block.span_start_s, block.start_s - math.ceil(_LONGEST_S))
    seconds = np.arange(first, block.stop_s, dtype=np.int64)
    found = []
    stream = f"{sensor}/dropout"
    for second in happenings(seed, stream, rates.radio_dropouts, seconds).tolist():
        place, length, mode = uniform(seed, f"{stream}/shape", 3 * second + np.arange(3)).tolist()
        start = second + place
        lasts = min(max(-math.log1p(-length) * rates.radio_dropout_s, _SHORTEST_S), _LONGEST_S)
        stop = min(start + lasts, float(block.span_stop_s))
        if stop > block.start_s:
            found.append(Dropout(start, stop, MODES[int(mode * len(MODES))]))
    return found


def excursions(seed: int, stream: str, rates: FaultRates, share: float, block: Block) -> list[Excursion]:
    """Return rails and spikes of one waveform that begin or last in a block.

    ``share`` is this waveform's part of the flight's rates, which count all waveforms together.
    """
    found = []
    seconds = np.arange(max(block.span_start_s, block.start_s - 3), block.stop_s, dtype=np.int64)
    for kind, rate in (("rail", rates.rails), ("spike", rates.spikes)):
        name = f"{stream}/{kind}"
        for second in happenings(seed, name, rate * share, seconds).tolist():
            place, length, sign, size = uniform(seed, f"{name}/shape", 4 * second + np.arange(4)).tolist()
            start = second + place
            lasts = 0.1 + 1.9 * length if kind == "rail" else 0.0
            stop = min(start + lasts, float(block.span_stop_s))
            found.append(Excursion(kind, start, stop, 1 if sign < 0.5 else -1, 0.1 + 0.15 * size))
    return found


class Held(NamedTuple):
    """The last undamaged count of a waveform before the block that is being rendered, and what a dropout holds."""

    last: int
    holding: int


def sample_span(start_s: float, stop_s: float, rate: Fraction) -> tuple[int, int]:
    """Return the numbers of the first sample in [start, stop) and of the first after it; at least one sample.

    >>> sample_span(0.25, 0.5, Fraction(8)), sample_span(0.3, 0.3, Fraction(8))
    ((2, 4), (3, 4))
    """
    first = math.ceil(Fraction(start_s) * rate)
    return first, max(math.ceil(Fraction(stop_s) * rate), first + 1)


def time_ns(index: int, rate: Fraction) -> int:
    """Return the time of a sample [ns since time zero], as the packets' times are rounded."""
    return math.floor(index * NS_PER_S / rate)


def hold(
    counts: NDArray[Any], first: int, digitiser: Digitiser, losses: Sequence[Dropout], held: Held | None
) -> Held | None:
    """Put held values and rails of dropouts into the counts of a block in place; return what the next block holds.

    ``first`` is the number of the block's first sample; ``held`` what was known before it, None at a span's start.
    """
    if not len(counts):
        return held
    if not any(one.mode != "missing" for one in losses):
        return Held(int(counts[-1]), int(counts[-1]))
    clean = counts.copy()
    holding = held.holding if held is not None else int(clean[0])
    for one in losses:
        begin, end = sample_span(one.start_s, one.stop_s, digitiser.rate)
        left, right = max(begin - first, 0), min(end - first, len(counts))
        if one.mode == "missing" or right <= left:
            continue
        if begin > first:
            value = int(clean[begin - first - 1])
        elif begin == first:
            value = held.last if held is not None else int(clean[0])
        else:
            value = holding
        if one.mode == "held" and end - first > len(counts):
            holding = value
        counts[left:right] = digitiser.low if one.mode == "rail" else value
    return Held(int(clean[-1]), holding)


def strike(counts: NDArray[Any], first: int, digitiser: Digitiser, hits: Iterable[Excursion]) -> None:
    """Put rails and spikes into the counts of a block in place; ``first`` is the number of its first sample."""
    for one in hits:
        begin, end = sample_span(one.start_s, one.stop_s, digitiser.rate)
        part = slice(max(begin - first, 0), max(min(end - first, len(counts)), 0))
        if one.kind == "rail":
            counts[part] = digitiser.high if one.sign > 0 else digitiser.low
        else:
            jump = one.sign * round(one.size * (digitiser.high - digitiser.low))
            counts[part] = np.clip(counts[part].astype(np.int64) + jump, digitiser.low, digitiser.high)


def heard(kind: PacketKind, times_ns: NDArray[np.int64], losses: Iterable[Dropout]) -> NDArray[np.bool_]:
    """Return which packets of an implant (n,) the recorder could make: those that no missing dropout touches."""
    kept = np.ones(len(times_ns), np.bool_)
    length_ns = math.floor(kind.length * NS_PER_S) if any(one.is_array for one in kind.digitisers) else 1
    for one in losses:
        if one.mode == "missing":
            start, stop = math.ceil(one.start_s * NS_PER_S), math.ceil(one.stop_s * NS_PER_S)
            kept &= ~((times_ns < stop) & (times_ns + length_ns > start))
    return kept


def strength(seed: int, sensor: str, losses: Iterable[Dropout]) -> Field:
    """Return the received signal strength of an implant, on the receiver's own scale."""
    known = tuple(losses)

    def field(t: NDArray[np.float64]) -> NDArray[np.float64]:
        value = _GOOD_STRENGTH + 60.0 * wander(seed, f"{sensor}/strength", t, 300.0)
        value = value + 12.0 * noise(seed, f"{sensor}/strength", np.rint(t * 10.0))
        for one in known:
            value = np.where((t >= one.start_s) & (t < one.stop_s), _LOST_STRENGTH, value)
        return np.asarray(value, np.float64)

    return field
