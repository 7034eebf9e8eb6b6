"""Grouping by windows against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.numerics.grouping import group_count, group_mean_sd, group_sum, group_union, window_index


@given(st.lists(st.tuples(st.integers(-10, 60), st.floats(-1e3, 1e3), st.integers(0, 255)), max_size=60))
def test_equals_a_loop(rows):
    rows = sorted(rows)
    times = np.array([r[0] for r in rows], np.int64)
    values = np.array([r[1] for r in rows])
    words = np.array([r[2] for r in rows], np.uint32)
    edges = np.array([0, 10, 25, 50])
    index = window_index(times, edges)
    mean, sd = group_mean_sd(index, values, 3)
    union = group_union(index, words, 3)
    for k in range(3):
        inside = (times >= edges[k]) & (times < edges[k + 1])
        assert group_count(index, 3)[k] == inside.sum()
        assert group_sum(index, values, 3)[k] == pytest.approx(values[inside].sum(), abs=1e-9)
        assert union[k] == np.bitwise_or.reduce(words[inside])
        if inside.sum() > 1:
            assert mean[k] == pytest.approx(values[inside].mean(), abs=1e-9)
            assert sd[k] == pytest.approx(values[inside].std(ddof=1), abs=1e-9)
        else:
            assert np.isnan(sd[k])


def test_an_offset_costs_no_digits():
    _, sd = group_mean_sd(np.zeros(4, np.int64), 1e9 + np.array([0.0, 1.0, 2.0, 3.0]), 1)
    assert sd[0] == pytest.approx(1.2909944, abs=1e-6)
