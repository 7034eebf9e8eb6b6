"""Runs of packets: every packet in one part, in order, and none off its line by more than what is allowed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemus.pipeline.segments import straight_parts


@given(
    st.lists(st.integers(900, 1100), min_size=1, max_size=200),
    st.integers(1, 64),
    st.sampled_from([0.0, 1.0, 50.0, 500.0, 1e6]),
    st.integers(0, 10**6),
)
def test_parts_hold_all_packets_and_are_straight(steps, longest, straight_ns, at):
    start_ns = np.cumsum(steps)
    parts = list(straight_parts(start_ns, longest, straight_ns, at))
    assert [place for first, stop in parts for place in range(first, stop)] == list(range(at, at + len(steps)))
    for first, stop in parts:
        assert stop - first <= longest
        inside = start_ns[first - at : stop - at + 1]
        line = inside[0] + (inside[-1] - inside[0]) * np.arange(len(inside)) / max(len(inside) - 1, 1)
        assert stop - first == 1 or np.abs(inside - line).max() <= straight_ns + 1e-6


def test_a_wandering_clock_makes_runs_shorter():
    seconds = np.arange(86_400)
    wandering = np.round(seconds * 1e9 + 1e-6 * seconds * (86_400 - seconds) / 86_400 * 1e9).astype(np.int64)
    steady = len(list(straight_parts(seconds * 10**9, 1 << 16, 1000.0)))
    assert steady == 2
    assert 60 < len(list(straight_parts(wandering, 1 << 16, 1000.0))) < 300
