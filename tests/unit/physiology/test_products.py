"""What a product declares is what its function returns."""

from __future__ import annotations

from dataclasses import fields

import pytest

from telemus.physiology.circadian import Cosinor, LightDark
from telemus.physiology.ecg import EcgParameters, RPeaks
from telemus.physiology.pressure import PressureBeats, PressureParameters
from telemus.physiology.products import PRODUCTS


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=list(PRODUCTS))
def test_every_column_and_parameter_is_explained(product):
    names = [column.name for column in product.columns]
    assert len(set(names)) == len(names)
    assert all(column.meaning for column in product.columns)
    assert all(p.meaning and p.source for p in product.parameters)
    assert PRODUCTS[product.name] is product


def columns(name):
    return {column.name for column in PRODUCTS[name].columns}


def test_beats_are_what_the_detectors_return():
    derived = {"heart_rate_bpm"}
    assert columns("beats_ecg") == {*RPeaks._fields, *derived} - {"r_index"}
    found = {f.replace("_index", "_ns") for f in PressureBeats._fields} - {"foot_ns"}
    assert columns("beats_pressure") == found | derived


@pytest.mark.parametrize(("name", "told"), [("beats_ecg", EcgParameters), ("beats_pressure", PressureParameters)])
def test_parameters_are_those_of_the_detector(name, told):
    declared = {p.name: p.default for p in PRODUCTS[name].parameters}
    known = {f.name: f.default for f in fields(told)}
    known.pop("unusable")
    assert declared == known


def test_level_three_is_what_the_functions_return():
    assert columns("light_dark") == {"measure", *LightDark._fields}
    assert columns("cosinor") == {"measure", *Cosinor._fields}
