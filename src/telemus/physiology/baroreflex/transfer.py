"""The transfer function from systolic pressure to interval, by cross spectra of segments without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError

SEGMENT_S = 51.2
RESAMPLE_HZ = 20.0
NORMAL_95 = 1.959964


class Transfer(NamedTuple):
    """Averaged spectra of pressure and interval, by frequency (m,).

    ``frequency_hz``; ``pressure`` [mmHg2/Hz], ``interval`` [ms2/Hz]: power density; ``cross`` [mmHg ms/Hz], complex:
    pressure to interval. ``segments``: how many went in, ``independent``: how many independent ones their overlap
    leaves. ``nyquist_hz``: half the mean heart rate, beyond which a series of beats knows nothing.
    """

    frequency_hz: NDArray[np.float64]
    pressure: NDArray[np.float64]
    interval: NDArray[np.float64]
    cross: NDArray[np.complex128]
    segments: int
    independent: float
    nyquist_hz: float


class BandTransfer(NamedTuple):
    """Gain, phase and coherence in a band.

    ``gain_ms_mmhg``: sum of cross over sum of pressure power, its modulus; ``gain_low``, ``gain_high``: 95 % limits.
    ``phase_rad``: negative where the interval lags; ``phase_error_rad``: half width of its 95 % limits. ``coherence``:
    0 to 1, mean over the band; ``coherence_level``: what chance exceeds once in twenty, 1 - 0.05^(1/(K - 1)).
    ``coherent_share``: share of the band's frequencies above it; ``coherent_gain_ms_mmhg``: mean gain over these only.
    NaN where there are under two segments, or the band lies beyond the Nyquist frequency.
    """

    gain_ms_mmhg: float
    gain_low: float
    gain_high: float
    phase_rad: float
    phase_error_rad: float
    coherence: float
    coherence_level: float
    coherent_share: float
    coherent_gain_ms_mmhg: float


def transfer_function(
    time_s: ArrayLike,
    sbp_mmhg: ArrayLike,
    interval_ms: ArrayLike,
    segment_s: float = SEGMENT_S,
    resample_hz: float = RESAMPLE_HZ,
) -> Transfer:
    """Average the spectra of systolic pressure and of the interval that follows (n,), both taken at the beat's time.

    Segments of ``segment_s`` [s] overlap by half; one is used only where no beat in it lacks a pressure or an interval
    and none is further from the next than the interval says: no gap is bridged. Both series are resampled by cubic
    spline at ``resample_hz``, their straight line is taken off, and a Hann window applied (Welch). A straight-line
    interpolation would lose 46 % of a mouse's HF power. ``independent`` is the number of segments corrected for the
    overlap (Welch 1967, doi 10.1109/TAU.1967.1161901).

    Raises SignalError where lengths differ, times do not rise or parameters are not above 0.
    """
    t, pressure, interval = (np.asarray(one, np.float64) for one in (time_s, sbp_mmhg, interval_ms))
    if t.ndim != 1 or not t.shape == pressure.shape == interval.shape or not bool(np.all(np.diff(t) > 0)):
        raise SignalError(
            f"transfer_function: got times {t.shape}, pressures {pressure.shape}, intervals {interval.shape}, "
            "wanted three arrays (n,) with rising times"
        )
    if not (segment_s > 0 and resample_hz > 0):
        raise SignalError(f"transfer_function: got segments of {segment_s} s at {resample_hz} Hz, wanted above 0")
    count = round(segment_s * resample_hz)
    frequency = np.asarray(np.fft.rfftfreq(count, 1.0 / resample_hz), np.float64)
    window = np.hanning(count + 1)[:-1]
    scale = 2.0 / (resample_hz * float(window @ window))
    power = np.zeros((2, len(frequency)))
    cross = np.zeros(len(frequency), np.complex128)
    beats, used_s, segments = 0, 0.0, 0
    for first, last, start_s in _whole_segments(t, pressure, interval, segment_s):
        grid = start_s + np.arange(count) / resample_hz
        x, y = (_resampled(t[first:last], one[first:last], grid) * window for one in (pressure, interval))
        fx, fy = np.fft.rfft(x), np.fft.rfft(y)
        power += np.abs([fx, fy]) ** 2
        cross += np.conj(fx) * fy
        beats, used_s, segments = beats + last - first - 1, used_s + t[last - 1] - t[first], segments + 1
    with np.errstate(invalid="ignore"):
        power, cross = power * scale / (segments or np.nan), cross * scale / (segments or np.nan)
    nyquist_hz = 0.5 * beats / used_s if used_s else float("nan")
    # Hann windows that overlap by half have a correlation of a sixth
    independent = segments / (1.0 + 2.0 / 36.0 * (1.0 - 1.0 / segments)) if segments else 0.0
    return Transfer(frequency, power[0], power[1], cross, segments, independent, nyquist_hz)


def band_transfer(transfer: Transfer, low_hz: float, high_hz: float) -> BandTransfer:
    """Return gain, phase and coherence from ``low_hz`` to below ``high_hz`` [Hz], or to the Nyquist frequency.

    Limits are those of a transfer function in one frequency, for the band's mean coherence and the number of
    independent segments, relative error 1.96 sqrt((1 - C) / (2 K C)) (Bendat and Piersol, Random Data, 2010, section
    9.2): they do not count that a band averages several frequencies, and so are wide.

    >>> t = np.cumsum(np.full(4000, 0.12))
    >>> sbp = 100 + 3 * np.sin(2 * np.pi * 0.4 * t) + np.random.default_rng(1).standard_normal(4000)
    >>> found = band_transfer(transfer_function(t, sbp, 120 + 1.5 * (sbp - 100)), 0.2, 0.6)
    >>> round(found.gain_ms_mmhg, 6), round(found.coherence, 6)
    (1.5, 1.0)
    """
    nan = float("nan")
    top_hz = min(high_hz, transfer.nyquist_hz)
    inside = (transfer.frequency_hz >= low_hz) & (transfer.frequency_hz < top_hz)
    independent = transfer.independent
    if transfer.segments < 2 or not inside.any():
        return BandTransfer(nan, nan, nan, nan, nan, nan, nan, nan, nan)
    pressure, interval, cross = (one[inside] for one in (transfer.pressure, transfer.interval, transfer.cross))
    total = complex(cross.sum() / pressure.sum())
    coherence = np.abs(cross) ** 2 / (pressure * interval)
    mean = min(float(coherence.mean()), 1.0)
    level = 1.0 - 0.05 ** (1.0 / (independent - 1.0)) if independent > 1.0 else nan
    error = NORMAL_95 * np.sqrt((1.0 - mean) / (2.0 * independent * mean)) if mean > 0 else nan
    coherent = coherence > level
    each = np.abs(cross[coherent]) / pressure[coherent]
    gain = abs(total)
    return BandTransfer(
        gain,
        gain * max(1.0 - error, 0.0),
        gain * (1.0 + error),
        float(np.angle(total)),
        float(np.arcsin(min(error, 1.0))),
        mean,
        level,
        float(coherent.mean()),
        float(each.mean()) if len(each) else nan,
    )


def alpha_index(transfer: Transfer, low_hz: float, high_hz: float) -> float:
    """Return the square root of interval power over pressure power in a band [ms/mmHg], whatever their coherence.

    Where interval and pressure are not coherent it is too high: read it beside the coherence (Pagani et al. 1988, doi
    10.1161/01.HYP.12.6.600). NaN where nothing was averaged.
    """
    inside = (transfer.frequency_hz >= low_hz) & (transfer.frequency_hz < min(high_hz, transfer.nyquist_hz))
    if not transfer.segments or not inside.any():
        return float("nan")
    return float(np.sqrt(transfer.interval[inside].sum() / transfer.pressure[inside].sum()))


def _whole_segments(
    t: NDArray[np.float64], pressure: NDArray[np.float64], interval: NDArray[np.float64], segment_s: float
) -> Iterator[tuple[int, int, float]]:
    """Yield (first beat, last beat + 1, start [s]) of segments that a run without a gap covers with a beat to spare."""
    known = np.isfinite(pressure) & np.isfinite(interval)
    # the next beat must be where the interval says, or something lies between
    touching = known[:-1] & known[1:] & (np.abs(np.diff(t) * 1e3 - interval[:-1]) < 0.5 * interval[:-1])
    borders = np.flatnonzero(~touching) + 1
    for begin, end in zip(np.append(0, borders), np.append(borders, len(t)), strict=True):
        start_s, stop_s = float(t[begin]), float(t[end - 1])
        for k in range(max(0, int((stop_s - start_s - segment_s) / (segment_s / 2.0)) + 1)):
            at = start_s + k * segment_s / 2.0
            first = max(int(np.searchsorted(t, at, side="right")) - 1, begin)
            last = min(int(np.searchsorted(t, at + segment_s)) + 1, end)
            yield first, last, at


def _resampled(t: NDArray[np.float64], values: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cubic spline of the values at the grid, less the straight line of least squares."""
    from scipy.interpolate import CubicSpline

    even = np.asarray(CubicSpline(t, values)(grid), np.float64)
    k = np.arange(len(grid)) - (len(grid) - 1) / 2.0
    return np.asarray(even - even.mean() - k * float(k @ even) / float(k @ k), np.float64)
