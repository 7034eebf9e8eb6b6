"""Checks a mission folder as a whole: every fault of every file, and of files against each other, at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path

from telemus import mission as missions
from telemus.errors import DefinitionError, Fault, ProductError
from telemus.mission import Channel, Mission
from telemus.packets import ContainerPlan, Plan, as_plan
from telemus.pipeline.derive_alarms import watched_channels
from telemus.pipeline.registry import REGISTRY, known_species
from telemus.pipeline.routes import routes_of, short_name
from telemus.units import quantity_of, unit_of


def check_mission(folder: Path | str, *, models: Collection[str] | None = None) -> list[Fault]:
    """Return every fault of a mission folder, over all of its timelines; empty where there is none.

    Checked are: each file by itself and against the others (``mission.read``, with every timeline); the packet
    definition; channels, clock and rails against it; products, their parameters and the page's panels against the
    registry; the species; and subjects that nothing measures or that have no baseline. ``models`` are the simulator's,
    where the caller knows them.
    """
    path = Path(folder)
    names = sorted(one.stem for one in (path / "timelines").glob("*.toml")) or ["flight"]
    faults: list[Fault] = []
    found: list[Mission] = []
    for name in names:
        mission, told = missions.read(path, name)
        faults += told
        if mission is not None:
            found.append(mission)
    if found:
        faults += _packet_faults(found[0])
        faults += _product_faults(found[0])
        faults += _alarm_faults(found[0])
        faults += _species_faults(found[0])
        faults += _model_faults(found[0], models)
    for mission in found:
        faults += _subject_faults(mission)
    return list(dict.fromkeys(faults))


def _packet_faults(mission: Mission) -> Iterator[Fault]:
    """Yield the faults of the packet definition, and of channels and clock against it."""
    if not mission.definition_path.is_file():
        return
    try:
        plan = as_plan(mission.definition_path)
    except DefinitionError as error:
        yield from error.faults
        return
    try:
        routes_of(mission, plan)
    except DefinitionError as error:
        yield from error.faults
    yield from _clock_faults(mission, plan)
    for channel in mission.channels:
        yield from _address_faults(mission, channel)
        container = _container(plan, channel.container)
        if container is not None:
            yield from _rail_faults(channel, container)


def _container(plan: Plan, name: str) -> ContainerPlan | None:
    return next((held for full, held in plan.containers.items() if short_name(full) == name), None)


def _clock_faults(mission: Mission, plan: Plan) -> Iterator[Fault]:
    clock = mission.description.clock
    container = _container(plan, clock.container)
    if container is None:
        known = ", ".join(sorted(short_name(name) for name in plan.containers))
        yield Fault("mission.toml: clock.container", clock.container, f"one of {known}")
        return
    fields = [field.name for field in container.fields]
    for key in ("coarse_parameter", "fine_parameter", "reference_s_parameter", "reference_ns_parameter"):
        name = getattr(clock, key)
        if name not in fields and not (key == "fine_parameter" and clock.fine_octets == 0):
            yield Fault(f"mission.toml: clock.{key}", name, f"one of {', '.join(fields)} in {clock.container}")
    for key, octets in (("coarse_parameter", clock.coarse_octets), ("fine_parameter", clock.fine_octets)):
        name = getattr(clock, key)
        if name in fields and container.field(name).bits != 8 * octets:
            where = f"mission.toml: clock.{key.replace('parameter', 'octets')}"
            yield Fault(where, str(octets), f"the width of {name} in packets.xml, {container.field(name).bits} bits")


def _address_faults(mission: Mission, channel: Channel) -> Iterator[Fault]:
    """Yield entities that packets could never name."""
    entities = mission.entities(channel.entity)
    where = f"channels.toml: channel {channel.name}.entity_parameter"
    if channel.entity_parameter is None and len(entities) > 1:
        yield Fault(
            where, "nothing", f"the parameter that says which of {len(entities)} {channel.entity}s a packet is of"
        )
    if channel.entity_parameter is not None:
        for entity in entities:
            if entity.address is None:
                yield Fault(f"mission.toml: entity {entity.id}.address", "nothing", f"its {channel.entity_parameter}")


def _rail_faults(channel: Channel, container: ContainerPlan) -> Iterator[Fault]:
    """Yield rails that the converter's width cannot reach, and signs that do not fit."""
    field = next((one for one in container.fields if one.name == channel.parameter), None)
    if channel.rails is None or field is None or not isinstance(field.bits, int):
        return
    signed = field.encoding.scheme != "unsigned"
    low, high = (-(1 << (field.bits - 1)), (1 << (field.bits - 1)) - 1) if signed else (0, (1 << field.bits) - 1)
    given = channel.rails
    if given[0] >= given[1]:
        yield Fault(f"channels.toml: channel {channel.name}.rails", str(list(given)), "the lower one first")
    elif given[0] < low or given[1] > high:
        wanted = f"counts within {low} to {high}, which {field.bits} bits of {channel.parameter} can hold"
        yield Fault(f"channels.toml: channel {channel.name}.rails", str(list(given)), wanted)


