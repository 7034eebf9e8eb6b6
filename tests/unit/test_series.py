"""Samples and Events: exact times, frozen arrays, cuts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.series import Events, Quality, Samples, Segment, flag_names

PERIODS = st.fractions(Fraction(1), Fraction(10**10), max_denominator=10**6)


@given(st.integers(0, 2 * 10**18), PERIODS, st.integers(0, 10**9), st.floats(0, 0.999))
def test_time_at_equals_rational_arithmetic(start: int, period: Fraction, whole: int, part: float) -> None:
    exact = start + period * whole + Fraction(part) * period
    found = int(Segment(start, period, 1).time_at(np.array([whole + part]))[0])
    index = Fraction(float(whole + part))  # the float index itself is what is asked for
    assert abs(found - (start + period * index)) <= 1 or abs(found - exact) <= 1


@given(st.integers(-(10**15), 10**15), PERIODS, st.integers(0, 10**6))
def test_index_at_is_the_first_sample_at_or_after(start: int, period: Fraction, offset: int) -> None:
    segment = Segment(start, period, 10)
    index = segment.index_at(start + offset)
    assert start + period * index >= start + offset
    assert start + period * (index - 1) < start + offset


def _two_segments() -> Samples:
    period = Fraction(2_000_000)
    return Samples((Segment(0, period, 5), Segment(100_000_000, period, 5)), np.arange(10.0), np.zeros(10, np.uint32))


def test_runs_are_the_segments() -> None:
    assert [values.tolist() for _, values, _ in _two_segments().runs()] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@given(st.integers(-10, 60), st.integers(0, 60))
def test_between_keeps_what_lies_between(first: int, length: int) -> None:
    samples, start, stop = _two_segments(), first * 2_000_000, (first + length) * 2_000_000
    times = samples.times_ns()
    cut = samples.between(start, stop)
    assert cut.values.tolist() == samples.values[(times >= start) & (times < stop)].tolist()
    assert cut.times_ns().tolist() == times[(times >= start) & (times < stop)].tolist()


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        _two_segments().values[0] = 1


def test_counts_that_differ_are_refused() -> None:
    with pytest.raises(SignalError, match="wanted the same number"):
        Samples((Segment(0, Fraction(1), 3),), np.zeros(2), np.zeros(2, np.uint32))


def test_segments_that_overlap_are_refused() -> None:
    two = (Segment(0, Fraction(10), 5), Segment(20, Fraction(10), 5))
    with pytest.raises(SignalError, match="in order"):
        Samples(two, np.zeros(10), np.zeros(10, np.uint32))


def test_events_refuse_times_that_go_back() -> None:
    with pytest.raises(SignalError, match="ascending"):
        Events(np.array([2, 1]), {}, np.zeros(2, np.uint32))


def test_events_refuse_columns_of_other_lengths() -> None:
    with pytest.raises(SignalError, match="lengths"):
        Events(np.array([1, 2]), {"x": np.zeros(3)}, np.zeros(2, np.uint32))


def test_events_are_cut_by_time() -> None:
    events = Events(np.array([1, 5, 9]), {"x": np.array([10, 50, 90])}, np.zeros(3, np.uint32), {"x": "mmHg"})
    assert events.between(5, 9).values["x"].tolist() == [50]


def test_flag_names_of_a_good_sample_is_empty() -> None:
    assert flag_names(Quality.GOOD) == []


@given(
    st.integers(-(2**60), 2**60),
    st.fractions(min_value=1, max_value=10**12, max_denominator=10**6),
    st.lists(st.integers(0, 2**20), min_size=1, max_size=5),
)
def test_times_of_samples_are_the_nearest_nanosecond(start_ns: int, period_ns: Fraction, indices: list[int]) -> None:
    found = Segment(start_ns, period_ns, 2**20 + 1).time_at(np.array(indices))
    for index, time_ns in zip(indices, found.tolist(), strict=True):
        assert abs(time_ns - (start_ns + index * period_ns)) <= Fraction(1, 2)
