"""Draws chance without memory: each number is a hash of seed, stream and index, so that blocks of any size agree.

The mixing is SplitMix64 (Steele, Lea, Flood, doi 10.1145/2714064.2660195), on whole arrays.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=4096)
def stream_seed(seed: int, stream: str) -> int:
    """Return the 64-bit seed of a named stream of chance.

    >>> stream_seed(1, "M1/rail") == stream_seed(1, "M2/rail")
    False
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:8], "big")


def uniform(seed: int, stream: str, index: Any) -> NDArray[np.float64]:
    """Return one number in [0, 1) for each index (n,) of a stream.

    >>> bool(uniform(1, "a", [7])[0] == uniform(1, "a", [5, 6, 7])[2])
    True
    """
    numbers = np.atleast_1d(np.asarray(index, np.int64)).astype(np.uint64)
    mixed = np.full(numbers.shape, stream_seed(seed, stream), np.uint64) + numbers * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53, np.float64)


def noise(seed: int, stream: str, index: Any) -> NDArray[np.float64]:
    """Return one number of mean 0 and variance 1 for each index (n,): the sum of three uniform ones, within ±3.

    >>> values = noise(1, "a", np.arange(10_000))
    >>> bool(abs(values.mean()) < 0.05 and abs(values.std() - 1.0) < 0.05)
    True
    """
    total = np.sum([uniform(seed, f"{stream}/{part}", index) for part in range(3)], axis=0)
    return np.asarray(2.0 * (total - 1.5), np.float64)


def wander(seed: int, stream: str, times_s: NDArray[np.float64], spacing_s: float) -> NDArray[np.float64]:
    """Return a smooth course through random knots ``spacing_s`` [s] apart, each of variance 1, at times [s] (n,).

    >>> bool(abs(wander(1, "a", np.array([60.0]), 60.0)[0] - noise(1, "a", [1])[0]) < 1e-12)
    True
    """
    place = np.asarray(times_s, np.float64) / spacing_s
    before = np.floor(place)
    share = place - before
    share = share * share * (3.0 - 2.0 * share)
    knots, inverse = np.unique(before.astype(np.int64), return_inverse=True)
    left, right = noise(seed, stream, knots), noise(seed, stream, knots + 1)
    return left[inverse] * (1.0 - share) + right[inverse] * share


def happenings(seed: int, stream: str, per_hour: float, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of the seconds (n,) in which something of that rate [1/h] happens.

    >>> int(len(happenings(1, "a", 36.0, np.arange(100_000))))  # 1000 are expected
    1034
    """
    return seconds[uniform(seed, stream, seconds) < per_hour / 3600.0]
