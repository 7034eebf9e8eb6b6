"""telemus process: what is missing in an archive."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, json_option, print_json, worker_count, workers_option


@click.command("process")
@click.argument("archive", type=OUT)
@click.option("--mission", help="Take a changed version of the archive's mission first: limits, calibrations, zeros.")
@workers_option
@json_option
def command(archive: Path, mission: str | None, workers: int | None, as_json: bool) -> None:
    """Make what the mission wants and ARCHIVE lacks: corrections, beats, windows, phases.

    Nothing is made twice and nothing is overwritten; interrupted work goes on where it stopped. With a changed mission
    only what depends on the change is made again, and what was before stays with its provenance.
    """
    from telemus.archive import open as open_archive
    from telemus.mission import find_folder
    from telemus.pipeline import process, revise

    opened = open_archive(archive)
    if mission is not None:
        opened = revise(opened, find_folder(mission))
    with progress_bars(quiet=as_json) as progress:
        summary = process(opened, workers=worker_count(workers), progress=progress)
    if as_json:
        print_json(summary.to_dict())
    else:
        click.echo(f"{summary.made} granules made, {summary.present} already there, {summary.seconds:.1f} s")
        for failure in summary.failures:
            click.echo(f"failed: {failure}", err=True)
    if summary.failures:
        sys.exit(1)
