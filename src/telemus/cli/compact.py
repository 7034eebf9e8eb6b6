"""telemus compact: many small granules into few."""

from __future__ import annotations

from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, Duration, json_option, print_json


@click.command("compact", epilog="\b\nExample\n  telemus compact archive --period 6h")
@click.argument("archive", type=OUT)
@click.option(
    "--period",
    type=Duration(),
    default="1h",
    show_default=True,
    help="What begins in one such period becomes one.",
)
@json_option
def command(archive: Path, period: float, as_json: bool) -> None:
    """Put the small granules of samples in ARCHIVE together, so that many short passes read as quickly as one long.

    Rows are copied as they are: no value, time or quality changes. The old granules go only when the new one is durable
    and in use; an interruption at any moment loses nothing, and the same command goes on.
    """
    from telemus.archive import compact
    from telemus.archive import open as open_archive

    if period <= 0:
        raise click.UsageError(f"got --period {period:g} s, wanted more than 0")
    with progress_bars(quiet=as_json) as progress:
        done = compact(open_archive(archive), period, lambda number, total: progress("compact", number, total))
    if as_json:
        print_json(done._asdict())
    elif done.before:
        click.echo(f"{done.before} granules became {done.after}, {done.freed_bytes / 1e6:,.1f} MB less on the disk")
    else:
        click.echo("no period has more than one granule: nothing to put together")
