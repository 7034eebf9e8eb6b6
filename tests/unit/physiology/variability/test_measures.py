"""Each measure against an identity, a loop that is its definition, or a process whose value is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.errors import SignalError
from telemus.physiology import interval_statistics
from telemus.physiology.variability import (
    correct,
    dfa,
    fragmentation,
    histogram_triangle,
    joint_words,
    long_term,
    multiscale_entropy,
    poincare,
    sample_entropy,
    time_domain,
)
from telemus.physiology.variability.entropy_kernel import coarse_grained, template_matches
from telemus.physiology.variability.fractal import LEAST_BOXES, box_sizes, fluctuations

NAN = float("nan")
SERIES = st.lists(st.one_of(st.integers(95, 125).map(float), st.just(NAN)), min_size=4, max_size=80)


def normal(count, seed=0):
    return 100.0 + 5.0 * np.random.default_rng(seed).standard_normal(count)


@given(SERIES)
def test_time_domain_equals_the_statistics_of_whole_nanoseconds(values):
    x = np.array(values)
    found = time_domain(x, 5.0)
    whole = interval_statistics(np.where(np.isfinite(x), np.nan_to_num(x) * 1e6, -1).astype(np.int64))
    assert (found.n, found.n_differences) == (whole.n, whole.n_differences)
    for ours, other in (
        (found.sd, whole.sdnn_ms),
        (found.rmssd, whole.rmssd_ms),
        (found.pnn_percent, whole.pnn_percent),
    ):
        assert ours == pytest.approx(other, nan_ok=True)


def test_the_published_nn_file(shared_data):
    nn = np.loadtxt(shared_data / "physio/hrv_reference/test_nn_intervals.txt")
    found = time_domain(nn, 50.0)
    assert found.mean == pytest.approx(718.248, abs=5e-4)
    assert found.sd == pytest.approx(43.113074968, abs=5e-10)
    assert found.rmssd == pytest.approx(19.519400786, abs=1e-9)
    assert round(found.pnn_percent / 100 * found.n_differences) == 24
    assert poincare(nn).sd1 == pytest.approx(13.809190, abs=5e-7)


def test_identities_of_time_domain_and_poincare():
    x = normal(5000)
    time, plot = time_domain(x), poincare(x)
    assert plot.sd1**2 == pytest.approx(time.sdsd**2 / 2)
    assert plot.sd1**2 + plot.sd2**2 == pytest.approx(2 * time.sd**2, rel=1e-3)
    assert plot.csi == pytest.approx(plot.sd2 / plot.sd1)
    assert plot.cvi == pytest.approx(np.log10(4 * plot.sd1 * 4 * plot.sd2))
    assert time.sem == pytest.approx(time.sd / 5000**0.5)


def test_the_histogram_of_a_triangle_gives_its_base():
    counts = (
        np.r_[np.arange(1, 11), np.arange(9, 0, -1)] * 10
    )  # 19 bins of 2 ms: the sides reach 0 ten bins from the top
    values = np.repeat(100.0 + 2.0 * np.arange(19) + 1.0, counts)
    found = histogram_triangle(values, 2.0)
    assert found.base == pytest.approx(2.0 * 20, abs=2.0)
    assert found.share == pytest.approx(counts.sum() / 100)
    assert np.isnan(histogram_triangle(values[:5], 2.0).base)


def plain_matches(x, length, radius):
    """The definition, pair by pair."""
    places = [i for i in range(len(x) - length) if np.isfinite(x[i : i + length + 1]).all()]
    shorter = longer = 0
    for number, i in enumerate(places):
        for j in places[number + 1 :]:
            apart = np.abs(x[i : i + length + 1] - x[j : j + length + 1])
            shorter += bool((apart[:length] <= radius).all())
            longer += bool((apart <= radius).all())
    return shorter, longer


@given(SERIES, st.integers(1, 3), st.sampled_from([0.5, 1.0, 4.0]))
@settings(max_examples=60, deadline=None)
def test_template_kernel_equals_the_definition(values, length, radius):
    x = np.array(values)
    assert template_matches(x, length, radius) == plain_matches(x, length, radius)


@given(SERIES, st.integers(2, 5))
@settings(deadline=None)
def test_coarse_graining_stays_within_runs(values, scale):
    x = np.array(values)
    means, run = [], []
    for value in [*values, NAN]:
        if value != value:  # noqa: PLR0124
            if means and means[-1] == means[-1]:
                means.append(NAN)
            run = []
            continue
        run.append(value)
        if len(run) == scale:
            means.append(sum(run) / scale)
            run = []
    found = coarse_grained(x, scale)
    trimmed = means[:-1] if means and len(means) > len(found) else means
    assert found == pytest.approx(np.array(trimmed), nan_ok=True)


def test_entropy_of_noise_falls_with_scale_and_that_of_walks_does_not():
    noise, walk = normal(3000), np.cumsum(normal(3000) - 100.0)
    of_noise, of_walk = multiscale_entropy(noise, 10), multiscale_entropy(walk, 10)
    assert of_noise[0] == sample_entropy(noise)
    assert of_noise[0] == pytest.approx(2.2, abs=0.15)  # white Gaussian noise, r = 0.2 SD: Richman and Moorman 2000
    assert (np.diff(of_noise[:6]) < 0).all()
    assert of_walk[-1] > of_walk[0]
    assert np.isnan(sample_entropy(np.full(100, 5.0)))


@pytest.mark.parametrize(("seed", "summed", "exponent"), [(0, False, 0.5), (1, True, 1.5)])
def test_exponents_of_white_and_brownian_noise(seed, summed, exponent):
    x = np.random.default_rng(seed).standard_normal(60_000)
    found = dfa(np.cumsum(x) if summed else x)
    assert found.alpha2 == pytest.approx(exponent, abs=0.03)
    assert found.alpha1 == pytest.approx(exponent, abs=0.1)  # short boxes are biased upwards in white noise


@given(SERIES)
@settings(max_examples=40, deadline=None)
def test_fluctuation_kernel_equals_a_fit_in_each_box(values):
    x = np.array(values)
    mean = float(np.nanmean(x)) if np.isfinite(x).any() else 0.0
    sizes = np.array([4, 7])
    found = fluctuations(x, sizes)
    for k, size in enumerate(sizes):
        squares = []
        for run in np.split(x, np.flatnonzero(~np.isfinite(x))):
            profile = np.cumsum(run[np.isfinite(run)] - mean)
            for start in range(0, len(profile) - size + 1, size):
                box = profile[start : start + size]
                line = np.polyval(np.polyfit(np.arange(size), box, 1), np.arange(size))
                squares.append(np.mean((box - line) ** 2))
        assert found.boxes[k] == len(squares)
        assert found.fluctuation[k] ** 2 == pytest.approx(np.mean(squares) if squares else NAN, abs=1e-9, nan_ok=True)


def test_an_exponent_needs_boxes_of_every_size():
    assert np.isnan(dfa(normal(128 * LEAST_BOXES - 1)).alpha2)
    assert np.isfinite(dfa(normal(128 * LEAST_BOXES)).alpha2)
    assert box_sizes(16, 128)[[0, -1]].tolist() == [16, 128]


def plain_fragmentation(runs):
    """PhysioZoo's counting, run by run, on lists."""
    n = sum(len(run) for run in runs)
    turns, lengths, alternating = 0, [], 0
    for run in runs:
        steps = [b - a for a, b in pairwise(run)]
        here = []
        for k, step in enumerate(steps):
            if k and step * steps[k - 1] < 0:
                turns += 1
                here.append(1)
            elif k:
                here[-1] += 1
            else:
                here = [1]
        single = 0
        for length in [*here, 2]:
            if length == 1:
                single += 1
            else:
                alternating += single + 1 if single + 1 > 3 else 0
                single = 0
        lengths += here
    short = sum(length for length in lengths if length < 3)
    return 100 * turns / n, len(lengths) / sum(lengths), 100 * short / n, 100 * alternating / n


