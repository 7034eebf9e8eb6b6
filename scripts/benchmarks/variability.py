"""Measure the variability of a day of a mouse's beats on one core against a plain pass of numpy over the same windows.

    PYTHONPATH=scripts .venv/bin/python -m benchmarks.variability

770 000 intervals in 288 windows of 5 min, 0.2 % of them rejected: time domain, four spectra, Poincare, histogram, DFA,
sample entropy and its 20 scales, fragmentation, and the main measures once more with nothing rejected.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one core

import numpy as np

COUNT, WINDOWS, WINDOW_NS = 770_000, 288, 300 * 10**9


def a_day() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times [ns], intervals [s] and which are rejected: a slow walk, LF and HF waves, and noise."""
    from scipy.signal import lfilter

    random = np.random.default_rng(0)
    walk = lfilter([1.0], [1.0, -0.999], random.standard_normal(COUNT))
    nominal_s = np.arange(COUNT) * 0.112
    waves = 3.0 * np.sin(2 * np.pi * 0.5 * nominal_s) + 1.5 * np.sin(2 * np.pi * 2.8 * nominal_s)
    interval_ms = 112.2 + 6.0 * walk / walk.std() + waves + 1.5 * random.standard_normal(COUNT)
    times_ns = np.rint(np.r_[0.0, np.cumsum(interval_ms)[:-1]] * 1e6).astype(np.int64)
    inside = times_ns < WINDOWS * WINDOW_NS
    return times_ns[inside], interval_ms[inside] / 1e3, random.random(int(inside.sum())) < 0.002


def plain_pass(times_ns: np.ndarray, interval_s: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Return mean, SD, RMSSD and the power of one Fourier transform of each window: the least that numpy can do."""
    rows = []
    for part in np.split(interval_s, np.searchsorted(times_ns, np.arange(1, WINDOWS) * WINDOW_NS)):
        step = np.diff(part)
        power = np.abs(np.fft.rfft(part - part.mean())) ** 2
        rows.append((part.mean(), part.std(ddof=1), np.sqrt(np.mean(step**2)), power.sum()))
    return rows


def seconds(call: Callable[[], Any], repetitions: int) -> float:
    """Return the median processor time of a call [s] after one that warms up."""
    call()
    times = []
    for _ in range(repetitions):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return float(np.median(times))


def measure(repetitions: int = 3) -> dict[str, Any]:
    """Return processor seconds of ours and of the plain pass, and their ratio."""
    from telemus.physiology import SeriesOfBeats, species_names, variability_rules, variability_windows

    times_ns, interval_s, rejected = a_day()
    beats = SeriesOfBeats(times_ns, interval_s, rejected)
    rules, edges_ns = variability_rules(species_names()[0]), np.arange(WINDOWS + 1) * WINDOW_NS
    ours_s = seconds(lambda: variability_windows(beats, edges_ns, rules), repetitions)
    plain_s = seconds(lambda: plain_pass(times_ns, interval_s), 3 * repetitions)
    return {
        "intervals": len(times_ns),
        "windows": WINDOWS,
        "telemus_s": round(ours_s, 3),
        "plain_pass_s": round(plain_s, 4),
        "ratio": round(ours_s / plain_s, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
