"""The simulated mouse as a whole: the same animal whichever way its time is cut."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.simulate.model import Block, Model
from telemus.simulate.mouse import ACTIVITY, ECG, PRESSURE, TEMPERATURE, Course, Influence, Mouse, flight
from telemus.simulate.sensor import SensorParameters

TIMES = ("r_s", "foot_s", "diastole_s", "slope_s", "systole_s")
START_S = 100.0
LENGTH_S = 60


def joined(pieces: list[tuple[float, Block]], start_s: float) -> Block:
    first = pieces[0][1]
    signals = {name: np.concatenate([block.signals[name] for _, block in pieces]) for name in first.signals}
    beats = {
        name: np.concatenate(
            [block.beats[name] + (at_s - start_s) * (name.removeprefix("sensor_") in TIMES) for at_s, block in pieces]
        )
        for name in first.beats
    }
    return Block(signals, beats)


def assert_same(one: Block, other: Block) -> None:
    for name, value in one.signals.items():
        assert np.array_equal(value, other.signals[name]), name
    for name, value in one.beats.items():
        np.testing.assert_allclose(value, other.beats[name], rtol=0, atol=1e-8, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(1, LENGTH_S - 1), max_size=5), seed=st.integers(0, 5))
def test_pieces_equal_the_whole(cuts: set[int], seed: int) -> None:
    whole = Mouse(seed).render(START_S, LENGTH_S)
    borders = [0, *sorted(cuts), LENGTH_S]
    mouse = Mouse(seed)
    pieces = [(START_S + a, mouse.render(START_S + a, b - a)) for a, b in pairwise(borders)]
    assert_same(whole, joined(pieces, START_S))


def test_what_follows_a_jump_does_not_depend_on_what_was_before() -> None:
    mouse = Mouse(3, influence=flight(60.0, 5000.0))
    mouse.render(0.0, 7)
    mouse.render(40.0, 3)
    assert_same(Mouse(3, influence=flight(60.0, 5000.0)).render(1000.0, 20), mouse.render(1000.0, 20))


def test_every_foot_in_a_block_has_its_row() -> None:
    """Every steep rise of the pressure after a jump belongs to a beat that is listed, and every beat to a rise."""
    for seed in range(20):
        sensor = SensorParameters(noise_mmhg=0.0)
        block = Mouse(seed, sensor=sensor, rates_hz={PRESSURE: 500.0}).render(START_S, 2)
        slope = np.diff(block.signals[PRESSURE]) * 500.0
        rises_s = (1 + np.flatnonzero((slope[1:] > 700.0) & (slope[:-1] <= 700.0))) / 500.0
        feet_s = block.beats["sensor_foot_s"]
        assert np.abs(rises_s[:, None] - feet_s).min(axis=1).max() < 0.012
        inside_s = feet_s[(feet_s > 0.01) & (feet_s < 1.98)]
        assert np.abs(inside_s[:, None] - rises_s).min(axis=1).max() < 0.012


def test_sample_counts_and_kinds() -> None:
    mouse: Model = Mouse(1)
    block = mouse.render(5.0, 20)
    sizes = {name: value.size for name, value in block.signals.items()}
    assert sizes == {PRESSURE: 10_000, ECG: 20_000, TEMPERATURE: 2, ACTIVITY: 2}
    assert all(np.isfinite(value).all() for value in block.signals.values())
    assert {value.size for value in block.beats.values()} == {block.beats["r_s"].size}


def test_activity_and_temperature_follow_the_clock_of_the_mission() -> None:
    still = Mouse(1, influence=Influence(activity=Course((0.0,), (-4.0,)))).render(0.0, 600)
    assert still.signals[ACTIVITY].sum() == 0
    assert 33.5 < still.signals[TEMPERATURE].mean() < 36.5


def test_another_seed_is_another_animal() -> None:
    assert not np.array_equal(Mouse(3).render(0.0, 1).signals[PRESSURE], Mouse(4).render(0.0, 1).signals[PRESSURE])


def test_memory_does_not_grow_with_the_length_of_the_mission() -> None:
    mouse = Mouse(1)
    mouse.render(0.0, 60)
    tracemalloc.start()
    held = []
    for minute in range(1, 21):
        mouse.render(60.0 * minute, 60)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[-1] < held[4] + 1_000_000


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SignalError, match="pressure_venous"):
        Mouse(1, rates_hz={"pressure_venous": 500.0})


@pytest.mark.parametrize("count_s", [0, -3, 1.5])
def test_a_block_without_length_is_refused(count_s: float) -> None:
    with pytest.raises(SignalError, match="whole number of seconds"):
        Mouse(1).render(0.0, count_s)  # type: ignore[arg-type]
