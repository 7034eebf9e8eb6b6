"""CCSDS 131.0-B, coding: pseudo-randomiser (clause 10.4), Reed-Solomon (clause 4 of issue 3), against outside truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import reedsolo
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames import ReedSolomon, randomise
from telemus.packets.frames.randomiser import pseudo_random_octets
from telemus.packets.frames.reed_solomon import UNCORRECTABLE, basis_tables, generator_polynomial

Octets = NDArray[np.uint8]


def _sequence(generator: str, count: int) -> Octets:
    return np.asarray(randomise(np.zeros((1, count), np.uint8), generator)[0])  # type: ignore[arg-type]


def test_10_4_2_short_generator_begins_as_printed() -> None:
    assert "".join(f"{octet:08b}" for octet in _sequence("short", 5)) == "1111111101001000000011101100000010011010"


def test_10_4_1_long_generator_begins_as_printed() -> None:
    assert "".join(f"{octet:08b}" for octet in _sequence("long", 5)) == "0001110001110001101110010001101110101001"


@pytest.mark.parametrize(("generator", "period", "steps"), [("short", 255, (7, 5, 3)), ("long", 131071, (14,))])
def test_10_4_generators_obey_their_polynomial(generator: str, period: int, steps: tuple[int, ...]) -> None:
    degree = 8 if generator == "short" else 17
    bits = np.unpackbits(_sequence(generator, (2 * period + 100) // 8))
    assert (bits[period:] == bits[:-period]).all()
    assert not (bits[:100] == bits[1:101]).all()
    expected = bits[:-degree].copy()
    for step in steps:
        expected ^= bits[step : step + expected.size]
    assert (bits[degree:] == expected).all()


def test_10_4_an_unknown_generator_is_refused() -> None:
    with pytest.raises(SignalError, match="wanted one of short, long"):
        pseudo_random_octets("medium", 4)


def test_10_3_randomising_twice_gives_the_data_back() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (3, 20_000), np.uint8)
    assert (randomise(randomise(rows, "long"), "long") == rows).all()


# Exponents of alpha of the coefficients of (255,223), as printed in annex F of the standard.
PRINTED_223 = [0, 249, 59, 66, 4, 43, 126, 251, 97, 30, 3, 213, 50, 66, 170, 5, 24]


def _times(a: int, b: int) -> int:
    """Multiply in the field of x^8 + x^7 + x^2 + x + 1 (clause 4.3.3), the slow way."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x187 << (bit - 8)
    return product


def _power(exponent: int) -> int:
    value = 1
    for _ in range(exponent):
        value = _times(value, 2)
    return value


def test_4_3_4_generator_polynomial_of_223_is_the_one_printed() -> None:
    polynomial = generator_polynomial(32)
    assert polynomial[:17] == [_power(exponent) for exponent in PRINTED_223]
    assert polynomial == polynomial[::-1]


def test_4_3_4_generator_polynomial_of_239_has_the_roots_that_the_clause_says() -> None:
    polynomial = generator_polynomial(16)
    assert len(polynomial) == 17
    assert polynomial == polynomial[::-1]
    for j in range(120, 136):
        value = 0
        for coefficient in polynomial:
            value = _times(value, _power(11 * j % 255)) ^ coefficient
        assert value == 0


def _trace(z: int) -> int:
    total = 0
    for _ in range(8):
        total ^= z
        z = _times(z, z)
    return total


def test_4_3_9_dual_symbols_are_the_traces() -> None:
    """Bit i of a dual symbol, z0 first, is the trace of z times alpha^(117 i)."""
    to_dual, to_conventional = basis_tables()
    factors = [_power(117 * i % 255) for i in range(8)]
    for z in range(256):
        assert int(to_dual[z]) == sum(_trace(_times(z, factor)) << (7 - i) for i, factor in enumerate(factors))
    assert (to_conventional[to_dual] == np.arange(256)).all()


def _oracle(data_symbols: int) -> Any:
    first_root = {223: 112, 239: 120}[data_symbols]
    return reedsolo.RSCodec(255 - data_symbols, nsize=255, fcr=first_root, prim=0x187, generator=173)


@pytest.mark.parametrize("data_symbols", [223, 239])
def test_4_3_code_words_equal_another_implementation(data_symbols: int) -> None:
    data = np.random.default_rng(2).integers(0, 256, (4, data_symbols), np.uint8)
    oracle = _oracle(data_symbols)
    conventional = ReedSolomon(data_symbols, dual_basis=False).encode(data)
    assert [row.tobytes() for row in conventional] == [bytes(oracle.encode(row.tobytes())) for row in data]
    to_dual, to_conventional = basis_tables()
    dual = ReedSolomon(data_symbols).encode(data)
    expected = [bytes(oracle.encode(to_conventional[row].tobytes())) for row in data]
    assert [row.tobytes() for row in dual] == [to_dual[np.frombuffer(row, np.uint8)].tobytes() for row in expected]


