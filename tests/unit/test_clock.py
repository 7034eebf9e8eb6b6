"""The clock against published instants, and the correlation against integer arithmetic."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.clock import NS_PER_S, TAI_1958_NS, Correlation, format_utc, leap_table, parse_utc, tai_to_utc, utc_to_tai
from telemus.errors import ClockError


def test_tai_minus_utc_on_published_dates() -> None:
    """IERS Bulletin C: 10 s from 1972-01-01, 35 s from 2012-07-01, 37 s from 2017-01-01."""
    for text, seconds in (("1972-01-01T00:00:00Z", 10), ("2013-04-19T10:00:00Z", 35), ("2025-08-20T17:00:00Z", 37)):
        tai_ns = parse_utc(text)
        assert tai_ns - tai_to_utc(tai_ns) == seconds * NS_PER_S


def test_the_ccsds_epoch_is_the_first_day_of_1958() -> None:
    """CCSDS 301.0-B-4, 3.2.2: 1958-01-01; 4383 days of 86 400 s before 1970-01-01."""
    assert TAI_1958_NS == -378_691_200 * NS_PER_S


def test_a_leap_second_shares_its_number_with_the_next() -> None:
    at_leap = parse_utc("2016-12-31T23:59:59Z") + NS_PER_S
    assert tai_to_utc(at_leap) == tai_to_utc(at_leap + NS_PER_S)
    assert format_utc(at_leap + NS_PER_S, decimals=0) == "2017-01-01T00:00:00Z"


@given(st.integers(parse_utc("1972-01-02T00:00:00Z"), parse_utc("2100-01-01T00:00:00Z")))
def test_there_and_back(tai_ns: int) -> None:
    there = tai_to_utc(tai_ns)
    assert utc_to_tai(there) in {tai_ns, tai_ns + NS_PER_S}  # the second inside a leap second has no number of its own


@pytest.mark.parametrize("text", ["yesterday", "2013-04-19T10:00:00", "", "2013-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ClockError, match="wanted"):
        parse_utc(text)


def test_times_before_the_table_are_refused() -> None:
    with pytest.raises(ClockError, match="1972"):
        utc_to_tai(0)
    with pytest.raises(ClockError, match="1972"):
        tai_to_utc(0)


@pytest.mark.parametrize("line", ["2030-01-01", "2030-01-01,x", "1971-01-01,9"])
def test_a_damaged_table_names_its_line(tmp_path: Path, line: str) -> None:
    table = tmp_path / "leap.csv"
    table.write_text(f"utc_date,tai_minus_utc_s\n1972-01-01,10\n{line}\n", encoding="utf-8")
    with pytest.raises(ClockError, match="line 3"):
        leap_table(table)


@given(st.integers(-(10**15), 10**15), st.integers(-200, 200), st.integers(0, 10**15))
def test_correlation_equals_rational_arithmetic(start: int, drift_ppm: int, since: int) -> None:
    run = 10**12
    rise = run + drift_ppm * 10**6
    correlation = Correlation.through([(start, 0), (start + run, rise)])
    exact = Fraction(since) * rise / run
    assert abs(correlation.to_tai(start + since) - exact) <= 1  # [ns]


def test_correlation_bends_at_its_knots() -> None:
    correlation = Correlation.through([(0, 0), (100, 110), (200, 210)])
    assert correlation.to_tai(np.array([50, 100, 150, 250])).tolist() == [55, 110, 160, 260]
    assert correlation.drift_ppm == pytest.approx(50_000)


@pytest.mark.parametrize("pairs", [[], [(0, 0)], [(0, 0), (0, 1)], [(0, 5), (10, 4)]])
def test_impossible_correlations_are_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(ClockError, match="wanted"):
        Correlation.through(pairs)
