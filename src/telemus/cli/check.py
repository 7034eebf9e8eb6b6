"""telemus check: every fault of a mission folder at once."""

from __future__ import annotations

import sys

import click

from telemus.cli.values import json_option, print_json


@click.command("check")
@click.argument("mission")
@json_option
def command(mission: str, as_json: bool) -> None:
    """Read every file of MISSION (a name, or a folder) and report all faults: where, what was got, what was wanted.

    Ends with 0 where there is none, else with 3.
    """
    from telemus.mission import find_folder
    from telemus.pipeline import check_mission
    from telemus.simulate import MODELS

    folder = find_folder(mission)
    faults = check_mission(folder, models=tuple(MODELS))
    if as_json:
        print_json({"mission": folder.name, "faults": [fault._asdict() for fault in faults]})
    elif faults:
        click.echo(f"mission {folder.name} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:")
        for fault in faults:
            click.echo(f"  {fault}")
    else:
        click.echo(f"mission {folder.name} has no fault")
    sys.exit(3 if faults else 0)
