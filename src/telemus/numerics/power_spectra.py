"""Power spectra, one-sided, in unit squared per hertz: the area under each is the variance it has seen.

Four estimators. `lomb_spectrum` takes samples at any times; `welch_spectrum`, `fft_spectrum` and `ar_spectrum` take
evenly spaced runs, which `even_series` makes of unevenly spaced ones by a cubic spline. A spline is a low-pass
filter: `spline_gain` says how much of each frequency it keeps, and the three divide by its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError

_GRID = 16_384
"""Points of the transform that draws an autoregressive spectrum: lines of a window of minutes are well resolved."""


class Spectrum(NamedTuple):
    """A one-sided power spectrum.

    ``frequency_hz`` (k,), even steps, zero left out; ``density`` (k,) [unit^2 / Hz], each value standing for the cell
    of one step around its frequency; ``lowest_hz``: the lowest frequency that the record resolves, one over its length.
    """

    frequency_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    lowest_hz: float

    @property
    def step_hz(self) -> float:
        """Return the distance of two frequencies [Hz]."""
        return float(self.frequency_hz[0]) if len(self.frequency_hz) else float("nan")


EMPTY = Spectrum(np.zeros(0), np.zeros(0), float("nan"))
"""The spectrum of a series that is too short or too broken to have one."""


class EvenSeries(NamedTuple):
    """An evenly spaced series made of an uneven one: values (n,), their rate [Hz], mean spacing of its knots [s]."""

    values: NDArray[np.float64]
    rate_hz: float
    knot_s: float


def detrended(times_s: ArrayLike, values: ArrayLike) -> NDArray[np.float64]:
    """Return values (n,) minus their mean and straight line over time; only minus their mean below three values.

    >>> bool(np.allclose(detrended([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0]), 0.0))
    True
    """
    t, x = np.asarray(times_s, np.float64), np.asarray(values, np.float64)
    if t.shape != x.shape or x.ndim != 1:
        raise SignalError(f"detrended: got times {t.shape} and values {x.shape}, wanted two arrays (n,)")
    if x.size == 0:
        return x.copy()
    t, x = t - t.mean(), x - x.mean()
    spread = float(t @ t)
    return np.asarray(x - t * (float(t @ x) / spread) if x.size > 2 and spread > 0 else x, np.float64)


def lomb_spectrum(times_s: ArrayLike, values: ArrayLike, highest_hz: float) -> Spectrum:
    """Estimate the spectrum of unevenly spaced values by Lomb's periodogram: nothing is interpolated.

    ``times_s`` (n,) ascending, ``values`` (n,); mean and straight line are removed, no taper. Frequencies run in
    steps of one over the span up to ``highest_hz``. The density is 2 dt P(f) with P of Lomb (1976), doi
    10.1007/BF00648343, and dt the mean spacing **of neighbours that touch** (the median, so that gaps do not count):
    the area is then the variance, as Laguna et al. 1998 (doi 10.1109/10.678605) scale it. A gap spreads a line into its
    neighbourhood, and takes none of its power. EMPTY below four values. Raises SignalError on shapes that differ.

    >>> t = np.arange(600) * 0.1
    >>> s = lomb_spectrum(t, np.sin(2 * np.pi * 1.0 * t), 5.0)
    >>> round(band_power(s, 0.5, 1.5), 3)
    0.5
    """
    from telemus.numerics.lomb_kernel import lomb_power

    t = np.asarray(times_s, np.float64)
    x = detrended(t, values)
    if x.size < 4 or not highest_hz > 0:
        return EMPTY
    t = t - t[0]
    spacing_s = float(np.median(np.diff(t)))
    span_s = float(t[-1]) + spacing_s
    count = int(highest_hz * span_s)
    if count < 1 or not spacing_s > 0:
        return EMPTY
    power = lomb_power(np.ascontiguousarray(t), np.ascontiguousarray(x), 1.0 / span_s, count)
    return Spectrum(np.arange(1, count + 1) / span_s, 2.0 * spacing_s * power, 1.0 / span_s)


def even_series(times_s: ArrayLike, values: ArrayLike, rate_hz: float) -> EvenSeries | None:
    """Resample an unbroken run at an even rate [Hz] by a cubic spline through its values; None below eight values.

    Linear interpolation would keep sinc^4 of a line's power (half of it at 0.3 of the rate of the beats); a spline
    keeps nearly all of it up to there, and what it does lose is known (`spline_gain`).
    """
    from scipy.interpolate import CubicSpline

    t, x = np.asarray(times_s, np.float64), np.asarray(values, np.float64)
    if t.shape != x.shape or t.ndim != 1 or not rate_hz > 0:
        raise SignalError(
            f"even_series: got times {t.shape}, values {x.shape}, {rate_hz} Hz, wanted (n,), (n,), above 0"
        )
    if t.size < 8:
        return None
    count = int((t[-1] - t[0]) * rate_hz) + 1
    even: NDArray[np.float64] = CubicSpline(t, x)(t[0] + np.arange(count) / rate_hz)
    return EvenSeries(even, rate_hz, float(t[-1] - t[0]) / (t.size - 1))


def spline_gain(frequency_hz: ArrayLike, knot_s: float) -> NDArray[np.float64]:
    """Return the share of amplitude that a cubic spline through knots ``knot_s`` apart keeps at each frequency (k,).

    The cardinal cubic spline: 3 sinc^4(f) / (2 + cos 2 pi f), f in cycles per knot (Unser 1999, doi
    10.1109/79.799930); exact for even knots, close for those of a heart.

    >>> spline_gain([0.0, 2.5, 5.0], 0.1).round(3).tolist()
    [1.0, 0.986, 0.493]
    """
    f = np.asarray(frequency_hz, np.float64) * knot_s
    return np.asarray(3.0 * np.sinc(f) ** 4 / (2.0 + np.cos(2.0 * np.pi * f)), np.float64)


def fft_spectrum(series: EvenSeries) -> Spectrum:
    """Estimate the spectrum of one run by a single Fourier transform with Hann's taper; mean and line removed."""
    return welch_spectrum([series], len(series.values) / series.rate_hz)


