"""Turns the recorder's counter into TAI while packets arrive, in bounded memory.

The counter may roll over, start again and be set. Time packets tie it to TAI; the *knots* between which it ran without
interruption form a *stretch*. Packets wait until the knot behind them has come: if it lies on the line of the stretch,
they lie between two knots. If it does not, it is suspected until the next one comes. Is that back on the line, the
suspect was wrong and is rejected with its reason; else the counter was set or started again somewhere between the two,
and that place is found by the rhythm of the packets themselves: every stream (the packets of one kind and one entity)
comes at a steady interval, and where the counter jumped that interval is off by the jump. Nothing is bridged: each
stretch has its own line, and the packets beside a jump are marked.
"""

from telemus.pipeline.correlate.clock_events import ClockEvent, Rejected
from telemus.pipeline.correlate.counter import Counter
from telemus.pipeline.correlate.fit import Fit, fit_of, residuals_ns
from telemus.pipeline.correlate.stretch import CHANGING_DRIFT, MAX_DRIFT, Knot, Stretch, Times
from telemus.pipeline.correlate.timekeeper import Stamps, Timed, Timekeeper

__all__ = [
    "CHANGING_DRIFT",
    "MAX_DRIFT",
    "ClockEvent",
    "Counter",
    "Fit",
    "Knot",
    "Rejected",
    "Stamps",
    "Stretch",
    "Timed",
    "Timekeeper",
    "Times",
    "fit_of",
    "residuals_ns",
]
