"""Find a time correlation for packets whose own file has none in reach: further on in the file, or in another file."""

from __future__ import annotations

import numpy as np

from telemus.archive import Archive, Received
from telemus.mission import OnboardClock
from telemus.packets import Decoder, Plan
from telemus.pipeline.blocks import decoded_blocks
from telemus.pipeline.correlate import Knot, Stretch
from telemus.pipeline.routes import short_name
from telemus.pipeline.stamp import Stamper

CORRELATION = "correlation"
"""Name of the product that holds the knots of all files."""


def borrowed_stretch(
    archive: Archive, received: Received, plan: Plan, clock: OnboardClock, onboard_ns: int
) -> Stretch | None:
    """Return the stretch by which packets from a counter value [ns] on may be timed, None where there is none.

    It is the first one in the rest of the file, or else the one of another file whose counter values are nearest.
    Packets timed by it are to be flagged UNVERIFIED: the counter may have been set in between.
    """
    found = _further_on(received, plan, clock) or _elsewhere(archive, received, onboard_ns)
    return None if found is None else Stretch(found.knots, verified=False)


def _further_on(received: Received, plan: Plan, clock: OnboardClock) -> Stretch | None:
    wanted = [name for name in plan.containers if short_name(name) == clock.container]
    decoder = Decoder(plan, containers=wanted)
    stamper = Stamper(clock, {})
    for tables in decoded_blocks(received.path, decoder):
        for _ in stamper.feed(tables):
            continue
        if stamper.keeper.stretches and len(stamper.keeper.stretches[0].knots) > 1:
            return stamper.keeper.stretches[0]
    return stamper.keeper.stretches[0] if stamper.keeper.stretches else None


def _elsewhere(archive: Archive, received: Received, onboard_ns: int) -> Stretch | None:
    table = archive.read(CORRELATION)
    if table.num_rows == 0:
        return None
    sources, stretches = (np.array(table[name].to_pylist()) for name in ("source", "stretch"))
    onboard, tai = (table[name].to_numpy() for name in ("onboard_ns", "tai_ns"))
    best: tuple[int, list[Knot]] | None = None
    for source, stretch in sorted(set(zip(sources.tolist(), stretches.tolist(), strict=True))):
        if source == received.sha256:
            continue
        rows = (sources == source) & (stretches == stretch)
        knots = [Knot(*pair) for pair in zip(onboard[rows].tolist(), tai[rows].tolist(), strict=True)]
        distance = int(np.min(np.abs(onboard[rows] - onboard_ns)))
        if best is None or distance < best[0]:
            best = distance, knots
    return None if best is None else Stretch(best[1])
