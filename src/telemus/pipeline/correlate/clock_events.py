"""What happened to the on-board clock: set, started again, rolled over; and time packets that were not believed."""

from __future__ import annotations

from typing import Literal, NamedTuple

from telemus.pipeline.correlate.stretch import Knot

Kind = Literal["set forward", "set back", "restart", "rollover", "time packet rejected"]
RESTART_NS = 10_000_000_000
"""A counter that started again is at most this [ns] further than the time that passed."""

OFF_THE_LINE = "off the line on which those before and after it lie"
RAN_ON = "it tells of a jump, but the counter of all packets ran on"


class ClockEvent(NamedTuple):
    """One thing that happened: time of the packet that tells it [ns TAI], counter as sent [ns], kind, amount [ns], why.

    ``amount_ns`` is by how much the counter jumped ahead of TAI, or a rejected time packet was off.
    """

    tai_ns: int
    onboard_ns: int
    kind: Kind
    amount_ns: int
    detail: str = ""


class Rejected(NamedTuple):
    """A time packet that was not believed, by how much it was off the line [ns], and why."""

    knot: Knot
    off_ns: int
    reason: str


def kind_of_jump(before: Knot, after: Knot, sent_ns: tuple[int, int], jump_ns: int) -> Kind:
    """Return what a jump of the counter between two knots was; ``sent_ns`` are their values as sent.

    A counter that went back to no more than the time that passed meanwhile has started again from 0.

    >>> second = 1_000_000_000
    >>> kind_of_jump(Knot(900 * second, 0), Knot(4 * second, 60 * second), (900 * second, 4 * second), -956 * second)
    'restart'
    """
    passed_ns = after.tai_ns - before.tai_ns
    if sent_ns[1] < sent_ns[0] and sent_ns[1] <= passed_ns + RESTART_NS:
        return "restart"
    return "set forward" if jump_ns > 0 else "set back"
