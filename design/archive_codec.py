"""Which encoding of raw counts the archive uses, measured: run `python design/archive_codec.py`.

Synthetic pressure (500 Hz, 0.02 mmHg per count, noise 0.2 mmHg) and ECG (1 kHz, 0.2 uV per count, noise 2 uV) in
rows of 65 536 samples. Ratio is bytes in / bytes out; speed is of encoding on one thread of a loaded machine with two
cores, 2026-11-23: trust ratios.

                                 pressure          ECG
    raw, zstd 1                  1.3   750 MB/s    1.4   500 MB/s
    raw, zstd 3                  1.4   150         1.5   110
    delta 1, zstd 1              1.5   380         1.6   280
    delta 1, byte planes, zstd 1 1.9   320         2.3   480
    delta 2, byte planes, zstd 1 2.3   510         2.1   400
    DELTA_BINARY_PACKED, zstd    1.8   < 215       1.4   130

Consequence: zigzag differences in byte planes under zstd level 1; the order of the difference is chosen for each row
by its first 4096 values. pcodec packs better (3.7 where zstd reached 2.1 on 12-bit pressure) and may come as another
codec id, for the id stands in every row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from telemus.archive.codec import _difference, _zigzag

ROWS, COUNT = 60, 1 << 16


def waves() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(1)
    phase = 2 * np.pi * np.cumsum(9 + 0.5 * np.sin(np.arange(ROWS * COUNT) / 1600)) / 500
    mmhg = 860 + 15 * np.sin(phase) + 6 * np.sin(2 * phase - 1) + rng.normal(0, 0.2, phase.size)
    phase = phase / 2
    mv = 0.05 * np.sin(phase) + np.exp(-((phase % (2 * np.pi) - 1) ** 2) / 0.02) + rng.normal(0, 0.002, phase.size)
    return {"pressure": np.rint((mmhg - 400) / 0.02).astype("<u2"), "ecg": np.rint(mv / 0.0002).astype("<i2")}


def planes(order: int) -> Callable[[Any], bytes]:
    return lambda row: _zigzag(_difference(row.view("<u2"), order)).view(np.uint8).reshape(-1, 2).T.tobytes()


def main() -> None:
    ways = {
        "raw": lambda row: row.tobytes(),
        "delta 1": lambda row: _difference(row.view("<u2"), 1).tobytes(),
        "delta 1, planes": planes(1),
        "delta 2, planes": planes(2),
    }
    for name, wave in waves().items():
        rows = wave.reshape(ROWS, COUNT)
        for level in (1, 3):
            codec = pa.Codec("zstd", compression_level=level)
            for way, prepare in ways.items():
                start = time.perf_counter()
                size = sum(len(codec.compress(prepare(row), asbytes=True)) for row in rows)
                report(f"{name}: {way}, zstd {level}", wave.nbytes, size, start)
        start, target = time.perf_counter(), BytesIO()
        table = pa.table({"values": wave.astype(np.int32)})
        pq.write_table(table, target, use_dictionary=False, column_encoding="DELTA_BINARY_PACKED", compression="zstd")
        report(f"{name}: DELTA_BINARY_PACKED + zstd", wave.nbytes, target.tell(), start)


def report(what: str, before: int, after: int, start: float) -> None:
    print(f"{what:44s} {before / after:5.2f} {before / (time.perf_counter() - start) / 1e6:7.0f} MB/s")


if __name__ == "__main__":
    main()
