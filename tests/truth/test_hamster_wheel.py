"""Free-running hamsters of known genotype: the period of tau mutants is about 20, 22 and 24 h (circadian.org)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemus.physiology import find_period, rest_activity

CELL_H = 0.1


@pytest.mark.parametrize(("animal", "period_h"), [(1, 20.0), (3, 22.0), (5, 24.0)])
def test_the_period_is_the_genotypes(shared_data: Path, animal: int, period_h: float) -> None:
    counts = np.loadtxt(shared_data / f"physio/hamster_wheel/HAMSTER{animal}.WHL", usecols=0)
    found = find_period(np.arange(len(counts)) * CELL_H, counts)
    assert found.reason == ""
    assert found.period_h == pytest.approx(period_h, abs=0.4)
    assert abs(found.cosine_h - found.fold_h) < found.width_h


def test_only_the_animal_on_24_hours_repeats_its_day(shared_data: Path) -> None:
    stability = []
    for animal in (1, 3, 5):
        counts = np.loadtxt(shared_data / f"physio/hamster_wheel/HAMSTER{animal}.WHL", usecols=0)
        stability.append(rest_activity(np.arange(len(counts)) * CELL_H, counts).interdaily_stability)
    assert stability[2] > 2 * max(stability[:2])
