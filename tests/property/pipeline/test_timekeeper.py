"""The timekeeper: what it says does not depend on how the stream is cut, and is the truth within the clock's grain."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.clock import NS_PER_S
from telemus.pipeline.correlate import Stamps, Timekeeper

MODULUS = NS_PER_S << 16
LIMIT = NS_PER_S // 100


def stream(seconds, streams, knot_every, step_at, step_ns, drift):
    """Return counter, stream, key, knot and truth [s] of packets, each stream once a second, knots in a stream 99."""
    rows = []
    for second in range(seconds):
        counter = second * NS_PER_S + round(second * drift * NS_PER_S)
        counter += step_ns if second >= step_at else 0
        counter = (counter + 65_500 * NS_PER_S) % MODULUS
        rows += [(counter, 99, True, second)] if second % knot_every == 0 else []
        rows += [(counter, one, False, second) for one in range(streams)]
    counter, kind, knot, truth = (np.array(column) for column in zip(*rows, strict=True))
    return counter.astype(np.int64), kind.astype(np.int64), knot.astype(bool), truth.astype(np.int64)


def run(packets, cuts):
    counter, kind, knot, truth = packets
    keeper = Timekeeper(MODULUS, LIMIT)
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
