"""Bursts of movement that bury the ECG, and sometimes the pressure with it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from telemus.simulate.mouse.influence import Influence
from telemus.simulate.mouse.noise import hash_index, stream_key
from telemus.simulate.mouse.parameters import MouseParameters
from telemus.simulate.mouse.spline import KNOT_HZ
from telemus.simulate.mouse.state import activity_strength

SLOT_S = 20.0
PRESSURE_SHARE = 0.4
LONGEST_S = 4.0


class Burst(NamedTuple):
    """One burst, on whole knots.

    Attributes:
        start_s, stop_s: its border [s since time zero].
        in_pressure: whether it buries the pressure too.
    """

    start_s: float
    stop_s: float
    in_pressure: bool


def bursts_between(
    mouse: MouseParameters, influence: Influence, seed: int, start_s: float, stop_s: float
) -> list[Burst]:
    """List the bursts that overlap a stretch, in order.

    Args:
        mouse: the animal; it bursts only in a bout of activity.
        influence: what acts on it.
        seed: of the animal.
        start_s: begin of the stretch [s since time zero].
        stop_s: its end [s since time zero].
    """
    slots = np.arange(math.floor((start_s - LONGEST_S) / SLOT_S), math.floor(stop_s / SLOT_S) + 1)
    middle_s = (slots.astype(np.float64) + 0.5) * SLOT_S
    active = activity_strength(mouse, influence, seed, middle_s) > 0.1
    key = stream_key(seed, "burst")
    out = []
    for slot in slots[active]:
        if influence.death_s is not None and (slot + 1) * SLOT_S > influence.death_s:
            continue
        chance, place, length, deep = (int(hash_index(key, 4 * int(slot) + k)) / 2.0**64 for k in range(4))
        if chance >= mouse.artefact_share:
            continue
        begin_s = math.floor((slot * SLOT_S + place * (SLOT_S - LONGEST_S)) * KNOT_HZ) / KNOT_HZ
        end_s = begin_s + math.ceil((0.6 + (LONGEST_S - 0.7) * length**2) * KNOT_HZ) / KNOT_HZ
        if begin_s < stop_s and end_s > start_s:
            out.append(Burst(begin_s, end_s, deep < PRESSURE_SHARE))
    return out
