"""Variability of intervals and pressures: time, frequency, geometry, fractal, entropy, fragmentation, joint words."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "correction": "CORRECTIONS Corrected correct",
        "entropy": "multiscale_entropy sample_entropy",
        "fractal": "Exponents Fluctuations box_sizes dfa fluctuations",
        "fragments": "Fragmentation fragmentation",
        "frequency": "BandMeasures band_measures spectral_shortfall window_spectra",
        "geometry": "Poincare Triangle histogram_triangle poincare",
        "products": "VARIABILITY VARIABILITY_PHASES VARIABILITY_PRESSURE",
        "rules": "METHODS Shortfall VariabilityRules variability_rules",
        "symbolic": "JointWords joint_words",
        "table": "SeriesOfBeats pressure_variability_windows variability_windows",
        "time_statistics": "LongTerm TimeDomain long_term time_domain",
        "window": "interval_measures joint_measures pressure_measures",
    },
)
