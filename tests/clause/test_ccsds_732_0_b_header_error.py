"""CCSDS 732.0-B-4 clause 4.1.2.6: frame header error control of AOS, a Reed-Solomon code (10,6) over 4 bits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.packets.frames import FrameLayout, FrameReader, encode_frames, encode_units
from telemus.packets.frames.header_error import PROTECTED, correct_headers, header_error_control

Octets = NDArray[np.uint8]
LAYOUT = FrameLayout("aos", 80, header_error_control=True, error_control=True)


def _packet(length: int, count: int = 0) -> bytes:
    return bytes([8, 9, 0xC0, count]) + (length - 7).to_bytes(2, "big") + bytes(range(length - 6))


def _header(protected: int, signalling: int, check: int) -> Octets:
    octets = protected.to_bytes(2, "big") + b"\1\2\3" + bytes([signalling]) + check.to_bytes(2, "big")
    return np.frombuffer(octets, np.uint8)[None].copy()


def test_vectors_of_another_implementation() -> None:
    """Yamcs, AosFrameHeaderErrorCorrTest: two words, and which damage it corrects."""
    assert header_error_control(0x1234, 0x56) == 0x94DC
    assert header_error_control(0x369C, 0xFA) == 0x457C
    for received in ((0x1234, 0x56, 0x94DC), (0x1234, 0x56, 0x9400), (0x1211, 0x56, 0x94DC), (0x1234, 0xAA, 0x94DC)):
        row = _header(*received)
        found = correct_headers(row)
        assert found.ok.all()
        assert row.tobytes() == _header(0x1234, 0x56, 0x94DC).tobytes()
    assert not correct_headers(_header(0x1230, 0x00, 0x94DC)).ok[0]


def _field(symbol: int, power: int) -> int:
    """Multiply by alpha ** power in the field of x^4 + x + 1, one shift at a time."""
    for _ in range(power):
        symbol = (symbol << 1) ^ (0b10011 if symbol & 8 else 0)
    return symbol


def test_code_words_have_the_roots_that_the_clause_says() -> None:
    """g(x) has roots alpha^6 to alpha^9."""
    for protected, signalling in ((0x1234, 0x56), (0xFFFF, 0xFF), (1, 0), (0, 1)):
        word = f"{protected:04x}{signalling:02x}{header_error_control(protected, signalling):04x}"
        for root in range(6, 10):
            value = 0
            for symbol in word:
                value = _field(value, root) ^ int(symbol, 16)
            assert value == 0


def test_every_error_of_one_or_two_symbols_is_corrected() -> None:
    clean = _header(0x5A6B, 0x3C, header_error_control(0x5A6B, 0x3C))
    places = [(octet, shift) for octet in PROTECTED for shift in (4, 0)]
    rows = []
    for first, second in combinations(places, 2):
        for one, other in ((1, 0), (15, 0), (7, 9), (15, 15)):
            row = clean[0].copy()
            row[first[0]] ^= one << first[1]
            row[second[0]] ^= other << second[1]
            rows.append(row)
    damaged = np.array(rows)
    found = correct_headers(damaged)
    assert found.ok.all()
    assert (damaged == clean).all()
    assert (found.symbols == np.tile([1, 1, 2, 2], 45)).all()


def test_errors_of_three_symbols_are_flagged_or_make_another_code_word() -> None:
    """Of 65535 wrong remainders 10275 are those of one or two symbols: so at most one error in six is mistaken."""
    noise = np.random.default_rng(1)
    clean = _header(0x5A6B, 0x3C, header_error_control(0x5A6B, 0x3C))[0]
    rows = np.repeat(clean[None], 2000, axis=0)
    for octet in (0, 5, 7):
        rows[:, octet] ^= noise.integers(1, 16, 2000, np.uint8)
    found = correct_headers(rows)
    assert found.ok.mean() < 0.2


def test_the_field_is_written_checked_and_its_corrections_are_counted() -> None:
    sent = [_packet(50, count) for count in range(20)]
    frames = encode_frames(sent, LAYOUT, spacecraft=0x9D, channel=16)
    assert int.from_bytes(frames[3, 6:8].tobytes(), "big") == header_error_control(0x6750, 0)
    units = encode_units(frames, LAYOUT)
    units[3, 4] ^= 0x30
    units[5, 4 + 5] ^= 0xFF
    reader = FrameReader(LAYOUT)
    assert [one for batch in reader.packets([units]) for one in batch.packets()] == sent
    account = reader.account().channels[0x9D, 16]
    assert (account.corrected_header_symbols, account.missing) == (3, 0)


@pytest.mark.parametrize("error_control", [False, True])
def test_a_header_with_more_errors_is_rejected(error_control: bool) -> None:
    layout = FrameLayout("aos", 80, header_error_control=True, error_control=error_control)
    units = encode_units(encode_frames([_packet(40)], layout, spacecraft=1, channel=2), layout)
    units[0, 4:6] ^= 0x31
    units[0, 9] ^= 0x77
    reader = FrameReader(layout)
    assert reader.feed(units, final=True) == []
    assert reader.account().failed == {"frame header error control": 1}
    assert reader.account().is_balanced
