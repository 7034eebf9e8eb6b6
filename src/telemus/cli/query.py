"""telemus query: samples of one channel out of an archive, all of them or decimated."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from telemus.cli.values import OUT, Duration, Page, json_option, print_json
from telemus.errors import ArchiveError, ClockError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from telemus.archive import Archive


@click.command(
    "query",
    epilog="\b\nExamples\n  telemus query archive"
    "\n  telemus query archive --channel ecg --entity M1 --from 2h --to 2h10s --out ten.csv"
    "\n  telemus query archive --channel pressure --entity M1 --buckets 2000 --format parquet --out flight.parquet",
)
@click.argument("archive", type=OUT)
@click.option("--channel", help="Channel of the mission.  [default: list what the archive holds]")
@click.option("--entity", help="Who carries the channel: a sensor, a cage; or a subject, whose own is meant.")
@click.option(
    "--from", "start", help="First moment: UTC as 2025-08-12T17:00:00Z, or time since the first sample as 2h30min."
)
@click.option("--to", "stop", help="Moment before which to stop, in the same two ways.  [default: the last sample]")
@click.option(
    "--buckets", type=click.IntRange(1), help="Minimum, maximum, mean, samples and quality of so many buckets instead."
)
@click.option("--counts", is_flag=True, help="Leave the statistics of buckets in raw counts.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "parquet", "arrow"]),
    default="csv",
    show_default=True,
    help="Format of the table.",
)
@click.option("--out", type=Page(), help="File to write.  [default: CSV on standard output]")
@json_option
def command(
    archive: Path,
    channel: str | None,
    entity: str | None,
    start: str | None,
    stop: str | None,
    buckets: int | None,
    counts: bool,
    format_name: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Take samples of one channel of one entity out of ARCHIVE, at full rate or as buckets; or list what there is.

    At full rate: time, calibrated and raw value, quality, and a segment number that counts up where samples are
    missing; nothing is filled. With --buckets the time it takes does not depend on the span. Each table goes to a file
    whole, or not at all.
    """
    from telemus.archive import open as open_archive
    from telemus.pipeline import carrier_of, channel_batches, channel_buckets

    opened = open_archive(archive)
    if channel is None or entity is None:
        if channel is not None or entity is not None:
            raise click.UsageError("got one of --channel and --entity, wanted both; with neither, all are listed")
        _list(opened, as_json)
        return
    if out is None and format_name != "csv":
        raise click.UsageError(f"got --format {format_name} without --out, wanted a file to write; CSV can be printed")
    first, last = opened.span()
    begin, end = _moment(start, first, first), _moment(stop, first, last)
    if begin >= end:
        raise click.UsageError(f"got --from {start} and --to {stop}, wanted a span of time")
    carrier = carrier_of(opened.description, channel, entity, begin, end)
    if buckets is None:
        batches: Iterable[pa.RecordBatch] = channel_batches(opened, carrier)
    else:
        batches = channel_buckets(opened, carrier, buckets, counts=counts).to_batches()
    rows = _print(batches) if out is None else _write(batches, out, format_name)
    if out is not None and as_json:
        print_json(
            {
                "file": out,
                "rows": rows,
                "entity": carrier.entity,
                "start_ns": carrier.start_ns,
                "stop_ns": carrier.stop_ns,
            }
        )
    elif out is not None:
        click.echo(f"{out}: {rows:,} rows of {channel} of {carrier.entity}")


def _moment(text: str | None, first_ns: int, default_ns: int) -> int:
    """Return a moment [ns TAI] named as UTC or as time since the first sample."""
    from telemus.clock import parse_utc

    if text is None:
        return default_ns
    try:
        return int(parse_utc(text))
    except ClockError:
        if "T" in text or ":" in text:
            raise
    return first_ns + round(Duration().convert(text, None, None) * 1e9)


def _list(archive: Archive, as_json: bool) -> None:
    """Tell which channels of which entities there are, and from when to when."""
    from telemus.clock import format_utc
    from telemus.pipeline import channel_holdings
    from telemus.series import flag_names

    start_ns, stop_ns = archive.span()
    found = channel_holdings(archive)
    if as_json:
        rows: list[dict[str, Any]] = [one._asdict() | {"quality": flag_names(one.quality)} for one in found]
        print_json({"start_ns": start_ns, "stop_ns": stop_ns, "channels": rows})
        return
    click.echo(f"from {format_utc(start_ns)} to {format_utc(stop_ns)}")
    for one in found:
        flags = ", ".join(flag_names(one.quality)) or "good"
        click.echo(f"  {one.channel:16s} {one.entity:10s} {one.rate_hz:8g} Hz {one.unit:6s} {one.samples:>15,} {flags}")


def _print(batches: Iterable[pa.RecordBatch]) -> int:
    """Print batches as CSV; a reader that goes away ends it."""
    from pyarrow import csv

    rows = 0
    sys.stdout.flush()
    for number, batch in enumerate(batches):
        csv.write_csv(batch, sys.stdout.buffer, csv.WriteOptions(include_header=number == 0))
        rows += batch.num_rows
    return rows


def _write(batches: Iterable[pa.RecordBatch], out: Path, format_name: str) -> int:
    """Write batches of one schema to a file, whole or not at all, and return the number of rows."""
    from telemus.archive import open_table

    flow = iter(batches)
    first = next(flow, None)
    if first is None:
        raise ArchiveError(f"{out}: got no batch, wanted at least one")
    rows = int(first.num_rows)
    with open_table(out, first.schema, format_name) as append:
        append(first)
        for batch in flow:
            append(batch)
            rows += batch.num_rows
    return rows
