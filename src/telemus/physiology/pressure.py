"""Beats of an arterial pressure: where each begins, its systole and notch, and the pressures between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.quality import BeatQuality, checked_signal, flag_samples
from telemus.series import Quality

CELL_S = 0.008
"""The grain of detection [s]: upstrokes are sought on means over cells of this length, and measured on samples."""
BLOCK_S = 0.75
MARGIN_S = 1.25
REACH_S = BLOCK_S + MARGIN_S
"""A fiducial depends on samples within this time [s] of it; interval and mean depend also on the next beat's foot."""

UNUSABLE = (
    Quality.DROPOUT
    | Quality.FLATLINE
    | Quality.RAIL
    | Quality.SPIKE
    | Quality.CLOCK_STEP
    | Quality.CHECKSUM_FAILED
    | Quality.SCHEDULED_OFF
    | Quality.COMMON_GAP
)
"""Samples with any of these bits are treated as missing: no beat and no interval crosses them."""


@dataclass(frozen=True)
class PressureParameters:
    """What ``find_beats`` may be told; nothing of it names a species.

    smallest_pulse_mmhg: a pulse below this is no beat. damped_below_mmhg: a pulse below this is marked DAMPED.
    longest_interval_s: an interval above this is a pause, not an interval (30 bpm is 2 s). notch_share: the recovery
    after the notch, as a share of the pulse, from which on a notch is called present. unusable: quality bits that make
    a sample unusable.
    """

    smallest_pulse_mmhg: float = 1.0
    damped_below_mmhg: float = 10.0
    longest_interval_s: float = 2.2
    notch_share: float = 0.03
    unusable: int = int(UNUSABLE)


class PressureBeats(NamedTuple):
    """Beats of a pressure, one entry each, in order of time; an index counts samples from the array's start."""

    foot_index: NDArray[np.float64]
    """Where the tangent at the steepest rise meets the level of the minimum before it."""
    systole_index: NDArray[np.float64]
    notch_index: NDArray[np.float64]
    """The dicrotic notch; NaN where there is none, or no next beat."""
    sbp_mmhg: NDArray[np.float64]
    dbp_mmhg: NDArray[np.float64]
    map_mmhg: NDArray[np.float64]
    """The time mean from this foot to the next; NaN where the interval is."""
    pulse_pressure_mmhg: NDArray[np.float64]
    dpdt_max_mmhg_s: NDArray[np.float64]
    interval_s: NDArray[np.float64]
    """From this foot to the next; NaN where a gap, a bad mark, a pause or the border follows."""
    quality: NDArray[np.uint32]


