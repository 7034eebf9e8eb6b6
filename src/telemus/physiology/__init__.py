"""What a heart does, computed from arrays: beats from pressure and ECG, their quality, variability and rhythms."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "circadian": "Cosinor LightDark cosinor is_light light_dark second_of_day",
        "ecg": "EcgParameters RPeaks find_r_peaks",
        "intervals": (
            "IntervalStatistics Rejection interval_statistics moving_average_ns reject_average "
            "reject_missing reject_neighbour reject_quality reject_range rejected_shares whole_ns"
        ),
        "pressure": "PressureBeats PressureParameters find_beats",
        "products": "PRODUCTS",
        "quality": "BeatQuality SampleLimits flag_intervals flag_samples",
        "species": "Band Norm Species flag_range load_species species_names",
        "windows": "summarise_windows window_edges",
    },
)
