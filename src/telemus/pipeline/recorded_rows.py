"""Reads where the rows of a recording stand, without their samples: the anchors of the detectors' grids."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import pyarrow.compute as pc

from telemus.archive import SAMPLES, Archive
from telemus.mission import Mission
from telemus.pipeline.sources import carries
from telemus.pipeline.stretches import Anchors, anchors_of
from telemus.series import Segment

_COLUMNS = ("channel", "entity", "start_ns", "period_num", "period_den", "count")


def recorded_rows(archive: Archive, mission: Mission, quantities: Collection[str]) -> dict[tuple[str, str], Anchors]:
    """Return the rows of every channel that carries one of some quantities: (channel, entity) -> anchors."""
    channels = [one.name for one in mission.channels if any(carries(one, name) for name in quantities)]
    if not channels:
        return {}
    table = archive.read(SAMPLES, columns=_COLUMNS)
    found = {}
    for channel in channels:
        rows = table.filter(pc.equal(table["channel"], channel))
        names = rows["entity"].to_numpy(zero_copy_only=False)
        numbers = [rows[name].to_numpy() for name in ("start_ns", "period_num", "period_den", "count")]
        for entity in sorted(set(names.tolist())):
            own = names == entity
            found[channel, entity] = anchors_of(
                Segment(start, Fraction(num, den), count)
                for start, num, den, count in zip(*(column[own].tolist() for column in numbers), strict=True)
            )
    return found
