"""What a simulated animal promises: samples in blocks, and the exact answer for each beat of them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Artefact(NamedTuple):
    """A stretch in which one signal is buried beyond recovery, by the animal itself and not by the link.

    Ordinary difficulty (inverted or tall waves, moderate muscle noise, baseline wander) is not an artefact: it is legal
    in clean parts.

    Attributes:
        start_s: first moment [s, relative to the start of the block; may lie before it].
        stop_s: end [s, relative to the start of the block; may lie beyond its end].
        quantity: the buried signal, for instance ``ecg``.
        kind: the cause, for instance ``motion``.
    """

    start_s: float
    stop_s: float
    quantity: str
    kind: str


class Block(NamedTuple):
    """A stretch of simulated signals with its truth.

    Attributes:
        signals: by quantity, samples (n,) at the channel's rate, in the canonical unit, after the analogue chain of the
            sensor, before converter and link. Sample times are whole multiples of the period since time zero.
        beats: by name, one value per beat (m,). Times are float seconds relative to the start of the block. A name
            that begins with ``sensor_`` is the truth after the sensor's bandwidth, without its noise.
        artefacts: the stretches that bury a signal, sorted, those that overlap the block only.
    """

    signals: dict[str, NDArray[np.float64]]
    beats: dict[str, NDArray[np.float64]]
    artefacts: tuple[Artefact, ...] = ()


class Model(Protocol):
    """Whatever can be rendered block after block."""

    def render(self, start_s: float, count_s: int) -> Block:
        """Render `count_s` seconds from `start_s` [s since time zero].

        Calls that follow each other continue the beats exactly; a jump forward (recording off) restarts them there
        from the slow state of the animal.
        """
        ...