@given(SERIES)
def test_fragmentation_equals_plain_counting(values):
    x = np.array(values)
    runs = [run[np.isfinite(run)].tolist() for run in np.split(x, np.flatnonzero(~np.isfinite(x)))]
    if int(np.isfinite(np.diff(x)).sum()) < 3:
        assert np.isnan(fragmentation(x).pip_percent)
    else:
        assert tuple(fragmentation(x)) == pytest.approx(plain_fragmentation([run for run in runs if run]))


def test_joint_words_of_series_that_agree_oppose_and_do_not_care():
    x = normal(4000)
    same, against, free = joint_words(x, 2 * x), joint_words(x, -x), joint_words(x, normal(4000, 9))
    assert (same.same_percent, against.opposite_percent) == (100.0, 100.0)
    assert free.same_percent == pytest.approx(100 / 6, abs=4)  # words of noise are not equally frequent
    assert free.entropy_bits > same.entropy_bits
    assert same.share.sum() == pytest.approx(1.0)
    assert joint_words(x[:3], x[:3]).n == 0
    assert joint_words(np.r_[x[:10], NAN, x[10:20]], np.r_[x[:10], NAN, x[10:20]]).n == 14
    with pytest.raises(SignalError, match="same beats"):
        joint_words(x, x[:-1])


def test_long_term_measures_of_segments():
    found = long_term([100.0, 104.0, 108.0], [5.0, 6.0, 10.0])
    assert (found.n, found.sdann, found.sdnn_index) == (3, 4.0, 7.0)


@pytest.mark.parametrize("method", ["none", "removal", "linear", "cubic"])
def test_corrections_touch_nothing_but_what_is_rejected(method):
    x = np.r_[normal(20), NAN, normal(20, 1)]
    times_s = np.arange(41) / 10
    rejected = np.isin(np.arange(41), [0, 5, 6, 19, 30, 31, 32, 33, 34, 35])
    found = correct(times_s, x, rejected, method)
    assert (found.values[~rejected & np.isfinite(x)] == x[~rejected & np.isfinite(x)]).all()
    assert np.isnan(found.values[20])
    if method in ("linear", "cubic"):
        assert np.flatnonzero(found.filled).tolist() == [5, 6]  # not at an end, not at a gap, not six in a row
        assert found.values[5:7] == pytest.approx([100, 100], abs=20)
    else:
        assert not found.filled.any()
        assert np.isnan(found.values[5]) == (method == "removal")


def test_an_unknown_correction_lists_the_known():
    with pytest.raises(SignalError, match="got method 'magic', wanted one of: none, removal, linear, cubic"):
        correct([0.0], [1.0], [True], "magic")


@given(SERIES, SERIES)
@settings(max_examples=40, deadline=None)
def test_nothing_is_computed_across_a_break(first, second):
    """What two stretches hold does not depend on their order: nothing joins them."""
    one, two = np.array([*first, NAN, *second]), np.array([*second, NAN, *first])
    assert time_domain(one).rmssd == pytest.approx(time_domain(two).rmssd, nan_ok=True)
    assert fragmentation(one) == pytest.approx(fragmentation(two), nan_ok=True)
    assert poincare(one) == pytest.approx(poincare(two), nan_ok=True, abs=1e-9)
    assert template_matches(one, 2, 1.0) == template_matches(two, 2, 1.0)
    assert fluctuations(one, np.array([4, 6])).boxes.tolist() == fluctuations(two, np.array([4, 6])).boxes.tolist()
