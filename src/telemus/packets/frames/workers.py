"""Divide the rows of an array among threads: compiled code that lets go of the interpreter's lock runs on each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_ROWS_PER_THREAD = 256


def share_rows(work: Callable[[int, int], object], count: int, workers: int) -> None:
    """Call ``work(start, stop)`` for parts of ``count`` rows on at most ``workers`` threads; few rows on this one."""
    parts = max(1, min(workers, count // _ROWS_PER_THREAD))
    bounds = np.linspace(0, count, parts + 1).astype(int).tolist()
    if parts == 1:
        work(0, count)
        return
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(work, bounds[:-1], bounds[1:]))
