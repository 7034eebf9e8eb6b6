"""When: phases around T0, and the recorder's duty cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from telemus.clock import NS_PER_S
from telemus.mission.values import STRICT, Name, TaiNs


@dataclass(frozen=True, config=STRICT)
class Phase:
    """A part of the timeline [h after T0]. ``baseline`` phases are what a subject is compared with.

    ``on_s`` and ``every_s`` declare a duty cycle: the recorder is on for the first ``on_s`` of every ``every_s``
    seconds, counted from the phase's start; without them it records all the time.
    """

    name: Name
    title: str
    kind: Literal["ground", "launch", "flight", "descent", "recovery"]
    start_h: float
    stop_h: float
    baseline: bool = False
    on_s: Annotated[int, Field(gt=0)] | None = None
    every_s: Annotated[int, Field(gt=0)] | None = None


@dataclass(frozen=True, config=STRICT)
class Timeline:
    """Phases in order, without holes, around T0."""

    title: str
    t0_ns: Annotated[TaiNs, Field(alias="t0")]
    phase: Annotated[tuple[Phase, ...], Field(min_length=1)]
    source: str

    @property
    def start_ns(self) -> int:
        """Return the start of the first phase [ns TAI]."""
        return self.span_of(self.phase[0])[0]

    @property
    def stop_ns(self) -> int:
        """Return the end of the last phase [ns TAI]."""
        return self.span_of(self.phase[-1])[1]

    def span_of(self, phase: Phase) -> tuple[int, int]:
        """Return start and stop of a phase [ns TAI]."""
        start, stop = (self.t0_ns + round(hours * 3600 * NS_PER_S) for hours in (phase.start_h, phase.stop_h))
        return start, stop

    def phase_at(self, time_ns: int) -> Phase | None:
        """Return the phase that holds at an instant [ns TAI]; None outside the timeline."""
        for phase in self.phase:
            start, stop = self.span_of(phase)
            if start <= time_ns < stop:
                return phase
        return None

    def recorded(self, start_ns: int, stop_ns: int) -> NDArray[np.int64]:
        """Return the spans [ns TAI] (n, 2) between two instants in which the recorder is on by its schedule.

        Spans that touch are joined.
        """
        spans: list[list[int]] = []
        for phase in self.phase:
            for on, off in self._on_spans(phase):
                begin, end = max(on, start_ns), min(off, stop_ns)
                if begin >= end:
                    continue
                if spans and spans[-1][1] == begin:
                    spans[-1][1] = end
                else:
                    spans.append([begin, end])
        return np.array(spans, np.int64).reshape(-1, 2)

    def _on_spans(self, phase: Phase) -> Iterator[tuple[int, int]]:
        start, stop = self.span_of(phase)
        if phase.on_s is None or phase.every_s is None:
            yield start, stop
            return
        for on in range(start, stop, phase.every_s * NS_PER_S):
            yield on, min(on + phase.on_s * NS_PER_S, stop)
