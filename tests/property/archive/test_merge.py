"""Merging overlapping runs equals the plain way: every sample time once, the trusted one first."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemus.archive.intervals import common, complement, joined
from telemus.archive.merge import Run, as_samples, resolved
from telemus.series import Quality, Segment

RUNS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.booleans()), max_size=8)
SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 12)), max_size=8).map(
    lambda pairs: np.array([[start, start + length] for start, length in pairs], np.int64).reshape(-1, 2)
)


@given(RUNS, st.integers(-5, 95), st.integers(0, 100))
def test_merge_equals_one_sample_at_a_time(described, start, length):
    period = 1000
    rows, plain = [], {}
    for number, (first, count, trusted) in enumerate(described):
        bit = 0 if trusted else int(Quality.UNVERIFIED)
        values = np.arange(first, first + count) + (0 if trusted else 1000)
        segment = Segment(first * period, Fraction(period), count)
        rows.append(Run(segment, values, np.full(count, bit, np.uint32)))
        for place in range(first, first + count):
            rank = (not trusted, first, number)
            if start <= place < start + length and (place not in plain or rank < plain[place][0]):
                plain[place] = rank, int(values[place - first])
    pieces = resolved([row.segment for row in rows], [not trusted for _, _, trusted in described])
    cut = [one.between(start * period, (start + length) * period) for one in pieces]
    parts = [(rows[one.row], one) for one in cut if one is not None]
    found = as_samples(
        [Run(one.part, row.values[one.first : one.last], row.quality[one.first : one.last]) for row, one in parts]
    )
    assert (found.times_ns() // period).tolist() == sorted(plain)
    assert found.values.tolist() == [plain[place][1] for place in sorted(plain)]
    breaks = sum(1 for one in sorted(plain) if one - 1 not in plain)
    assert len(found.segments) == breaks


def covered(spans):
    return {place for start, stop in spans.tolist() for place in range(start, stop)}


@given(SPANS, SPANS)
def test_intervals_are_sets(one, other):
    assert covered(joined(one)) == covered(one)
    assert covered(common(one, other)) == covered(one) & covered(other)
    assert covered(complement(one, 5, 45)) == set(range(5, 45)) - covered(one)
