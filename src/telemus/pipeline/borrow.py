"""Find a time correlation for packets whose own file has none in reach: further on in the file, or in another file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from telemus.archive import Archive, Received
from telemus.clock import NS_PER_S
from telemus.mission import OnboardClock
from telemus.packets import Decoder, Plan
from telemus.pipeline.blocks import decoded_blocks
from telemus.pipeline.correlate import Counter, Knot, Stretch
from telemus.pipeline.routes import short_name
from telemus.pipeline.stamp import Stamper, step_limit_ns
from telemus.provenance import digest

CORRELATION = "correlation"
"""Name of the product that holds the knots of all files."""


class Guides(NamedTuple):
    """The stretches of other files, as runs of knots, and a name that changes with them; "" where there is none."""

    runs: tuple[tuple[Knot, ...], ...] = ()
    name: str = ""

    def beside(self, knot: Knot, clock: OnboardClock) -> list[Knot]:
        """Return the knots of other files that were taken on the same run of the counter as a knot.

        Of a run they are all, if the knot lies on its line and so near to one of its knots that a change of drift
        cannot pass for a step: else the counter may have been set in between, and nothing is bridged.
        """
        found: list[Knot] = []
        for stretch in self._at(knot.onboard_ns, clock, knot.tai_ns):
            limit_ns = step_limit_ns(clock)
            near = stretch.nearest_ns(knot.onboard_ns) <= stretch.reach_ns(limit_ns)
            if near and stretch.holds(knot, limit_ns):
                found += stretch.knots
        return sorted(set(found))

    def nearest(self, onboard_ns: int, clock: OnboardClock) -> Stretch | None:
        """Return the run whose knots come nearest to a counter value [ns]; None where there is none."""
        found = list(self._at(onboard_ns, clock))
        return min(found, key=lambda one: one.nearest_ns(onboard_ns)) if found else None

    def _at(self, onboard_ns: int, clock: OnboardClock, tai_ns: int | None = None) -> Iterator[Stretch]:
        """Yield the runs, each moved by as many rollovers as bring it nearest to a counter value [ns] (at a TAI)."""
        counter = Counter(clock.modulus_s * NS_PER_S)
        for run in self.runs:
            since_ns = 0 if tai_ns is None else tai_ns - run[0].tai_ns
            off_ns = onboard_ns - run[0].onboard_ns - since_ns
            shift_ns = round(off_ns / counter.modulus_ns) * counter.modulus_ns if counter.rolls_over else 0
            yield Stretch([one._replace(onboard_ns=one.onboard_ns + shift_ns) for one in run])


def guides_for(archive: Archive, received: Received) -> Guides:
    """Return the knots that other files of an archive brought."""
    table = archive.read(CORRELATION)
    if table.num_rows == 0:
        return Guides()
    sources, stretches = (np.array(table[name].to_pylist()) for name in ("source", "stretch"))
    onboard, tai = (table[name].to_numpy() for name in ("onboard_ns", "tai_ns"))
    runs = []
    for source, stretch in sorted(set(zip(sources.tolist(), stretches.tolist(), strict=True))):
        if source != received.sha256:
            rows = (sources == source) & (stretches == stretch)
            runs.append(tuple(Knot(*pair) for pair in zip(onboard[rows].tolist(), tai[rows].tolist(), strict=True)))
    return Guides(tuple(runs), digest({"runs": runs}) if runs else "")


def borrowed_stretch(
    guides: Guides, received: Received, plan: Plan, clock: OnboardClock, onboard_ns: int
) -> Stretch | None:
    """Return the stretch by which packets from a counter value [ns] on may be timed, None where there is none.

    It is the first one in the rest of the file, or else the one of another file whose counter values are nearest.
    Packets timed by it are to be flagged UNVERIFIED: the counter may have been set in between.
    """
    found = _further_on(received, plan, clock) or guides.nearest(onboard_ns, clock)
    return None if found is None else Stretch(found.knots, verified=False)


def _further_on(received: Received, plan: Plan, clock: OnboardClock) -> Stretch | None:
    wanted = [name for name in plan.containers if short_name(name) == clock.container]
    decoder = Decoder(plan, containers=wanted)
    stamper = Stamper(clock, {})
    for tables in decoded_blocks(received, decoder):
        for _ in stamper.feed(tables):
            continue
        if stamper.keeper.stretches and stamper.keeper.stretches[0].settled:
            return stamper.keeper.stretches[0]
    return stamper.keeper.stretches[0] if stamper.keeper.stretches else None
