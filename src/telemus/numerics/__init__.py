"""Filters, spectra, windows, gaps and statistics: numbers only, no animal and no instrument."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "agreement": "Agreement match_events",
        "cells": "alternating_extrema mean_cells",
        "cosinor": "LinearFit Wave cosinor_design least_squares wave_of",
        "grouping": "divide group_count group_mean_sd group_sum group_union window_index",
        "periodogram": "correlation_length cosine_power folded_variance",
        "power_spectra": (
            "EvenSeries Spectrum ar_spectrum band_power detrended even_series fft_spectrum levinson lomb_spectrum "
            "peak_frequency spectral_slope spline_gain welch_spectrum"
        ),
        "runs": "true_runs",
    },
)
