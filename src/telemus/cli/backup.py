"""telemus backup: a second copy of an archive, also while it is written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, json_option, print_json


@click.command("backup", epilog="\b\nExample\n  telemus backup archive /mnt/other-disk/archive")
@click.argument("archive", type=OUT)
@click.argument("to", type=OUT)
@json_option
def command(archive: Path, to: Path, as_json: bool) -> None:
    """Copy ARCHIVE to TO, which is then an archive of its own, as it was at one moment; a writer need not stop.

    The second time only what is new is copied. Every byte is compared with its checksum on the way and in the copy;
    what is damaged in ARCHIVE is not copied over what is sound in TO. Ends with 5 where damage was found in either.
    """
    from telemus.archive import backup

    with progress_bars(quiet=as_json) as progress:
        summary = backup(archive, to, progress=progress)
    if as_json:
        print_json(summary.to_dict())
    else:
        click.echo(f"{summary.copied} files copied ({summary.copied_bytes:,} bytes), {summary.present} already there")
        for one in (*summary.damage, *summary.damage_of_copy):
            click.echo(f"  {one}", err=True)
    sys.exit(5 if summary.damage or summary.damage_of_copy else 0)
