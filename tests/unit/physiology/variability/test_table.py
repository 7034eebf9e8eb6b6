"""Windows: what is cut, missing and why; gaps that nothing crosses; corrections side by side; invariance."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology.variability import (
    SeriesOfBeats,
    pressure_variability_windows,
    variability_rules,
    variability_windows,
)

WINDOW_NS = 180 * 10**9
RULES = variability_rules("mouse")


def beats(length_s=180.0, mean_s=0.110, seed=0, lf_ms=2.0, hf_ms=1.5, noise_ms=0.3):
    """Intervals with a wave of 0.5 and one of 2.8 Hz."""
    rng = np.random.default_rng(seed)
    times, intervals, now = [], [], 0.0
    while now < length_s:
        waves = lf_ms * np.sin(2 * np.pi * 0.5 * now) + hf_ms * np.sin(2 * np.pi * 2.8 * now)
        intervals.append(mean_s + 1e-3 * (waves + noise_ms * rng.standard_normal()))
        times.append(now)
        now += intervals[-1]
    count = len(times)
    return SeriesOfBeats(
        np.rint(np.array(times) * 1e9).astype(np.int64), np.array(intervals), np.zeros(count, np.bool_)
    )


def one(series, rules=RULES, stop_ns=WINDOW_NS, due_s=None):
    columns = variability_windows(series, [0, stop_ns], rules, due_s)
    return {name: column[0] for name, column in columns.items()}


def with_gap(series, start_s, stop_s):
    """Take the beats of a stretch away; the one before it has no interval."""
    time_s = series.times_ns / 1e9
    kept = (time_s < start_s) | (time_s >= stop_s)
    interval = series.interval_s[kept].copy()
    interval[np.flatnonzero(time_s[kept] < start_s)[-1]] = np.nan
    return SeriesOfBeats(series.times_ns[kept], interval, series.rejected[kept])


def test_a_full_window_has_every_measure_and_says_what_is_cut():
    row = one(beats())
    assert row["shortfall"] == "hf_cut|welch_vlf_cut|no_joint_words"
    assert row["half_rate_hz"] == pytest.approx(0.5 / 0.110, rel=1e-3)
    joint = {name for name in row if name.startswith("joint")}
    numbers = [name for name, value in row.items() if not isinstance(value, str) and name not in joint]
    assert not [name for name in numbers if not np.isfinite(row[name])]
    for method in ("lomb", "welch", "ar", "fft"):
        assert row[f"{method}_lf_ms2"] == pytest.approx(2.0, rel=0.05)
        assert row[f"{method}_hf_ms2"] == pytest.approx(1.125 + 0.09 * 0.73, rel=0.05)  # and the noise within HF
        assert row[f"{method}_lf_nu"] + row[f"{method}_hf_nu"] == pytest.approx(100.0)
        parts = (row[f"{method}_{band}_ms2"] for band in ("vlf", "lf", "hf"))
        assert row[f"{method}_total_ms2"] == pytest.approx(sum(parts))


def test_a_slow_heart_cuts_the_band_at_half_its_rate():
    slow = one(beats(mean_s=0.200, hf_ms=0.0))
    assert slow["half_rate_hz"] == pytest.approx(2.5, rel=1e-2)
    assert "hf_cut" in slow["shortfall"]
    fast = one(beats(mean_s=0.095))
    assert "hf_cut" not in fast["shortfall"]


@pytest.mark.parametrize("stop_s", [90.0, 120.0])
def test_a_gap_costs_lomb_nothing_and_is_never_bridged(stop_s):
    row = one(with_gap(beats(), 60.0, stop_s))
    assert row["lomb_lf_ms2"] == pytest.approx(2.0, rel=0.06)
    assert row["lomb_hf_ms2"] == pytest.approx(1.19, rel=0.06)
    assert row["rmssd_ms"] == pytest.approx(one(beats())["rmssd_ms"], rel=0.03)
    assert row["n_differences"] == row["n_intervals"] - 2  # two runs


def test_many_gaps_leave_lomb_alone():
    series = beats()
    for start_s in range(10, 180, 20):
        series = with_gap(series, start_s, start_s + 2)
    row = one(series)
    assert "broken" in row["shortfall"]
    assert "no_segment" in row["shortfall"]
    assert np.isnan(row["welch_lf_ms2"])
    assert np.isnan(row["ar_lf_ms2"])
    assert row["lomb_lf_ms2"] == pytest.approx(2.0, rel=0.1)


def test_too_little_is_said_and_not_computed():
    series = beats()
    few = SeriesOfBeats(series.times_ns[:30], series.interval_s[:30], series.rejected[:30])
    row = one(few)
    assert row["shortfall"] == "few_intervals|low_coverage"
    assert (row["n_beats"], row["n_intervals"]) == (30, 30)
    assert np.isnan(row["rmssd_ms"])
    half = with_gap(series, 60.0, 175.0)
    assert one(half)["shortfall"] == "low_coverage"
    assert np.isfinite(one(half, due_s=[65.0])["rmssd_ms"])  # the recorder was to be on for 65 s only


@pytest.mark.parametrize("method", ["none", "removal", "linear", "cubic"])
def test_corrections_and_what_they_leave(method):
    series = beats()
    bad = np.zeros(len(series.times_ns), np.bool_)
    bad[100::160] = True
    wrong = series.interval_s.copy()
    wrong[bad] *= 1.5
    row = one(series._replace(interval_s=wrong, rejected=bad), variability_rules("mouse", {"correction": method}))
    clean = one(series)
    assert row["correction"] == method
    assert row["raw_rmssd_ms"] > 2 * clean["rmssd_ms"]
    if method == "none":
        assert row["rmssd_ms"] == row["raw_rmssd_ms"]
    else:
        assert row["rmssd_ms"] == pytest.approx(clean["rmssd_ms"], rel=0.03)
        assert row["welch_hf_ms2"] == pytest.approx(clean["welch_hf_ms2"], rel=0.1)
    assert (row["filled_share"] > 0) == (method in ("linear", "cubic"))


def test_pressures_have_their_own_rows_and_no_difference_across_a_gap():
    series = with_gap(beats(), 60.0, 90.0)
    level = np.where(series.times_ns < 70 * 10**9, 100.0, 160.0)
    pressure = level + np.random.default_rng(0).standard_normal(len(level))
    both = series._replace(pressures={"sbp_mmhg": pressure, "map_mmhg": pressure - 20.0})
    columns = pressure_variability_windows(both, [0, WINDOW_NS], RULES)
    assert columns["series"].tolist() == ["sbp_mmhg", "map_mmhg"]
    assert columns["rmssd_mmhg"] == pytest.approx(2**0.5, rel=0.05)
    assert columns["mean_mmhg"][0] - columns["mean_mmhg"][1] == pytest.approx(20.0)
    assert columns["lomb_total_mmhg2"][0] == pytest.approx(columns["lomb_total_mmhg2"][1])
    joint = one(both)
    assert joint["joint_words"] == joint["n_intervals"] - 6  # three words are lost at the end of each run
    assert "no_joint_words" not in joint["shortfall"]


def test_a_window_depends_on_its_own_beats_only():
    series = beats(length_s=540.0)
    edges_ns = np.arange(4) * WINDOW_NS
    whole = variability_windows(series, edges_ns, RULES)
    for number in range(3):
        alone = variability_windows(series, edges_ns[number : number + 2], RULES)
        for name, column in alone.items():
            assert column[0] == whole[name][number] or (column[0] != column[0]), name


def test_columns_are_those_declared_even_without_rows():
    nothing = SeriesOfBeats(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_))
    from telemus.physiology import PRODUCTS

    assert list(variability_windows(nothing, [0, 1], RULES)) == [c.name for c in PRODUCTS["variability"].columns]
    names = [column.name for column in PRODUCTS["variability_pressure"].columns]
    assert list(pressure_variability_windows(nothing, [0, 1], RULES)) == names


def test_wrong_calls_say_what_was_wanted():
    series = beats(20.0)
    with pytest.raises(SignalError, match="wanted one of each"):
        variability_windows(series._replace(interval_s=series.interval_s[1:]), [0, WINDOW_NS], RULES)
    with pytest.raises(SignalError, match="got correction 'x', wanted one of: none, removal, linear, cubic"):
        variability_rules("mouse", {"correction": "x"})
    with pytest.raises(SignalError, match="got 'unicorn'"):
        variability_rules("unicorn")
