"""The sequence method: spontaneous ramps of systolic pressure that the interval follows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError

LEAST_BEATS = 3


class Sequences(NamedTuple):
    """What the sequence method gives for one delay.

    ``delay_beats``: the interval of which beat after the systole is taken. ``up_n``, ``down_n``: sequences in which
    both rise, both fall. ``up_ms_mmhg``, ``down_ms_mmhg``: mean slope of each kind, ``slope_ms_mmhg``: of all, NaN
    where there is none; ``slope_sd_ms_mmhg``: their spread (n - 1). ``ramps``: ramps of systolic pressure alone.
    ``effectiveness``: BEI, sequences over ramps. ``beats``: beats whose pressure and interval are both known.
    """

    delay_beats: int
    up_n: int
    down_n: int
    up_ms_mmhg: float
    down_ms_mmhg: float
    slope_ms_mmhg: float
    slope_sd_ms_mmhg: float
    ramps: int
    effectiveness: float
    beats: int


def baroreflex_sequences(
    sbp_mmhg: ArrayLike,
    interval_ms: ArrayLike,
    delay_beats: int = 0,
    least_beats: int = LEAST_BEATS,
    least_correlation: float = 0.0,
) -> Sequences:
    """Find baroreflex sequences in systolic pressures and the intervals that follow them (n,), beat by beat.

    A sequence is a run of at least ``least_beats`` beats in which systolic pressure, and the interval ``delay_beats``
    beats later, both rise or both fall at each beat, correlated by at least ``least_correlation``; its slope is that of
    the interval on pressure by least squares. There is no threshold of pressure or interval: in mice they only lose
    sequences (Laude et al. 2009, PMC2810066, which takes 3 beats and a delay of 0 or 3 beats). A NaN in either series,
    which is what a gap or a rejected beat must be, ends a run: nothing is bridged.

    It sees the fast, vagal reflex of the heart only, and counts runs that chance makes too: compare with
    ``surrogate_counts``. Effectiveness: Di Rienzo et al. 2001, doi 10.1152/ajpregu.2001.280.3.R744.

    Raises SignalError where lengths differ or a parameter is out of its range.

    >>> found = baroreflex_sequences([100, 101, 102, 103, 102, 101, 105], [110, 112, 114, 116, 113, 110, 110])
    >>> found.up_n, found.down_n, found.up_ms_mmhg, found.down_ms_mmhg, found.ramps
    (1, 1, 2.0, 3.0, 2)
    """
    pressure, interval = _series(sbp_mmhg, interval_ms, delay_beats)
    if least_beats < 3:
        raise SignalError(f"baroreflex_sequences: got sequences of {least_beats} beats, wanted at least 3")
    runs = _runs(pressure, interval, least_beats, least_correlation)
    ramps = _runs(pressure, pressure, least_beats, 0.0)
    up, slopes = runs[:, 2] > 0, runs[:, 3]
    return Sequences(
        delay_beats,
        int(up.sum()),
        int((~up).sum()),
        _mean(slopes[up]),
        _mean(slopes[~up]),
        _mean(slopes),
        float(slopes.std(ddof=1)) if len(slopes) > 1 else float("nan"),
        len(ramps),
        len(runs) / len(ramps) if len(ramps) else float("nan"),
        int(np.count_nonzero(np.isfinite(pressure) & np.isfinite(interval))),
    )


def surrogate_counts(
    sbp_mmhg: ArrayLike, interval_ms: ArrayLike, delay_beats: int = 0, count: int = 200, seed: int = 0
) -> NDArray[np.int64]:
    """Return how many sequences chance makes (count,): the same series, the intervals shifted around by a random lag.

    A shift keeps distribution, spectrum and gaps of each series, and breaks what ties one to the other. Lags are at
    least a twentieth of the record from 0. The number found in the recording means a reflex where it is above the
    upper 2.5 % of these. Raises SignalError as ``baroreflex_sequences``, and on fewer than 40 beats.

    >>> noise = np.random.default_rng(1).standard_normal((2, 2000))
    >>> int(np.median(surrogate_counts(noise[0], noise[1], count=20))) in range(90, 140)
    True
    """
    pressure, interval = _series(sbp_mmhg, interval_ms, delay_beats)
    n = len(pressure)
    if n < 40:
        raise SignalError(f"surrogate_counts: got {n} beats, wanted at least 40")
    from telemus.physiology.baroreflex.sequence_kernel import count_shifted

    lags = np.random.default_rng(seed).integers(n // 20, n - n // 20, count)
    return np.asarray(count_shifted(pressure, interval, lags, LEAST_BEATS), np.int64)


def low_passed(values: ArrayLike, interval_ms: ArrayLike, cutoff_hz: float) -> NDArray[np.float64]:
    """Return a series of beats (n,) without what is faster than ``cutoff_hz`` [Hz]: respiration, in most animals.

    Respiration moves pressure and interval at once, and makes sequences without any reflex; the sequence method is
    therefore applied to the series as they are and without it. A Hann-windowed sinc over beats, symmetric and so
    without delay, half its height at cutoff_hz times the mean interval [cycles per beat]. A beat whose kernel, two
    cycles of the cutoff to each side, touches a gap (NaN) or the border is NaN. All NaN where the cutoff is beyond half
    the heart rate. Raises SignalError where lengths differ or the cutoff is not above 0.

    >>> beats = np.arange(200)
    >>> fast, slow = np.sin(2 * np.pi * 0.35 * beats), np.sin(2 * np.pi * 0.02 * beats)
    >>> left = low_passed(fast + slow, np.full(200, 100.0), 1.0) - slow
    >>> bool(np.nanmax(np.abs(left)) < 0.02)
    True
    """
    y, interval = np.asarray(values, np.float64), np.asarray(interval_ms, np.float64)
    if y.ndim != 1 or y.shape != interval.shape or not cutoff_hz > 0:
        raise SignalError(f"low_passed: got {y.shape}, {interval.shape}, {cutoff_hz} Hz, wanted (n,) twice, above 0 Hz")
    known = interval[np.isfinite(interval)]
    cycles = cutoff_hz * float(known.mean()) / 1e3 if known.size else np.inf
    half = int(np.ceil(2.0 / cycles))
    if not 0 < cycles < 0.5 or len(y) < 2 * half + 1:
        return np.full(y.shape, np.nan)
    k = np.arange(-half, half + 1)
    kernel = np.sinc(2.0 * cycles * k) * (1.0 + np.cos(np.pi * k / (half + 1)))
    out = np.full(y.shape, np.nan)
    out[half:-half] = np.convolve(y, kernel / kernel.sum(), mode="valid")
    return out


def _runs(
    pressure: NDArray[np.float64], interval: NDArray[np.float64], least_beats: int, least_correlation: float
) -> NDArray[np.float64]:
    """Return the runs (m, 5) of ``find_runs`` that are correlated enough."""
    from telemus.physiology.baroreflex.sequence_kernel import CORRELATION, find_runs

    out = np.empty((len(pressure), 5))
    runs = out[: find_runs(pressure, interval, least_beats, out)]
    # a run that is a straight line may have a correlation a rounding below 1
    return np.asarray(runs[runs[:, CORRELATION] >= least_correlation - 1e-12], np.float64)


def _series(
    sbp_mmhg: ArrayLike, interval_ms: ArrayLike, delay_beats: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pressures, and with each the interval that follows ``delay_beats`` beats later."""
    pressure, interval = np.asarray(sbp_mmhg, np.float64), np.asarray(interval_ms, np.float64)
    if pressure.ndim != 1 or pressure.shape != interval.shape:
        raise SignalError(
            f"baroreflex_sequences: got pressures {pressure.shape}, intervals {interval.shape}, wanted (n,) for both"
        )
    if not 0 <= delay_beats <= 20:
        raise SignalError(f"baroreflex_sequences: got a delay of {delay_beats} beats, wanted 0 to 20")
    return np.ascontiguousarray(pressure[: len(pressure) - delay_beats]), np.ascontiguousarray(interval[delay_beats:])


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
