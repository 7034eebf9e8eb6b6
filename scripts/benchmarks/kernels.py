"""Measure the beat detectors in samples per second against a plain sum of the same array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from benchmarks.timing import timed
from telemus.physiology import find_beats, find_r_peaks
from telemus.simulate.mouse import ECG, PRESSURE, Mouse

LENGTH_S = 3600
PRESSURE_HZ, ECG_HZ = 500.0, 1000.0
PIECE_S = 300


@njit
def plain_sum(values: np.ndarray) -> float:
    """Add up an array, one value after the other: what reading the memory costs."""
    total = 0.0
    for value in values:
        total += value
    return total


def an_hour() -> tuple[np.ndarray, np.ndarray]:
    """Return an hour of a simulated animal's pressure [mmHg] and ECG [mV]."""
    animal = Mouse(1, rates_hz={PRESSURE: PRESSURE_HZ, ECG: ECG_HZ})
    parts = [animal.render(float(start), PIECE_S).signals for start in range(0, LENGTH_S, PIECE_S)]
    return tuple(np.concatenate([np.asarray(part[name], np.float64) for part in parts]) for name in (PRESSURE, ECG))  # type: ignore[return-value]


def scipy_peaks(signal: np.ndarray, rate_hz: float, low_hz: float, high_hz: float, of_slope: bool) -> np.ndarray:
    """Find beats as is common: Butterworth band-pass forwards and backwards, then peaks 60 ms apart above a height."""
    from scipy.signal import butter, find_peaks, sosfiltfilt

    filtered = sosfiltfilt(butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos"), signal)
    filtered = filtered if of_slope else np.abs(filtered)
    return find_peaks(filtered, distance=int(0.06 * rate_hz), height=1.5 * float(np.std(filtered)))[0]


def measure(repetitions: int = 5) -> list[dict[str, Any]]:
    """Return one row for each signal and way: samples/s, and how many times slower than numpy's sum."""
    pressure, ecg = an_hour()
    return [
        *_rows(
            "pressure, 500 Hz, 1 h",
            pressure,
            np.round(pressure * 16).astype(np.int16),
            "telemus, find_beats",
            lambda: find_beats(pressure, PRESSURE_HZ),
            lambda: scipy_peaks(pressure, PRESSURE_HZ, 2.0, 40.0, True),
            repetitions,
        ),
        *_rows(
            "ECG, 1000 Hz, 1 h",
            ecg,
            np.round(ecg * 1000).astype(np.int16),
            "telemus, find_r_peaks",
            lambda: find_r_peaks(ecg, ECG_HZ),
            lambda: scipy_peaks(ecg, ECG_HZ, 20.0, 200.0, False),
            repetitions,
        ),
    ]


def _rows(
    signal: str,
    values: np.ndarray,
    counts: np.ndarray,
    name: str,
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    repetitions: int,
) -> list[dict[str, Any]]:
    ways: tuple[tuple[str, int, Callable[[], Any]], ...] = (
        ("numpy, sum of float64: the bound", 4 * repetitions, lambda: np.sum(values)),
        ("compiled sum of float64", 4 * repetitions, lambda: plain_sum(values)),
        ("compiled sum of int16", 4 * repetitions, lambda: plain_sum(counts)),
        (name, repetitions, ours),
        ("scipy, band-pass and find_peaks", repetitions, peer),
    )
    times = [timed(call, count) for _, count, call in ways]
    return [
        {
            "signal": signal,
            "way": way,
            "samples_per_s": len(values) / one.median_s,
            "best_samples_per_s": len(values) / one.best_s,
            "slower_than_bound": one.median_s / times[0].median_s,
        }
        for (way, _, _), one in zip(ways, times, strict=True)
    ]
