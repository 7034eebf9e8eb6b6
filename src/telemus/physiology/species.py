"""Reads species.toml: the norms of each species, with unit, meaning and source. Norms flag, and decide nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.quality import BeatQuality


@dataclass(frozen=True)
class Norm:
    """A range outside which a measure is marked; a bound that does not exist is infinite."""

    name: str
    low: float
    high: float
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True)
class Band:
    """A named band of frequency [Hz] of a spectrum of beats."""

    name: str
    low_hz: float
    high_hz: float
    source: str


@dataclass(frozen=True)
class BandProfile:
    """A named, versioned set of bands (``vlf``, ``lf``, ``hf``), printed with every result that rests on it."""

    name: str
    version: int
    bands: Mapping[str, Band]
    source: str


@dataclass(frozen=True)
class VariabilityNorms:
    """How intervals of a species are summed up.

    ``histogram_ms``: width of a bin of the triangular index; ``resample_hz``: rate of the evenly spaced series that
    Welch, AR and FFT see; ``ar_order``; ``welch_segment_s``: length of Welch's segments; ``dfa_sizes``: shortest and
    longest box [beats] of alpha1, then of alpha2.
    """

    histogram_ms: float
    resample_hz: float
    ar_order: int
    welch_segment_s: float
    dfa_sizes: tuple[int, int, int, int]
    source: str


@dataclass(frozen=True)
class Species:
    """What is known of a species: norms by name, the threshold [ms] of its pNN, its bands and how to use them."""

    name: str
    title: str
    pnn_ms: float
    pnn_source: str
    norms: Mapping[str, Norm]
    band_profiles: Mapping[str, BandProfile]
    variability: VariabilityNorms

    @property
    def bands(self) -> Mapping[str, Band]:
        """Return the bands of the first profile, which is the default."""
        return next(iter(self.band_profiles.values())).bands

    def band_profile(self, name: str = "") -> BandProfile:
        """Return a profile by name, the default where none is named; SignalError lists the known ones.

        >>> load_species(species_names()[0]).band_profile("lf-to-1-hz").bands["lf"].high_hz
        1.0
        """
        wanted = name or next(iter(self.band_profiles))
        if wanted not in self.band_profiles:
            known = ", ".join(self.band_profiles)
            raise SignalError(f"band profile of {self.name}: got {name!r}, wanted one of: {known}")
        return self.band_profiles[wanted]


def species_names() -> list[str]:
    """Return the species that species.toml knows, in its order."""
    return list(_table())


def load_species(name: str) -> Species:
    """Return a species by name. Raises SignalError that lists the known ones on an unknown name.

    >>> load_species(species_names()[0]).norms["interval_ms"].high
    240.0
    """
    table = _table()
    if name not in table:
        raise SignalError(f"load_species: got {name!r}, wanted one of: {', '.join(table)}")
    entry = table[name]
    norms = {key: _norm(key, value) for key, value in entry["norm"].items()}
    profiles = {key: _profile(key, value) for key, value in entry["band_profile"].items()}
    return Species(
        name,
        entry["title"],
        float(entry["pnn_ms"]),
        entry["pnn_source"],
        MappingProxyType(norms),
        MappingProxyType(profiles),
        _variability(entry["variability"]),
    )


def flag_range(values: ArrayLike, norm: Norm) -> NDArray[np.uint32]:
    """Return OUT_OF_RANGE (n,) where a measure, in the norm's unit, lies outside the norm; NaN is not marked.

    >>> norm = Norm("map_mmhg", 50.0, 200.0, "mmHg", "", "")
    >>> flag_range([100.0, 20.0, np.nan], norm).tolist()
    [0, 524288, 0]
    """
    x = np.asarray(values, np.float64)
    outside = (x < norm.low) | (x > norm.high)
    return np.where(outside, np.uint32(BeatQuality.OUT_OF_RANGE), 0).astype(np.uint32)


def _norm(name: str, entry: Mapping[str, Any]) -> Norm:
    low, high = float(entry.get("low", -np.inf)), float(entry.get("high", np.inf))
    return Norm(name, low, high, entry["unit"], entry["meaning"], entry["source"])


def _profile(name: str, entry: Mapping[str, Any]) -> BandProfile:
    source = entry["source"]
    bands = {band: Band(band, float(entry[band][0]), float(entry[band][1]), source) for band in ("vlf", "lf", "hf")}
    return BandProfile(name, entry["version"], MappingProxyType(bands), source)


def _variability(entry: Mapping[str, Any]) -> VariabilityNorms:
    first, second, third, last = entry["dfa_sizes"]
    return VariabilityNorms(
        float(entry["histogram_ms"]),
        float(entry["resample_hz"]),
        int(entry["ar_order"]),
        float(entry["welch_segment_s"]),
        (first, second, third, last),
        entry["source"],
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("telemus.physiology").joinpath("species.toml").read_text(encoding="utf-8"))
