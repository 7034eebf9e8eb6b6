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


@pytest.mark.parametrize("name", species_names())
def test_the_bands_of_every_profile_touch_and_have_a_source(name):
    species = load_species(name)
    assert species.bands is species.band_profile().bands
    for profile in species.band_profiles.values():
        vlf, lf, hf = (profile.bands[band] for band in ("vlf", "lf", "hf"))
        assert 0 < vlf.low_hz < vlf.high_hz == lf.low_hz < lf.high_hz == hf.low_hz < hf.high_hz
        assert profile.source
        assert profile.version >= 1


@pytest.mark.parametrize("name", species_names())
def test_the_even_series_can_hold_the_hf_band(name):
    species = load_species(name)
    assert species.variability.resample_hz >= 2.0 * species.bands["hf"].high_hz
    assert list(species.variability.dfa_sizes) == sorted(species.variability.dfa_sizes)
    assert species.variability.source


def test_an_unknown_profile_lists_the_known():
    with pytest.raises(SignalError, match="got 'x', wanted one of: behar-2018, lf-to-1-hz"):
        load_species("mouse").band_profile("x")


def test_bounds_are_inside():
    norm = load_species("mouse").norms["interval_ms"]
    flags = flag_range([50.0, 240.0, 49.9, 240.1, np.nan], norm)
    assert flags.tolist() == [0, 0, BeatQuality.OUT_OF_RANGE, BeatQuality.OUT_OF_RANGE, 0]


def test_an_unknown_species_lists_the_known():
    with pytest.raises(SignalError, match="got 'unicorn', wanted one of: mouse, rat"):
        load_species("unicorn")
