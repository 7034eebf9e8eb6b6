"""Whether an own Reed-Solomon kernel is needed, and what a whole frame chain costs: run this file.

Blocks of 1020 bytes (four interleaved words) and units of 1024; 1 MB = 1e6 bytes as sent. One thread: time of the
processor. Two threads: by the wall, on two cores that others kept busy (load 2.1 to 2.5), so that they gain nothing
here. 2026-11-23.

                                            (255,223)   (255,239)
    encode, 1 thread                            816         800 MB/s
    clean, 1 thread                             790         780
    1 wrong symbol in each word, 1 thread       148         239
    16 or 8 wrong in each word, 1 thread         33          76
    clean, 2 threads                            771         757
    1 wrong symbol in each word, 2 threads      146         237
    16 or 8 wrong in each word, 2 threads        33          76
    AOS, randomised, (255,223) x 4, clean units to packets, 2 threads    329
    TM, CRC of 16 bits, clean units to packets                           472
    reedsolo 1.7, clean, 1 thread                                          0.4

Consequence: an own kernel, with reedsolo as the oracle of the tests. One symbol at a time it did 345 MB/s clean, for
each step waits for the one before; four at a time do not. Converting every symbol from the dual basis is not needed:
the division is linear, so its table can be written in the dual basis. Syndromes from the remainder (32 symbols)
instead of the whole word (255) and the search of errors term by term took one wrong symbol from 70 to 148 MB/s.

2026-11-24, one thread: a table of every term of the locator at all 255 places, eight in a word, and no division in the
magnitudes took 16 wrong symbols in each word from 33 to 54 MB/s (4: from 87 to 124, 1: from 143 to 163), clean words
taking 720 in the same runs. Bounding the loops of Berlekamp-Massey by the degrees gained nothing and was left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import reedsolo
from numpy.typing import NDArray

from telemus.packets import FrameLayout, FrameReader, ReedSolomon, encode_frames, encode_units

MEGABYTES = 64
Octets = NDArray[np.uint8]


def best(work: Callable[[], object], *, threads: int = 1) -> float:
    """Return the shortest time of five rounds [s]: of this thread's processor, or by the wall for several threads."""
    clock, times = time.thread_time if threads == 1 else time.perf_counter, []
    for _ in range(5):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def spoilt(blocks: Octets, code: ReedSolomon, errors: int) -> Octets:
    """Return blocks with that many wrong symbols in every word."""
    rng, rows = np.random.default_rng(2), np.arange(len(blocks))
    found = blocks.copy()
    width = code.block_bytes // code.depth
    for word in range(code.depth):
        places = rng.permuted(np.broadcast_to(np.arange(width), (len(blocks), width)), axis=1)[:, :errors]
        for place in places.T:
            found[rows, place * code.depth + word] ^= rng.integers(1, 256, len(blocks), np.uint8)
    return found


def show(what: str, octets: int, seconds: float) -> None:
    print(f"    {what:48s}{octets / 1e6 / seconds:7.1f} MB/s")


def codes() -> None:
    rng = np.random.default_rng(1)
    for data_symbols in (223, 239):
        code = ReedSolomon(data_symbols, 4)
        data = rng.integers(0, 256, (MEGABYTES * 1_000_000 // code.block_bytes, 4 * data_symbols), np.uint8)
        blocks = code.encode(data)
        name = f"(255,{data_symbols}) x 4,"
        show(f"{name} encode, 1 thread", blocks.nbytes, best(partial(code.encode, data)))
        for threads in (1, 2):
            seconds = best(partial(code.decode, blocks, workers=threads), threads=threads)
            show(f"{name} clean, {threads} thread(s)", blocks.nbytes, seconds)
            for errors in (1, code.check_symbols // 2):
                wrong = spoilt(blocks[: len(blocks) // 8], code, errors)
                seconds = best(partial(decode_copy, code, wrong, threads), threads=threads)
                show(f"{name} {errors} wrong in each word, {threads} thread(s)", wrong.nbytes, seconds)


def decode_copy(code: ReedSolomon, blocks: Octets, threads: int) -> None:
    assert code.decode(blocks.copy(), workers=threads).ok.all()


def read(layout: FrameLayout, stream: bytes) -> None:
    step = 1 << 23
    blocks = (stream[start : start + step] for start in range(0, len(stream), step))
    assert sum(batch.lengths.size for batch in FrameReader(layout).packets(blocks))


def chain() -> None:
    packets = [bytes([8, 9, 0xC0, 0, 0, 205]) + bytes(206)] * (MEGABYTES * 1_000_000 // 212)
    for name, layout in (
        ("AOS, randomised, (255,223) x 4", FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4)),
        ("TM, CRC", FrameLayout("tm", 1115, error_control=True)),
    ):
        stream = encode_units(encode_frames(packets, layout, spacecraft=1, channel=2), layout).tobytes()
        show(f"{name}: clean units to packets, 2 threads", len(stream), best(partial(read, layout, stream), threads=2))


def oracle() -> None:
    codec = reedsolo.RSCodec(32, nsize=255, fcr=112, prim=0x187, generator=173)
    word = bytes(codec.encode(bytes(range(223))))
    show("reedsolo 1.7, clean, 1 thread", 255 * 50, best(lambda: [codec.decode(word) for _ in range(50)]))


if __name__ == "__main__":
    codes()
    chain()
    oracle()
