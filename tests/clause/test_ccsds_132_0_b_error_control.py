"""CCSDS 132.0-B-3 clause 4.1.4.2: the 16-bit error control, against Python's own and a hand calculation."""

from __future__ import annotations

import binascii

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import crc16
from telemus.packets.crc import TABLES, seal_rows


def test_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert crc16(b"") == 0xFFFF


def test_division_by_the_generator_bit_by_bit() -> None:
    message = bytes(range(17))
    register = 0xFFFF
    for octet in message:
        for bit in range(7, -1, -1):
            feedback = (register >> 15) ^ (octet >> bit & 1)
            register = (register << 1 & 0xFFFF) ^ (0x1021 if feedback else 0)
    assert crc16(message) == register


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_equals_another_implementation(octets: bytes) -> None:
    assert crc16(octets) == binascii.crc_hqx(octets, 0xFFFF)


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(0, 5))
def test_sealed_rows_leave_no_remainder(width: int, count: int) -> None:
    rows = np.random.default_rng(width).integers(0, 256, (count, width), dtype=np.uint8)
    seal_rows(rows, TABLES)
    assert [crc16(row.tobytes()) for row in rows] == [0] * count
