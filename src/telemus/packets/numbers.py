"""Read numbers of every XTCE encoding (660.0-B-2, IntegerEncodingType and FloatEncodingType) from octets.

Plain ones (unsigned, two's complement, IEEE 754, up to 64 bits) go straight to ``columns.number_at``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.packets.columns import Octets, number_at, rows_of_whole_octets, sign_extended, unsigned_at
from telemus.packets.xtce import Encoding

NOT_A_DIGIT = -1
"""What a binary-coded decimal becomes if one of its digits is above 9; no valid one of BCD is negative."""


def value_at(rows: Octets, bit: int, bits: int, encoding: Encoding) -> NDArray[Any]:
    """Return (n,) the number at ``bit`` of each row.

    Integers of more than 64 bits are Python integers in an object array; IEEE 754 of 80 and 128 bits is rounded to
    float64. A binary-coded decimal with a digit above 9 is ``NOT_A_DIGIT``.
    """
    if encoding.is_plain:
        return number_at(rows, bit, bits, encoding.scheme, encoding.little)
    if encoding.little or encoding.byte_order:
        rows, bit = np.ascontiguousarray(_in_order(rows, bit, bits, encoding)), 0
    if bits > 64:
        return _wide(rows, bit, bits, encoding)
    value = unsigned_at(rows, bit, bits)
    if encoding.bits_reversed:
        value = reversed_bits(value, bits)
    result: NDArray[Any] = _READERS[encoding.scheme](value, bits)
    return result


def reversed_bits(value: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return the lowest ``bits`` of unsigned integers in reverse order.

    >>> reversed_bits(np.array([0b0011], np.uint8), 4).tolist()
    [12]
    """
    one = value.dtype.type(1)
    result = np.zeros_like(value)
    for place in range(bits):
        result |= ((value >> value.dtype.type(place)) & one) << value.dtype.type(bits - 1 - place)
    return result


def _in_order(rows: Octets, bit: int, bits: int, encoding: Encoding) -> Octets:
    """Return (n, bits / 8) octets, the most significant first."""
    whole = rows_of_whole_octets(rows, bit, bits)
    if encoding.little:
        return whole[:, ::-1]
    return whole[:, np.argsort(-np.array(encoding.byte_order), kind="stable")]


