"""The clock against published instants, and the correlation against integer arithmetic."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telemus.clock import (
    NS_PER_DAY,
    NS_PER_S,
    TABLE_VARIABLE,
    TAI_1958_NS,
    Correlation,
    format_utc,
    from_utc_day,
    leap_table,
    parse_utc,
    read_leap_table,
    rounded_down,
    rounded_half_even,
    tai_to_utc,
    utc_day,
    utc_to_tai,
)
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


def test_bulletin_c_52_names_the_seconds_around_the_last_leap_second() -> None:
    """IERS Bulletin C 52: 2016 December 31 23h 59m 59s, 23h 59m 60s, 2017 January 1 0h 0m 0s."""
    names = ["2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"]
    instants = [parse_utc(name) for name in names]
    assert np.diff(instants).tolist() == [NS_PER_S, NS_PER_S]
    assert [format_utc(instant, decimals=0) for instant in instants] == names
    assert format_utc(instants[2] - 1, decimals=9) == "2016-12-31T23:59:60.999999999Z"
    assert parse_utc("2017-01-01T02:59:60+03:00") == instants[1]


@pytest.mark.parametrize("text", [
    "2016-12-30T23:59:60Z", "2016-12-31T23:58:60Z", "2016-12-31T23:59:61Z", "2017-01-01T00:00:60Z",
    "2016-12-31T23:59:60+01:00", "1971-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "2016-366T24:00:00Z",
    "2015-366T00:00:00Z",
])  # fmt: skip
def test_seconds_that_no_minute_has_are_refused(text: str) -> None:
    with pytest.raises(ClockError, match="wanted"):
        parse_utc(text)


@pytest.mark.parametrize(
    ("digits", "ns"), [("5", 500_000_000), ("0000000005", 0), ("0000000015", 2), ("00000000050000000001", 1),
                       ("00000000149999999999", 1), ("99999999951", NS_PER_S)]
)  # fmt: skip
def test_a_fraction_is_rounded_half_to_even(digits: str, ns: int) -> None:
    assert parse_utc(f"2020-01-01T00:00:00.{digits}Z") - parse_utc("2020-01-01T00:00:00Z") == ns


def test_a_negative_leap_second_leaves_a_second_out(tmp_path: Path) -> None:
    path = tmp_path / "negative.csv"
    path.write_text("1972-01-01,10\n2030-01-01,9\n", encoding="utf-8")
    table = read_leap_table(path)
    before, after = (parse_utc(text, table) for text in ("2029-12-31T23:59:58Z", "2030-01-01T00:00:00Z"))
    assert after - before == NS_PER_S
    assert format_utc(after - 1, decimals=1, table=table) == "2029-12-31T23:59:58.9Z"
    assert tai_to_utc(after, table) - tai_to_utc(after - 1, table) == NS_PER_S + 1
    with pytest.raises(ClockError, match="wanted a second that this day has"):
        parse_utc("2029-12-31T23:59:59Z", table)


@given(st.integers(parse_utc("1972-01-01T00:00:00Z"), parse_utc("2100-01-01T00:00:00Z")))
def test_days_and_text_keep_every_nanosecond(tai_ns: int) -> None:
    day, ns_of_day = utc_day(tai_ns)
    assert int(from_utc_day(day, ns_of_day)[0]) == tai_ns
    assert parse_utc(format_utc(tai_ns, decimals=9)) == tai_ns
    assert parse_utc(format_utc(tai_ns, decimals=9, day_of_year=True)) == tai_ns


def test_every_day_is_as_long_as_the_table_says() -> None:
    """27 leap seconds were added from 1972 to 2016 (IERS Bulletin C 52: 37 s, of which 10 s on 1972-01-01)."""
    days = np.arange(730, 730 + 20_000)
    begin = from_utc_day(days, 0)
    lengths = np.diff(begin)
    assert set(lengths.tolist()) == {NS_PER_DAY, NS_PER_DAY + NS_PER_S}
    assert np.count_nonzero(lengths > NS_PER_DAY) == 27


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
        read_leap_table(table)


IERS_LIST = """#\tIERS leap-seconds.list, cut to its first rows
#$\t3992312697
#@\t4023129600
2272060800\t10\t# 1 Jan 1972
2287785600\t11\t# 1 Jul 1972
"""


def test_the_list_of_the_iers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leap-seconds.list"
    path.write_text(IERS_LIST, encoding="utf-8")
    table, shipped = read_leap_table(path), leap_table()
    np.testing.assert_array_equal(table.instants_ns, shipped.instants_ns[:2])
    np.testing.assert_array_equal(table.offsets_ns, shipped.offsets_ns[:2])
    assert table.expires_utc_ns == tai_to_utc(parse_utc("2027-06-28T00:00:00Z"))
    assert shipped.expires_utc_ns == table.expires_utc_ns
    assert [table.expired(table.expires_utc_ns + one) for one in (-1, 0)] == [False, True]


def test_the_list_of_the_iers_carries_its_own_checksum(tmp_path: Path) -> None:
    """The words of the line #h are those of the list that expires on 28 June 2026, with all of its rows."""
    words = "49db2447 571e5e1b 2f002a53 9c8da8e4 39b8e49e"
    rows = "".join(
        f"{at // NS_PER_S + 2_208_988_800}      {offset // NS_PER_S}\n"
        for at, offset in zip(leap_table().instants_ns.tolist(), leap_table().offsets_ns.tolist(), strict=True)
    )
    text = f"#$\t3960835200\n#@\t3991593600\n{rows}#h\t{words}\n"
    (tmp_path / "good.list").write_text(text, encoding="utf-8")
    (tmp_path / "bad.list").write_text(text.replace("3960835200", "3960835201"), encoding="utf-8")
    assert len(read_leap_table(tmp_path / "good.list").offsets_ns) == 28
    with pytest.raises(ClockError, match="SHA-1"):
        read_leap_table(tmp_path / "bad.list")


