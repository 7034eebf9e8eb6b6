"""Finds the period of a rhythm by two ways that must agree, or says that there is no stable one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import correlation_length, cosine_power, folded_variance

CELL_H = 1.0 / 6.0
FOLD_H = 0.5
HARMONICS = 4
PERIODS_PER_WIDTH = 10
LEAST_CYCLES = 3.0


class Period(NamedTuple):
    """What two periodograms say of a series.

    ``period_h``: the mean of both where they agree and the two halves of the record do, else NaN, and ``reason`` says
    why. ``cosine_h``, ``cosine_power``, ``cosine_p``: period of the best cosine (Lomb-Scargle with free mean), share
    of variance it explains, and the probability of as much among all periods tried without a rhythm. ``fold_h``,
    ``fold_ratio``, ``fold_p``: period of the largest chi-square, that statistic over its degrees of freedom, its
    probability likewise. ``width_h``: how far apart two periods must be to be told from each other. ``independent_n``:
    samples after correction for their correlation. ``n``: cells of ten minutes used.
    """

    period_h: float
    reason: str
    cosine_h: float
    cosine_power: float
    cosine_p: float
    fold_h: float
    fold_ratio: float
    fold_p: float
    width_h: float
    independent_n: float
    n: int


def find_period(
    time_h: ArrayLike, values: ArrayLike, shortest_h: float = 16.0, longest_h: float = 32.0, level: float = 0.01
) -> Period:
    """Find the period between ``shortest_h`` and ``longest_h`` [h] of values (n,) at ``time_h`` (n,) [h].

    The series is first averaged over cells of ten minutes; NaN and gaps stay gaps. Both periodograms run over the same
    trial periods, a tenth of the resolution (period squared over length) apart. A living animal's minutes are not
    independent, so both statistics are scaled down by the correlation length of what a wave of four harmonics leaves
    over; probabilities count the independent periods tried (Bonferroni). A stable period needs all of: at least three
    cycles recorded, both probabilities below ``level``, both periods within a resolution of each other, and the best
    cosines of the first and second half within the halves' resolution.

    Raises SignalError on wrong shapes or limits. References: doi 10.1051/0004-6361:200811296 (cosine), doi
    10.1016/0022-5193(78)90022-X (chi-square), doi 10.1371/journal.pcbi.1008567 (why all cycles count).

    >>> t, noise = np.arange(0.0, 240.0, 0.1), np.random.default_rng(1).standard_normal(2400)
    >>> found = find_period(t, np.cos(2 * np.pi * t / 22.5) + 0.5 * np.cos(4 * np.pi * t / 22.5) + noise)
    >>> round(found.period_h, 1), found.reason
    (22.5, '')
    """
    if not 0 < shortest_h < longest_h:
        raise SignalError(f"find_period: got {shortest_h} to {longest_h} h, wanted limits above 0 in order")
    time, means = _ten_minutes(time_h, values)
    length_h = float(np.ptp(time)) if len(time) else 0.0
    if length_h < LEAST_CYCLES * shortest_h or not np.ptp(means) > 0:
        return _nothing(f"{length_h:.0f} h recorded, wanted {LEAST_CYCLES * shortest_h:.0f} h that vary", len(time))
    longest_h = min(longest_h, length_h / LEAST_CYCLES)
    trials = _trial_periods(shortest_h, longest_h, length_h)
    power = cosine_power(time, means, trials)
    best = int(np.nanargmax(power))
    independent_n = _independent(time, means, float(trials[best]))
    tried = max(1.0, length_h * (1.0 / shortest_h - 1.0 / longest_h))
    cosine_p = _of_many((1.0 - power[best]) ** max((independent_n - 3.0) / 2.0, 0.0), tried)
    folded, dof = folded_variance(time, means, trials, FOLD_H)
    ratios = folded / dof
    fold = int(np.nanargmax(ratios))
    fold_p = _of_many(_chi_square_tail(folded[fold] * independent_n / len(time), dof[fold]), tried)
    cosine_h, fold_h = float(trials[best]), float(trials[fold])
    width_h = cosine_h**2 / length_h
    reason = _doubt(cosine_p, fold_p, level, cosine_h, fold_h, width_h) or _drift(time, means, trials, length_h)
    period_h = (cosine_h + fold_h) / 2.0 if not reason else float("nan")
    return Period(
        period_h, reason, cosine_h, float(power[best]), cosine_p, fold_h, float(ratios[fold]), fold_p, width_h,
        independent_n, len(time),
    )  # fmt: skip


def _ten_minutes(time_h: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles [h] and means of the cells of ten minutes that hold a finite value."""
    t, y = np.asarray(time_h, np.float64), np.asarray(values, np.float64)
    if t.ndim != 1 or t.shape != y.shape:
        raise SignalError(f"find_period: got time {t.shape} and values {y.shape}, wanted two arrays (n,)")
    known = np.isfinite(y) & np.isfinite(t)
    cells, place = np.unique(np.floor(t[known] / CELL_H + 1e-9), return_inverse=True)
    n = np.bincount(place, minlength=len(cells))
    return (cells + 0.5) * CELL_H, np.bincount(place, weights=y[known], minlength=len(cells)) / np.maximum(n, 1)


