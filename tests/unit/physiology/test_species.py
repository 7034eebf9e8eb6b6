"""Norms are complete, and only flag."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.physiology.quality import BeatQuality
from telemus.physiology.species import flag_range, load_species, species_names


@pytest.mark.parametrize("name", species_names())
def test_every_norm_has_bounds_unit_meaning_and_source(name):
    species = load_species(name)
    assert species.title
    assert species.pnn_ms > 0
    assert {"interval_ms", "heart_rate_bpm", "map_mmhg", "pulse_pressure_mmhg"} <= set(species.norms)
    for norm in species.norms.values():
        assert norm.low < norm.high
        assert norm.unit
        assert norm.meaning
        assert norm.source
    for band in species.bands.values():
        assert 0 < band.low_hz < band.high_hz
        assert band.source


def test_bands_touch():
    for name in species_names():
        bands = load_species(name).bands
        if bands:
            assert bands["vlf"].high_hz == bands["lf"].low_hz
            assert bands["lf"].high_hz == bands["hf"].low_hz


def test_bounds_are_inside():
    norm = load_species("mouse").norms["interval_ms"]
    flags = flag_range([50.0, 240.0, 49.9, 240.1, np.nan], norm)
    assert flags.tolist() == [0, 0, BeatQuality.OUT_OF_RANGE, BeatQuality.OUT_OF_RANGE, 0]


def test_an_unknown_species_lists_the_known():
    with pytest.raises(SignalError, match="got 'unicorn', wanted one of: mouse, rat"):
        load_species("unicorn")
