"""The flight side with its answers kept: packets as a recorder writes them, and the truth of every beat and fault.

Shares no code with what estimates: no numerics, no physiology. They meet in the tests.
"""

from telemus.simulate.flight import simulate_mission
from telemus.simulate.output import Summary
from telemus.simulate.registry import MODELS
from telemus.simulate.scene import simulation_faults

__all__ = ["MODELS", "Summary", "simulate_mission", "simulation_faults"]
