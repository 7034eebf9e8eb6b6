"""Names the parts of a mission on which a product's identity may depend, as plain JSON values.

Only numbers and ids that change a result stand here: titles, sources and notes do not, so a corrected spelling
recomputes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from telemus.clock import tai_to_utc
from telemus.mission import BELIEVED, Channel, Mission
from telemus.pipeline.derive_load import transition_spans

Values = Callable[[Mission, str | None], Any]


def _calibration(mission: Mission, subject: str | None) -> Any:
    return [_channel(channel) for channel in mission.channels]


def _channel(channel: Channel) -> dict[str, Any]:
    calibration, reference = channel.calibration, channel.reference
    return {
        "name": channel.name,
        "entity": channel.entity,
        "quantity": channel.quantity,
        "unit": channel.unit,
        "rate_hz": channel.rate_hz,
        "calibration": [calibration.gain, calibration.offset] if calibration else None,
        "limits": [one for one in _limits_of(channel) if one[0] == BELIEVED],
        "reference": [reference.channel, reference.quantity] if reference else None,
        "rails": list(channel.rails) if channel.rails else None,
        "latency_ms": channel.latency_ms,
    }


def _limits_of(channel: Channel) -> list[list[Any]]:
    return [[one.level, one.since_ns, one.low, one.high] for one in channel.limits]


def _limits(mission: Mission, subject: str | None) -> Any:
    return [[channel.name, _limits_of(channel)] for channel in mission.channels]


def _installations(mission: Mission, subject: str | None) -> Any:
    found = [one for one in mission.description.installation if subject in (None, one.subject)]
    return [[one.sensor, one.subject, one.place, one.since_ns, one.until_ns] for one in found]


def _zeros(mission: Mission, subject: str | None) -> Any:
    sensors = {one.sensor for one in mission.description.installation if subject in (None, one.subject)}
    found = [zero for zero in mission.description.zero if zero.sensor in sensors]
    return sorted([zero.sensor, zero.at_ns, zero.offset, zero.unit] for zero in found)


def _light(mission: Mission, subject: str | None) -> Any:
    light = mission.description.light
    timeline = mission.timeline  # a leap second that the table did not know yet moves the hours behind it
    offsets = [int(at - tai_to_utc(at)) for at in (timeline.start_ns, timeline.stop_ns)]
    return [light.on_h, light.off_h, light.utc_offset_h, offsets]


def _phases(mission: Mission, subject: str | None) -> Any:
    timeline = mission.timeline
    return [[phase.name, phase.kind, phase.baseline, *timeline.span_of(phase)] for phase in timeline.phase]


def _schedule(mission: Mission, subject: str | None) -> Any:
    timeline = mission.timeline
    return [[*timeline.span_of(phase), phase.on_s, phase.every_s] for phase in timeline.phase]


def _groups(mission: Mission, subject: str | None) -> Any:
    groups = [[group.name, list(group.members)] for group in mission.description.group]
    return [groups, [[factor.name, dict(factor.levels)] for factor in mission.description.factor]]


def _species(mission: Mission, subject: str | None) -> Any:
    return mission.description.species


def _transitions(mission: Mission, subject: str | None) -> Any:
    return [list(span) for span in transition_spans(mission)]


VALUES: Mapping[str, Values] = {
    "calibration": _calibration,
    "limits": _limits,
    "installations": _installations,
    "zeros": _zeros,
    "light": _light,
    "phases": _phases,
    "schedule": _schedule,
    "groups": _groups,
    "species": _species,
    "transitions": _transitions,
}
"""What a product may declare in ``mission_values``."""


def mission_values(mission: Mission, names: tuple[str, ...], subject: str | None) -> dict[str, Any]:
    """Return the named parts of a mission, as far as they concern a subject (None: all), for a recipe.

    Raises KeyError on a name that is not in ``VALUES``.
    """
    return {name: VALUES[name](mission, subject) for name in names}
