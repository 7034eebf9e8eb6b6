"""Unbroken runs of a series in which NaN, or false, stands for a break."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def true_runs(mask: ArrayLike) -> NDArray[np.int64]:
    """Return start and stop (k, 2) of each run of true values, in order; stop is the index after the last.

    >>> true_runs([False, True, True, False, True]).tolist()
    [[1, 3], [4, 5]]
    """
    edges = np.flatnonzero(np.diff(np.r_[False, np.asarray(mask, np.bool_), False]))
    return edges.reshape(-1, 2).astype(np.int64)