def welch_spectrum(runs: Sequence[EvenSeries], segment_s: float, overlap: float = 0.5) -> Spectrum:
    """Estimate the spectrum by the mean over segments of Hann's taper: Welch 1967, doi 10.1109/TAU.1967.1161901.

    ``segment_s`` [s] long, ``overlap`` the share of a segment that the next one repeats. Mean and straight line of each
    segment are removed. A segment lies within one run: none reaches across a gap, and a run shorter than a segment is
    not used. All runs have one rate. EMPTY where no segment fits.
    """
    if not segment_s > 0 or not 0 <= overlap < 1:
        raise SignalError(
            f"welch_spectrum: got segments of {segment_s} s by {overlap}, wanted above 0 and 0 to below 1"
        )
    if not runs:
        return EMPTY
    rate_hz = runs[0].rate_hz
    size = round(segment_s * rate_hz)
    step = max(1, round(size * (1.0 - overlap)))
    pieces, knots = [], []
    for run in runs:
        if len(run.values) >= size >= 8:
            windows = np.lib.stride_tricks.sliding_window_view(run.values, size)[::step]
            pieces.append(windows)
            knots += [run.knot_s] * len(windows)
    if not pieces:
        return EMPTY
    segments = _lines_removed(np.concatenate(pieces))
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    density = np.abs(np.fft.rfft(segments * taper, axis=1)[:, 1:]) ** 2 * (2.0 / (rate_hz * float(taper @ taper)))
    frequency = np.arange(1, density.shape[1] + 1) * (rate_hz / size)
    gain = _bounded_gain(frequency, float(np.mean(knots)))
    return Spectrum(frequency, density.mean(axis=0) / gain**2, rate_hz / size)


