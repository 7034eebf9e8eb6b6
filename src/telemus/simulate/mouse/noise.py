"""Randomness without memory: every random number is a hash of a seed and an index.

A sequential generator would make a sample depend on how many were drawn before it, so on how the time was cut into
blocks. A hash of the index gives the same number whoever asks first. The mixing is SplitMix64 (Steele, Lea, Flood,
doi 10.1145/2714064.2660195).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LANE = np.uint64(0xFFFF)
_MASK_64 = (1 << 64) - 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def hash_index(key: np.uint64, index: int) -> np.uint64:
    """Mix an index with a key into 64 well-spread bits."""
    z = key + np.uint64(index) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@njit(cache=True)  # type: ignore[untyped-decorator]
def uniform(key: np.uint64, index: int) -> float:
    """Return the random number of this index, uniform in [0, 1)."""
    return float(hash_index(key, index) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)  # type: ignore[untyped-decorator]
def normal(key: np.uint64, index: int) -> float:
    """Return the random number of this index, of zero mean and unit variance: the sum of four 16-bit uniforms.

    Its kurtosis is 2.7 where the normal law has 3, and it never exceeds 3.47.
    """
    z = hash_index(key, index)
    total = np.int64(z & _LANE) + np.int64((z >> np.uint64(16)) & _LANE)
    total += np.int64((z >> np.uint64(32)) & _LANE) + np.int64(z >> np.uint64(48))
    return (float(total) - 131070.0) * (1.7320508075688772 / 65536.0)


@njit(cache=True)  # type: ignore[untyped-decorator]
def spline_noise(key: np.uint64, times_s: NDArray[np.float64], spacing_s: float) -> NDArray[np.float64]:
    """Evaluate smooth noise of unit variance whose independent knots lie `spacing_s` apart.

    Args:
        key: the stream, from :func:`stream_key`.
        times_s: where to evaluate it (n,) [s].
        spacing_s: distance of the knots [s]; the spectrum ends near 1 / (2 spacing).
    """
    out = np.empty(times_s.size)
    for i in range(times_s.size):
        u = times_s[i] / spacing_s
        k = math.floor(u)
        f = u - k
        g = 1.0 - f
        total = g * g * g * normal(key, k - 1) + (3.0 * f * f * f - 6.0 * f * f + 4.0) * normal(key, k)
        total += (3.0 * g * g * g - 6.0 * g * g + 4.0) * normal(key, k + 1) + f * f * f * normal(key, k + 2)
        # A spline of independent unit knots has variance 151 / 315 on the average: given back here.
        out[i] = total * (math.sqrt(315.0 / 151.0) / 6.0)
    return out


def uniforms(key: np.uint64, indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return :func:`uniform` of many indices (n,) without a kernel.

    >>> bool(uniforms(np.uint64(7), np.array([-3]))[0] == uniform(np.uint64(7), -3))
    True
    """
    z = key + indices.astype(np.uint64) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z ^= z >> np.uint64(31)
    out: NDArray[np.float64] = (z >> np.uint64(11)).astype(np.float64) * (1.0 / 9007199254740992.0)
    return out


@functools.lru_cache(maxsize=1024)
def stream_key(seed: int, stream: str) -> np.uint64:
    """Return the key of a named stream of random numbers of one animal.

    >>> len({int(stream_key(seed, name)) for seed in range(9) for name in ("beat", "noise", "beats")})
    27
    """
    key = seed & _MASK_64
    for byte in stream.encode():
        key = ((key ^ byte) * int(_MIX_1) + int(_GOLDEN)) & _MASK_64
        key ^= key >> 29
    return np.uint64(key)
