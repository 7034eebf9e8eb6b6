"""The surroundings: a cabin that wanders by some 10 hPa, the loads of launch and descent, light by its cycle."""

from __future__ import annotations

import numpy as np
import pytest

from telemus import mission
from telemus.simulate.course import clock_at_zero_s, descent_s, fate_s, lift_off_s, turning_points
from telemus.simulate.environment import MMHG_PER_HPA, acceleration, cage_pressure, is_light

FLIGHT = mission.load("mtb2", "flight")


def test_the_cabin_wanders_by_some_ten_hectopascal_and_leaks() -> None:
    day = np.arange(0.0, 20 * 86400.0, 60.0)
    hpa = np.array([cage_pressure(FLIGHT, 1, "C1")(np.array([t]))[0] for t in day[::97]]) / MMHG_PER_HPA
    assert 990.0 < hpa.min() < 1005.0
    assert 1010.0 < hpa.max() < 1025.0
    minutes = cage_pressure(FLIGHT, 1, "C1")(day) / MMHG_PER_HPA
    assert (minutes[:-15] - minutes[15:]).max() > 6.0  # a leak
    assert (minutes[4:] - minutes[:-4]).max() > 6.0  # air let in again


def test_cages_share_the_cabin() -> None:
    times_s = np.arange(0.0, 86400.0, 1.0)
    one, two = (cage_pressure(FLIGHT, 1, cage)(times_s) / MMHG_PER_HPA for cage in ("C1", "C2"))
    assert 0.0 < np.abs(one - two).max() < 2.0


def test_between_whole_seconds_pressure_is_a_straight_line_whatever_the_cut() -> None:
    field = cage_pressure(FLIGHT, 1, "C1")
    times_s, seconds = np.arange(500_000, 505_000) / 500.0, np.arange(1000.0, 1011.0)
    fine = field(times_s)
    assert fine == pytest.approx(np.interp(times_s, seconds, field(seconds)), abs=1e-9)
    assert np.array_equal(fine[2500:], field(times_s[2500:]))


def test_loads_of_the_phases() -> None:
    launch, descent = lift_off_s(FLIGHT.timeline), descent_s(FLIGHT.timeline)
    assert launch == 168 * 3600.0
    assert descent == pytest.approx(launch + 718 * 3600.0 + 0.1 * 4 * 3600.0)
    x, y = (acceleration(FLIGHT, 1, axis) for axis in "xy")

    def mean(field: object, at: float) -> float:
        return float(np.mean(field(np.arange(at, at + 4.0, 0.02))))  # type: ignore[operator]

    assert mean(x, launch - 600.0) == pytest.approx(1.0, abs=0.01)
    assert mean(x, launch + 114.0) == pytest.approx(4.0, abs=0.3)
    assert mean(x, launch + 86400.0) == pytest.approx(0.0, abs=0.01)
    assert mean(x, descent + 198.0) == pytest.approx(4.0, abs=0.3)
    assert mean(x, descent + 7200.0) == pytest.approx(1.0, abs=0.01)
    assert mean(y, launch + 112.0) == pytest.approx(0.0, abs=0.1)
    landing = y(descent + 1500.0 + np.arange(0.0, 1.0, 0.02))
    assert np.abs(landing).max() > 3.0


def test_turning_points_are_in_order() -> None:
    labels = [point.label for point in turning_points(FLIGHT.timeline)]
    assert labels == ["LAUNCH", "SEPARATION", "RETROFIRE", "PARACHUTE", "LANDING"]
    times = [point.time_s for point in turning_points(FLIGHT.timeline)]
    assert times == sorted(times)


def test_light_follows_local_time() -> None:
    # the timeline begins 168 h before 17:00 UTC, which is 20:00 where the lights go off
    assert clock_at_zero_s(FLIGHT) == 20 * 3600.0
    hours = np.arange(24) * 3600.0
    assert is_light(FLIGHT, hours).tolist() == [False] * 12 + [True] * 12


def test_fates_count_from_lift_off() -> None:
    assert fate_s(FLIGHT, "M6", "death") == (168 + 21) * 3600.0
    assert fate_s(FLIGHT, "M1", "death") is None
