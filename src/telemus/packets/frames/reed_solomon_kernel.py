"""Encode, check and correct Reed-Solomon code words of CCSDS 131.0-B: the compiled part behind ``reed_solomon``.

The register of the division by the generator polynomial is four words of 64 bits, first symbol on top; a code with
16 check symbols uses the upper two. Four symbols are divided at a time: ``steps`` (4, 256, 4) holds what each of them
adds to the register. The division is linear, so it runs on the symbols as they were sent, in the dual basis too: only
``steps`` differs, and no symbol is converted.

A clean word costs one division. A word with errors goes on from the remainder of that division (a polynomial of 16 or
32 symbols, where the word has 255): syndromes, Berlekamp-Massey, Chien search, Forney (R. E. Blahut, Algebraic Codes
for Data Transmission, 2003, chapters 6 and 7, doi:10.1017/CBO9780511800467). Logarithms are to the base alpha^11, the
element whose powers are the roots (131.0-B-3 clause 4.3.4), so that roots are consecutive.

Arrays are filled by loops, for numba compiles an assignment of slices for a second longer. ``field`` (3, 512) int64
is exponentials (twice in a row), logarithms, and the number of bits of each symbol as sent; ``bases`` (2, 256) int64
turns a symbol as sent into a conventional one, and back; ``turns`` (16, 255, 32) uint64 has the values of a term.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemus.packets.frames.reed_solomon import UNCORRECTABLE

EXP, LOG, BITS = range(3)
TO_CONVENTIONAL, TO_SENT = range(2)
WORK_ROWS, WORK_COLUMNS = 5, 256
SYNDROME, LOCATOR, BEFORE, SPARE, EVALUATOR = range(5)


@njit(cache=True, nogil=True)
def _divide(row, first, stride, count, steps):  # type: ignore[no-untyped-def]
    """Return the register after ``count`` symbols of ``row``, every ``stride``-th from ``first``."""
    low, half = np.uint64(255), np.uint64(32)
    a = b = c = d = np.uint64(0)
    at = first - stride * (-count % 4)
    for _ in range((count + 3) // 4):
        word = np.uint64(0)
        for _ in range(4):
            word = (word << np.uint64(8)) | np.uint64(row[at] if at >= 0 else 0)
            at += stride
        word ^= a >> half
        p, q = steps[0, word >> np.uint64(24)], steps[1, (word >> np.uint64(16)) & low]
        r, s = steps[2, (word >> np.uint64(8)) & low], steps[3, word & low]
        a = ((a << half) | (b >> half)) ^ p[0] ^ q[0] ^ r[0] ^ s[0]
        b = ((b << half) | (c >> half)) ^ p[1] ^ q[1] ^ r[1] ^ s[1]
        c = ((c << half) | (d >> half)) ^ p[2] ^ q[2] ^ r[2] ^ s[2]
        d = (d << half) ^ p[3] ^ q[3] ^ r[3] ^ s[3]
    return a, b, c, d


@njit(cache=True, nogil=True)
def _symbol(register, place):  # type: ignore[no-untyped-def]
    """Return symbol ``place`` of the register, 0 being the first."""
    word = register[place >> 3]
    return np.int64((word >> np.uint64(56 - 8 * (place & 7))) & np.uint64(255))


@njit(cache=True, nogil=True)
def encode_rows(rows, depth, data, checks, steps):  # type: ignore[no-untyped-def]
    """Write the check symbols of each row (n, depth * (data + checks)): ``depth`` interleaved words of ``data``."""
    for number in range(rows.shape[0]):
        row = rows[number]
        for word in range(depth):
            register = _divide(row, word, depth, data, steps)
            for place in range(checks):
                row[(data + place) * depth + word] = _symbol(register, place)


@njit(cache=True, nogil=True)
def _syndromes(work, checks, first_root, field):  # type: ignore[no-untyped-def]
    """Turn the remainder in row SPARE (first symbol first) into syndromes in row SYNDROME."""
    exp, log = field[EXP], field[LOG]
    for index in range(checks):
        work[SYNDROME, index] = 0
    for place in range(checks):
        if work[SPARE, place] == 0:
            continue
        power = checks - 1 - place
        exponent, value = first_root * power % 255, log[work[SPARE, place]]
        for index in range(checks):
            work[SYNDROME, index] ^= exp[value + exponent]
            exponent += power
            exponent -= 255 if exponent >= 255 else 0


@njit(cache=True, nogil=True)
def _locator(work, checks, field):  # type: ignore[no-untyped-def]
    """Find the shortest recurrence of the syndromes (Berlekamp-Massey) in row LOCATOR; return its length."""
    exp, log = field[EXP], field[LOG]
    for i in range(checks + 1):
        work[LOCATOR, i] = work[BEFORE, i] = 0
    work[LOCATOR, 0] = work[BEFORE, 0] = 1
    length, shift, scale = 0, 1, 1
    for step in range(checks):
        gap = work[SYNDROME, step]
        for i in range(1, length + 1):
            u, v = work[LOCATOR, i], work[SYNDROME, step - i]
            if u and v:
                gap ^= exp[log[u] + log[v]]
        if gap == 0:
            shift += 1
            continue
        ratio = (log[gap] - log[scale]) % 255
        longer = 2 * length <= step
        if longer:
            for i in range(checks + 1):
                work[SPARE, i] = work[LOCATOR, i]
        for i in range(checks + 1 - shift):
            if work[BEFORE, i]:
                work[LOCATOR, i + shift] ^= exp[log[work[BEFORE, i]] + ratio]
        if longer:
            for i in range(checks + 1):
                work[BEFORE, i] = work[SPARE, i]
            length, scale, shift = step + 1 - length, gap, 1
        else:
            shift += 1
    return length


@njit(cache=True, nogil=True)
def _places(work, length, symbols, places, field, turns):  # type: ignore[no-untyped-def]
    """Find the errors (Chien search over the symbols sent); return how many, their powers in ``places``.

    The values of one term of the locator at all places are a row of ``turns``, eight places in a word: the search is a
    sum of as many rows as there are errors, not 255 times as many look-ups. Words without a zero octet are passed over.
    """
    ones, tops, low = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080), np.uint64(255)
    found = 0
    for group in range((symbols + 7) // 8):
        word = ones
        for i in range(1, length + 1):
            if work[LOCATOR, i]:
                word ^= turns[i - 1, field[LOG, work[LOCATOR, i]], group]
        if (word - ones) & ~word & tops == 0:
            continue
        for power in range(8 * group, min(8 * group + 8, symbols)):
            if (word >> np.uint64(8 * (power & 7))) & low == 0 and found < length:
                places[found] = power
                found += 1
    return found


@njit(cache=True, nogil=True)
def _evaluator(work, length, field):  # type: ignore[no-untyped-def]
    """Put syndromes times locator, as far as it matters, into row EVALUATOR."""
    exp, log = field[EXP], field[LOG]
    for i in range(length):
        value = np.int64(0)
        for j in range(i + 1):
            u, v = work[LOCATOR, j], work[SYNDROME, i - j]
            if u and v:
                value ^= exp[log[u] + log[v]]
        work[EVALUATOR, i] = value


@njit(cache=True, nogil=True)
def _magnitude(work, length, power, first_root, field):  # type: ignore[no-untyped-def]
    """Return the error at ``power`` (Forney), 0 if it has none."""
    exp, log = field[EXP], field[LOG]
    step = 255 - power if power else 0
    exponent = above = below = np.int64(0)
    for i in range(length):
        if work[EVALUATOR, i]:
            above ^= exp[log[work[EVALUATOR, i]] + exponent]
        if i % 2 == 0 and work[LOCATOR, i + 1]:
            below ^= exp[log[work[LOCATOR, i + 1]] + exponent]
        exponent += step
        exponent -= 255 if exponent >= 255 else 0
    if above == 0 or below == 0:
        return np.int64(0)
    return exp[(log[above] - log[below] + power * (256 - first_root)) % 255]


@njit(cache=True, nogil=True)
def _correct(row, word, shape, field, bases, turns, work, places):  # type: ignore[no-untyped-def]
    """Correct one word whose remainder stands in row SPARE; return symbols and bits corrected, or UNCORRECTABLE."""
    depth, data, checks, first_root = shape
    symbols = data + checks
    _syndromes(work, checks, first_root, field)
    length = _locator(work, checks, field)
    if length > checks // 2 or _places(work, length, symbols, places, field, turns) != length:
        return UNCORRECTABLE, 0
    _evaluator(work, length, field)
    bits = np.int64(0)
    for index in range(length):
        error = _magnitude(work, length, places[index], first_root, field)
        if error == 0:
            return UNCORRECTABLE, 0
        work[SPARE, index] = bases[TO_SENT, error]
        bits += field[BITS, work[SPARE, index]]
    for index in range(length):
        row[(symbols - 1 - places[index]) * depth + word] ^= np.uint8(work[SPARE, index])
    return length, bits


@njit(cache=True, nogil=True)
def _remainder(row, word, depth, data, checks, steps, bases, work):  # type: ignore[no-untyped-def]
    """Put the remainder of one word into row SPARE; return True if it is zero."""
    register = _divide(row, word, depth, data, steps)
    dirty = False
    for place in range(checks):
        difference = _symbol(register, place) ^ np.int64(row[(data + place) * depth + word])
        work[SPARE, place] = bases[TO_CONVENTIONAL, difference]
        dirty |= difference != 0
    return not dirty


@njit(cache=True, nogil=True)
def decode_rows(rows, shape, steps, field, bases, turns, found):  # type: ignore[no-untyped-def]
    """Check and correct each row in place: ``shape`` = (depth, data, checks, first root).

    ``found`` (n, depth, 2) int16 gets symbols and bits corrected in each word; UNCORRECTABLE in the first where it
    could not be corrected (such words keep what was received, the other words of the row are corrected).
    """
    depth, data, checks, _ = shape
    work = np.zeros((WORK_ROWS, WORK_COLUMNS), np.int64)
    places = np.zeros(WORK_COLUMNS, np.int64)
    for number in range(rows.shape[0]):
        row = rows[number]
        for word in range(depth):
            if _remainder(row, word, depth, data, checks, steps, bases, work):
                continue
            fixed, changed = _correct(row, word, shape, field, bases, turns, work, places)
            found[number, word, 0] = fixed
            found[number, word, 1] = changed