def _alarm_faults(mission: Mission) -> Iterator[Fault]:
    """Yield channels to be watched for alarms that are none, or have no limits."""
    watched = [name for one in mission.products if one.name == "alarms" for name in watched_channels(one.parameters)]
    limited = [channel.name for channel in mission.channels if channel.limits]
    for name in watched:
        if name not in limited:
            where = "products.toml: product alarms.parameters.channels"
            yield Fault(where, name, f"a channel with limits: {', '.join(limited)}")


def _product_faults(mission: Mission) -> Iterator[Fault]:
    names = [wanted.name for wanted in mission.products]
    for wanted in mission.products:
        where = f"products.toml: product {wanted.name}"
        if names.count(wanted.name) > 1:
            yield Fault(where, "it twice", "each product once")
        if wanted.name not in REGISTRY:
            yield Fault(where, wanted.name, f"one of {', '.join(REGISTRY)}")
            continue
        product = REGISTRY[wanted.name].product
        for key, value in wanted.parameters.items():
            try:
                product.with_parameters({key: value})
            except ProductError as error:
                yield Fault(f"{where}.parameters.{key}", repr(value), str(error).rpartition("wanted ")[2])
        if wanted.parameters and not wanted.why:
            yield Fault(f"{where}.why", "nothing", "the reason for parameters that differ from the default")
    for panel in mission.displays.panel:
        yield from _panel_faults(panel.product, panel.column, panel.unit)


def _panel_faults(name: str, column: str, unit: str) -> Iterator[Fault]:
    if name not in REGISTRY:
        return  # told where products are told
    columns = {one.name: one for one in REGISTRY[name].product.columns}
    where = f"displays.toml: panel {name}"
    if column not in columns:
        yield Fault(f"{where}.column", column, f"one of {', '.join(columns)}")
    elif columns[column].unit not in ("", unit):  # "" where it differs from row to row
        yield Fault(f"{where}.unit", unit, f"{columns[column].unit}, the unit of {column}")


def _species_faults(mission: Mission) -> Iterator[Fault]:
    species = mission.description.species
    if species is not None and species not in known_species():
        yield Fault("mission.toml: species", species, f"one of {', '.join(known_species())}")


def _model_faults(mission: Mission, models: Collection[str] | None) -> Iterator[Fault]:
    if models is not None and mission.simulation is not None and mission.simulation.model not in models:
        yield Fault("simulation.toml: model", mission.simulation.model, f"one of {', '.join(sorted(models))}")


def _subject_faults(mission: Mission) -> Iterator[Fault]:
    """Yield subjects without a sensor or a zero reading, and a timeline without a baseline."""
    timeline = mission.timeline
    file = f"timelines/{mission.timeline_name}.toml"
    if mission.subjects and not any(phase.baseline for phase in timeline.phase):
        advice = "without it no difference from baseline can be given"
        yield Fault(f"{file}: phase.baseline", "no phase that is a baseline", "at least one", advice)
    for subject in mission.subjects:
        where = f"mission.toml: installation of subject {subject.id}"
        held = sorted(
            (one for one in mission.description.installation if one.subject == subject.id),
            key=lambda one: one.since_ns,
        )
        if not any(
            one.since_ns < timeline.stop_ns and (one.until_ns or timeline.stop_ns) > timeline.start_ns for one in held
        ):
            yield Fault(where, "none", "a sensor that was in it during the timeline", f"in {file} nothing measures it")
        for one, after in pairwise(held):
            if one.until_ns is None or one.until_ns > after.since_ns:
                yield Fault(
                    where, f"{one.sensor} and {after.sensor} at once", "until of the first before since of the next"
                )
    yield from _zero_faults(mission)


def _zero_faults(mission: Mission) -> Iterator[Fault]:
    referred = {channel.entity for channel in mission.channels if channel.reference is not None}
    with_zero = {zero.sensor for zero in mission.description.zero}
    kinds = {entity.id: entity.kind for entity in mission.description.entity}
    for one in mission.description.installation:
        if kinds.get(one.sensor) in referred and one.sensor not in with_zero:
            advice = "without it the offset is taken as 0 and the calibration stays provisional"
            yield Fault(
                f"mission.toml: zero of {one.sensor}", "no reading", "at least the one before implantation", advice
            )
    for channel in mission.channels:
        if channel.reference is None:
            continue
        other = next((held for held in mission.channels if held.name == channel.reference.channel), None)
        if other is not None and unit_of(other.unit).dimension != quantity_of(channel.quantity).dimension:
            where = f"channels.toml: channel {channel.name}.reference"
            yield Fault(
                where, f"{other.name} in {other.unit}", f"a channel of {quantity_of(channel.quantity).dimension}"
            )
