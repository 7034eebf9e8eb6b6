"""How well a stretch is known: residuals of its knots, its drift and the uncertainty of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import rounded_half_even
from telemus.pipeline.correlate.stretch import Knot


class Fit(NamedTuple):
    """What one stretch says of itself; None where its knots are too few to say it.

    ``points`` time packets from ``start_ns`` to ``stop_ns`` [ns TAI]. ``rms_ns`` and ``largest_ns`` are of the inner
    knots' distances from the line through their neighbours [ns]: what time packets scatter, and what a line of twice
    the length would miss. ``drift_ppm`` is how much slower than TAI the counter ran [1e-6], the slope of the
    least-squares line over all knots; ``drift_error_ppm`` its standard error, taking the distances as independent;
    ``wander_ns`` the largest distance of a knot from that line [ns].
    """

    stretch: int
    points: int
    start_ns: int
    stop_ns: int
    rms_ns: float | None
    largest_ns: int | None
    drift_ppm: float | None
    drift_error_ppm: float | None
    wander_ns: float | None


def fit_of(number: int, knots: Sequence[Knot]) -> Fit:
    """Return the fit of the knots of a stretch; its number is passed through.

    >>> found = fit_of(0, [Knot(second * 10**9, second * (10**9 + 20_000)) for second in range(9)])
    >>> found.points, found.largest_ns, round(found.drift_ppm, 6), round(found.drift_error_ppm, 6)
    (9, 0, 20.0, 0.0)
    """
    inner = residuals_ns(knots)[1:-1]
    rms = float(np.sqrt(np.mean(inner.astype(np.float64) ** 2))) if len(inner) else None
    largest = int(np.abs(inner).max()) if len(inner) else None
    span = knots[0].tai_ns, knots[-1].tai_ns
    return Fit(number, len(knots), *span, rms, largest, *_straight(knots))


def _straight(knots: Sequence[Knot]) -> tuple[float | None, float | None, float | None]:
    """Return drift [1e-6], its standard error, and the largest distance from the least-squares line [ns]."""
    if len(knots) < 2:
        return None, None, None
    table = np.array(knots, np.int64)
    since = table - table[0]  # exact; only differences become floats
    counter, behind = since[:, 0].astype(np.float64), (since[:, 1] - since[:, 0]).astype(np.float64)
    counter -= counter.mean()
    behind -= behind.mean()
    spread = float(counter @ counter)
    slope = float(counter @ behind) / spread
    off = behind - slope * counter
    if len(knots) < 3:
        return slope * 1e6, None, None
    error = math.sqrt(float(off @ off) / (len(knots) - 2) / spread)
    return slope * 1e6, error * 1e6, float(np.abs(off).max())


def residuals_ns(knots: Sequence[Knot]) -> NDArray[np.int64]:
    """Return how far each inner knot lies from the line through its neighbours [ns] (n,); 0 for the first and last.

    >>> residuals_ns([Knot(0, 0), Knot(10, 12), Knot(20, 20)]).tolist()
    [0, 2, 0]
    """
    result = np.zeros(len(knots), np.int64)
    if len(knots) < 3:
        return result
    table = np.array(knots, np.int64)
    run, rise = (table[2:, column] - table[:-2, column] for column in (0, 1))
    since = table[1:-1, 0] - table[:-2, 0]
    line = table[:-2, 1] + since + rounded_half_even(since, rise - run, run)
    result[1:-1] = table[1:-1, 1] - line
    return result
