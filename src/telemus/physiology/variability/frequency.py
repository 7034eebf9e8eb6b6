"""Frequency domain: the spectra of a window by four estimators, and what their bands hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus import numerics
from telemus.numerics import EvenSeries, Spectrum, band_power, true_runs
from telemus.physiology.species import BandProfile, VariabilityNorms
from telemus.physiology.variability.rules import METHODS, Shortfall


class BandMeasures(NamedTuple):
    """Powers of the bands [unit^2] and what follows from them.

    ``total`` = VLF + LF + HF; ``lf_nu`` and ``hf_nu``: LF and HF in percent of their sum; ``lf_hf``: their ratio; peaks
    [Hz]: where the density of a band is highest; ``beta``: slope of log density over log frequency in VLF.
    """

    vlf: float
    lf: float
    hf: float
    total: float
    lf_nu: float
    hf_nu: float
    lf_hf: float
    lf_peak_hz: float
    hf_peak_hz: float
    beta: float


def band_measures(spectrum: Spectrum, profile: BandProfile, highest_hz: float) -> BandMeasures:
    """Compute what the bands of a spectrum hold; a band that passes ``highest_hz``, half the heart rate, ends there.

    A band beyond it altogether is NaN, and so is everything of an empty spectrum.
    """
    edges = {name: (band.low_hz, min(band.high_hz, highest_hz)) for name, band in profile.bands.items()}
    vlf, lf, hf = (band_power(spectrum, *edges[name]) for name in ("vlf", "lf", "hf"))
    both = lf + hf
    share = 100.0 / both if both > 0 else float("nan")
    return BandMeasures(
        vlf,
        lf,
        hf,
        vlf + both,
        lf * share,
        hf * share,
        lf / hf if hf > 0 else float("nan"),
        numerics.peak_frequency(spectrum, *edges["lf"]),
        numerics.peak_frequency(spectrum, *edges["hf"]),
        numerics.spectral_slope(spectrum, *edges["vlf"]),
    )


def window_spectra(
    times_s: NDArray[np.float64],
    kept: NDArray[np.float64],
    bridged: NDArray[np.float64],
    norms: VariabilityNorms,
    half_rate_hz: float,
    methods: tuple[str, ...] = METHODS,
) -> dict[str, Spectrum]:
    """Estimate the spectrum of a window by each method; a method that the breaks forbid is left out.

    ``times_s`` (n,) [s], ``kept`` (n,) values, NaN where broken: Lomb's periodogram takes them as they are, whatever is
    missing. ``bridged`` (n,): the same with short holes of rejected values filled, for the methods that need an even
    series: Welch's segments lie within its runs; AR and FFT take its longest run, where that holds half of all.
    """
    found: dict[str, Spectrum] = {}
    if "lomb" in methods:
        known = np.isfinite(kept)
        found["lomb"] = numerics.lomb_spectrum(times_s[known], kept[known], half_rate_hz)
    if len(methods) > 1:
        rate_hz = max(norms.resample_hz, 2.0 * half_rate_hz)
        if "welch" in methods:
            runs = _runs(times_s, bridged, rate_hz, norms.welch_segment_s)
            found["welch"] = numerics.welch_spectrum(runs, norms.welch_segment_s)
        whole = _longest_run(times_s, bridged, rate_hz) if {"ar", "fft"} & set(methods) else None
        if "ar" in methods and whole is not None:
            found["ar"] = numerics.ar_spectrum(whole, norms.ar_order)
        if "fft" in methods and whole is not None:
            found["fft"] = numerics.fft_spectrum(whole)
    return {name: spectrum for name, spectrum in found.items() if len(spectrum.density)}


def spectral_shortfall(
    spectra: Mapping[str, Spectrum], profile: BandProfile, half_rate_hz: float, methods: tuple[str, ...]
) -> Shortfall:
    """Return what the spectra of a window lack, and where bands are cut."""
    lack = Shortfall(0)
    if ("ar" in methods and "ar" not in spectra) or ("fft" in methods and "fft" not in spectra):
        lack |= Shortfall.BROKEN
    if "welch" in methods and "welch" not in spectra:
        lack |= Shortfall.NO_SEGMENT
    if profile.bands["hf"].high_hz > half_rate_hz:
        lack |= Shortfall.HF_CUT
    lowest_hz = 1.01 * profile.bands["vlf"].low_hz  # a window of one period of the edge loses its last beat
    for name, bit in (("lomb", Shortfall.VLF_CUT), ("welch", Shortfall.WELCH_VLF_CUT)):
        if name in spectra and spectra[name].lowest_hz > lowest_hz:
            lack |= bit
    return lack


def _runs(
    times_s: NDArray[np.float64], values: NDArray[np.float64], rate_hz: float, least_s: float
) -> list[EvenSeries]:
    """Return each unbroken run of at least some length [s] as an even series."""
    found = []
    for start, stop in true_runs(np.isfinite(values)).tolist():
        if times_s[stop - 1] - times_s[start] >= least_s:
            even = numerics.even_series(times_s[start:stop], values[start:stop], rate_hz)
            found += [even] if even is not None else []
    return found


def _longest_run(times_s: NDArray[np.float64], values: NDArray[np.float64], rate_hz: float) -> EvenSeries | None:
    """Return the longest run as an even series, where it holds at least half of all values; else None."""
    runs = true_runs(np.isfinite(values))
    if not len(runs):
        return None
    lengths = runs[:, 1] - runs[:, 0]
    start, stop = runs[int(np.argmax(lengths))].tolist()
    if 2 * (stop - start) < int(lengths.sum()):
        return None
    return numerics.even_series(times_s[start:stop], values[start:stop], rate_hz)
