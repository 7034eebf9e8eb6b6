"""Say why samples are missing: off by schedule, lost for all at once, or lost for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from telemus.archive.intervals import Spans, common, complement, joined

Kind = Literal["scheduled_off", "common", "dropout"]
_SHORTEST_NS = 1_000_000
"""Less than this between two runs is rounding and clock correlation, no gap [ns]."""


class Gap(NamedTuple):
    """A stretch without samples: start and stop [ns TAI], and why."""

    start_ns: int
    stop_ns: int
    kind: Kind


def gaps_between(
    covered: Mapping[str, Spans],
    entity: str,
    peers: Sequence[str],
    recorded: Spans,
    span: tuple[int, int],
) -> list[Gap]:
    """Return the gaps of one entity in a span [ns TAI], in order of time.

    ``covered`` are the spans with samples of each entity of the channel, ``peers`` the entities that could have had
    some, ``recorded`` the spans in which the recorder was on by its schedule. With a single entity nothing is common.
    """
    nothing = np.zeros((0, 2), np.int64)
    missing = complement(covered.get(entity, nothing), *span)
    received = joined(np.concatenate([nothing, *covered.values()]))
    off = common(missing, complement(recorded, *span))
    due = common(missing, recorded)
    lost_to_all = common(due, complement(received, *span)) if len(peers) > 1 else nothing
    lost_alone = common(due, received) if len(peers) > 1 else due
    kinds: tuple[tuple[Kind, Spans], ...] = (
        ("scheduled_off", off),
        ("common", lost_to_all),
        ("dropout", lost_alone),
    )
    found = [
        Gap(int(start), int(stop), kind)
        for kind, spans in kinds
        for start, stop in spans
        if stop - start > _SHORTEST_NS
    ]
    return sorted(found)
