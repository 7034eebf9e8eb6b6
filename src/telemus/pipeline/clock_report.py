"""What is told of the on-board clock of one file: its stretches with their residuals, its events, its time packets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from telemus.pipeline.correlate import Timekeeper, fit_of


def clock_account(keeper: Timekeeper) -> dict[str, Any]:
    """Return the account of a file's clock as plain JSON values.

    ``time_packets``: used as knots, late (on the line, but behind a later one), rejected by reason. ``stretches``:
    see ``Fit``; those borrowed from elsewhere are left out. ``events``: see ``ClockEvent``.
    """
    own = [(number, one) for number, one in enumerate(keeper.stretches) if one.verified]
    return {
        "time_packets": {
            "used": sum(len(one.knots) for _, one in own),
            "late": keeper.late_knots,
            "rejected": dict(sorted(Counter(one.reason for one in keeper.rejected).items())),
        },
        "stretches": [fit_of(number, one.knots)._asdict() for number, one in own],
        "events": [one._asdict() for one in keeper.events()],
    }


def clock_notes(keeper: Timekeeper) -> Iterator[str]:
    """Yield a sentence for each thing about the clock that a reader should know."""
    for number, one in enumerate(keeper.stretches):
        if not one.settled or not one.verified:
            single = "a single time packet and the nominal rate"
            yield (
                f"stretch {number} of the clock rests on {single if one.verified else 'time packets out of reach'}; "
                "its samples are flagged unverified"
            )
    if keeper.steps:
        yield f"the on-board clock was set or started again {len(keeper.steps)} times"
    for packet in keeper.rejected:
        yield f"a time packet that was off by {packet.off_ns / 1e9:.6g} s was rejected: {packet.reason}"
