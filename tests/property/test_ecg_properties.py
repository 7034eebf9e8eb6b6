"""R peaks: cutting, scaling, turning over and distant damage change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemus.numerics.agreement import match_events
from telemus.physiology.ecg import find_r_peaks, hop_samples
from telemus.series import Quality

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def wild_ecg(seed: int, rate_hz: float, seconds: float) -> np.ndarray:
    """Return an analytic ECG that changes amplitude, polarity and noise, with holes: hostile to anything global."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    interval = rng.choice([0.08, 0.11, 0.2, 0.8])
    beats = np.cumsum(interval * (1 + 0.05 * rng.normal(size=int(seconds / interval) + 1)))
    x = 0.02 * np.cumsum(rng.normal(size=t.size)) / np.sqrt(rate_hz) + rng.choice([0.02, 0.1]) * rng.normal(size=t.size)
    wide = 0.0015 if interval < 0.5 else 0.01
    for at in beats[beats < seconds]:
        height = (1 if at < seconds / 2 else -1) * (1 if at < seconds / 3 else 0.4)
        near = np.abs(t - at) < 30 * wide
        x[near] += height * np.exp(-0.5 * ((t[near] - at) / wide) ** 2)
        x[near] += 0.3 * height * np.exp(-0.5 * ((t[near] - at - 12 * wide) / (5 * wide)) ** 2)
    for _ in range(3):
        hole = int(rng.integers(0, x.size))
        x[hole : hole + int(rng.choice([1, 20, 400, 3000]))] = np.nan
    return x


@QUICK
@given(st.integers(0, 10**6), st.sampled_from([250.0, 360.0, 500.0, 1000.0, 2000.0]), st.data())
def test_a_piece_gives_the_same_beats_bit_for_bit(seed, rate_hz, data):
    x = wild_ecg(seed, rate_hz, 24.0)
    whole = find_r_peaks(x, rate_hz)
    margin = 2 * round(rate_hz)
    first = data.draw(st.integers(0, x.size // 2), label="first")
    stop = data.draw(st.integers(first + 2 * margin + 10, x.size), label="stop")
    piece = find_r_peaks(x[first:stop], rate_hz, first_sample=first)
    start_kept = first + margin if first else 0
    stop_kept = stop - margin if stop < x.size else x.size
    inside = (whole.r_index >= start_kept) & (whole.r_index < stop_kept)
    at = piece.r_index + first
    inside_piece = (at >= start_kept) & (at < stop_kept)
    assert (piece.polarity[inside_piece] == whole.polarity[inside]).all()
    assert (piece.amplitude_mv[inside_piece] == whole.amplitude_mv[inside]).all()
    assert (piece.quality[inside_piece] == whole.quality[inside]).all()
    # adding a whole number to an index rounds in its last digits: the fraction is compared to 1e-9 sample
    assert np.abs(at[inside_piece] - whole.r_index[inside]).max(initial=0.0) < 1e-9
    settled = inside & (whole.r_index + np.nan_to_num(whole.interval_s, nan=2.2) * rate_hz < stop_kept)
    same = settled[inside]
    one, two = piece.interval_s[inside_piece][same], whole.interval_s[settled]
    assert (np.isnan(one) == np.isnan(two)).all()
    assert np.nanmax(np.abs(one - two), initial=0.0) < 1e-11


@QUICK
@given(st.integers(0, 10**6), st.sampled_from([-1.0, 2.0, -0.25, 1024.0]))
def test_scaling_by_a_power_of_two_and_turning_over(seed, factor):
    x = wild_ecg(seed, 500.0, 12.0)
    plain, scaled = find_r_peaks(x, 500.0), find_r_peaks(factor * x, 500.0)
    if factor > 0:
        assert (scaled.r_index == plain.r_index).all()
        assert (scaled.amplitude_mv == factor * plain.amplitude_mv).all()
        assert (scaled.polarity == plain.polarity).all()
    else:  # the sign of the vote prefers up at a near tie, so a few beats may move within their QRS complex
        assert abs(len(scaled.r_index) - len(plain.r_index)) <= 0.02 * len(plain.r_index) + 1


@QUICK
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3))
def test_an_offset_does_not_matter(seed, offset):
    x = wild_ecg(seed, 500.0, 12.0)
    plain, moved = find_r_peaks(x, 500.0), find_r_peaks(x + offset, 500.0)
    # an offset is rounding: where two choices are worth the same, rounding chooses
    same = match_events(moved.r_index, plain.r_index, 0.01)
    assert len(plain.r_index) - len(same.true_index) <= 0.02 * len(plain.r_index) + 1
    assert len(moved.r_index) - len(same.found_index) <= 0.02 * len(moved.r_index) + 1


@QUICK
@given(st.integers(0, 10**6), st.sampled_from([np.nan, 0.0, 500.0, "noise"]))
def test_a_bad_stretch_changes_nothing_two_seconds_away(seed, damage):
    rate_hz = 1000.0
    x = wild_ecg(seed, rate_hz, 16.0)
    hurt = x.copy()
    hurt[7000:8000] = np.random.default_rng(1).normal(0, 20, 1000) if damage == "noise" else damage
    one, two = find_r_peaks(x, rate_hz), find_r_peaks(hurt, rate_hz)
    for far in (lambda r: r < 5000, lambda r: r >= 10_000):
        assert (one.r_index[far(one.r_index)] == two.r_index[far(two.r_index)]).all()
        assert (one.amplitude_mv[far(one.r_index)] == two.amplitude_mv[far(two.r_index)]).all()


@pytest.mark.parametrize("missing", ["nan", "bit"])
def test_a_gap_is_never_bridged(missing):
    x = wild_ecg(3, 1000.0, 20.0)
    x[np.isnan(x)] = 0.0
    words = np.zeros(x.size, np.uint32)
    for start, stop in ((4000, 4010), (9000, 9300), (14000, 16500)):
        if missing == "nan":
            x[start:stop] = np.nan
        else:
            words[start:stop] = Quality.DROPOUT
    beats = find_r_peaks(x, 1000.0, words)
    for start, stop in ((4000, 4010), (9000, 9300), (14000, 16500)):
        assert not ((beats.r_index >= start) & (beats.r_index < stop)).any()
        before = np.flatnonzero(beats.r_index < start)[-1]
        assert np.isnan(beats.interval_s[before])
    after = np.diff(beats.r_index) / 1000.0
    known = np.isfinite(beats.interval_s[:-1])
    assert np.allclose(beats.interval_s[:-1][known], after[known])


def test_hops_divide_every_rate_into_whole_cells():
    for rate_hz in (200.0, 250.0, 256.0, 360.0, 500.0, 512.0, 1000.0, 2000.0):
        assert hop_samples(rate_hz) % 4 == 0


@pytest.mark.parametrize("shape", ["white", "brown", "hum"])
def test_noise_is_refused_or_marked(shape):
    rng = np.random.default_rng(8)
    t = np.arange(120_000) / 1000.0
    x = {
        "white": rng.normal(size=t.size),
        "brown": np.cumsum(rng.normal(size=t.size)),
        "hum": np.sin(2 * np.pi * 50 * t) + 0.05 * rng.normal(size=t.size),
    }[shape]
    beats = find_r_peaks(x, 1000.0)
    unmarked = int(np.count_nonzero((beats.quality >> 24 & 1) == 0))
    assert unmarked < 0.35 * 120
