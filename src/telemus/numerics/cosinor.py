"""Least-squares fit of one cosine of known period, with covariates: the general linear cosinor model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


class LinearFit(NamedTuple):
    """An ordinary least-squares fit.

    ``coefficients``, ``standard_errors`` (p,), ``covariance`` (p, p), ``residual_sd`` with n - p degrees of freedom,
    ``r2``: one minus residual over total sum of squares, ``n``: rows used, ``dof``: n - p.
    """

    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residual_sd: float
    r2: float
    n: int
    dof: int


class Wave(NamedTuple):
    """Amplitude and phase of a cosine with their standard errors (delta method); phase in [0, 2 pi) radians."""

    amplitude: float
    phase_rad: float
    amplitude_se: float
    phase_se_rad: float


def least_squares(design: ArrayLike, values: ArrayLike) -> LinearFit:
    """Fit values (n,) with the columns of ``design`` (n, p); rows with NaN are left out.

    Standard errors are those of independent residuals of equal variance; NaN everywhere where rows do not exceed
    columns or columns depend on each other. Raises SignalError on shapes that do not fit.

    >>> fit = least_squares([[1, 0], [1, 1], [1, 2], [1, 3]], [1.0, 3.0, 5.0, 7.1])
    >>> fit.coefficients.round(3).tolist(), fit.dof
    ([0.98, 2.03], 2)
    """
    x, y = np.asarray(design, np.float64), np.asarray(values, np.float64)
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        raise SignalError(f"least_squares: got design {x.shape} and values {y.shape}, wanted (n, p) and (n,)")
    kept = np.isfinite(y) & np.all(np.isfinite(x), axis=1)
    if not bool(kept.all()):
        x, y = x[kept], y[kept]
    n, p = x.shape
    if n <= p or np.linalg.matrix_rank(x.T @ x) < p:
        nothing = np.full(p, np.nan)
        return LinearFit(nothing, nothing, np.full((p, p), np.nan), np.nan, np.nan, n, max(n - p, 0))
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ (x.T @ y)
    residual = y - x @ coefficients
    variance = float(residual @ residual) / (n - p)
    total = float(np.sum((y - y.mean()) ** 2))
    covariance = inverse * variance
    r2 = 1.0 - variance * (n - p) / total if total > 0 else float("nan")
    return LinearFit(coefficients, np.sqrt(np.diag(covariance)), covariance, variance**0.5, r2, n, n - p)


def cosinor_design(time: ArrayLike, period: float, covariates: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return the columns 1, covariates, cosine, sine, covariates x (cosine, sine) of the cosinor model (n, 3 + 3 k).

    ``time`` (n,) and ``period`` in one unit; ``covariates`` (n,) or (n, k), such as 0 and 1 for two groups. With one
    group the order is that of `cosinor.lm(Y ~ time(t) + X + amp.acro(X))` of the R package cosinor (Sachs 2014):
    intercept, X, cosine, sine, X cosine, X sine. Raises SignalError on a period that is not above 0 or a wrong shape.

    >>> cosinor_design([0.0, 3.0], 12.0).round(6).tolist()
    [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    t = np.asarray(time, np.float64)
    if t.ndim != 1 or not period > 0:
        raise SignalError(f"cosinor_design: got time {t.shape} and period {period}, wanted (n,) and a period above 0")
    group = np.empty((len(t), 0)) if covariates is None else np.asarray(covariates, np.float64).reshape(len(t), -1)
    angle = (2.0 * np.pi / period) * t
    wave = np.column_stack([np.cos(angle), np.sin(angle)])
    products = [group[:, [k]] * wave for k in range(group.shape[1])]
    return np.column_stack([np.ones(len(t)), group, wave, *products])


def wave_of(cosine: float, sine: float, covariance: ArrayLike) -> Wave:
    """Return amplitude and phase of ``cosine`` cos(x) + ``sine`` sin(x), their errors from the (2, 2) covariance.

    The delta method is linear: where the amplitude is not well above its error, its bias (upwards) and the error of
    the phase are understated. NaN in, NaN out.

    >>> wave = wave_of(3.0, 4.0, [[0.01, 0.0], [0.0, 0.01]])
    >>> wave.amplitude, round(wave.phase_rad, 4), round(wave.amplitude_se, 6), round(wave.phase_se_rad, 6)
    (5.0, 0.9273, 0.1, 0.02)
    """
    amplitude = float(np.hypot(cosine, sine))
    phase = float(np.arctan2(sine, cosine) % (2.0 * np.pi))
    if not amplitude > 0:
        return Wave(amplitude, float("nan"), float("nan"), float("nan"))
    gradient = np.array([[cosine, sine], [-sine / amplitude, cosine / amplitude]]) / amplitude
    variance = np.diag(gradient @ np.asarray(covariance, np.float64) @ gradient.T)
    return Wave(amplitude, phase, float(np.sqrt(variance[0])), float(np.sqrt(variance[1])))
