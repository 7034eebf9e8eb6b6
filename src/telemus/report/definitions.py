"""The definition of every number on a page, as the products declare them, and of every quality bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telemus.physiology import BeatQuality
from telemus.pipeline import REGISTRY
from telemus.product import Product
from telemus.report.numbers import ABSENT, count
from telemus.report.page import Block, Section, Table
from telemus.report.view import View
from telemus.series import Quality


def product_table(product: Product, given: Mapping[str, Any], why: str) -> Table:
    """Return the columns of a product with unit and definition; reference and parameters stand in the note."""
    values = product.with_parameters(given)
    parameters = "; ".join(
        f"{one.name} = {values[one.name]} {one.unit}: {one.meaning} ({one.source})" for one in product.parameters
    )
    note = " ".join(
        part for part in (product.reference, f"Parameters: {parameters}." if parameters else "", why) if part
    )
    rows = [(one.name, one.unit or ABSENT, one.meaning) for one in product.columns]
    heads = (f"{product.title} ({product.name}, version {product.version})", "unit", "definition")
    return Table(heads, rows, note, numeric=False)


def bit_table() -> Table:
    """Return the quality bits, general and of beats, with their numbers."""
    every: list[Any] = [*Quality, *BeatQuality]
    bits = [(str(bit.name).lower(), count(int(bit).bit_length() - 1)) for bit in every if int(bit)]
    return Table(("quality bit", "number"), bits, numeric=False)


def definition_section(view: View) -> Section:
    """Return the definitions of all products that the mission wants."""
    blocks: list[Block] = [
        product_table(REGISTRY[wanted.name].product, wanted.parameters, wanted.why) for wanted in view.mission.products
    ]
    return Section("definitions", "Definitions", [*blocks, bit_table()])
