"""Places the turning points of a flight on the timeline: lift-off, descent, light, and the fates of subjects."""

from __future__ import annotations

from typing import NamedTuple

from telemus.clock import NS_PER_S, tai_to_utc
from telemus.mission import Mission, Timeline
from telemus.simulate.mouse import Course, Influence, flight

_DAY_S = 86400.0
SEPARATION_S, PARACHUTE_S, LANDING_S = 527.0, 500.0, 1500.0
"""After lift-off, and twice after the begin of the descent, as in the profiles of acceleration [s]."""
_DESCENT_SHARE = 0.1
"""The descent begins this share of its phase after the phase's start, so that the phase shows what was before."""
_CLOT_GROWS_S = 900.0
_CLOT_TAKES = 0.93


class TurningPoint(NamedTuple):
    """A moment of the mission: its label in the events of the recorder, and its time [s since time zero]."""

    label: str
    time_s: float


def lift_off_s(timeline: Timeline) -> float | None:
    """Return the time of lift-off, T0 of a timeline with a launch phase [s since time zero]; None without one."""
    return _since_start(timeline, timeline.t0_ns) if any(one.kind == "launch" for one in timeline.phase) else None


def descent_s(timeline: Timeline) -> float | None:
    """Return the begin of the descent [s since time zero]; None without a descent phase."""
    for phase in timeline.phase:
        if phase.kind == "descent":
            start_ns, stop_ns = timeline.span_of(phase)
            return _since_start(timeline, start_ns + round(_DESCENT_SHARE * (stop_ns - start_ns)))
    return None


def turning_points(timeline: Timeline) -> list[TurningPoint]:
    """Return what the recorder notes of launch and descent, in order of time."""
    points = []
    launch, descent = lift_off_s(timeline), descent_s(timeline)
    if launch is not None:
        points += [TurningPoint("LAUNCH", launch), TurningPoint("SEPARATION", launch + SEPARATION_S)]
    if descent is not None:
        points += [TurningPoint("RETROFIRE", descent), TurningPoint("PARACHUTE", descent + PARACHUTE_S)]
        points.append(TurningPoint("LANDING", descent + LANDING_S))
    return points


def clock_at_zero_s(mission: Mission) -> float:
    """Return the local time of day at time zero [s]."""
    utc_s = tai_to_utc(mission.timeline.start_ns) / NS_PER_S
    return float((utc_s + mission.description.light.utc_offset_h * 3600.0) % _DAY_S)


def fate_s(mission: Mission, subject: str, kind: str) -> float | None:
    """Return when a fate befalls a subject [s since time zero]; None where it does not."""
    for fate in mission.simulation.fate if mission.simulation else ():
        if fate.subject == subject and fate.kind == kind:
            return _since_start(mission.timeline, mission.timeline.t0_ns) + fate.at_h * 3600.0
    return None


def influence_on(mission: Mission, subject: str) -> Influence:
    """Return what acts on a subject: launch, weightlessness and descent, day and night, death, and a clot."""
    clot = fate_s(mission, subject, "clot")
    common = {
        "clock_at_zero_s": clock_at_zero_s(mission),
        "lights_on_s": mission.description.light.on_h * 3600.0,
        "lights_off_s": mission.description.light.off_h * 3600.0,
        "death_s": fate_s(mission, subject, "death"),
        "clot": None if clot is None else Course((clot, clot + _CLOT_GROWS_S), (0.0, _CLOT_TAKES)),
    }
    launch, descent = lift_off_s(mission.timeline), descent_s(mission.timeline)
    if launch is None:
        return Influence(**common)  # type: ignore[arg-type]
    # a timeline that ends in orbit has its descent beyond the end of time
    return flight(launch, 1e12 if descent is None else descent, **common)


def _since_start(timeline: Timeline, time_ns: int) -> float:
    return (time_ns - timeline.start_ns) / NS_PER_S
