"""telemus verify: damage in an archive, found and named."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from telemus.cli.values import OUT, json_option, print_json


@click.command("verify", epilog="\b\nExample\n  telemus verify archive")
@click.argument("archive", type=OUT)
@json_option
def command(archive: Path, as_json: bool) -> None:
    """Read every byte of ARCHIVE, compare it with its checksum, and name all damage: the file, the bytes, what helps.

    Nothing is changed. Ends with 0 where all is as it was written, else with 5. What level 0 can make again is made by
    `telemus rebuild`; bytes that were received, the mission and people's decisions come back from a backup only.
    """
    from telemus.archive import verify

    found = verify(archive)
    if as_json:
        print_json({"archive": str(archive), "damage": [one.to_dict() for one in found]})
    elif found:
        click.echo(f"{archive} has {len(found)} damaged place{'s' if len(found) > 1 else ''}:")
        for one in found:
            click.echo(f"  {one}")
    else:
        click.echo(f"{archive} is as it was written")
    sys.exit(5 if found else 0)