def _signed(value: NDArray[Any], bits: int) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Return (is the highest bit set, all the others)."""
    wide = value.astype(np.uint64)
    return ((wide >> np.uint64(bits - 1)) & np.uint64(1)).astype(np.bool_), wide & np.uint64((1 << (bits - 1)) - 1)


def _ones_complement(value: NDArray[Any], bits: int) -> NDArray[np.int64]:
    negative, rest = _signed(value, bits)
    mask = np.uint64((1 << (bits - 1)) - 1)
    return np.where(negative, -(rest ^ mask).astype(np.int64), rest.astype(np.int64))


def _sign_magnitude(value: NDArray[Any], bits: int) -> NDArray[np.int64]:
    negative, rest = _signed(value, bits)
    return np.where(negative, -rest.astype(np.int64), rest.astype(np.int64))


def _decimal(value: NDArray[Any], bits: int, digit_bits: int) -> NDArray[np.int64]:
    wide = value.astype(np.uint64)
    result = np.zeros(value.shape, np.int64)
    good = np.ones(value.shape, np.bool_)
    for place in range(-(-bits // digit_bits)):
        digit = ((wide >> np.uint64(place * digit_bits)) & np.uint64((1 << digit_bits) - 1)).astype(np.int64)
        good &= digit <= 9
        result += np.minimum(digit, 9) * 10**place
    return np.where(good, result, NOT_A_DIGIT)


def _packed_decimal(value: NDArray[Any], bits: int) -> NDArray[np.int64]:
    """Two digits in each octet; a last half-octet above 9 is the sign (B and D minus, the others plus)."""
    sign = (value & value.dtype.type(15)).astype(np.int64)
    unsigned = _decimal(value, bits, 4)
    if bits <= 4 or not (sign > 9).any():
        return unsigned
    magnitude = _decimal(value >> value.dtype.type(4), bits - 4, 4)
    return np.where(sign > 9, np.where(np.isin(sign, (11, 13)) & (magnitude >= 0), -magnitude, magnitude), unsigned)


def _mil_1750a(value: NDArray[Any], bits: int) -> NDArray[np.float64]:
    """Return mantissa times two to the exponent (MIL-STD-1750A 4.1.4): 24 bits and 8, or 24, 8 and 16 more below."""
    wide = value.astype(np.uint64)
    if bits == 32:
        mantissa, exponent, fraction_bits = wide >> np.uint64(8), wide & np.uint64(0xFF), 23
    else:
        mantissa = ((wide >> np.uint64(24)) << np.uint64(16)) | (wide & np.uint64(0xFFFF))
        exponent, fraction_bits = (wide >> np.uint64(16)) & np.uint64(0xFF), 39
    signed = sign_extended(mantissa, fraction_bits + 1).astype(np.float64)
    power = sign_extended(exponent.astype(np.uint8), 8).astype(np.int64) - fraction_bits
    result: NDArray[np.float64] = np.ldexp(signed, power)
    return result


def _parts(value: NDArray[Any], bits: int, exponent_bits: int) -> tuple[NDArray[np.bool_], Any, Any]:
    """Return (sign, exponent, fraction) of a float whose sign comes first, then the exponent."""
    wide = value.astype(np.uint64)
    below = bits - 1 - exponent_bits
    exponent = ((wide >> np.uint64(below)) & np.uint64((1 << exponent_bits) - 1)).astype(np.int64)
    return (wide >> np.uint64(bits - 1)).astype(np.bool_), exponent, wide & np.uint64((1 << below) - 1)


def _dec(value: NDArray[Any], bits: int) -> NDArray[np.float64]:
    """Return VAX F_floating (32 bits) and D_floating (64 bits), the word with the sign first.

    (-1)^s x 0.1f x 2^(e - 128) (VAX Architecture Reference Manual, 2.2.4 and 2.2.6). An exponent of 0 is zero; with the
    sign set it is a reserved operand, which becomes NaN. D_floating has three bits more than float64: it is rounded.
    """
    sign, exponent, fraction = _parts(value, bits, 8)
    size = bits - 9
    whole = (fraction | np.uint64(1 << size)).astype(np.float64)
    number = np.ldexp(whole, exponent - 128 - (size + 1))
    number = np.where(exponent == 0, np.where(sign, np.nan, 0.0), np.where(sign, -number, number))
    result: NDArray[np.float64] = number
    return result


def _ibm(value: NDArray[Any], bits: int) -> NDArray[np.float64]:
    """Return System/360 hexadecimal floats: (-1)^s x 0.f x 16^(e - 64) (IBM Principles of Operation, A22-6821)."""
    sign, exponent, fraction = _parts(value, bits, 7)
    number = np.ldexp(fraction.astype(np.float64), 4 * (exponent - 64) - (bits - 8))
    result: NDArray[np.float64] = np.where(sign, -number, number)
    return result


def _ti(value: NDArray[Any], bits: int) -> NDArray[np.float64]:
    """Return floats of the TMS320C3x: exponent of 8 bits, sign, fraction, all in two's complement (SPRU031, 5.3).

    01.f x 2^e, with the sign set 10.f x 2^e, which is (-2 + 0.f) x 2^e; an exponent of -128 is zero.
    """
    wide = value.astype(np.uint64)
    size = bits - 9
    exponent = sign_extended((wide >> np.uint64(bits - 8)).astype(np.uint8), 8).astype(np.int64)
    sign = ((wide >> np.uint64(size)) & np.uint64(1)).astype(np.bool_)
    fraction = (wide & np.uint64((1 << size) - 1)).astype(np.int64)
    whole = np.where(sign, fraction - (2 << size), fraction + (1 << size)).astype(np.float64)
    result: NDArray[np.float64] = np.where(exponent == -128, 0.0, np.ldexp(whole, exponent - size))
    return result


_READERS: dict[str, Any] = {
    "unsigned": lambda value, _: value,
    "twosComplement": sign_extended,
    "onesComplement": _ones_complement,
    "signMagnitude": _sign_magnitude,
    "BCD": lambda value, bits: _decimal(value, bits, 8),
    "packedBCD": _packed_decimal,
    "IEEE754": lambda value, bits: value.view(f"f{bits // 8}"),
    "MILSTD_1750A": _mil_1750a,
    "DEC": _dec,
    "IBM": _ibm,
    "TI": _ti,
}


def _wide(rows: Octets, bit: int, bits: int, encoding: Encoding) -> NDArray[Any]:
    """Read numbers of more than 64 bits one by one."""
    first, stop = bit // 8, (bit + bits + 7) // 8
    down, mask = 8 * stop - bit - bits, (1 << bits) - 1
    codes = [(int.from_bytes(row[first:stop].tobytes(), "big") >> down) & mask for row in rows]
    if encoding.bits_reversed:
        codes = [int(f"{code:0{bits}b}"[::-1], 2) for code in codes]
    if encoding.scheme == "IEEE754":
        read = _binary128 if bits == 128 else _extended80
        return np.array([read(code) for code in codes], np.float64)
    result = np.empty(len(codes), object)
    result[:] = [_wide_integer(code, bits, encoding.scheme) for code in codes]
    return result


def _wide_integer(code: int, bits: int, scheme: str) -> int:
    top = 1 << (bits - 1)
    if scheme in ("BCD", "packedBCD"):
        step = 8 if scheme == "BCD" else 4
        digits = [(code >> place) & ((1 << step) - 1) for place in range(0, bits, step)]
        return sum(digit * 10**place for place, digit in enumerate(digits)) if max(digits) <= 9 else NOT_A_DIGIT
    if scheme == "unsigned" or not code & top:
        return code
    return {"twosComplement": code - 2 * top, "onesComplement": code - 2 * top + 1, "signMagnitude": top - code}[scheme]


def _extended80(code: int) -> float:
    """Return a double extended number (15 bits of exponent, then 64 with the leading one written) as float64."""
    exponent, whole = (code >> 64) & 0x7FFF, code & ((1 << 64) - 1)
    if exponent == 0x7FFF:
        value = math.nan if whole & ((1 << 63) - 1) else math.inf
    else:
        value = _scaled(whole, max(exponent, 1) - 16383 - 63)
    return -value if code >> 79 else value


def _scaled(whole: int, power: int) -> float:
    """Return an integer times a power of two, infinite where that is beyond float64."""
    try:
        return math.ldexp(float(whole), power)
    except OverflowError:
        return math.inf


def _binary128(code: int) -> float:
    """Return an IEEE 754 number of 128 bits (15 of exponent, 112 of fraction) as the nearest float64."""
    exponent, fraction = (code >> 112) & 0x7FFF, code & ((1 << 112) - 1)
    if exponent == 0x7FFF:
        value = math.nan if fraction else math.inf
    else:
        whole = fraction | (1 << 112) if exponent else fraction
        value = _scaled(whole, max(exponent, 1) - 16383 - 112)
    return -value if code >> 127 else value
