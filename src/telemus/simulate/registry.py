"""The written list of what can be simulated: a mission names one of these in simulation.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from telemus.errors import Fault, MissionError
from telemus.mission import Channel, Mission
from telemus.simulate.environment import Circumstances, FieldMaker, cabin
from telemus.simulate.implant import ABSOLUTE, GAUGE, OF_THE_LINK, ModelMaker, make_mouse
from telemus.simulate.mouse import DEFAULT_RATES_HZ
from telemus.simulate.sounding import atmosphere


class Physics(NamedTuple):
    """What one model renders: fields of the surroundings, and the quantities of a subject with their maker."""

    surroundings: Callable[[Circumstances], dict[str, FieldMaker]]
    quantities: frozenset[str] = frozenset()
    make: ModelMaker | None = None


MODELS = {
    "mouse": Physics(cabin, frozenset(DEFAULT_RATES_HZ), make_mouse),
    "sounding": Physics(atmosphere),
}
"""Model by the name that a mission's simulation.toml gives."""


def physics_of(mission: Mission) -> Physics:
    """Return the physics that a mission asks for; raise MissionError where it asks for none, or for one unknown."""
    name = mission.simulation.model if mission.simulation else "no simulation.toml"
    if name not in MODELS:
        fault = Fault("simulation.toml: model", name, f"one of {', '.join(MODELS)}")
        raise MissionError(f"mission {mission.name}", (fault,))
    return MODELS[name]


def is_implanted(physics: Physics, channel: Channel) -> bool:
    """Return whether a channel is measured in a subject, by its sensor, and not in the surroundings."""
    return physics.make is not None and channel.entity == "sensor"


def check_quantities(mission: Mission, physics: Physics, fields: dict[str, FieldMaker]) -> None:
    """Raise MissionError with every channel whose quantity the model does not render."""
    inside = physics.quantities | OF_THE_LINK | ({ABSOLUTE} if GAUGE in physics.quantities else set())
    faults = []
    for channel in mission.channels:
        known = inside if is_implanted(physics, channel) else fields.keys()
        if channel.quantity not in known:
            model = mission.simulation.model if mission.simulation else ""
            wanted = f"a quantity that the model {model} renders for a {channel.entity}: {', '.join(sorted(known))}"
            faults.append(Fault(f"channels.toml: channel {channel.name}.quantity", channel.quantity, wanted))
    if faults:
        raise MissionError(f"mission {mission.name}", tuple(faults))
