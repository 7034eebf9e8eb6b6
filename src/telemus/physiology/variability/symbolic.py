"""Joint symbolic dynamics: do systolic pressure and interval rise and fall together, over words of three changes?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.variability.time_statistics import series


class JointWords(NamedTuple):
    """Words of pressure and interval over the same beats.

    ``share`` (8, 8): share of each pair of words, row the word of the pressure, column that of the interval, both read
    as binary numbers, 1 a rise; ``same_percent``: both words alike, as a baroreflex makes them; ``opposite_percent``:
    each change the other way; ``entropy_bits``: Shannon's, 6 where all pairs are equally frequent; ``n`` pairs.
    """

    share: NDArray[np.float64]
    same_percent: float
    opposite_percent: float
    entropy_bits: float
    n: int


def joint_words(pressure: ArrayLike, interval: ArrayLike) -> JointWords:
    """Compute the joint distribution of words of three changes of two series of the same beats (n,), NaN breaks both.

    A change is 1 where the value rises, 0 where it falls or stays. The interval of a beat is the one that begins with
    it, in which its systole lies. Baumert et al. 2002, Med Biol Eng Comput 40:241; reviewed by Voss et al. 2009, doi
    10.1098/rsta.2008.0232. All NaN and n = 0 where no four beats follow each other. Raises SignalError on other shapes.

    >>> words = joint_words([1.0, 2.0, 3.0, 2.0, 1.0], [5.0, 6.0, 8.0, 7.0, 6.0])
    >>> words.n, words.same_percent, words.entropy_bits
    (2, 100.0, 1.0)
    """
    p, t = series(pressure), series(interval)
    if p.shape != t.shape:
        raise SignalError(f"joint_words: got pressure {p.shape} and interval {t.shape}, wanted the same beats (n,)")
    dp, dt = np.diff(p), np.diff(t)
    known = np.isfinite(dp) & np.isfinite(dt)
    whole = known[:-2] & known[1:-1] & known[2:]
    n = int(whole.sum())
    if n == 0:
        nan = float("nan")
        return JointWords(np.full((8, 8), nan), nan, nan, nan, 0)
    pair = 8 * _words(dp)[whole] + _words(dt)[whole]
    share = np.bincount(pair, minlength=64).reshape(8, 8) / n
    filled = share[share > 0]
    same, opposite = float(np.trace(share)), float(np.trace(share[:, ::-1]))
    return JointWords(share, 100.0 * same, 100.0 * opposite, float(-(filled @ np.log2(filled))), n)


def _words(change: NDArray[np.float64]) -> NDArray[np.int64]:
    rise = (change > 0).astype(np.int64)
    return 4 * rise[:-2] + 2 * rise[1:-1] + rise[2:]
