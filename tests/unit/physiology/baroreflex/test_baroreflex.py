"""The baroreflex against identities on paper: straight lines, pure delays, known noise, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology.baroreflex import (
    alpha_index,
    band_transfer,
    baroreflex_sequences,
    closed_loop,
    low_passed,
    surrogate_counts,
    transfer_function,
)


def brute_force(sbp, interval, least=3):
    """Every longest run in which both rise or both fall, by looking at each pair of ends."""
    both = [
        int(np.sign(a)) if np.sign(a) == np.sign(b) else 0 for a, b in zip(np.diff(sbp), np.diff(interval), strict=True)
    ]
    runs, i = [], 0
    while i < len(both):
        j = i
        while j < len(both) and both[j] == both[i] != 0:
            j += 1
        if j - i + 1 >= least:
            runs.append((i, j - i + 1, both[i], np.polyfit(sbp[i : j + 1], interval[i : j + 1], 1)[0]))
        i = max(j, i + 1)
    return runs


def test_sequences_are_those_of_brute_force():
    rng = np.random.default_rng(3)
    sbp, interval = 100 + rng.standard_normal(3000), 110 + rng.standard_normal(3000)
    runs = brute_force(sbp, interval)
    found = baroreflex_sequences(sbp, interval)
    assert found.up_n == sum(run[2] > 0 for run in runs)
    assert found.down_n == sum(run[2] < 0 for run in runs)
    assert found.slope_ms_mmhg == pytest.approx(np.mean([run[3] for run in runs]))
    assert found.ramps == len(brute_force(sbp, sbp))


def test_the_delay_of_a_pure_delay_line_is_the_one_that_is_found():
    sbp = 100 + np.cumsum(np.random.default_rng(1).standard_normal(4000))
    interval = np.concatenate([np.full(2, 100.0), 2.0 * sbp[:-2]])
    found = [baroreflex_sequences(sbp, interval, delay) for delay in range(4)]
    assert found[2].effectiveness == 1.0
    assert found[2].slope_ms_mmhg == pytest.approx(2.0)
    assert max(found[delay].effectiveness for delay in (0, 1, 3)) < 0.6


def test_no_sequence_crosses_a_missing_beat():
    sbp = np.arange(100.0, 112.0)
    interval = sbp.copy()
    interval[4] = np.nan
    found = baroreflex_sequences(sbp, interval)
    assert (found.up_n, found.beats) == (2, 11)
    assert baroreflex_sequences(sbp, np.where(np.arange(12) % 3 == 2, np.nan, sbp)).up_n == 0


def test_surrogates_are_counted_as_sequences_are():
    """The quick count equals the plain one on the intervals rolled by the same lags, gaps included."""
    rng = np.random.default_rng(4)
    sbp, interval = rng.standard_normal((2, 400))
    interval[[7, 50, 51]] = np.nan
    lags = np.random.default_rng(9).integers(20, 380, 50)
    plain = [baroreflex_sequences(sbp, np.roll(interval, lag), least_correlation=-1.0) for lag in lags]
    assert surrogate_counts(sbp, interval, count=50, seed=9).tolist() == [one.up_n + one.down_n for one in plain]


def test_independent_noise_has_as_many_sequences_as_its_surrogates():
    rng = np.random.default_rng(8)
    sbp, interval = rng.standard_normal((2, 5000))
    found = baroreflex_sequences(sbp, interval)
    low, high = np.percentile(surrogate_counts(sbp, interval), [2.5, 97.5])
    assert low <= found.up_n + found.down_n <= high


def beats(length_s, seed):
    """Times with a rate that wanders, a pressure of coloured noise."""
    rng = np.random.default_rng(seed)
    interval_s = 0.115 + 0.006 * np.convolve(rng.standard_normal(round(length_s / 0.1)), np.ones(20) / 20, "same")
    time_s = np.cumsum(interval_s) - interval_s
    kept = time_s < length_s
    sbp = 100 + np.convolve(rng.standard_normal(len(time_s)), np.ones(4) / 2, "same")
    return time_s[kept], sbp[kept], 1e3 * interval_s[kept]


def test_gain_and_phase_of_a_known_delay():
    """An interval that is 1.7 times the pressure 0.5 s ago has gain 1.7 and phase -2 pi f 0.5 s."""
    t = np.arange(0.0, 600.0, 0.115)
    frequencies = np.arange(0.2, 0.6, 0.013)
    waves = list(zip(frequencies, 7 * np.random.default_rng(1).random(len(frequencies)), strict=True))
    now, late = (sum(np.cos(2 * np.pi * f * (t - delay) + phase) for f, phase in waves) for delay in (0.0, 0.5))
    found = band_transfer(transfer_function(t, 100 + now, 115 + 1.7 * late), 0.35, 0.45)
    assert found.gain_ms_mmhg == pytest.approx(1.7, rel=0.02)
    assert found.phase_rad == pytest.approx(-2 * np.pi * 0.4 * 0.5, abs=0.05)
    assert found.coherence > 0.99


def test_coherence_of_independent_series_exceeds_its_level_once_in_twenty():
    shares = []
    for seed in range(30):
        t, sbp, interval = beats(800.0, seed)
        noise = interval.mean() + np.random.default_rng(seed + 99).standard_normal(len(t))
        shares.append(band_transfer(transfer_function(t, sbp, noise), 0.2, 3.0).coherent_share)
    assert np.mean(shares) == pytest.approx(0.05, abs=0.01)


def test_power_is_that_of_parseval():
    """A wave of amplitude 3 has power 4.5, wherever its frequency lies."""
    t = np.arange(0.0, 600.0, 0.11)
    spectra = transfer_function(t, 100 + 3 * np.cos(2 * np.pi * 0.413 * t), np.full(len(t), 110.0))
    step = spectra.frequency_hz[1]
    assert spectra.pressure[(spectra.frequency_hz > 0.3) & (spectra.frequency_hz < 0.5)].sum() * step == pytest.approx(
        4.5, rel=0.01
    )
    assert np.isnan(alpha_index(spectra, 5.0, 6.0))


def test_segments_never_bridge_a_gap():
    t, sbp, interval = beats(300.0, 2)
    whole = transfer_function(t, sbp, interval)
    lost = (t > 100.0) & (t < 101.0)
    cut = transfer_function(t[~lost], sbp[~lost], interval[~lost])
    marked = transfer_function(t, np.where(lost, np.nan, sbp), interval)
    assert (whole.segments, cut.segments, marked.segments) == (10, 8, 8)


def test_a_pair_of_known_coefficients_gives_both_arms():
    """P = 0.5 P' - 0.04 T' + e, T = 1.4 P(2 beats ago) + 0.3 T' + e': the arms at one frequency, within 5 %."""
    rng = np.random.default_rng(11)
    n = 20_000
    p, t = np.zeros(n), np.zeros(n)
    for i in range(2, n):
        p[i] = 0.5 * p[i - 1] - 0.04 * t[i - 1] + rng.standard_normal()
        t[i] = 1.4 * p[i - 2] + 0.3 * t[i - 1] + rng.standard_normal()
    found = closed_loop(p + 100, t + 115, 0.39, 0.41, order=3)
    z = np.exp(-2j * np.pi * 0.4 * 0.115)
    assert found.reflex_ms_mmhg == pytest.approx(abs(1.4 * z**2 / (1 - 0.3 * z)), rel=0.05)
    assert found.reflex_phase_rad == pytest.approx(np.angle(1.4 * z**2 / (1 - 0.3 * z)), abs=0.05)
    assert found.mechanical_mmhg_ms == pytest.approx(abs(0.04 * z / (1 - 0.5 * z)), rel=0.15)
    holes = np.where(np.arange(n) % 7 == 0, np.nan, p + 100)
    assert closed_loop(holes, t + 115, 0.39, 0.41).beats == 0


def test_a_low_pass_keeps_slow_ramps_and_takes_respiration_away():
    beat = np.arange(600)
    slow, fast = 5 * np.sin(2 * np.pi * beat / 60), 2 * np.sin(2 * np.pi * beat / 2.9)
    kept = low_passed(slow + fast, np.full(600, 115.0), 0.8)
    known = np.isfinite(kept)
    assert known.sum() > 500
    assert np.abs(kept - slow)[known].max() < 0.1
    assert np.isnan(low_passed(slow, np.full(600, 700.0), 0.8)).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: baroreflex_sequences([1.0], [1.0, 2.0]),
        lambda: baroreflex_sequences([1.0], [1.0], delay_beats=-1),
        lambda: surrogate_counts([1.0], [1.0]),
        lambda: transfer_function([1.0, 1.0], [1.0, 2.0], [1.0, 2.0]),
        lambda: closed_loop([1.0], [1.0], 2.0, 1.0),
        lambda: low_passed([1.0], [1.0], 0.0),
    ],
)
def test_wrong_calls_say_what_was_wanted(call):
    with pytest.raises(SignalError, match=r"got .*, wanted"):
        call()
