"""The timekeeper: what it says does not depend on how the stream is cut, and is the truth within the clock's grain."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.clock import NS_PER_S
from telemus.pipeline.correlate import Stamps, Timekeeper

MODULUS = NS_PER_S << 16
WIDTHS_S = (300, 86_400, 604_800, 1 << 20, 1 << 32, 1 << 40)
LIMIT = NS_PER_S // 100


def stream(seconds, streams, knot_every, step_at, step_ns, drift, modulus=MODULUS):
    """Return counter, stream, key, knot and truth [s] of packets, each stream once a second, knots in a stream 99."""
    rows = []
    for second in range(seconds):
        counter = second * NS_PER_S + round(second * drift * NS_PER_S)
        counter += step_ns if second >= step_at else 0
        counter = (counter + (min(modulus // NS_PER_S, 1 << 32) - 36) * NS_PER_S) % modulus
        rows += [(counter, 99, True, second)] if second % knot_every == 0 else []
        rows += [(counter, one, False, second) for one in range(streams)]
    counter, kind, knot, truth = (np.array(column) for column in zip(*rows, strict=True))
    return counter.astype(np.int64), kind.astype(np.int64), knot.astype(bool), truth.astype(np.int64)


def run(packets, cuts, modulus=MODULUS):
    counter, kind, knot, truth = packets
    keeper = Timekeeper(modulus, LIMIT)
    found = []
    edges = [0, *sorted(cut % (len(counter) + 1) for cut in cuts), len(counter)]
    for first, last in pairwise(edges):
        part = slice(first, last)
        rows = np.flatnonzero(knot[part])
        stamps = Stamps(counter[part], kind[part], np.arange(first, last))
        found.append(keeper.feed(stamps, rows, truth[part][rows] * NS_PER_S))
    found.append(keeper.finish())
    return [np.concatenate(column) for column in zip(*found, strict=True)], keeper


@settings(max_examples=60, deadline=None)
@given(
    st.integers(60, 120),
    st.integers(1, 4),
    st.integers(3, 12),
    st.integers(25, 200),
    st.sampled_from([2.5, -2.5, 0.3, -0.3, 30.0]),
    st.floats(-50e-6, 50e-6),
    st.lists(st.integers(0, 10_000), max_size=6),
)
def test_cuts_change_nothing_and_times_are_true(seconds, streams, knot_every, step_at, step_s, drift, cuts):
    packets = stream(seconds, streams, knot_every, step_at, round(step_s * NS_PER_S), drift)
    whole, keeper = run(packets, [])
    cut, _ = run(packets, cuts)
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(one, other)
    key, _, tai_ns, _, stretch, _ = whole
    np.testing.assert_array_equal(key, np.arange(len(key)))
    last_knot = (seconds - 1) // knot_every * knot_every
    if step_at < last_knot:  # a step behind the last knot cannot be seen
        truth = packets[3] * NS_PER_S
        settled = (stretch == 0) | np.array([len(keeper.stretches[one].knots) > 1 for one in stretch])
        assert np.abs(tai_ns - truth)[settled].max(initial=0) <= 3
        assert len(keeper.steps) == 1


@pytest.mark.parametrize("width_s", WIDTHS_S)
def test_a_counter_of_any_width_rolls_over(width_s):
    """From seconds (300) by days and weeks to 32 bits; one of 40 bits goes on."""
    packets = stream(120, 2, 10, 1000, 0, 20e-6, width_s * NS_PER_S)
    (_, _, tai_ns, _, stretch, quality), keeper = run(packets, [], width_s * NS_PER_S)
    assert set(stretch.tolist()) == {0}
    assert np.abs(tai_ns - packets[3] * NS_PER_S).max() <= 1
    assert not quality.any()
    (event,) = keeper.events() if width_s < 1 << 33 else [None]
    assert event is None or (event.kind == "rollover" and abs(event.tai_ns - 36 * NS_PER_S) < NS_PER_S // 1000)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 11),
    st.sampled_from([3600.0, -3600.0, 0.5, -0.5, 1e6]),
    st.lists(st.integers(0, 10_000), max_size=4),
    st.booleans(),
)
def test_one_wrong_time_packet_is_rejected_and_moves_nothing(which, off_s, cuts, rolls):
    packets = stream(120, 2, 10, 1000, 0, 20e-6, (60 if rolls else 3600) * 60 * NS_PER_S)
    modulus = (60 if rolls else 3600) * 60 * NS_PER_S
    counter, kind, knot, truth = packets
    stated = truth * NS_PER_S
    stated[np.flatnonzero(knot)[which]] += round(off_s * NS_PER_S)
    keeper = Timekeeper(modulus, LIMIT)
    found = []
    edges = [0, *sorted(cut % (len(counter) + 1) for cut in cuts), len(counter)]
    for first, last in pairwise(edges):
        rows = np.flatnonzero(knot[first:last])
        stamps = Stamps(counter[first:last], kind[first:last], np.arange(first, last))
        found.append(keeper.feed(stamps, rows, stated[first:last][rows]))
    found.append(keeper.finish())
    tai_ns, quality = (np.concatenate([getattr(one, name) for one in found]) for name in ("tai_ns", "quality"))
    assert np.abs(tai_ns - truth * NS_PER_S).max() <= 1
    assert not quality.any()
    assert [one.kind for one in keeper.events() if one.kind != "rollover"] == ["time packet rejected"]
    assert abs(abs(keeper.rejected[0].off_ns) - abs(off_s) * NS_PER_S) < NS_PER_S // 1000 + abs(off_s) * 25_000


def test_two_time_packets_that_agree_are_a_step():
    packets = stream(120, 2, 10, 1000, 0, 0.0)
    counter, kind, knot, truth = packets
    stated = truth * NS_PER_S
    stated[np.flatnonzero(knot)[5:7]] += 3600 * NS_PER_S
    keeper = Timekeeper(MODULUS, LIMIT)
    keeper.feed(Stamps(counter, kind, np.arange(len(counter))), np.flatnonzero(knot), stated[knot])
    keeper.finish()
    assert [one.kind for one in keeper.jumps] == ["set back", "set forward"]
    assert keeper.rejected == []
