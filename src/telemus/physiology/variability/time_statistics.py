"""Time domain: spread of intervals and of their successive differences; of any series of beats, NaN where broken."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


class TimeDomain(NamedTuple):
    """Spread of a series, in its unit.

    ``n`` values, ``mean`` (AVNN), ``sd`` (SDNN, n - 1), ``sem``: sd over the root of n; of the ``n_differences``
    between neighbours ``rmssd``, ``sdsd`` (n - 1), and ``pnn_percent``, the share above a threshold.
    """

    n: int
    mean: float
    sd: float
    sem: float
    n_differences: int
    rmssd: float
    sdsd: float
    pnn_percent: float


def time_domain(values: ArrayLike, threshold: float = 5.0) -> TimeDomain:
    """Compute mean, SDNN, SEM, RMSSD, SDSD and pNNx of successive values (n,); NaN breaks the series.

    No difference is taken across a NaN. A difference counts for pNNx where it exceeds ``threshold`` strictly, after
    rounding to a millionth of the unit (a nanosecond, for milliseconds): a difference of exactly the threshold does not
    count. NaN where there is too little to compute. Task Force 1996, doi 10.1161/01.CIR.93.5.1043.

    >>> t = time_domain([100.0, 105.0, 111.0, np.nan, 105.0])
    >>> t.n, t.n_differences, round(t.rmssd, 4), t.pnn_percent
    (4, 2, 5.5227, 50.0)
    """
    x = series(values)
    known = x[np.isfinite(x)]
    steps = np.diff(x)
    steps = steps[np.isfinite(steps)]
    nan = float("nan")
    spread = float(known.std(ddof=1)) if known.size > 1 else nan
    return TimeDomain(
        known.size,
        float(known.mean()) if known.size else nan,
        spread,
        spread / known.size**0.5 if known.size else nan,
        steps.size,
        float(np.sqrt(np.mean(steps**2))) if steps.size else nan,
        float(steps.std(ddof=1)) if steps.size > 1 else nan,
        100.0 * float(np.mean(np.rint(np.abs(steps) * 1e6) > round(threshold * 1e6))) if steps.size else nan,
    )


class LongTerm(NamedTuple):
    """``sdann``: standard deviation (n - 1) of the means of segments; ``sdnn_index``: mean of their SDNN; ``n``."""

    n: int
    sdann: float
    sdnn_index: float


def long_term(means: ArrayLike, deviations: ArrayLike) -> LongTerm:
    """Compute SDANN and the SDNN index of a long record from mean and SDNN of its segments (n,), NaN left out.

    The Task Force takes segments of 5 min over 24 h; ours are the windows, whose length stands beside the result.

    >>> long_term([100.0, 110.0, np.nan], [5.0, 7.0, np.nan])
    LongTerm(n=2, sdann=7.0710678118654755, sdnn_index=6.0)
    """
    mean, sd = series(means), series(deviations)
    mean, sd = mean[np.isfinite(mean)], sd[np.isfinite(sd)]
    nan = float("nan")
    return LongTerm(mean.size, float(mean.std(ddof=1)) if mean.size > 1 else nan, float(sd.mean()) if sd.size else nan)


def series(values: ArrayLike) -> NDArray[np.float64]:
    """Return values as float64 (n,); SignalError on another shape."""
    x = np.ascontiguousarray(values, np.float64)
    if x.ndim != 1:
        raise SignalError(f"series of beats: got shape {x.shape}, wanted (n,)")
    return x
