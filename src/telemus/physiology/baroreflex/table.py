"""Tables of the baroreflex: rows for each window of beats of one animal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.physiology.baroreflex.autoregression import closed_loop
from telemus.physiology.baroreflex.sequences import baroreflex_sequences, low_passed, surrogate_counts
from telemus.physiology.baroreflex.transfer import alpha_index, band_transfer, transfer_function

DELAYS = (0, 1, 2, 3)
LEAST_BEATS = 100
LEAST_SEGMENTS = 4  # with fewer, chance alone is coherent by more than 0.6 once in twenty
SURROGATES = 39  # the largest of 39 is exceeded by chance once in 40: the upper 2.5 %


class Beats(NamedTuple):
    """Beats of one window: time [s from any origin], systolic pressure [mmHg], interval that follows [ms], all (n,).

    NaN where a value is missing or rejected.
    """

    time_s: NDArray[np.float64]
    sbp_mmhg: NDArray[np.float64]
    interval_ms: NDArray[np.float64]


def reflex_rows(beats: Beats, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the row of ``baroreflex`` of one window: transfer function, alpha index, closed loop in one band.

    ``given``: the product's parameters. Nothing is yielded where under four segments have no gap.
    """
    if _known(beats) < LEAST_BEATS:
        return
    low_hz, high_hz = given["low_hz"], given["high_hz"]
    spectra = transfer_function(*beats, given["segment_s"], given["resample_hz"])
    if spectra.segments < LEAST_SEGMENTS:
        return
    loop = closed_loop(beats.sbp_mmhg, beats.interval_ms, low_hz, high_hz, given["order"])
    yield {
        "beats": _known(beats),
        "segments": spectra.segments,
        **band_transfer(spectra, low_hz, high_hz)._asdict(),
        "alpha_ms_mmhg": alpha_index(spectra, low_hz, high_hz),
        "loop_gain_ms_mmhg": loop.reflex_ms_mmhg,
        "loop_phase_rad": loop.reflex_phase_rad,
        "loop_beats": loop.beats,
    }


def sequence_rows(beats: Beats, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``baroreflex_sequences`` of one window: raw and low-passed beats, each at delays 0 to 3.

    ``given``: the product's parameters. Nothing is yielded where under 100 beats are known.
    """
    if _known(beats) < LEAST_BEATS:
        return
    slow = [low_passed(one, beats.interval_ms, given["low_pass_hz"]) for one in beats[1:]]
    for series, (sbp, interval) in (("raw", beats[1:]), ("low_passed", slow)):
        for delay in DELAYS:
            found = baroreflex_sequences(sbp, interval, delay, given["least_beats"], given["least_correlation"])
            by_chance = surrogate_counts(sbp, interval, delay, SURROGATES)
            yield {"series": series, **found._asdict(), "chance_n": int(by_chance.max())}


def _known(beats: Beats) -> int:
    return int(np.count_nonzero(np.isfinite(beats.sbp_mmhg) & np.isfinite(beats.interval_ms)))
