"""What variability is computed by: bands and norms of the species, correction, and what is too little."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemus.errors import SignalError
from telemus.physiology.species import BandProfile, VariabilityNorms, load_species
from telemus.physiology.variability.correction import CORRECTIONS

METHODS = ("lomb", "welch", "ar", "fft")
"""The estimators of the spectrum."""


class Shortfall(enum.IntFlag):
    """Why a measure of a window is missing, or stands for less than its name says."""

    FEW_INTERVALS = 1 << 0
    """Fewer values than ``least_intervals`` are kept: nothing is computed."""
    LOW_COVERAGE = 1 << 1
    """The kept intervals cover less than ``least_coverage`` of the time due: nothing is computed."""
    BROKEN = 1 << 2
    """No unbroken run holds half of what was kept: no AR and no FFT spectrum. Lomb's stands."""
    NO_SEGMENT = 1 << 3
    """No unbroken run is as long as a segment: no spectrum by Welch. Lomb's stands."""
    HF_CUT = 1 << 4
    """The HF band passes half the heart rate, and ends there."""
    VLF_CUT = 1 << 5
    """The VLF band begins below one over the length of what was kept, and begins there in truth."""
    WELCH_VLF_CUT = 1 << 6
    """The same, for one over the length of Welch's segments."""
    NO_DFA = 1 << 7
    """Too few boxes of some size for alpha1 or alpha2."""
    NO_ENTROPY = 1 << 8
    """Too few templates match at some scale of the entropy."""
    NO_JOINT_WORDS = 1 << 9
    """No systolic pressure belongs to these intervals."""


@dataclass(frozen=True)
class VariabilityRules:
    """Everything that a window's variability depends on beside its beats.

    ``pnn_ms``: threshold of pNNx; ``correction``: a name of CORRECTIONS, ``longest_fill`` [beats] the longest hole that
    is filled; ``least_intervals``, ``least_coverage``: below them nothing is computed.
    """

    species: str
    profile: BandProfile
    norms: VariabilityNorms
    pnn_ms: float
    correction: str = "removal"
    longest_fill: int = 5
    least_intervals: int = 50
    least_coverage: float = 0.5

    @property
    def label(self) -> str:
        """Return species, profile and version of the bands, as printed with every result."""
        return f"{self.species} {self.profile.name} v{self.profile.version}"


def variability_rules(species: str, given: Mapping[str, Any] | None = None) -> VariabilityRules:
    """Return the rules of a species, with parameters of the product ``variability`` where they differ from the default.

    Raises SignalError on an unknown species, band profile or correction.

    >>> from telemus.physiology import species_names
    >>> variability_rules(species_names()[0], {"bands": "lf-to-1-hz"}).label.split(" ", 1)[1]
    'lf-to-1-hz v1'
    """
    known = load_species(species)
    values = dict(given or {})
    profile = known.band_profile(str(values.pop("bands", "")))
    rules = VariabilityRules(species, profile, known.variability, known.pnn_ms, **values)
    if rules.correction not in CORRECTIONS:
        raise SignalError(f"variability: got correction {rules.correction!r}, wanted one of: {', '.join(CORRECTIONS)}")
    return rules