def ar_spectrum(series: EvenSeries, order: int) -> Spectrum:
    """Estimate the spectrum of one run by an autoregressive model of stated order: Yule and Walker's equations.

    Mean and straight line are removed; the covariances are the biased ones, so that the model is stable and the area of
    its spectrum is the variance of the series, before the spline's gain is restored. The equations are solved by
    Levinson's recursion. EMPTY where the run is not three times as long as the order, or constant. Raises SignalError
    on an order below 1.
    """
    if order < 1:
        raise SignalError(f"ar_spectrum: got order {order}, wanted at least 1")
    x = _lines_removed(series.values[None, :])[0]
    if x.size < 3 * order:
        return EMPTY
    covariance = np.array([float(x[: x.size - k] @ x[k:]) for k in range(order + 1)]) / x.size
    if not covariance[0] > 0:
        return EMPTY
    coefficients, innovation = levinson(covariance)
    response = np.abs(np.fft.rfft(np.r_[1.0, -coefficients], _GRID)[1:]) ** 2
    frequency = np.arange(1, _GRID // 2 + 1, dtype=np.float64) * (series.rate_hz / _GRID)
    density = 2.0 * innovation / series.rate_hz / response
    return Spectrum(frequency, density / _bounded_gain(frequency, series.knot_s) ** 2, series.rate_hz / x.size)


def levinson(covariance: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Solve Yule and Walker's equations: covariances (p + 1,) to coefficients (p,) and the variance of the innovation.

    x(t) = a1 x(t-1) + ... + ap x(t-p) + e(t).

    >>> a, e = levinson([4 / 3, 2 / 3, 1 / 3])  # x(t) = x(t-1) / 2 + e(t), variance of e 1
    >>> a.round(6).tolist(), round(e, 6)
    ([0.5, 0.0], 1.0)
    """
    r = np.asarray(covariance, np.float64)
    a = np.zeros(len(r) - 1)
    error = float(r[0])
    for k in range(1, len(r)):
        known = a[: k - 1]
        a[k - 1] = (float(r[k]) - float(known @ r[k - 1 : 0 : -1])) / error
        a[: k - 1] = known - a[k - 1] * known[::-1]
        error *= 1.0 - float(a[k - 1]) ** 2
    return a, error


def band_power(spectrum: Spectrum, low_hz: float, high_hz: float) -> float:
    """Return the area of a spectrum between two frequencies [unit^2]; a cell counts by the share of it that is inside.

    NaN for an empty spectrum or band.

    >>> band_power(Spectrum(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 8.0]), 1.0), 1.0, 2.0)
    3.0
    """
    step = spectrum.step_hz
    if not len(spectrum.density) or not high_hz > low_hz:
        return float("nan")
    below, above = spectrum.frequency_hz - 0.5 * step, spectrum.frequency_hz + 0.5 * step
    inside = np.clip(np.minimum(above, high_hz) - np.maximum(below, low_hz), 0.0, None)
    return float(spectrum.density @ inside)


def peak_frequency(spectrum: Spectrum, low_hz: float, high_hz: float) -> float:
    """Return the frequency [Hz] of the highest density at or above ``low_hz`` and below ``high_hz``; NaN where none."""
    inside = (spectrum.frequency_hz >= low_hz) & (spectrum.frequency_hz < high_hz)
    density = np.where(inside, spectrum.density, -np.inf)
    return float(spectrum.frequency_hz[int(np.argmax(density))]) if bool(inside.any()) else float("nan")


def spectral_slope(spectrum: Spectrum, low_hz: float, high_hz: float) -> float:
    """Return the slope of log density over log frequency between two frequencies: -1 for 1/f; NaN below three points.

    >>> f = np.arange(1.0, 100.0)
    >>> round(spectral_slope(Spectrum(f, 5.0 / f**1.5, 1.0), 2.0, 50.0), 6)
    -1.5
    """
    inside = (spectrum.frequency_hz >= low_hz) & (spectrum.frequency_hz <= high_hz) & (spectrum.density > 0)
    if int(inside.sum()) < 3:
        return float("nan")
    x, y = np.log(spectrum.frequency_hz[inside]), np.log(spectrum.density[inside])
    x = x - x.mean()
    return float(x @ y / (x @ x))


def _lines_removed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row minus its mean and straight line."""
    ramp = np.arange(rows.shape[1]) - 0.5 * (rows.shape[1] - 1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred - np.outer(centred @ ramp / float(ramp @ ramp), ramp), np.float64)


def _bounded_gain(frequency_hz: NDArray[np.float64], knot_s: float) -> NDArray[np.float64]:
    """Return the spline's gain, above half the rate of the knots the one there: beyond it is nothing to restore."""
    return spline_gain(np.minimum(frequency_hz, 0.5 / knot_s), knot_s)
