"""Unit tests of cells and extrema against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.numerics import alternating_extrema, mean_cells


@pytest.mark.parametrize("width", [1, 4, 7])
def test_cells_are_means_and_bad_samples_spoil_their_cell_only(width: int) -> None:
    generator = np.random.default_rng(3)
    values, quality = generator.standard_normal(101), np.zeros(101, np.uint32)
    values[20], quality[50], quality[80] = np.nan, 4, 64
    means = mean_cells(values, quality, 4, width)
    whole = values[: 101 // width * width].reshape(-1, width).mean(axis=1)
    whole[50 // width] = np.nan
    np.testing.assert_allclose(means, whole, rtol=1e-12)


def test_infinite_values_spoil_a_cell() -> None:
    means = mean_cells(np.array([1.0, np.inf, 2.0, 4.0]), np.zeros(4, np.uint32), 0, 2)
    assert np.isnan(means[0])
    assert means[1] == 3.0


def test_extrema_alternate_take_the_start_of_a_plateau_and_stop_at_holes() -> None:
    means = np.array([0.0, 1.0, 3.0, 3.0, 2.0, 2.5, np.nan, 5.0, 4.0, 6.0, 6.0, np.nan, 1.0])
    position, kind, run = alternating_extrema(means)
    assert position.tolist() == [2, 4, 8]
    assert kind.tolist() == [1, -1, -1]
    assert run.tolist() == [0, 0, 7]


def test_extrema_of_noise_are_those_of_its_neighbours() -> None:
    means = np.random.default_rng(1).standard_normal(500)
    position, kind, _ = alternating_extrema(means)
    inner, left, right = means[1:-1], means[:-2], means[2:]
    turns = np.flatnonzero(((inner > left) & (inner > right)) | ((inner < left) & (inner < right))) + 1
    np.testing.assert_array_equal(position, turns)
    assert (np.diff(kind) != 0).all()


@pytest.mark.parametrize("means", [[], [1.0], [1.0, 2.0], [np.nan] * 4, [2.0] * 9])
def test_what_does_not_turn_has_no_extrema(means: list[float]) -> None:
    position, kind, run = alternating_extrema(np.array(means))
    assert len(position) == len(kind) == len(run) == 0
