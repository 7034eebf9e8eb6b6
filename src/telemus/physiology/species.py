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
class Species:
    """What is known of a species: norms and bands by name, and the threshold [ms] of its pNN."""

    name: str
    title: str
    pnn_ms: float
    pnn_source: str
    norms: Mapping[str, Norm]
    bands: Mapping[str, Band]


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
    bands = {k: Band(k, float(v["low"]), float(v["high"]), v["source"]) for k, v in entry.get("band", {}).items()}
    return Species(
        name,
        entry["title"],
        float(entry["pnn_ms"]),
        entry["pnn_source"],
        MappingProxyType(norms),
        MappingProxyType(bands),
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


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("telemus.physiology").joinpath("species.toml").read_text(encoding="utf-8"))
