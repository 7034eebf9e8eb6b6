"""What must hold for the beats of any pressure: invariance, locality, bounds, and no exception on any signal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.physiology import PressureBeats, find_beats
from telemus.physiology.pressure import REACH_S, PressureParameters

INDICES = ("foot_index", "systole_index", "notch_index")
LEVELS = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")


def pulses(seed: int, rate_hz: float, bpm: float, seconds: float, noise_mmhg: float = 0.3) -> np.ndarray:
    """Return a pressure whose interval, pulse and level wander, with a reflected wave, a slow wave and noise [mmHg]."""
    generator = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    knots = np.arange(0, seconds + 2, 0.5)
    rate = bpm / 60 * (1 + 0.1 * np.interp(t, knots, generator.uniform(-1, 1, len(knots))))
    turns = np.cumsum(rate) / rate_hz
    phase = 2 * np.pi * (turns - np.floor(turns))
    pulse = np.interp(t, knots, generator.uniform(20, 35, len(knots)))
    shape = 0.45 * np.sin(phase) + 0.2 * np.sin(2 * phase + 0.4) + 0.05 * np.sin(3 * phase + 0.8)
    return 100 + 6 * np.sin(2 * np.pi * bpm / 260 * t) + pulse * shape + noise_mmhg * generator.standard_normal(len(t))


def assert_same(one: PressureBeats, other: PressureBeats) -> None:
    for name in PressureBeats._fields:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def cut(beats: PressureBeats, first: float, last: float, moved: int = 0) -> PressureBeats:
    """Return the beats with their foot in [first, last), their indices moved by a whole number."""
    shifted = beats._replace(**{name: getattr(beats, name) + moved for name in INDICES})
    inside = (shifted.foot_index >= first) & (shifted.foot_index < last)
    return PressureBeats(*(column[inside] for column in shifted))


signals = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "rate_hz": st.sampled_from([100.0, 200.0, 360.0, 500.0, 1000.0, 2000.0]),
        "bpm": st.floats(60, 750),
    }
)


@settings(deadline=None, max_examples=40)
@given(signals, st.floats(5, 12), st.floats(8, 16), st.integers(0, 3))
def test_a_cut_record_gives_the_same_beats_bit_for_bit(
    signal: dict[str, float], start_s: float, length_s: float, harms: int
) -> None:
    rate_hz = signal["rate_hz"]
    x = pulses(**signal, seconds=32)
    generator = np.random.default_rng(int(signal["seed"]))
    for _ in range(harms):
        at = generator.integers(0, len(x) - int(rate_hz))
        x[at : at + int(generator.uniform(0, 0.6) * rate_hz)] = generator.choice([np.nan, x[at], 180.0])
    first, last = int(start_s * rate_hz), int((start_s + length_s) * rate_hz)
    part = find_beats(x[first:last], rate_hz, first_sample=first)
    reach, interval = REACH_S * rate_hz, PressureParameters().longest_interval_s * rate_hz
    span = first + reach, last - 2 * reach - interval
    assert_same(cut(part, *span, moved=first), cut(find_beats(x, rate_hz), *span))


@settings(deadline=None, max_examples=30)
@given(signals, st.floats(0.5, 12.5), st.sampled_from([np.nan, 250.0, -30.0, 100.0]))
def test_a_bad_stretch_changes_nothing_further_away_than_the_reach(
    signal: dict[str, float], at_s: float, value: float
) -> None:
    rate_hz = signal["rate_hz"]
    x = pulses(**signal, seconds=14)
    harmed = x.copy()
    first, last = int(at_s * rate_hz), int((at_s + 1.0) * rate_hz)
    harmed[first:last] = value
    clean, beats = find_beats(x, rate_hz), find_beats(harmed, rate_hz)
    reach, interval = REACH_S * rate_hz, PressureParameters().longest_interval_s * rate_hz
    assert_same(cut(clean, 0, first - reach - interval), cut(beats, 0, first - reach - interval))
    assert_same(cut(clean, last + reach, len(x)), cut(beats, last + reach, len(x)))


@settings(deadline=None, max_examples=30)
@given(signals, st.floats(0.5, 1.8), st.floats(-60, 60))
def test_scale_and_offset_of_the_pressure_move_only_its_levels(
    signal: dict[str, float], scale: float, offset_mmhg: float
) -> None:
    x = pulses(**signal, seconds=10)
    plain = find_beats(x, signal["rate_hz"])
    moved = find_beats(scale * (x - 100) + 100 + offset_mmhg, signal["rate_hz"])
    assert len(plain.foot_index) == len(moved.foot_index)
    # rounding may choose the other of two nearly equal samples: a median forgives that, and nothing else
    for name in INDICES[:2]:
        difference = getattr(moved, name) - getattr(plain, name)
        assert np.median(np.abs(difference)) < 1e-4
    for name in LEVELS:
        expected = scale * (getattr(plain, name) - 100) + 100 + offset_mmhg
        assert np.nanmedian(np.abs(getattr(moved, name) - expected)) < 1e-6


@settings(deadline=None, max_examples=40)
@given(signals)
def test_every_cycle_is_one_beat_and_measures_are_in_order(signal: dict[str, float]) -> None:
    rate_hz = signal["rate_hz"]
    beats = find_beats(pulses(**signal, seconds=20), rate_hz)
    if rate_hz / (signal["bpm"] / 60) < 8:  # fewer than eight samples per cycle: counted, but not in every case
        return
    generated = np.random.default_rng(int(signal["seed"]))
    knots = np.arange(0, 22, 0.5)
    t = np.arange(int(20 * rate_hz)) / rate_hz
    rate = signal["bpm"] / 60 * (1 + 0.1 * np.interp(t, knots, generated.uniform(-1, 1, len(knots))))
    assert abs(len(beats.foot_index) - rate.mean() * 20) <= 2
    assert (np.diff(beats.foot_index) > 0).all()
    assert (beats.systole_index > beats.foot_index).all()
    whole = np.isfinite(beats.interval_s)
    assert whole[:-1].all()
    assert not whole[-1]
    assert (beats.map_mmhg[whole] > beats.dbp_mmhg[whole] - 1).all()
    assert (beats.map_mmhg[whole] < beats.sbp_mmhg[whole]).all()
    np.testing.assert_allclose(beats.interval_s[whole], np.diff(beats.foot_index) / rate_hz, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.floats(-1e4, 1e4), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e308])), max_size=400),
    st.sampled_from([50.0, 100.0, 333.3, 2000.0]),
    st.integers(0, 10**9),
)
def test_no_signal_raises(values: list[float], rate_hz: float, first_sample: int) -> None:
    beats = find_beats(values, rate_hz, first_sample=first_sample)
    assert len({len(column) for column in beats}) == 1
    assert np.isfinite(beats.foot_index).all()


@pytest.mark.parametrize("noise_mmhg", [0.1, 0.5, 2.0])
def test_noise_without_a_pulse_is_hardly_ever_a_beat(noise_mmhg: float) -> None:
    noise = 90 + noise_mmhg * np.random.default_rng(1).standard_normal(60 * 500)
    assert len(find_beats(noise, 500).foot_index) <= 6
