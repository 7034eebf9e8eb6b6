"""Matching of two event series: one to one, within a tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.numerics.agreement import match_events

times = st.lists(st.integers(0, 2000), max_size=60, unique=True).map(sorted)


def test_double_counts_and_misses_cost():
    a = match_events([100, 104, 200, 400], [101, 200, 300, 400], 5)
    assert (a.sensitivity, a.predictivity) == (0.75, 0.75)
    assert a.bias == pytest.approx(-1 / 3)


def test_empty_series():
    a = match_events([], [1.0], 1.0)
    assert a.sensitivity == 0.0
    assert np.isnan(a.predictivity)
    assert np.isnan(match_events([], [], 1.0).bias)


@given(times, times, st.integers(0, 30))
def test_pairs_are_one_to_one_and_within_tolerance(found, true, tolerance):
    a = match_events(found, true, tolerance)
    assert len(set(a.found_index.tolist())) == len(a.found_index) == len(set(a.true_index.tolist()))
    assert all(abs(found[i] - true[j]) <= tolerance for i, j in zip(a.found_index, a.true_index, strict=True))
    assert (np.diff(a.found_index) > 0).all()


@given(times, st.integers(0, 4))
def test_a_series_agrees_with_itself_shifted(series, shift):
    spaced = [10 * t for t in series]
    a = match_events([t + shift for t in spaced], spaced, 5)
    assert len(a.true_index) == len(series)
    if len(series) > 1:
        assert a.bias == pytest.approx(shift)
        assert a.jitter == pytest.approx(0.0)


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(SignalError, match="wanted ascending"):
        match_events([2.0, 1.0], [1.0], 1.0)
    with pytest.raises(SignalError, match="wanted one dimension"):
        match_events(np.zeros((2, 2)), [1.0], 1.0)
    with pytest.raises(SignalError, match="tolerance -1"):
        match_events([1.0], [1.0], -1)
