"""CCSDS 301.0-B-4, Time Code Formats: the unsegmented code."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import ClockError
from telemus.packets import cuc_to_ns, ns_to_cuc


def test_3_2_1_coarse_octets_count_seconds() -> None:
    assert cuc_to_ns([0, 1, (1 << 32) - 1], 0, 0).tolist() == [0, 10**9, ((1 << 32) - 1) * 10**9]


@pytest.mark.parametrize("octets", [1, 2, 3, 4, 5, 6])
def test_3_2_1_fine_octets_count_binary_fractions(octets: int) -> None:
    half = 1 << (8 * octets - 1)
    assert int(cuc_to_ns(0, half, octets)) == 500_000_000
    assert [int(part) for part in ns_to_cuc(500_000_000, octets)] == [0, half]


def test_3_2_1_three_fine_octets_resolve_sixty_nanoseconds() -> None:
    assert cuc_to_ns(0, np.array([1, 2, (1 << 24) - 1])).tolist() == [60, 119, 999_999_940]


def test_arrays_of_any_integer_type() -> None:
    coarse, fine = np.array([4_294_967_295], np.uint32), np.array([8_388_608], np.uint32)
    assert cuc_to_ns(coarse, fine).tolist() == [4_294_967_295_500_000_000]


@pytest.mark.parametrize("octets", [-1, 7])
def test_octets_out_of_range(octets: int) -> None:
    with pytest.raises(ClockError, match="wanted 0 to 6"):
        cuc_to_ns(0, 0, octets)


@pytest.mark.parametrize("time_ns", [-1, 10**9 << 32])
def test_times_that_four_octets_cannot_hold(time_ns: int) -> None:
    with pytest.raises(ClockError, match="wanted 0 to"):
        ns_to_cuc(time_ns)
