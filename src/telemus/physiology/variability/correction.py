"""Correction of artefacts by named methods: what is rejected is left in, left out, or replaced; never silently."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import true_runs
from telemus.physiology.variability.time_statistics import series

CORRECTIONS = {
    "none": "rejected values are left as they were found",
    "removal": "rejected values leave a hole, across which nothing is computed",
    "linear": "short holes are filled by a straight line over time between the values beside them",
    "cubic": "short holes are filled by a cubic spline over time through the values of their run",
}
"""Method -> what it does."""


class Corrected(NamedTuple):
    """``values`` (n,), NaN where there is none; ``filled`` (n,): true where a value was made up."""

    values: NDArray[np.float64]
    filled: NDArray[np.bool_]


def correct(times_s: ArrayLike, values: ArrayLike, rejected: ArrayLike, method: str, longest: int = 5) -> Corrected:
    """Correct a series of beats: ``times_s`` (n,) [s] ascending, ``values`` (n,) with NaN where none was measured.

    ``rejected`` (n,): true where a value is not trusted; ``method``: a name of CORRECTIONS. A hole is filled where it
    is no longer than ``longest`` beats, lies between two kept values and holds no NaN of its own: a gap in the signal
    is never filled. Raises SignalError on an unknown method or shapes that differ.

    >>> c = correct([0.0, 0.1, 0.2, 0.4], [100.0, 150.0, 104.0, 108.0], [False, True, False, False], "linear")
    >>> c.values.tolist(), c.filled.tolist()
    ([100.0, 102.0, 104.0, 108.0], [False, True, False, False])
    """
    x, t, bad = series(values), series(times_s), np.asarray(rejected, np.bool_)
    if not x.shape == t.shape == bad.shape:
        raise SignalError(f"correct: got shapes {t.shape}, {x.shape} and {bad.shape}, wanted three arrays (n,)")
    if method not in CORRECTIONS:
        raise SignalError(f"correct: got method {method!r}, wanted one of: {', '.join(CORRECTIONS)}")
    nothing = np.zeros(x.size, np.bool_)
    if method == "none" or not bool(bad.any()):
        return Corrected(x.copy(), nothing)
    kept = np.where(bad, np.nan, x)
    if method == "removal":
        return Corrected(kept, nothing)
    fill = _fillable(bad & np.isfinite(x), kept, longest)
    for start, stop in true_runs(np.isfinite(kept) | fill).tolist():
        hole = start + np.flatnonzero(fill[start:stop])
        if hole.size:
            known = start + np.flatnonzero(~fill[start:stop])
            kept[hole] = _through(t[known], kept[known], t[hole], method)
    return Corrected(kept, fill)


def _fillable(hole: NDArray[np.bool_], kept: NDArray[np.float64], longest: int) -> NDArray[np.bool_]:
    """Return the holes that are short enough and have a kept value on either side."""
    fill = np.zeros(hole.size, np.bool_)
    beside = np.isfinite(np.r_[np.nan, kept, np.nan])
    for start, stop in true_runs(hole).tolist():
        fill[start:stop] = stop - start <= longest and beside[start] and beside[stop + 1]
    return fill


def _through(
    known_s: NDArray[np.float64], values: NDArray[np.float64], at_s: NDArray[np.float64], method: str
) -> NDArray[np.float64]:
    if method == "linear" or known_s.size < 4:
        return np.interp(at_s, known_s, values)
    from scipy.interpolate import CubicSpline

    found: NDArray[np.float64] = CubicSpline(known_s, values)(at_s)
    return found