def test_another_table_takes_the_place_of_the_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "next.csv"
    path.write_text("# expires 2040-01-01\n1972-01-01,10\n2030-01-01,11\n", encoding="utf-8")
    instant = parse_utc("2030-01-01T00:00:00Z")
    monkeypatch.setenv(TABLE_VARIABLE, str(path))
    assert instant - parse_utc("2030-01-01T00:00:00Z") == (37 - 11) * NS_PER_S
    monkeypatch.setenv(TABLE_VARIABLE, str(tmp_path / "absent.csv"))
    with pytest.raises(ClockError, match="wanted a table of leap seconds"):
        parse_utc("2030-01-01T00:00:00Z")


def test_a_step_of_more_than_a_second_is_a_row_left_out(tmp_path: Path) -> None:
    (tmp_path / "holed.csv").write_text("1972-01-01,10\n1973-01-01,12\n", encoding="utf-8")
    with pytest.raises(ClockError, match="line 2: got a step from 10 to 12 s, wanted one second"):
        read_leap_table(tmp_path / "holed.csv")


@given(st.integers(-(2**62), 2**62), st.integers(-(2**48), 2**48), st.integers(1, 2**60))
def test_exact_products_are_exact(value: int, numerator: int, denominator: int) -> None:
    exact = Fraction(value) * numerator / denominator
    assume(abs(exact) < 2**62)
    assert int(rounded_half_even(value, numerator, denominator)[0]) == round(exact)
    assert int(rounded_down(value, numerator, denominator)[0]) == exact.__floor__()


_INSTANT = st.integers(-(2**61), 2**61)


@given(_INSTANT, _INSTANT, st.integers(1, 2**52), st.integers(-(10**6), 10**6), st.integers(-(2**52), 2**52))
def test_correlation_equals_rational_arithmetic(start: int, tai: int, run: int, off: int, since: int) -> None:
    rise = max(run + off, 1)
    correlation = Correlation.through([(start, tai), (start + run, tai + rise)])
    exact = tai + Fraction(since) * rise / run
    assume(abs(exact) < 2**62)
    assert abs(correlation.to_tai(start + since) - exact) <= Fraction(1, 2)  # [ns]


def test_correlation_bends_at_its_knots() -> None:
    correlation = Correlation.through([(0, 0), (100, 110), (200, 210)])
    assert correlation.to_tai(np.array([50, 100, 150, 250])).tolist() == [55, 110, 160, 260]
    assert correlation.drift_ppm == pytest.approx(50_000)


@pytest.mark.parametrize("pairs", [[], [(0, 0)], [(0, 0), (0, 1)], [(0, 5), (10, 4)]])
def test_impossible_correlations_are_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(ClockError, match="wanted"):
        Correlation.through(pairs)
