"""All measures of one window of a series of beats, as plain names and numbers; NaN where there is too little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemus.physiology.variability.correction import correct
from telemus.physiology.variability.entropy import multiscale_entropy
from telemus.physiology.variability.fractal import dfa
from telemus.physiology.variability.fragments import fragmentation
from telemus.physiology.variability.frequency import band_measures, spectral_shortfall, window_spectra
from telemus.physiology.variability.geometry import histogram_triangle, poincare
from telemus.physiology.variability.rules import METHODS, Shortfall, VariabilityRules
from telemus.physiology.variability.symbolic import joint_words
from telemus.physiology.variability.time_statistics import time_domain

SCALES = 20
"""Scales of the multiscale entropy."""
PRESSURE_METHODS = ("lomb", "welch")
"""Spectra of pressures: the one that needs no resampling, and the usual one."""
RAW = (
    "avnn_ms",
    "sdnn_ms",
    "rmssd_ms",
    "pnn_percent",
    "sd1_ms",
    "sd2_ms",
    "lomb_lf_ms2",
    "lomb_hf_ms2",
    "alpha1",
    "sampen",
)
"""Measures that are also given with nothing rejected."""
Measures = dict[str, float]
Series = NDArray[np.float64]


def interval_measures(
    times_s: Series, interval_ms: Series, rejected: NDArray[np.bool_], rules: VariabilityRules, half_rate_hz: float
) -> tuple[Measures, Shortfall]:
    """Compute every measure of the intervals (n,) [ms] of a window, and what it lacks; see `rules` for the corrections.

    Names are those of the product's columns. The measures named ``raw_`` are made from the same intervals with nothing
    rejected: with and without, side by side.
    """
    kept = correct(times_s, interval_ms, rejected, rules.correction, rules.longest_fill)
    found, lack = _spread(times_s, kept.values, _bridged(times_s, interval_ms, rejected, rules), rules, half_rate_hz)
    measures = {
        "avnn_ms": found.pop("mean"),
        "sdnn_ms": found.pop("sd"),
        "pnn_percent": time_domain(kept.values, rules.pnn_ms).pnn_percent,
        "filled_share": float(kept.filled.sum()) / max(int(np.isfinite(kept.values).sum()), 1),
    }
    triangle = histogram_triangle(kept.values, rules.norms.histogram_ms)
    measures |= {"triangular_index": triangle.share, "tinn_ms": triangle.base}
    measures |= with_unit(found, "ms")
    measures |= fragmentation(kept.values)._asdict()
    entropies = multiscale_entropy(kept.values, SCALES)
    measures |= {f"mse_{scale}": float(entropies[scale - 1]) for scale in range(2, SCALES + 1)}
    measures["mse_area"] = float(entropies.sum())
    measures["sampen"] = float(entropies[0])
    lack |= Shortfall(0) if np.isfinite(entropies).all() else Shortfall.NO_ENTROPY
    return measures | _uncorrected(times_s, interval_ms, rejected, rules, half_rate_hz, measures), lack


def pressure_measures(
    times_s: Series, pressure_mmhg: Series, rejected: NDArray[np.bool_], rules: VariabilityRules, half_rate_hz: float
) -> tuple[Measures, Shortfall]:
    """Compute the measures of one pressure of each beat (n,) [mmHg] of a window, and what it lacks."""
    kept = correct(times_s, pressure_mmhg, rejected, rules.correction, rules.longest_fill).values
    bridged = _bridged(times_s, pressure_mmhg, rejected, rules)
    found, lack = _spread(times_s, kept, bridged, rules, half_rate_hz, PRESSURE_METHODS)
    entropy = float(multiscale_entropy(kept, 1)[0])
    lack |= Shortfall(0) if np.isfinite(entropy) else Shortfall.NO_ENTROPY
    return with_unit(found, "mmhg") | {"sampen": entropy}, lack


def joint_measures(systolic_mmhg: Series, interval_ms: Series, rejected: NDArray[np.bool_]) -> Measures:
    """Compute the joint words of systolic pressure and interval of the same beats (n,); nothing rejected takes part."""
    words = joint_words(np.where(rejected, np.nan, systolic_mmhg), np.where(rejected, np.nan, interval_ms))
    return {
        "joint_words": float(words.n),
        "joint_same_percent": words.same_percent,
        "joint_opposite_percent": words.opposite_percent,
        "joint_entropy_bits": words.entropy_bits,
    }


def with_unit(measures: Measures, unit: str) -> Measures:
    """Return measures with the unit in the names of those that have it."""
    linear = {"mean", "sd", "sem", "rmssd", "sdsd", "sd1", "sd2"}
    square = {f"{method}_{band}" for method in METHODS for band in ("vlf", "lf", "hf", "total")}
    return {
        f"{name}_{unit}" if name in linear else f"{name}_{unit}2" if name in square else name: value
        for name, value in measures.items()
    }


def _spread(
    times_s: Series,
    kept: Series,
    bridged: Series,
    rules: VariabilityRules,
    half_rate_hz: float,
    methods: tuple[str, ...] = METHODS,
) -> tuple[Measures, Shortfall]:
    """Compute what intervals and pressures share: time domain, Poincare, spectra, DFA."""
    time = time_domain(kept)
    measures: Measures = {
        "mean": time.mean,
        "sd": time.sd,
        "sem": time.sem,
        "rmssd": time.rmssd,
        "sdsd": time.sdsd,
        "n_differences": float(time.n_differences),
    }
    measures |= poincare(kept)._asdict()
    spectra = window_spectra(times_s, kept, bridged, rules.norms, half_rate_hz, methods)
    for method, spectrum in spectra.items():
        bands = band_measures(spectrum, rules.profile, half_rate_hz)
        measures |= {f"{method}_{name}": value for name, value in bands._asdict().items()}
    exponents = dfa(kept, rules.norms.dfa_sizes)
    measures |= exponents._asdict()
    lack = spectral_shortfall(spectra, rules.profile, half_rate_hz, methods)
    return measures, lack if np.isfinite(exponents).all() else lack | Shortfall.NO_DFA


def _bridged(times_s: Series, values: Series, rejected: NDArray[np.bool_], rules: VariabilityRules) -> Series:
    """Return the series for methods that need even spacing: where values are removed, short holes are filled."""
    method = "cubic" if rules.correction == "removal" else rules.correction
    return correct(times_s, values, rejected, method, rules.longest_fill).values


def _uncorrected(
    times_s: Series,
    interval_ms: Series,
    rejected: NDArray[np.bool_],
    rules: VariabilityRules,
    half_rate_hz: float,
    corrected: Measures,
) -> Measures:
    """Return the measures of the intervals as found; those of the corrected ones where nothing is rejected."""
    if not bool((rejected & np.isfinite(interval_ms)).any()):
        return {f"raw_{name}": corrected.get(name, float("nan")) for name in RAW}
    found, _ = _spread(times_s, interval_ms, interval_ms, rules, half_rate_hz, ("lomb",))
    raw = with_unit(found, "ms") | {
        "avnn_ms": found["mean"],
        "sdnn_ms": found["sd"],
        "pnn_percent": time_domain(interval_ms, rules.pnn_ms).pnn_percent,
        "sampen": float(multiscale_entropy(interval_ms, 1)[0]),
    }
    return {f"raw_{name}": raw.get(name, float("nan")) for name in RAW}
