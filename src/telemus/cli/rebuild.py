"""telemus rebuild: everything above level 0, made again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, json_option, print_json, worker_count, workers_option


@click.command("rebuild", epilog="\b\nExample\n  telemus rebuild archive")
@click.argument("archive", type=OUT)
@workers_option
@json_option
def command(archive: Path, workers: int | None, as_json: bool) -> None:
    """Heal ARCHIVE: what has a second copy from that, everything else above level 0 from the bytes received.

    The catalogue is made again from the granules, missing and damaged granules from level 0. Received bytes are never
    changed: where they are damaged, the packets around are kept, and the byte ranges are told. Ends with 5 where damage
    is left, which only a backup can heal.
    """
    from telemus.pipeline import rebuild

    with progress_bars(quiet=as_json) as progress:
        summary = rebuild(archive, workers=worker_count(workers), progress=progress)
    if as_json:
        print_json(summary.to_dict())
    else:
        for line in (*summary.healed, *summary.notes):
            click.echo(line)
        click.echo(
            f"{summary.files} files done again, {summary.granules} granules made, {len(summary.left)} damages left"
        )
        for one in summary.left:
            click.echo(f"  {one}", err=True)
        for failure in summary.failures:
            click.echo(f"failed: {failure}", err=True)
    sys.exit(5 if summary.left or summary.failures else 0)
