"""What a heart does, computed from arrays: beats from pressure and ECG, their quality, variability and rhythms."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "activity": "Bouts Strata by_activity find_bouts relative_activity",
        "circadian": "Cosinor LightDark cosinor is_light light_dark second_of_day",
        "ecg": "EcgParameters RPeaks find_r_peaks",
        "harmonics": "FittedPeriod Harmonics fit_period multi_cosinor",
        "intervals": (
            "IntervalStatistics Rejection interval_statistics moving_average_ns reject_average "
            "reject_missing reject_neighbour reject_quality reject_range rejected_shares whole_ns"
        ),
        "nonparametric": "RestActivity TypicalDay rest_activity typical_day",
        "periods": "Period find_period",
        "pressure": "PressureBeats PressureParameters find_beats",
        "products": "PRODUCTS",
        "quality": "BeatQuality SampleLimits flag_intervals flag_samples",
        "rhythms": "RHYTHMS",
        "species": "Band BandProfile Norm Species VariabilityNorms flag_range load_species species_names",
        "variability.rules": "Shortfall VariabilityRules variability_rules",
        "variability.table": "SeriesOfBeats pressure_variability_windows variability_windows",
        "variability.time_statistics": "LongTerm long_term",
        "windows": "summarise_windows window_edges",
    },
)
