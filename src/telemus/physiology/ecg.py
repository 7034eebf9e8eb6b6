"""R peaks of an electrocardiogram of any animal: either polarity, 30 to 1200 bpm, 200 to 2000 Hz.

No rate, width, height or polarity is asked for. In each window of 2.5 s the detector tries peak filters of four widths,
a ladder of thresholds and three refractory times, and keeps the set of beats that is most convincing: intervals that
resemble their neighbours and explain the window, heights well apart from the next lower candidate and from the noise.
Where a set is not convincing, a filter matched to the average of its beats is tried; where that finds nothing
convincing either, no beat is invented.

    samples -> cells of 2 ms -> four peak filters -> candidates -> one choice per half second (-> matched filter
    -> the choice again) -> QRS extremum in the samples
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from telemus.errors import SignalError
from telemus.series import Quality

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

UNUSABLE = int(
    Quality.DROPOUT
    | Quality.FLATLINE
    | Quality.RAIL
    | Quality.SPIKE
    | Quality.CHECKSUM_FAILED
    | Quality.SCHEDULED_OFF
    | Quality.COMMON_GAP
    | Quality.CLOCK_STEP
)
"""Samples with any of these bits are treated as missing: no beat stands in them and no interval crosses them."""


DOUBTFUL = 1 << 24
"""Science bit of a beat from a stretch whose best set of beats was not convincing: noise, or a chaotic rhythm."""


@dataclass(frozen=True)
class EcgParameters:
    """What `find_r_peaks` may be told; nothing of it names a species.

    longest_interval_s: an interval above this is a pause, not an interval (30 bpm is 2 s). least_merit: below it a
    half second yields no beats. doubtful_merit: below it beats are marked DOUBTFUL. unusable: quality bits that make
    a sample missing. Merits, 0 to 1, are explained in `find_r_peaks`.
    """

    longest_interval_s: float = 2.2
    least_merit: float = 0.45
    doubtful_merit: float = 0.6
    unusable: int = UNUSABLE


class RPeaks(NamedTuple):
    """R peaks, one row per beat, ascending; all arrays (n,).

    ``r_index`` float64: fractional sample index. ``amplitude_mv``: signed, against the local baseline.
    ``interval_s``: to the next R peak, NaN where a gap, a rejected mark, an undecided stretch or the end follows.
    ``polarity``: int8, +1 or -1. ``quality``: uint32.
    """

    r_index: NDArray[np.float64]
    amplitude_mv: NDArray[np.float64]
    interval_s: NDArray[np.float64]
    polarity: NDArray[np.int8]
    quality: NDArray[np.uint32]


def hop_samples(rate_hz: float) -> int:
    """Return the hop [samples]: cut at multiples of it, with 2 s on either side, a record gives the same beats.

    >>> hop_samples(1000.0), hop_samples(360.0)
    (496, 180)
    """
    group = cell_samples(rate_hz)
    return 4 * round(0.125 * (rate_hz / group)) * group


def cell_samples(rate_hz: float) -> int:
    """Return how many samples make one cell of about 2 ms, on which candidates are sought.

    >>> cell_samples(2000.0)
    4
    """
    return max(1, round(rate_hz / 500.0))


def find_r_peaks(
    ecg_mv: ArrayLike,
    rate_hz: float,
    quality: ArrayLike | None = None,
    parameters: EcgParameters | None = None,
    first_sample: int = 0,
) -> RPeaks:
    """Find the R peak of every beat in an ECG (n,) [mV] sampled at ``rate_hz`` [Hz].

    The fiducial is the extremum of the QRS complex, found between samples by a least-squares parabola whose width is
    two fifths of the local QRS; which extremum (up or down) is decided by a vote of the beats of 2.5 s, so a record may
    change polarity, and an ectopic beat against the vote keeps its own. Amplitude is measured from the median of the
    cells around the beat, in the unit of the input.

    Merit of a set of beats = 0.6 rhythm (share of the window covered by intervals like a neighbour) + 0.25 separation
    (log ratio of mean height to the highest candidate left out, full at 4.5) + 0.15 crest (log ratio of mean height to
    mean |signal|, full at 20). Below 0.7 the same is asked of the output of a filter matched to the average beat; what
    it shows is taken from 0.7 on.

    NaN and samples with unusable bits are missing: no beat stands in or within a filter width of them and no interval
    crosses them. A beat depends on samples within 2 s of it (see `hop_samples`); an interval on those within 2 s of
    its second beat. Empty, constant or beatless input gives an empty result.

    ``first_sample`` is the number of the first sample in the whole record, when a piece of it is given: the grid of
    cells and half seconds is counted from the record's sample 0, so pieces may be cut anywhere. Indices count from
    the piece.

    Returns RPeaks. Raises SignalError for arrays that are not one-dimensional and equally long, or a rate outside
    100 to 20 000 Hz.

    >>> t = np.arange(4000) / 1000.0
    >>> beats = find_r_peaks(-2.0 * np.exp(-0.5 * ((t % 0.1 - 0.0503) / 0.002) ** 2), 1000.0)
    >>> len(beats.r_index), round(float(np.nanmedian(beats.interval_s)), 6), int(beats.polarity[0])
    (40, 0.1, -1)
    """
    told = EcgParameters() if parameters is None else parameters
    x, words = _checked(ecg_mv, rate_hz, quality)
    hop = hop_samples(rate_hz)
    ahead = first_sample % hop  # missing samples put the grid where the record's sample 0 has it
    if ahead:
        x = np.concatenate([np.full(ahead, np.nan), x])
        words = np.concatenate([np.zeros(ahead, np.uint32), words]) if words.size else words
    rows, breaks = _in_stretches(x, words, rate_hz, told)
    index = rows[:, 0]
    interval = _intervals_s(index, breaks, rate_hz, told.longest_interval_s)
    marks = np.where(rows[:, 3] < told.doubtful_merit, DOUBTFUL, 0).astype(np.uint32)
    marks |= _marks_near(words, index, rate_hz)
    return RPeaks(index - ahead, rows[:, 1].copy(), interval, rows[:, 2].astype(np.int8), marks)


def _in_stretches(
    x: NDArray[np.float64], words: NDArray[np.uint32], rate_hz: float, told: EcgParameters
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return beats (n, 5) and breaks [samples] that no interval may cross; a minute at a time, for the cache."""
    from telemus.physiology.ecg_choice import HOP_BLOCKS, choose_beats
    from telemus.physiology.ecg_fiducial import refine_beats
    from telemus.physiology.ecg_kernel import prepare

    group, hop = cell_samples(rate_hz), hop_samples(rate_hz)
    block, per_s = hop // (HOP_BLOCKS * group), rate_hz / group
    rows, breaks = [np.empty((0, 5))], [np.empty(0)]
    for start in range(0, x.size, 120 * hop):
        first, stop = max(start - 4 * hop, 0), min(start + 124 * hop, x.size)
        here = x[first:stop]
        ready = prepare(here, words[first:stop], told.unusable, group, block, per_s)
        if ready.values.size == 0:
            continue
        chosen, merits = choose_beats(ready, block, per_s, told.least_merit)
        part = refine_beats(here, ready, chosen, group, float(rate_hz))
        part[:, 0] += first
        end = start + 120 * hop if start + 120 * hop < x.size else math.inf
        rows.append(part[(part[:, 0] >= start) & (part[:, 0] < end)])
        holes = np.flatnonzero(np.diff(ready.bad, prepend=np.uint8(0)) == 1) * group + first
        undecided = np.flatnonzero(merits < told.least_merit) * hop + hop // 2 + first
        stops = np.concatenate([holes, undecided]).astype(np.float64)
        breaks.append(stops[(stops >= start) & (stops < end)])
    return np.concatenate(rows), np.sort(np.concatenate(breaks))


