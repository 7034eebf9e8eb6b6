"""CCSDS 301.0-B-4, Time Code Formats: unsegmented, day segmented, calendar segmented and ASCII codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.clock import NS_PER_S, TAI_1958_NS, parse_utc
from telemus.errors import ClockError
from telemus.packets import (
    CcsPreamble,
    CdsPreamble,
    CucPreamble,
    ascii_to_tai,
    cuc_to_ns,
    ns_to_cuc,
    read_preamble,
    read_time,
    tai_to_ascii,
    write_time,
)

_TIMES = st.integers(parse_utc("1972-01-01T00:00:00Z"), parse_utc("2090-01-01T00:00:00Z"))
LEAP = parse_utc("2016-12-31T23:59:60.123456789Z")


def octets(text):
    return np.frombuffer(bytes.fromhex(text), np.uint8)


def test_3_2_1_coarse_octets_count_seconds() -> None:
    assert cuc_to_ns([0, 1, (1 << 32) - 1], 0, 0).tolist() == [0, 10**9, ((1 << 32) - 1) * 10**9]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_3_2_1_fine_octets_count_binary_fractions(count: int) -> None:
    half = 1 << (8 * count - 1)
    assert int(cuc_to_ns(0, half, count)) == 500_000_000
    assert [int(part) for part in ns_to_cuc(500_000_000, count)] == [0, half]


def test_3_2_1_three_fine_octets_resolve_sixty_nanoseconds() -> None:
    assert cuc_to_ns(0, np.array([1, 2, (1 << 24) - 1])).tolist() == [60, 119, 999_999_940]


def test_3_2_1_a_tie_is_rounded_to_the_even_nanosecond() -> None:
    ties = np.array([1, 3, 5], np.int64) * (1 << 46)  # 2**-10 s: 976 562.5 ns, 2 929 687.5 ns, 4 882 812.5 ns
    assert cuc_to_ns(0, ties, 7).tolist() == [976_562, 2_929_688, 4_882_812]


def test_arrays_of_any_integer_type() -> None:
    coarse, fine = np.array([4_294_967_295], np.uint32), np.array([8_388_608], np.uint32)
    assert cuc_to_ns(coarse, fine).tolist() == [4_294_967_295_500_000_000]


@pytest.mark.parametrize("count", [-1, 8])
def test_octets_out_of_range(count: int) -> None:
    with pytest.raises(ClockError, match="wanted 0 to 7"):
        cuc_to_ns(0, 0, count)


@pytest.mark.parametrize("time_ns", [-1, 10**9 << 32])
def test_times_that_four_octets_cannot_hold(time_ns: int) -> None:
    with pytest.raises(ClockError, match="wanted 0 to"):
        ns_to_cuc(time_ns)


@pytest.mark.parametrize(
    ("text", "preamble"),
    [
        ("1e", CucPreamble(4, 2)),  # 0 001 11 10
        ("2f", CucPreamble(4, 3, agency_epoch=True)),  # 0 010 11 11
        ("9f30", CucPreamble(5, 7)),  # 1 001 11 11, then 0 01 100 00
        ("10", CucPreamble(1, 0)),
        ("40", CdsPreamble(2, 0)),  # 0 100 0 0 00
        ("41", CdsPreamble(2, 2)),
        ("46", CdsPreamble(3, 4)),
        ("48", CdsPreamble(2, 0, agency_epoch=True)),
        ("50", CcsPreamble()),  # 0 101 0 000
        ("5e", CcsPreamble(day_of_year=True, sub_octets=6)),
    ],
)
def test_3_2_2_3_3_2_3_4_2_the_p_field(text, preamble) -> None:
    given = bytes.fromhex(text)
    assert read_preamble(given + b"\xff") == (preamble, len(given))
    assert preamble.to_bytes() == given


@pytest.mark.parametrize("text", ["", "9f", "9fb0", "43", "c0", "57", "60", "70", "00"])
def test_p_fields_that_mean_nothing_here(text) -> None:
    with pytest.raises(ClockError, match="wanted"):
        read_preamble(bytes.fromhex(text))


def test_3_2_2_level_1_counts_tai_seconds_since_1958() -> None:
    """From 1958-01-01 TAI to 1970-01-01T00:00:10 TAI there are 4383 days and 10 s: 0x16925E8A."""
    assert read_time(octets("16925e8a8000"), CucPreamble(4, 2)).tolist() == [10 * NS_PER_S + NS_PER_S // 2]


def test_3_2_2_level_2_counts_from_the_epoch_of_the_agency() -> None:
    epoch = parse_utc("2000-01-01T12:00:00Z")
    preamble = CucPreamble(4, 1, agency_epoch=True)
    assert read_time(octets("0000000180"), preamble, epoch_tai_ns=epoch).tolist() == [epoch + 1_500_000_000]
    with pytest.raises(ClockError, match="wanted it"):
        read_time(octets("0000000180"), preamble)


def test_3_2_more_octets_than_int64_holds_are_refused() -> None:
    with pytest.raises(ClockError, match=r"wanted less than 2\*\*33 s"):
        read_time(octets("0200000000"), CucPreamble(5, 0))
    with pytest.raises(ClockError, match="wanted 0 to 7"):
        read_time(octets("00" * 12), CucPreamble(4, 8))


@pytest.mark.parametrize(("sub", "ns"), [(0, 123_000_000), (2, 123_456_000), (4, 123_456_789)])
def test_3_3_1_days_and_milliseconds_of_utc(sub: int, ns: int) -> None:
    """Day, millisecond, and microsecond or picosecond, against the calendar of the standard library."""
    moment = datetime(2013, 4, 19, 10, 0, 0, tzinfo=UTC)
    day = (moment.date() - date(1958, 1, 1)).days
    below = {0: b"", 2: (456).to_bytes(2, "big"), 4: (456_789_000).to_bytes(4, "big")}[sub]
    field = day.to_bytes(2, "big") + (10 * 3_600_000 + 123).to_bytes(4, "big") + below
    at = parse_utc("2013-04-19T10:00:00Z") + ns
    assert read_time(np.frombuffer(field, np.uint8), CdsPreamble(2, sub)).tolist() == [at]
    assert write_time(at, CdsPreamble(2, sub)).tobytes() == field


def test_3_3_1_picoseconds_are_rounded_half_to_even() -> None:
    head = octets("4e20" + "00000000")
    times = [read_time(np.append(head, octets(f"{ps:08x}")), CdsPreamble(2, 4))[0] for ps in (0, 500, 1500, 1501)]
    assert np.subtract(times, times[0]).tolist() == [0, 0, 2, 2]


def test_3_3_1_a_day_with_a_leap_second_has_86401_seconds() -> None:
    field = write_time(LEAP, CdsPreamble(3, 4))
    assert int.from_bytes(field[0, 3:7].tobytes(), "big") == 86_400_123
    assert read_time(field, CdsPreamble(3, 4)).tolist() == [LEAP]
    late = field.copy()
    late[0, 2] -= 1  # the day before has no such second
    with pytest.raises(ClockError, match="wanted 0 to 86399999999999 ns"):
        read_time(late, CdsPreamble(3, 4))


def test_3_3_2_days_may_count_from_the_epoch_of_the_agency() -> None:
    epoch = parse_utc("2000-01-01T00:00:00Z")
    preamble = CdsPreamble(2, 0, agency_epoch=True)
    at = parse_utc("2000-01-11T00:00:01Z")
    assert write_time(at, preamble, epoch_tai_ns=epoch).tobytes().hex() == "000a000003e8"
    assert read_time(octets("000a000003e8"), preamble, epoch_tai_ns=epoch).tolist() == [at]


def test_3_4_1_the_calendar_in_binary_coded_decimals() -> None:
    at = parse_utc("1988-01-18T17:20:43.12Z")
    assert write_time(at, CcsPreamble(sub_octets=1)).tobytes().hex() == "1988011817204312"
    assert write_time(at, CcsPreamble(day_of_year=True, sub_octets=1)).tobytes().hex() == "1988001817204312"
    assert read_time(octets("1988011817204312"), CcsPreamble(sub_octets=1)).tolist() == [at]
    assert read_time(octets("1988001817204312"), CcsPreamble(day_of_year=True, sub_octets=1)).tolist() == [at]


def test_3_4_1_six_octets_are_picoseconds_rounded_half_to_even() -> None:
    base = parse_utc("1988-01-18T17:20:43Z")
    found = [read_time(octets("19880118172043" + ps), CcsPreamble(sub_octets=6))[0] - base
             for ps in ("000000000500", "000000001500", "000000002501", "999999999500")]  # fmt: skip
    assert found == [0, 2, 3, NS_PER_S]


def test_3_4_1_a_leap_second_is_second_60() -> None:
    field = write_time(LEAP, CcsPreamble(sub_octets=5))
    assert field.tobytes().hex() == "20161231235960" + "1234567890"
    assert read_time(field, CcsPreamble(sub_octets=5)).tolist() == [LEAP]


@pytest.mark.parametrize(
    "text", ["19881318172043", "19880118246043", "198801181720a3", "19880118172060", "19880230172043", "19880018172043"]
)
def test_3_4_1_what_is_on_no_calendar_is_refused(text) -> None:
    with pytest.raises(ClockError, match="wanted"):
        read_time(octets(text), CcsPreamble())


def test_3_5_1_1_code_a_and_3_5_1_2_code_b_are_the_same_instant() -> None:
    at = ascii_to_tai("1988-01-18T17:20:43.123456Z")
    assert at == ascii_to_tai("1988-018T17:20:43.123456") == parse_utc("1988-01-18T17:20:43.123456Z")
    assert tai_to_ascii(at, decimals=6) == "1988-01-18T17:20:43.123456Z"
    assert tai_to_ascii(at, "B", decimals=6, terminator=False) == "1988-018T17:20:43.123456"


def test_3_5_1_a_leap_second_in_text() -> None:
    assert tai_to_ascii(LEAP) == "2016-12-31T23:59:60.123456789Z"
    assert tai_to_ascii(LEAP, "B", decimals=0) == "2016-366T23:59:60Z"
    assert ascii_to_tai(b"2016-366T23:59:60.123456789Z") == LEAP


@pytest.mark.parametrize("text", [
    "1988-01-18 17:20:43Z", "1988-01-18T17:20Z", "1988-01-18T17:20:43+01:00", "88-01-18T17:20:43Z",
    "1988-1-18T17:20:43", b"\xff", "",
])  # fmt: skip
def test_3_5_1_other_texts_are_refused(text) -> None:
    with pytest.raises(ClockError, match="wanted"):
        ascii_to_tai(text)


@given(_TIMES)
def test_codes_that_resolve_a_nanosecond_keep_it(tai_ns: int) -> None:
    epoch = parse_utc("2000-01-01T12:00:00Z") - 10**18
    day_codes = (CdsPreamble(2, 4), CdsPreamble(3, 4), CcsPreamble(sub_octets=5), CcsPreamble(True, 6))
    for preamble in (CucPreamble(4, 4), CucPreamble(5, 7), *day_codes):
        field = write_time([tai_ns], preamble)
        assert field.shape == (1, preamble.octets)
        assert read_time(field, preamble).tolist() == [tai_ns]
    level_2 = CucPreamble(5, 4, agency_epoch=True)
    since = abs(tai_ns - epoch) + epoch
    assert read_time(write_time(since, level_2, epoch_tai_ns=epoch), level_2, epoch_tai_ns=epoch).tolist() == [since]
    assert ascii_to_tai(tai_to_ascii(tai_ns)) == ascii_to_tai(tai_to_ascii(tai_ns, "B")) == tai_ns


@given(st.integers(0, 2**32 - 1), st.integers(0, 7), st.data())
def test_cuc_octets_are_the_nearest_nanosecond(coarse: int, count: int, data: st.DataObject) -> None:
    fine = data.draw(st.integers(0, (1 << (8 * count)) - 1))
    field = coarse.to_bytes(4, "big") + fine.to_bytes(count, "big")
    exact = TAI_1958_NS + (coarse + Fraction(fine, 1 << (8 * count))) * NS_PER_S
    found = int(read_time(np.frombuffer(field, np.uint8), CucPreamble(4, count))[0])
    assert abs(found - exact) <= Fraction(1, 2)


def test_a_day_count_agrees_with_the_calendar_over_a_century() -> None:
    days = [date(1972, 1, 1) + timedelta(days=97 * step) for step in range(400)]
    field = write_time([parse_utc(f"{one.isoformat()}T00:00:00Z") for one in days], CdsPreamble(2, 0))
    assert field.copy().view(">u2")[:, 0].tolist() == [(one - date(1958, 1, 1)).days for one in days]
