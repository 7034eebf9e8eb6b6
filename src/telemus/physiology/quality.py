"""Signal quality: bits on samples (flat, rail, spike, missing) and on beats. Nothing is deleted, only marked."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError


class BeatQuality(enum.IntFlag):
    """What is known against a beat, beside the general bits of its samples (``telemus.series.Quality``)."""

    DAMPED = 1 << 16
    """The pulse pressure is below the limit: a clot in the catheter, or hardly a beat."""
    MISSED_BEAT = 1 << 17
    """The interval after this beat is so long that a beat was probably missed in it."""
    EXTRA_BEAT = 1 << 18
    """The interval after this beat is so short that one of its two beats is probably none."""
    OUT_OF_RANGE = 1 << 19
    """A measure lies outside the range of the species."""
    INTERVAL_JUMP = 1 << 20
    """The interval differs from either neighbouring interval by more than the limit."""
    BATTERY_END = 1 << 21
    """The sensor's battery was at its end."""
    DEAD = 1 << 22
    """Several signals agree, under good reception, that the animal is dead."""
    ACCELERATION = 1 << 23
    """Launch or descent: the column of blood or catheter fluid adds a hydrostatic pressure."""
    DOUBTFUL = 1 << 24
    """The best set of beats in this stretch of ECG is not convincing: noise, or a chaotic rhythm."""


@dataclass(frozen=True)
class SampleLimits:
    """What a quantity cannot do, in its own unit.

    lowest, highest: values at or beyond them are on a rail. flat_s: longest time [s] without any change of value.
    A spike is a jump from one sample to the next of at least ``spike`` beyond what the quantity can move in that time
    at ``fastest_per_s``, undone within spike_s [s].
    """

    lowest: float = -np.inf
    highest: float = np.inf
    flat_s: float = 0.1
    spike: float = np.inf
    spike_s: float = 0.002
    fastest_per_s: float = 0.0


PRESSURE_LIMITS = SampleLimits(lowest=-50.0, highest=400.0, flat_s=0.1, spike=25.0, spike_s=0.02, fastest_per_s=3000.0)
"""For arterial gauge pressure [mmHg]. Flat for over 100 ms: rule of practice in telemetry. Spike: 25 mmHg beyond what
the steepest upstroke of a small animal does between samples (about 3 mmHg per ms), and back within 20 ms, which no
artery does. The range is wide: a zero offset must not make a rail."""


def flag_samples(values: ArrayLike, rate_hz: float, limits: SampleLimits = PRESSURE_LIMITS) -> NDArray[np.uint32]:
    """Mark missing, flat, railed and spiking samples of any signal.

    values (n,) in any unit, limits in the same unit. Returns (n,) uint32 of ``telemus.series.Quality``: DROPOUT where a
    value is NaN or infinite; FLATLINE on every sample of a run of equal values longer than ``flat_s``; RAIL at or
    beyond the limits; SPIKE on every sample of an excursion. A sample's bits depend on the run of equal values that it
    belongs to and on samples within ``spike_s`` of it.

    Raises SignalError where values are not one-dimensional or the rate is not positive.

    >>> flag_samples([100, 101, 180, 101, 102, np.nan], 500).tolist()
    [0, 0, 8, 0, 0, 1]
    """
    from telemus.physiology.quality_kernel import flag_kernel

    signal = checked_signal("flag_samples", values, rate_hz)
    spike_width = max(1, int(limits.spike_s * rate_hz))
    flat_count = max(2, int(np.ceil(limits.flat_s * rate_hz)) + 1)
    spike = limits.spike + limits.fastest_per_s / rate_hz
    return np.asarray(flag_kernel(signal, flat_count, limits.lowest, limits.highest, spike, spike_width))


def flag_intervals(interval_s: ArrayLike, jump_share: float = 0.2, neighbours: int = 10) -> NDArray[np.uint32]:
    """Mark intervals that do not fit their neighbours; of a beat series from pressure or ECG alike.

    interval_s (n,) [s], the interval after each beat, NaN where none follows; a NaN is never bridged: the neighbours of
    an interval are the ones that touch it. Returns (n,) uint32 of BeatQuality: INTERVAL_JUMP where the interval differs
    from either neighbour by more than ``jump_share`` of that neighbour (doi 10.3389/fphys.2019.00693: 10 to 20 %);
    MISSED_BEAT where it is over 1.7 times, EXTRA_BEAT where it is under 0.55 times the median of the ``neighbours``
    intervals around it (a missed beat doubles an interval, an extra one splits it in two). Marks are no verdict: true
    arrhythmia gets them too.

    Raises SignalError where intervals are not one-dimensional.

    >>> from telemus.series import flag_names
    >>> flags = flag_intervals([0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1])
    >>> flag_names(flags[3], BeatQuality)
    ['missed_beat', 'interval_jump']
    """
    interval = np.asarray(interval_s, np.float64)
    if interval.ndim != 1:
        raise SignalError(f"flag_intervals: got intervals of shape {interval.shape}, wanted (n,)")
    flags = np.zeros(len(interval), np.uint32)
    if len(interval) == 0:
        return flags
    beside = np.concatenate([[np.nan], interval, [np.nan]])
    for neighbour in (beside[:-2], beside[2:]):
        flags[np.abs(interval - neighbour) > jump_share * neighbour] |= np.uint32(BeatQuality.INTERVAL_JUMP)
    half = max(1, neighbours // 2)
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(interval, half, constant_values=np.nan), 2 * half + 1)
    typical = _row_medians(np.delete(wide, half, axis=1))
    flags[interval > 1.7 * typical] |= np.uint32(BeatQuality.MISSED_BEAT)
    flags[interval < 0.55 * typical] |= np.uint32(BeatQuality.EXTRA_BEAT)
    return flags


def _row_medians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each row's finite values (n,), NaN where it has none; numpy's own would warn there."""
    ordered = np.sort(rows, axis=1)  # NaN sorts last
    count = np.count_nonzero(np.isfinite(rows), axis=1)
    line = np.arange(len(rows))
    upper = ordered[line, np.minimum(count // 2, rows.shape[1] - 1)]
    lower = ordered[line, np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, 0.5 * (lower + upper), np.nan)


def checked_signal(where: str, values: ArrayLike, rate_hz: float) -> NDArray[np.float64]:
    """Return values as a contiguous float64 array (n,); raise SignalError in the name of ``where`` otherwise."""
    signal = np.ascontiguousarray(values, dtype=np.float64)
    if np.ndim(values) != 1:
        raise SignalError(f"{where}: got values of shape {np.shape(values)}, wanted (n,)")
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise SignalError(f"{where}: got a rate of {rate_hz} Hz, wanted a finite rate above 0")
    return signal