def _checked(
    ecg_mv: ArrayLike, rate_hz: float, quality: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    x: NDArray[Any] = np.ascontiguousarray(ecg_mv, np.float64)
    if x.ndim != 1:
        raise SignalError(f"find_r_peaks: got an ECG of shape {x.shape}, wanted one dimension (n,)")
    if not 100.0 <= rate_hz <= 20000.0:
        raise SignalError(f"find_r_peaks: got rate_hz = {rate_hz}, wanted 100 to 20000 Hz")
    words = np.zeros(0, np.uint32) if quality is None else np.ascontiguousarray(quality, np.uint32)
    if quality is not None and words.shape != x.shape:
        raise SignalError(f"find_r_peaks: got quality of shape {words.shape}, wanted {x.shape} like the ECG")
    return x, words


def _intervals_s(
    index: NDArray[np.float64], breaks: NDArray[np.float64], rate_hz: float, longest_s: float
) -> NDArray[np.float64]:
    """Return the interval to the next beat [s]; NaN where it is too long, or a break lies within, or none follows."""
    interval = np.full(index.size, np.nan)
    if index.size < 2:
        return interval
    passed = np.searchsorted(breaks, index)
    step = np.diff(index) / rate_hz
    interval[:-1] = np.where((passed[1:] == passed[:-1]) & (step <= longest_s), step, np.nan)
    return interval


def _marks_near(words: NDArray[np.uint32], index: NDArray[np.float64], rate_hz: float) -> NDArray[np.uint32]:
    """Return the union of the samples' marks within 10 ms of each beat."""
    if words.size == 0 or index.size == 0:
        return np.zeros(index.size, np.uint32)
    reach = int(0.01 * rate_hz)
    centre = np.rint(index).astype(np.int64)
    near = np.clip(centre[:, None] + np.arange(-reach, reach + 1), 0, words.size - 1)
    return np.asarray(np.bitwise_or.reduce(words[near], axis=1), np.uint32)