def _trial_periods(shortest_h: float, longest_h: float, length_h: float) -> NDArray[np.float64]:
    """Return periods [h] evenly spaced in frequency, ten to a resolution."""
    count = int(np.ceil(PERIODS_PER_WIDTH * length_h * (1.0 / shortest_h - 1.0 / longest_h))) + 2
    return 1.0 / np.linspace(1.0 / longest_h, 1.0 / shortest_h, count)


def _independent(time: NDArray[np.float64], means: NDArray[np.float64], period_h: float) -> float:
    """Return how many independent samples there are, by the correlation of what a wave of four harmonics leaves."""
    angles = 2.0 * np.pi / period_h * np.outer(time, np.arange(1, HARMONICS + 1))
    design = np.column_stack([np.ones(len(time)), np.cos(angles), np.sin(angles)])
    left = means - design @ np.linalg.lstsq(design, means, rcond=None)[0]
    if np.var(left) < 1e-12 * np.var(means):
        return float(len(time))
    return float(len(time) / correlation_length(time, left, CELL_H))


def _of_many(probability: float, tried: float) -> float:
    """Return the probability of at least one such among ``tried`` independent ones."""
    return float(-np.expm1(tried * np.log1p(-min(probability, 1.0 - 1e-16))))


def _chi_square_tail(statistic: float, dof: float) -> float:
    """Return P(chi-square of ``dof`` > statistic)."""
    from scipy.special import gammaincc

    return float(gammaincc(dof / 2.0, statistic / 2.0))


def _doubt(cosine_p: float, fold_p: float, level: float, cosine_h: float, fold_h: float, width_h: float) -> str:
    """Return why the two ways give no period, or nothing."""
    if max(cosine_p, fold_p) >= level:
        return f"not above chance: p {cosine_p:.2g} by cosine, {fold_p:.2g} by folding"
    if abs(cosine_h - fold_h) > width_h:
        return f"the two ways differ: {cosine_h:.2f} h by cosine, {fold_h:.2f} h by folding"
    return ""


def _drift(time: NDArray[np.float64], means: NDArray[np.float64], trials: NDArray[np.float64], length_h: float) -> str:
    """Return how the halves of the record differ, or nothing."""
    early = time < time[0] + length_h / 2.0
    halves = []
    for part in (early, ~early):
        power = cosine_power(time[part], means[part], trials)
        if not np.isfinite(power).any():
            return "one half of the record has no data"
        halves.append(float(trials[np.nanargmax(power)]))
    if abs(halves[0] - halves[1]) > max(halves) ** 2 / (length_h / 2.0):
        return f"not stable: {halves[0]:.2f} h in the first half, {halves[1]:.2f} h in the second"
    return ""


def _nothing(reason: str, n: int) -> Period:
    """Return the answer where nothing could be tried."""
    nan = float("nan")
    return Period(nan, reason, nan, nan, nan, nan, nan, nan, nan, nan, n)