def find_beats(
    pressure_mmhg: ArrayLike,
    rate_hz: float,
    quality: ArrayLike | None = None,
    parameters: PressureParameters | None = None,
    first_sample: int = 0,
) -> PressureBeats:
    """Find and measure the beats of an arterial pressure, at 30 to 1200 per minute and 100 to 2000 samples/s.

    The species is not asked for. Upstrokes are chosen by their size among the upstrokes around them
    (``pressure_selection``), then measured on the samples (``pressure_kernel``):

    - foot: intersection of the horizontal through the end-diastolic minimum with the tangent at the steepest rise, the
      tangent being that of a cubic fitted to the rise (Chiu et al. 1991, doi 10.1016/0002-8703(91)90678-B);
    - SBP and DBP: vertices of parabolas fitted around the largest sample after, and the smallest before, that point;
    - mean: the integral of the signal from foot to next foot over the interval, not (S + 2 D)/3;
    - notch: the minimum before the largest recovery between systole and next foot.

    pressure_mmhg (n,); quality (n,) uint32 or None. What the samples themselves show (``flag_samples``: missing, flat,
    railed, spiking) is added to the quality given. NaN and samples with unusable bits are never bridged: a beat whose
    rise is cut is not reported, the interval across is NaN. The quality of a beat is DAMPED or 0, with the union of
    the bits of its samples to the next foot.

    first_sample is the number of the array's first sample in its recording: blocks lie on that absolute grid, so that a
    recording cut anywhere gives the same beats bit for bit where both cuts are further away than REACH_S (and an
    interval more on the right for what needs the next foot). Indices are whole multiples of 2^-20 sample, to which a
    whole number can be added without rounding. An empty, constant or beatless signal gives no beats. Cost is linear in
    n, whatever the gaps.

    Raises SignalError where shapes differ or the rate is below 50 Hz.

    >>> t = np.arange(2000) / 500
    >>> beats = find_beats(100 + 15 * np.sin(2 * np.pi * 8 * t), 500)
    >>> len(beats.foot_index), round(float(60 / np.nanmean(beats.interval_s)), 1), round(float(beats.sbp_mmhg[0]), 2)
    (31, 480.0, 115.0)
    """
    limits = parameters or PressureParameters()
    signal = checked_signal("find_beats", pressure_mmhg, rate_hz)
    if rate_hz < 50.0:
        raise SignalError(f"find_beats: got a rate of {rate_hz} Hz, wanted at least 50 Hz")
    flags = flag_samples(signal, rate_hz)
    if quality is not None:
        if np.shape(quality) != signal.shape:
            raise SignalError(f"find_beats: got quality of shape {np.shape(quality)}, wanted {signal.shape}")
        flags |= np.asarray(quality, dtype=np.uint32)
    width = max(1, int(CELL_S * rate_hz))
    block, margin = (max(1, round(time_s * rate_hz / width)) for time_s in (BLOCK_S, MARGIN_S))
    lead = -first_sample % width  # samples before the first whole cell of the grid
    phase = ((first_sample + lead) // width) % block
    measures = _measure(signal[lead:], flags[lead:], rate_hz, (width, block, margin, phase), limits)
    return _beats(measures, lead, flags, limits)


def _measure(
    signal: NDArray[np.float64],
    flags: NDArray[np.uint32],
    rate_hz: float,
    grid: tuple[int, int, int, int],
    limits: PressureParameters,
) -> NDArray[np.float64]:
    """Run the kernels; return the measures (beats, 8) of ``measure_beats`` in seconds, of beats that have a foot."""
    from telemus.numerics import alternating_extrema, mean_cells
    from telemus.physiology.pressure_kernel import measure_beats
    from telemus.physiology.pressure_selection import select_upstrokes

    width, block, margin, phase = grid
    means = mean_cells(signal, flags, limits.unusable, width)
    extrema = alternating_extrema(means)
    upstrokes = select_upstrokes(means, *extrema, block, margin, phase, float(limits.smallest_pulse_mmhg))
    measures = np.full((len(upstrokes), 8), np.nan)
    longest = limits.longest_interval_s * rate_hz
    measure_beats(signal, means, upstrokes, width, longest, float(limits.notch_share), measures)
    per_second = np.array([1, 1, 1, 1, 1, 1, 1 / rate_hz, rate_hz])
    return np.asarray(measures[np.isfinite(measures[:, 0])] / per_second, np.float64)


def _beats(
    measures: NDArray[np.float64], lead: int, flags: NDArray[np.uint32], limits: PressureParameters
) -> PressureBeats:
    """Return the named columns of the measures (beats, 8), with indices counted from the caller's first sample."""
    foot, systole, notch, sbp, dbp, mean, dpdt, interval = np.ascontiguousarray(measures.T)
    pulse = sbp - dbp
    bits = np.where(pulse < limits.damped_below_mmhg, np.uint32(BeatQuality.DAMPED), np.uint32(0))
    beats = PressureBeats(foot + lead, systole + lead, notch + lead, sbp, dbp, mean, pulse, dpdt, interval, bits)
    return beats._replace(quality=bits | _union_of_bits(beats, flags))


def _union_of_bits(beats: PressureBeats, flags: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the union of the samples' bits from each foot to the next foot, or to the systole where none follows."""
    if len(beats.foot_index) == 0 or not flags.any():
        return np.zeros(len(beats.foot_index), np.uint32)
    followed = np.isfinite(beats.interval_s)
    stop = np.where(followed, np.append(beats.foot_index[1:], np.nan), beats.systole_index)
    first = np.clip(np.floor(beats.foot_index), 0, len(flags) - 1).astype(np.int64)
    last = np.clip(np.ceil(stop), first + 1, len(flags)).astype(np.int64)
    padded = np.append(flags, np.uint32(0))
    return np.bitwise_or.reduceat(padded, np.column_stack([first, last]).ravel())[::2].astype(np.uint32)
