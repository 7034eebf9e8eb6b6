"""telemus check: every fault of a mission folder at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from telemus.cli.values import json_option, print_json

if TYPE_CHECKING:
    from telemus.errors import Fault


@click.command("check")
@click.argument("mission")
@json_option
def command(mission: str, as_json: bool) -> None:
    """Read every file of MISSION (a name, or a folder) and report all faults: where, what was got, what was wanted.

    Ends with 0 where there is none, else with 3. Warns of a table of leap seconds that has expired.
    """
    from telemus.mission import find_folder
    from telemus.pipeline import check_mission, leap_second_warnings
    from telemus.simulate import MODELS

    folder = find_folder(mission)
    faults = check_mission(folder, models=tuple(MODELS)) or _simulation_faults(folder)
    warnings = list(leap_second_warnings(folder))
    if as_json:
        print_json({"mission": folder.name, "faults": [fault._asdict() for fault in faults], "warnings": warnings})
    elif faults:
        click.echo(f"mission {folder.name} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:")
        for fault in faults:
            click.echo(f"  {fault}")
    else:
        click.echo(f"mission {folder.name} has no fault")
    for warning in () if as_json else warnings:
        click.echo(f"warning: {warning}")
    sys.exit(3 if faults else 0)


def _simulation_faults(folder: Path) -> list[Fault]:
    """Return what keeps a mission without other faults from being simulated, over all of its timelines."""
    from telemus.mission import load
    from telemus.simulate import simulation_faults

    if not (folder / "simulation.toml").is_file():
        return []
    names = sorted(path.stem for path in (folder / "timelines").glob("*.toml"))
    return list(dict.fromkeys(fault for name in names for fault in simulation_faults(load(folder, name))))
