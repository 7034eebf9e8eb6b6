"""telemus ingest: recorder files into an archive."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import FILE, OUT, json_option, print_json, timeline_option
from telemus.errors import ArchiveError


@click.command("ingest", epilog="\b\nExample\n  telemus ingest archive flight/packets --mission mtb2")
@click.argument("archive", type=OUT)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--mission", help="Name or folder of the mission; needed once, when the archive is new.")
@timeline_option
@json_option
@click.pass_context
def command(
    context: click.Context, archive: Path, files: tuple[Path, ...], mission: str | None, timeline: str, as_json: bool
) -> None:
    """Take FILES (or all *.bin in a folder) into ARCHIVE: first the bytes, checksummed and flushed, then channels.

    The same file twice changes nothing. Late and overlapping files go where they belong. Where a file is missing, empty
    or not of packets, the others are taken all the same, and the exit code is 4.
    """
    from telemus.archive import open as open_archive
    from telemus.archive import open_or_create
    from telemus.mission import find_folder
    from telemus.pipeline import ingest

    if mission is None and not archive.is_dir():
        raise ArchiveError(f"{archive}: got no archive there, wanted one, or --mission to make a new one")
    opened = open_archive(archive) if mission is None else open_or_create(archive, find_folder(mission), timeline)
    stated = context.get_parameter_source("timeline") is click.core.ParameterSource.COMMANDLINE
    if mission is None and stated and timeline != opened.timeline_name:
        raise ArchiveError(f"{archive}: got timeline {timeline}, wanted {opened.timeline_name} of this archive")
    # a folder without packets goes on as it is, so that it is told among the files that are none
    named = [one for path in files for one in (path.is_dir() and sorted(path.glob("*.bin"))) or [path]]
    with progress_bars(quiet=as_json) as progress:
        summary = ingest(opened, named, progress=progress)
    if as_json:
        print_json(summary.to_dict())
    else:
        for one in summary.files:
            counts = f"{one.bytes:,} bytes, {one.packets:,} packets, {one.samples:,} samples"
            click.echo(f"{one.name}: {one.status}, {counts}")
            for line in clock_lines(one.clock):
                click.echo(f"  {line}")
        for note in summary.notes:
            click.echo(f"  note: {note}")
        print_account(summary.account["bytes"])
    if any(one.status in ("refused", "no packets") for one in summary.files):
        sys.exit(4)


def clock_lines(clock: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of the on-board clock of a file: each stretch with drift and residuals, each event."""
    from telemus.clock import format_utc

    for one in clock.get("stretches", ()):
        start, stop = (format_utc(one[name], decimals=0) for name in ("start_ns", "stop_ns"))
        line = f"clock {start} to {stop}: {one['points']:,} time packets"
        if one["drift_ppm"] is not None:
            error = "" if one["drift_error_ppm"] is None else f" +- {one['drift_error_ppm']:.4f}"
            line += f", drift {one['drift_ppm']:+.4f}{error} ppm"
        if one["rms_ns"] is not None:
            line += f", residual rms {one['rms_ns']:,.0f} ns, largest {one['largest_ns']:,} ns"
        yield line
    for one in clock.get("events", ()):
        amount = f" by {one['amount_ns'] / 1e9:+.6f} s" if one["amount_ns"] else ""
        yield f"clock {format_utc(one['tai_ns'], decimals=0)}: {one['kind']}{amount}"


def print_account(octets: dict[str, int]) -> None:
    """Print the account of bytes as a sum, and say whether it closes."""
    parts = ("packets", "duplicates", "framing", "idle", "rejected")
    click.echo(f"received {octets['received']:,} bytes = " + " + ".join(f"{name} {octets[name]:,}" for name in parts))
    if sum(octets[name] for name in parts) != octets["received"]:
        click.echo("THE SUM DOES NOT EQUAL THE BYTES RECEIVED", err=True)
