"""Death is said only when several signals agree under good reception; else it is no signal."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.clock import NS_PER_S
from telemus.pipeline.derive_findings import find_events
from telemus.pipeline.registry import REGISTRY

PARAMETERS = REGISTRY["findings"].product.with_parameters({})
MINUTE = 60 * NS_PER_S


def windows(pulse, ecg, temperature, received=None):
    count = len(pulse)
    share = np.ones(count) if received is None else np.asarray(received, float)
    times = np.arange(count) * 30 * MINUTE
    return {
        "tai_ns": times,
        "stop_ns": times + MINUTE,
        "pressure_received_share": share,
        "ecg_received_share": share,
        "pressure_coverage": np.asarray(pulse, float),
        "ecg_coverage": np.asarray(ecg, float),
        "temperature_degc": np.asarray(temperature, float),
    }


ALIVE, DEAD = [1.0] * 10, [0.0] * 5
COOLING = [36.0] * 10 + [34.0, 31.0, 28.0, 26.0, 25.0]


def test_dead_where_pulse_and_ecg_are_gone_and_the_body_cools():
    (found,) = find_events(windows(ALIVE + DEAD, ALIVE + DEAD, COOLING), PARAMETERS)
    assert found.kind == "dead"
    assert found.start_ns == 10 * 30 * MINUTE
    assert found.stop_ns == 14 * 30 * MINUTE + MINUTE
    assert "fell by 8.0 degC" in found.evidence


@pytest.mark.parametrize(
    ("pulse", "ecg", "temperature", "received"),
    [
        (ALIVE + DEAD, ALIVE + DEAD, [36.0] * 15, None),  # warm: the leads, not the animal
        (ALIVE + DEAD, ALIVE + DEAD, COOLING, [1.0] * 10 + [0.1] * 5),  # nothing is heard
        (ALIVE + DEAD, ALIVE + DEAD, [36.0] * 10 + [np.nan] * 5, None),  # no temperature
    ],
)
def test_else_it_is_no_signal(pulse, ecg, temperature, received):
    found = find_events(windows(pulse, ecg, temperature, received), PARAMETERS)
    assert [one.kind for one in found] == ["no_signal"]


def test_a_clotted_catheter_is_no_death():
    assert find_events(windows(ALIVE + DEAD, ALIVE + ALIVE[:5], COOLING), PARAMETERS) == []


def test_a_pulse_that_comes_back_is_no_death():
    pulse = ALIVE + DEAD + [1.0]
    assert find_events(windows(pulse, pulse, [*COOLING, 25.0]), PARAMETERS) == []


def test_one_source_alone_can_say_nothing_of_death():
    only = {name: column for name, column in windows(ALIVE + DEAD, ALIVE + DEAD, COOLING).items() if "ecg" not in name}
    (found,) = find_events(only, PARAMETERS)
    assert found.kind == "no_signal"


def test_a_hole_in_the_middle_is_told():
    share = [1.0] * 5 + [0.0] * 4 + [1.0] * 6
    (found,) = find_events(windows([1.0] * 15, [1.0] * 15, [36.0] * 15, share), PARAMETERS)
    assert (found.kind, found.start_ns, found.stop_ns) == ("no_signal", 5 * 30 * MINUTE, 8 * 30 * MINUTE + MINUTE)


def test_nothing_is_found_in_nothing():
    assert find_events({}, PARAMETERS) == []
    assert find_events(windows([], [], []), PARAMETERS) == []
