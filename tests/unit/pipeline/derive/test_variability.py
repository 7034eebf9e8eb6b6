"""Variability through the pipeline: both sources, each pressure, the phases, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.errors import ProductError
from telemus.pipeline import REGISTRY, process
from telemus.pipeline.work import Work

HOUR = 3600


def test_windows_phases_and_what_is_refused(recorder):
    """Six minutes of one animal in each of two phases; made once, looked at from all sides, for it takes seconds."""
    for at_s in (HOUR, 30 * HOUR):
        recorder.write(recorder.animal(1, at_s, 360))
    assert process(recorder.store, workers=1).failures == ()
    store = recorder.store

    rows = store.read("variability", subject="M1").to_pylist()
    full = [row for row in rows if "few_intervals" not in row["shortfall"]]
    assert [row["source"] for row in full].count("ecg") == [row["source"] for row in full].count("pressure") == 4
    assert {row["phase"] for row in full} == {"baseline", "flight"}
    for row in full:
        assert row["stop_ns"] - row["tai_ns"] == 180_000_000_000
        assert row["sd1_ms"] == pytest.approx(row["sdsd_ms"] / 2**0.5, rel=1e-5)
        assert row["bands"].endswith("behar-2018 v1")
        assert np.isnan(row["joint_words"]) == (row["source"] == "ecg") == ("no_joint_words" in row["shortfall"])
        assert row["lomb_total_ms2"] > 0

    pressures = store.read("variability_pressure", subject="M1").to_pylist()
    mean = {row["series"]: row["mean_mmhg"] for row in pressures if row["coverage"] > 0.9}
    assert mean["dbp_mmhg"] < mean["map_mmhg"] < mean["sbp_mmhg"]

    phases = {
        row["phase"]: row
        for row in store.read("variability_phases", subject="M1").to_pylist()
        if row["source"] == "ecg"
    }
    known = np.array([row["avnn_ms"] for row in full if row["source"] == "ecg"])
    assert set(phases) == {"all", "baseline", "flight"}
    assert (phases["all"]["n"], phases["baseline"]["n"], phases["all"]["window_min"]) == (4, 2, 3.0)
    assert phases["all"]["sdann_ms"] == pytest.approx(known.std(ddof=1), rel=1e-3)

    registered = REGISTRY["variability"]
    given = registered.product.with_parameters({"window_min": 7})
    work = Work(store, store.description, registered.product, "M1", 0, HOUR * 10**9, given)
    with pytest.raises(ProductError, match="got windows of 7 min, wanted a whole number that divides 60"):
        registered.make(work)
