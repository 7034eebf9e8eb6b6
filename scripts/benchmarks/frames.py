"""Measure transfer frames: Reed-Solomon, whole chains from units to packets, and the memory of long streams.

The bound is one plain pass of memory over the same bytes (a copy). Times are by the wall, on as many threads as said.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import timed
from telemus.packets import FrameLayout, FrameReader, PassMerger, ReedSolomon, encode_frames, encode_units, randomise

MEGABYTES = 32
LONG_MEGABYTES = (32, 128)
BLOCK_BYTES = 1 << 22
Octets = NDArray[np.uint8]

AOS = FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4)
CHAINS = {
    "AOS, randomised, (255,223) x 4: units to packets": AOS,
    "TM, error control of 16 bits: units to packets": FrameLayout("tm", 1115, error_control=True),
    "USLP, error control of 32 bits: units to packets": FrameLayout(
        "uslp", 1115, error_control=True, error_control_bits=32
    ),
}


def spoilt(blocks: Octets, code: ReedSolomon, errors: int) -> Octets:
    """Return blocks with that many wrong symbols in every code word."""
    rng, rows = np.random.default_rng(2), np.arange(len(blocks))
    found = blocks.copy()
    width = code.block_bytes // code.depth
    for word in range(code.depth):
        places = rng.permuted(np.broadcast_to(np.arange(width), (len(blocks), width)), axis=1)[:, :errors]
        for place in places.T:
            found[rows, place * code.depth + word] ^= rng.integers(1, 256, len(blocks), np.uint8)
    return found


def measure(repetitions: int = 5) -> list[dict[str, Any]]:
    """Return one row for each way: MB/s of bytes as sent, and how many times slower than the memory pass."""
    return [*_codes(repetitions), *_chains(repetitions), *_memory()]


def _codes(repetitions: int) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(1)
    for data_symbols in (223, 239):
        code = ReedSolomon(data_symbols, 4)
        frames = rng.integers(0, 256, (MEGABYTES * 1_000_000 // code.block_bytes, 4 * data_symbols), np.uint8)
        blocks = code.encode(frames)
        yield _row(f"(255,{data_symbols}) x 4: encode", blocks, partial(code.encode, frames), repetitions)
        for workers in (1, 2):
            name = f"(255,{data_symbols}) x 4, clean words, {workers} thread{'s' * (workers > 1)}"
            yield _row(name, blocks, partial(_decode, code, blocks, workers), repetitions)
        for errors in (1, code.check_symbols // 2):
            wrong = spoilt(blocks[: len(blocks) // 8], code, errors)
            name = f"(255,{data_symbols}) x 4, {errors} wrong in every word, 2 threads"
            yield _row(name, wrong, partial(_decode, code, wrong, 2), repetitions)


def _chains(repetitions: int) -> Iterator[dict[str, Any]]:
    for name, layout in CHAINS.items():
        octets = stream(layout, MEGABYTES)
        yield _row(name, octets, partial(_read, layout, octets), repetitions)
    octets = stream(AOS, MEGABYTES // 4)
    both = np.concatenate([octets, octets])
    yield _row("AOS as above: two passes merged", both, partial(_merge, AOS, octets), repetitions)
    noise = np.random.default_rng(3).integers(0, 256, 4_000_000, np.uint8)
    yield _row("noise without a marker", noise, partial(_read, AOS, noise), repetitions)
    randomised = octets.reshape(-1, 1024)
    yield _row("randomiser alone", randomised, partial(randomise, randomised, "long"), repetitions)


def _memory() -> Iterator[dict[str, Any]]:
    """Yield the peak of allocated memory while a stream is read in blocks of 4 MiB."""
    for megabytes in LONG_MEGABYTES:
        octets = stream(AOS, megabytes)
        tracemalloc.start()
        _read(AOS, octets)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        yield {"way": f"peak of memory, stream of {megabytes} MB in blocks of 4 MiB", "peak_mb": peak / 1e6}


def stream(layout: FrameLayout, megabytes: int) -> Octets:
    """Return units that carry packets of 212 bytes."""
    packet = bytes([8, 9, 0xC0, 0, 0, 205]) + bytes(range(206))
    frames = encode_frames([packet] * (megabytes * 1_000_000 // 212), layout, spacecraft=1, channel=2)
    return encode_units(frames, layout).reshape(-1)


def _decode(code: ReedSolomon, blocks: Octets, workers: int) -> None:
    if not code.decode(blocks.copy(), workers=workers).ok.all():
        raise ValueError("Reed-Solomon: got words that could not be corrected, wanted none")


def _read(layout: FrameLayout, octets: Octets) -> None:
    reader = FrameReader(layout)
    for _ in reader.packets(octets[start : start + BLOCK_BYTES] for start in range(0, octets.size, BLOCK_BYTES)):
        pass
    if not reader.account().is_balanced:
        raise ValueError("frames: got an account that does not add up")


def _merge(layout: FrameLayout, octets: Octets) -> None:
    for _ in PassMerger([octets, octets], layout).packets():
        pass


def _row(way: str, octets: Octets, call: Callable[[], Any], repetitions: int) -> dict[str, Any]:
    bound, one = timed(octets.copy, 2 * repetitions), timed(call, repetitions)
    return {
        "way": way,
        "mb_per_s": octets.nbytes / one.median_s / 1e6,
        "best_mb_per_s": octets.nbytes / one.best_s / 1e6,
        "slower_than_bound": one.median_s / bound.median_s,
    }
