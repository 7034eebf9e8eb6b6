"""Mutants of a definition that has every element: a fault or a report, never another exception, also when decoding."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from telemus.errors import DefinitionError
from telemus.packets import alarm_events, compile_plan, decode_bytes, parse_definition, time_ns, to_arrow

RICH = etree.parse(Path(__file__).parents[2] / "unit" / "packets" / "everything.xml").getroot()
ODD = [
    *("", "-1", "0", "1", "7", "99999999999999999999", "nan", "inf", "1e400", "x", "0x", "true", "N", "M", "WHEN"),
    *("Base", "Child", "../N", "/", ".", "P8", "Pair", "X.a", "N[0]", "nextEntry", "containerEnd", "UTF-16", "DEC"),
]
"""Values that an attribute or a text may get: wrong types, wrong ranges, names of other things."""


def mutant(seed: int) -> etree._Element:
    """Return the definition with one to four things taken out, doubled, moved or changed."""
    random = np.random.default_rng(seed)
    root = copy.deepcopy(RICH)
    for _ in range(int(random.integers(1, 5))):
        places = [one for one in root.iter() if isinstance(one.tag, str) and one is not root]
        one = places[int(random.integers(len(places)))]
        parent = one.getparent()
        choice = int(random.integers(5))
        if parent is None:
            continue
        if choice == 0:
            parent.remove(one)
        elif choice == 1:
            parent.append(copy.deepcopy(one))
        elif choice == 2:
            places[int(random.integers(len(places)))].append(copy.deepcopy(one))
        elif choice == 3 and one.attrib:
            names = sorted(str(name) for name in one.attrib)
            one.set(names[int(random.integers(len(names)))], ODD[int(random.integers(len(ODD)))])
        else:
            one.text = ODD[int(random.integers(len(ODD)))]
    return root


def take(seed: int) -> str:
    """Read a mutant, and if it has no fault decode random packets with each of its containers."""
    try:
        definition = parse_definition(etree.tostring(mutant(seed)))
        plans = [compile_plan(definition, name) for name in definition.containers]
    except DefinitionError as error:
        told = all(fault.where and fault.got and fault.wanted for fault in error.faults)
        return "faulty" if told else "faulty, and not said where"
    random = np.random.default_rng(seed)
    octets = b"".join(
        bytes([8, 1, 0xC0, count, 0, 23]) + random.integers(0, 3, 24, np.uint8).tobytes() for count in range(4)
    )
    for plan in plans:
        tables = decode_bytes(octets, plan).tables
        for table in tables:
            assert to_arrow(table).num_rows == table.count
            for field in table.plan.fields:
                time_ns(field, table.columns, table.plan.field_of)
        alarm_events(tables)
    return "read"


@pytest.mark.parametrize("block", range(4))
def test_mutants_are_read_or_refused(block: int) -> None:
    outcomes = [take(seed) for seed in range(100 * block, 100 * block + 100)]
    assert set(outcomes) == {"read", "faulty"}
