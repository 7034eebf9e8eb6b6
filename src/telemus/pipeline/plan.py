"""Plans what is to be made: compares what is wanted with what is there, as make does.

The recipe of a granule names everything it depends on: product and version, parameters, the granules it is made from,
and the mission values that the product declares. Its hash is the granule's name; a granule whose name is there and
current need not be made. The names of all granules are known before the first is made, for a name depends on names
only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telemus.archive import SAMPLES, Archive, Granule
from telemus.mission import Mission
from telemus.pipeline.derive_beats import OVERLAP_NS
from telemus.pipeline.mission_values import mission_values
from telemus.pipeline.registry import REGISTRY, product
from telemus.pipeline.schedule import bins_of, day_origin_ns
from telemus.pipeline.sources import quantities_of
from telemus.pipeline.work import Registered
from telemus.provenance import digest
from telemus.units import QUANTITIES

BIN_H = 12.0
"""Length of a bin [h]: what one granule of levels 1 and 2 spans, and what is made again when late data touch it."""
ALWAYS = ("corrections", "findings")
"""Made whenever what they are made from is: what was subtracted, and whether a subject died, are never optional."""


class Task(NamedTuple):
    """One granule that should be there: product, parameters, subject (None: all), span [ns TAI], recipe, name."""

    product: str
    parameters: Mapping[str, Any]
    subject: str | None
    start_ns: int
    stop_ns: int
    recipe: Mapping[str, Any]
    id: str
    inputs: tuple[str, ...]

    @property
    def place(self) -> tuple[str | None, int, int]:
        """Return whom and when the task speaks for."""
        return self.subject, self.start_ns, self.stop_ns


@dataclass
class Plan:
    """All granules that should be there, in an order in which each comes after what it is made from."""

    tasks: list[Task] = field(default_factory=list)
    missing: list[Task] = field(default_factory=list)

    @property
    def present(self) -> int:
        """Return how many granules are there already."""
        return len(self.tasks) - len(self.missing)


def wanted(mission: Mission) -> dict[str, dict[str, Any]]:
    """Return the products to be made with all their parameters: those wanted, and what they are made from.

    Raises ProductError on a name or parameter that nobody declared.
    """
    given = {one.name: product(one.name).with_parameters(one.parameters) for one in mission.products}
    needed = {name for one in given for name in _closure(one)}
    for name in ALWAYS:
        if any(name == part or set(product(name).inputs) & {part, *product(part).inputs} for part in needed):
            needed.add(name)
    return {name: given.get(name) or product(name).with_parameters({}) for name in REGISTRY if name in needed}


def _closure(name: str) -> set[str]:
    inputs = [part for part in product(name).inputs if part in REGISTRY]
    return {name}.union(*(_closure(part) for part in inputs))


def make_plan(archive: Archive, mission: Mission, bin_h: float = BIN_H) -> Plan:
    """Compare the granules that should be there with those that are.

    An archive without samples gives an empty plan. Raises ProductError on a product that nobody declared.
    """
    samples = archive.granules(SAMPLES)
    if not samples:
        return Plan()
    current = {(one.product, one.id) for one in archive.granules()}
    builder = _Builder(mission, samples, bin_h)
    for name, parameters in wanted(mission).items():
        builder.add(REGISTRY[name], parameters)
    missing = [task for task in builder.tasks if (task.product, task.id) not in current]
    return Plan(builder.tasks, missing)


class _Builder:
    """Adds the tasks of one product after the other; knows which granules each is made from."""

    def __init__(self, mission: Mission, samples: Sequence[Granule], bin_h: float) -> None:
        self.tasks: list[Task] = []
        self._mission, self._samples = mission, samples
        self._by_product: dict[str, list[Task]] = {}
        span = min(one.start_ns for one in samples), max(one.stop_ns for one in samples)
        self._bins = bins_of(span, bin_h, day_origin_ns(mission.timeline.start_ns))
        self._subjects = [one.id for one in mission.subjects]
        self._known = {one: set(quantities_of(mission, one)) for one in self._subjects}

    def add(self, registered: Registered, parameters: Mapping[str, Any]) -> None:
        """Add the tasks of a product: one for each place of its scope that has something to be made from."""
        name = registered.product.name
        self._by_product[name] = []
        for subject, start_ns, stop_ns in self._places(registered):
            parts = self._parts(registered, subject, start_ns, stop_ns)
            if parts is None:
                continue
            recipe = {
                "product": name,
                "version": registered.product.version,
                "parameters": dict(parameters),
                "inputs": sorted(parts),
                "mission": mission_values(self._mission, registered.product.mission_values, subject),
                "subject": subject,
                "start_ns": start_ns,
                "stop_ns": stop_ns,
            }
            task = Task(name, parameters, subject, start_ns, stop_ns, recipe, digest(recipe), registered.product.inputs)
            self._by_product[name].append(task)
            self.tasks.append(task)

    def _places(self, registered: Registered) -> list[tuple[str | None, int, int]]:
        whole = self._bins[0][0], self._bins[-1][1]
        if registered.scope == "subject_bin":
            return [(subject, *one) for subject in self._subjects for one in self._bins]
        if registered.scope == "bin":
            return [(None, *one) for one in self._bins]
        return [(subject, *whole) for subject in self._subjects] if registered.scope == "subject" else [(None, *whole)]

    def _parts(self, registered: Registered, subject: str | None, start_ns: int, stop_ns: int) -> list[str] | None:
        """Return the names of the granules that a granule is made from; None where there is nothing to make it from."""
        parts: list[str] = []
        from_samples = False
        for name in registered.product.inputs:
            if name in REGISTRY:
                parts += [
                    task.id
                    for task in self._by_product.get(name, [])
                    if subject in (None, task.subject) and task.start_ns < stop_ns and task.stop_ns > start_ns
                ]
            elif name in QUANTITIES and subject is not None and name not in self._known[subject]:
                return None
            else:
                from_samples = True
        if not parts and not from_samples:
            return None
        if from_samples:
            if registered.scope == "subject_bin" and "slow" in registered.product.inputs and not parts:
                return None  # windows need a source of beats
            low, high = start_ns - OVERLAP_NS, stop_ns + OVERLAP_NS
            raw = [one.id for one in self._samples if one.start_ns < high and one.stop_ns > low]
            if not raw:
                return None
            parts += raw
        return parts
