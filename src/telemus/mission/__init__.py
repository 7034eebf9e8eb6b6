"""Reads and checks one mission folder into frozen dataclasses.

A mission is a folder of data, never code::

    mission.toml      what flies: entities, installations, groups, factors, light, clock
    timelines/*.toml  when: phases and the recorder's duty cycle (the flight itself, a rehearsal ...)
    packets.xml       XTCE: how bytes become parameters
    channels.toml     channel <- parameter: unit, rate, calibration, limits, the source of each number
    products.toml     results wanted; parameters that differ from the default, and why
    displays.toml     what the page shows
    study.toml        study metadata for publication
    simulation.toml   what only the simulator needs: oscillator, fates, fault rates
    README.md         where every number came from, and which are assumptions

An unknown key is a fault that lists the known ones. All faults of a folder are reported at once.
"""

from telemus.mission.channels import BELIEVED, Calibration, Channel, Limits, Reference
from telemus.mission.entities import Change, Description, Entity, Factor, Group, Installation, Light, OnboardClock, Zero
from telemus.mission.folder import MISSIONS, Mission, find_folder, load, read
from telemus.mission.results import Displays, Panel, Person, Study, Wanted
from telemus.mission.simulation import Fate, FaultRates, Oscillator, Simulation
from telemus.mission.timeline import Phase, Timeline

__all__ = [
    "BELIEVED",
    "MISSIONS",
    "Calibration",
    "Change",
    "Channel",
    "Description",
    "Displays",
    "Entity",
    "Factor",
    "Fate",
    "FaultRates",
    "Group",
    "Installation",
    "Light",
    "Limits",
    "Mission",
    "OnboardClock",
    "Oscillator",
    "Panel",
    "Person",
    "Phase",
    "Reference",
    "Simulation",
    "Study",
    "Timeline",
    "Wanted",
    "Zero",
    "find_folder",
    "load",
    "read",
]
