"""telemus report: the page of an archive."""

from __future__ import annotations

from pathlib import Path

import click

from telemus.cli.values import OUT, Page, json_option, print_json


@click.command("report")
@click.argument("archive", type=OUT)
@click.option("--out", type=Page(), help="The page to write.  [default: ARCHIVE/report.html]")
@json_option
def command(archive: Path, out: Path | None, as_json: bool) -> None:
    """Write the page of ARCHIVE: one HTML file that needs no network."""
    from telemus.archive import open as open_archive
    from telemus.report import mission_page, write

    written = write(mission_page(open_archive(archive)), out or archive / "report.html")
    if as_json:
        print_json({"page": written, "bytes": written.stat().st_size})
    else:
        click.echo(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
