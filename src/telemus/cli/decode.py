"""telemus decode: packets, or frames of packets, into tables by an XTCE definition."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from telemus.cli.decode_frames import frame_options, layout_of
from telemus.cli.decode_inputs import PROBE_BYTES, Reading, hints, knows, misfit, open_inputs, require_definition
from telemus.cli.decode_order import FileOrder
from telemus.cli.decode_summary import print_stream_account
from telemus.cli.decode_tables import SPACE, Tables, written_together
from telemus.cli.progress import progress_bars
from telemus.cli.values import FILE, OUT, json_option, print_json
from telemus.errors import FormatError

if TYPE_CHECKING:
    from telemus.cli.decode_inputs import Input
    from telemus.cli.progress import Progress
    from telemus.packets import StreamAccount, StreamDecoder

_EPILOG = """\b
Examples
  telemus decode packets.xml pass1.bin pass2.bin --out tables --format csv
  telemus decode packets.xml units.dat --out tables --frames aos --frame-bytes 892
    --randomised short --rs 223 --interleave 4
  curl -s https://example.org/pass.bin.gz | gzip -dc | telemus decode packets.xml - --out tables"""
_DOUBTFUL_SHARE = 0.05
"""Of the bytes rejected, from which on the file is looked at once more for what it may be instead."""


@click.command("decode", epilog=_EPILOG)
@click.argument("definition", type=FILE)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=OUT, help="Folder for one table per container and account.json.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["parquet", "csv", "arrow"]),
    default="parquet",
    show_default=True,
    help="Format of the tables.",
)
@click.option("--prefix-bytes", type=click.IntRange(0), default=0, help="Length of a record marker before each packet.")
@click.option("--suffix-bytes", type=click.IntRange(0), default=0, help="Length of what stands behind each packet.")
@click.option("--root", help="Container to begin with.  [default: the one that no other contains]")
@click.option("--alarms", is_flag=True, help="Write a table of every change of alarm level too.")
@frame_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    definition: Path,
    files: tuple[Path, ...],
    out: Path,
    format_name: str,
    prefix_bytes: int,
    suffix_bytes: int,
    root: str | None,
    alarms: bool,
    as_json: bool,
    **frames: Any,
) -> None:
    """Decode the space packets in FILES by DEFINITION (XTCE), one table per container, every byte accounted for.

    FILES are the pieces of one stream, in the order in which they were recorded; - is standard input. A calibrated
    parameter stands under its plain name, its raw value beside it as NAME_raw; arrays are list columns. What the
    definition says that Telemus does not do yet is named with its line. The tables and account.json appear when all is
    done, or not at all.
    """
    from telemus.archive import require_space
    from telemus.packets import compile_plan, read_definition

    layout = layout_of(context)
    require_definition(definition, files)
    read = read_definition(definition)
    reading = Reading(compile_plan(read, root), layout, prefix_bytes, suffix_bytes, alarms)
    taken, refused = open_inputs(files, reading)
    if not taken:
        raise FormatError("\n  ".join(["got no file that could be decoded, wanted at least one:", *refused]))
    require_space(out, int(SPACE[format_name] * sum(one.size_bytes for one in taken)), "the tables")
    decoder = reading.decoder(source=", ".join(one.name for one in taken))
    order = FileOrder(taken)
    with progress_bars(quiet=as_json) as progress, written_together(out, format_name, decoder) as tables:
        sample = _decode(taken, decoder, tables, order, progress)
        account = decoder.account()
        if not knows(account.packets):
            raise FormatError(misfit(sample, reading), path=", ".join(one.name for one in taken))
    notes = [*order.notes(), *_doubts(account, sample, reading)]
    told = _told(account, tables, order, decoder)
    _write_account(out / "account.json", told)
    unsupported = [str(one) for one in read.unsupported]
    if as_json:
        print_json({"account": told, "unsupported": unsupported, "refused": refused, "notes": notes})
    else:
        for container, path in sorted(tables.paths.items()):
            click.echo(f"{path}: {tables.rows[container]:,} rows")
        print_stream_account(account)
        kinds = (("not supported", unsupported), ("note", notes), ("refused", refused))
        for line in [f"{kind}: {one}" for kind, some in kinds for one in some]:
            click.echo(line, err=True)
    if refused:
        sys.exit(4)


def _decode(inputs: list[Input], decoder: StreamDecoder, tables: Tables, order: FileOrder, progress: Progress) -> bytes:
    """Decode all inputs as one stream; return its first bytes."""
    sample = b""
    for one in inputs:
        done = 0
        for block in one.blocks():
            sample = sample if len(sample) >= PROBE_BYTES else sample + bytes(block)
            done += len(block)
            batches = decoder.feed(block)
            order.see(batches)
            tables.write(batches)
            progress(one.name, done, max(one.size_bytes, done))
        order.ends(done)
    tables.write(decoder.finish())
    return sample


def _doubts(account: StreamAccount, sample: bytes, reading: Reading) -> list[str]:
    """Return what speaks against the definition, or against what was said of the files."""
    found = []
    told = account.packets if account.frames is None else account.frames
    share = told.rejected_bytes / max(told.received_bytes, 1)
    if share >= _DOUBTFUL_SHARE:
        found = [f"{share:.0%} of the bytes were rejected; what was given {hint}" for hint in hints(sample, reading)]
    for apid, one in sorted(account.packets.apids.items()):
        if 2 * one.longer > one.packets:
            found.append(f"APID {apid}: {one.longer:,} packets are longer than the definition says: is it theirs?")
        if one.undecoded and not one.containers and one.known:
            found.append(f"APID {apid}: nothing was decoded: {', '.join(sorted(one.undecoded))}")
    return found


def _write_account(path: Path, told: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(told, indent=2), encoding="utf-8")
    temporary.replace(path)


def _told(account: StreamAccount, tables: Tables, order: FileOrder, decoder: StreamDecoder) -> dict[str, Any]:
    """Return what account.json says: where every byte went, what was made of which files, and by which definition."""
    rows = {name: {"file": path.name, "rows": tables.rows[name]} for name, path in sorted(tables.paths.items())}
    return {**account.to_dict(), "tables": rows, "files": order.files(), **decoder.origin}
