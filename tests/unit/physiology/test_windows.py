"""Windows of beats: by hand, against a plain loop, and their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.physiology.intervals import Rejection, interval_statistics, whole_ns
from telemus.physiology.windows import summarise_windows, window_edges

S = 1_000_000_000


def test_edges_stand_on_a_grid_of_their_own():
    assert window_edges(61 * S, 179 * S, 60 * S).tolist() == [60 * S, 120 * S, 180 * S]
    assert window_edges(60 * S, 180 * S, 60 * S).tolist() == [60 * S, 120 * S, 180 * S]
    assert window_edges(-5, 5, 60, origin_ns=7).tolist() == [-53, 7]
    with pytest.raises(SignalError, match="length above 0"):
        window_edges(0, 10, 0)


def test_by_hand():
    times = np.array([0, 100, 300, 400, 1000]) * S // 1000
    interval = [0.1, 0.2, 0.1, np.nan, 0.1]
    rejected = np.array([0, 0, Rejection.NEIGHBOUR, 0, 0])
    w = summarise_windows(
        times,
        interval,
        [0, S, 2 * S, 3 * S],
        {"sbp_mmhg": [120.0, 126.0, np.nan, 132.0, 140.0]},
        quality=[1, 0, 4, 1 << 24, 0],
        rejected=rejected,
        quality_rejects=1 << 24,
    )
    assert w["n_beats"].tolist() == [4, 1, 0]
    assert w["n_intervals"].tolist() == [2, 1, 0]
    assert w["coverage"].tolist() == pytest.approx([0.3, 0.1, 0.0])
    assert w["rejected_share"].tolist()[:2] == [0.5, 0.0]
    assert w["rejected_missing"][0] == 0.25
    assert w["rejected_neighbour"][0] == 0.25
    assert w["hr_bpm"][0] == pytest.approx(400.0)
    assert w["hr_beat_bpm"][0] == pytest.approx(450.0)
    assert w["nn_mean_ms"][0] == pytest.approx(150.0)
    assert w["rmssd_ms"][0] == pytest.approx(100.0)
    assert w["quality"].tolist() == [(1 << 24) + 5, 0, 0]
    assert w["sbp_mmhg"][0] == pytest.approx(123.0)  # the NaN and the rejected beat are left out
    assert w["sbp_mmhg_time"][0] == pytest.approx((120 * 0.1 + 126 * 0.2) / 0.3)
    assert all(np.isnan(w[name][2]) for name in ("hr_bpm", "sdnn_ms", "rmssd_ms", "sbp_mmhg", "rejected_share"))


@given(
    st.lists(st.tuples(st.integers(50, 200), st.booleans(), st.booleans()), max_size=80),
    st.integers(300, 2000),
)
def test_equals_the_statistics_of_each_window_alone(beats, length_ms):
    steps = np.array([b[0] for b in beats], np.int64)
    times = np.concatenate([[0], np.cumsum(steps)])[: len(steps)] * 1_000_000
    interval = np.where([b[1] for b in beats], np.nan, steps / 1000.0) if beats else np.zeros(0)
    rejected = np.array([Rejection.AVERAGE if b[2] else 0 for b in beats], np.uint32)
    stop = int(times[-1]) + 1 if beats else 1
    edges = window_edges(0, stop, length_ms * 1_000_000)
    w = summarise_windows(times, interval, edges, rejected=rejected)
    for k in range(len(edges) - 1):
        inside = (times >= edges[k]) & (times < edges[k + 1])
        s = interval_statistics(whole_ns(interval[inside]), rejected[inside])
        assert w["n_intervals"][k] == s.n
        for name, value in (("hr_bpm", s.hr_bpm), ("hr_beat_bpm", s.hr_beat_bpm), ("nn_mean_ms", s.mean_ms)):
            assert w[name][k] == pytest.approx(value, nan_ok=True)
        assert w["sdnn_ms"][k] == pytest.approx(s.sdnn_ms, nan_ok=True, abs=1e-9)
        assert w["rmssd_ms"][k] == pytest.approx(s.rmssd_ms, nan_ok=True)


def test_no_beats_at_all():
    w = summarise_windows([], [], [0, 10, 20], {"x": []})
    assert w["n_beats"].tolist() == [0, 0]
    assert np.isnan(w["x"]).all()


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(SignalError, match=r"'interval_s': \(2,\)"):
        summarise_windows([0], [1.0, 2.0], [0, 10])
    with pytest.raises(SignalError, match="ascending edges"):
        summarise_windows([0], [1.0], [10, 0])