@pytest.mark.parametrize("data_symbols", [223, 239])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 8])
def test_4_3_5_interleaving_puts_each_word_at_every_nth_symbol(data_symbols: int, depth: int) -> None:
    data = np.random.default_rng(depth).integers(0, 256, (2, depth * data_symbols), np.uint8)
    blocks = ReedSolomon(data_symbols, depth).encode(data)
    single = ReedSolomon(data_symbols)
    for word in range(depth):
        alone = single.encode(data[:, word::depth])
        assert (blocks[:, word::depth] == alone).all()


@pytest.mark.parametrize("data_symbols", [223, 239])
def test_4_3_7_virtual_fill_is_zeros_that_are_not_sent(data_symbols: int) -> None:
    data = np.random.default_rng(3).integers(0, 256, (2, 400), np.uint8)
    code = ReedSolomon(data_symbols, 4, 400)
    full = np.zeros((2, 4 * data_symbols), np.uint8)
    full[:, 4 * code.virtual_fill :] = data
    assert code.virtual_fill == data_symbols - 100
    assert (code.encode(data) == ReedSolomon(data_symbols, 4).encode(full)[:, 4 * code.virtual_fill :]).all()


def _spoil(blocks: Octets, depth: int, errors: int, seed: int) -> tuple[Octets, int]:
    """Change ``errors`` symbols of every word; return the blocks and the bits that differ."""
    rng, spoilt = np.random.default_rng(seed), blocks.copy()
    for row in spoilt:
        for word in range(depth):
            places = rng.choice(len(row) // depth, errors, replace=False) * depth + word
            row[places] ^= rng.integers(1, 256, errors, np.uint8)
    return spoilt, int(np.bitwise_count(spoilt ^ blocks).sum())


@pytest.mark.parametrize(("data_symbols", "most"), [(223, 16), (239, 8)])
@pytest.mark.parametrize("fill", [0, 50])
@pytest.mark.parametrize("dual_basis", [True, False])
def test_4_2_corrects_as_many_errors_as_the_code_can(data_symbols: int, most: int, fill: int, dual_basis: bool) -> None:
    frame_bytes = 4 * (data_symbols - fill)
    code = ReedSolomon(data_symbols, 4, frame_bytes, dual_basis)
    data = np.random.default_rng(4).integers(0, 256, (20, frame_bytes), np.uint8)
    blocks = code.encode(data)
    for errors in (0, 1, 2, most - 1, most):
        spoilt, bits = _spoil(blocks, 4, errors, errors)
        found = code.decode(spoilt)
        assert found.ok.all()
        assert (found.rows == data).all()
        assert found.symbols.shape == found.bits.shape == (20, 4)
        assert (found.symbols == errors).all()
        assert found.bits.sum() == bits


@pytest.mark.parametrize(("data_symbols", "most"), [(223, 16), (239, 8)])
def test_4_2_flags_more_errors_than_it_can_correct(data_symbols: int, most: int) -> None:
    """A word with more errors may by chance lie near another: once in E! words, so 16 never, 8 almost never."""
    code = ReedSolomon(data_symbols, 2)
    data = np.random.default_rng(5).integers(0, 256, (100, 2 * data_symbols), np.uint8)
    for errors in (most + 1, most + 5, 100):
        spoilt, _ = _spoil(code.encode(data), 2, errors, errors)
        received = spoilt.copy()
        found = code.decode(spoilt)
        assert not found.ok.any()
        assert (found.symbols == UNCORRECTABLE).all()
        assert (found.rows == received[:, : 2 * data_symbols]).all()


def test_4_3_what_the_standard_does_not_have_is_refused() -> None:
    for arguments in ((200, 1, 0), (223, 6, 0), (223, 4, 891), (223, 1, 224)):
        with pytest.raises(SignalError):
            ReedSolomon(*arguments)
    with pytest.raises(SignalError, match="wanted \\(n, 255\\)"):
        ReedSolomon().decode(np.zeros((1, 256), np.uint8))


def test_read_only_blocks_stay_as_they_are() -> None:
    code = ReedSolomon()
    blocks = code.encode(np.ones((1, 223), np.uint8))
    blocks[0, 5] ^= 1
    blocks.flags.writeable = False
    assert code.decode(blocks).rows[0, 5] == 1
    assert blocks[0, 5] == 0
