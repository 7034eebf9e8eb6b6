"""telemus decode: packets into tables by an XTCE definition."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from telemus.cli.ingest import print_account
from telemus.cli.progress import progress_bars
from telemus.cli.values import FILE, OUT, json_option, print_json
from telemus.errors import FormatError

if TYPE_CHECKING:
    from telemus.cli.progress import Progress
    from telemus.packets import Account, Plan


@click.command(
    "decode", epilog="\b\nExample\n  telemus decode packets.xml pass1.bin pass2.bin --out tables --format csv"
)
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
@click.option("--root", help="Container to begin with.  [default: the one that no other contains]")
@json_option
def command(
    definition: Path,
    files: tuple[Path, ...],
    out: Path,
    format_name: str,
    prefix_bytes: int,
    root: str | None,
    as_json: bool,
) -> None:
    """Decode the space packets in FILES by DEFINITION (XTCE), one table per container, every byte accounted for.

    A calibrated parameter stands under its plain name, its raw value beside it as NAME_raw; arrays are list columns.
    What the definition says that Telemus does not do yet is named with its line.
    """
    from telemus.packets import compile_plan, merge_accounts, read_definition

    if not definition.is_file():
        raise FormatError("got no file, wanted an XTCE definition", path=definition)
    read = read_definition(definition)
    plan = compile_plan(read, root)
    accounts, refused = [], []
    with progress_bars(quiet=as_json) as progress:
        for path, name in zip(files, _names(files), strict=True):
            try:
                account, tables = _decode(path, name, plan, out, format_name, prefix_bytes, progress)
            except FormatError as error:
                refused.append(str(error))
                continue
            accounts.append(account)
            if not tables:
                refused.append(f"{path}: got bytes in which nothing is a packet of the definition")
    if not accounts:
        raise FormatError("\n  ".join(["got no file that could be decoded, wanted at least one:", *refused]))
    account = merge_accounts(accounts)
    (out / "account.json").write_text(account.to_json(), encoding="utf-8")
    told: dict[str, Any] = json.loads(account.to_json())
    if as_json:
        unsupported = [str(one) for one in read.unsupported]
        print_json({"account": told, "unsupported": unsupported, "refused": refused})
    else:
        for path in sorted(out.glob(f"*.{format_name}")):
            click.echo(str(path))
        print_account(told["bytes"])
        for one in read.unsupported:
            click.echo(f"not supported: {one}", err=True)
        for reason in refused:
            click.echo(f"refused: {reason}", err=True)
    if refused:
        sys.exit(4)


def _names(files: tuple[Path, ...]) -> list[str]:
    """Return what the tables of each file are called: its stem, with a number where an earlier file has that stem."""
    stems = [path.stem for path in files]
    return [
        stem if stems.index(stem) == place else f"{stem}-{stems[: place + 1].count(stem)}"
        for place, stem in enumerate(stems)
    ]


def _decode(
    path: Path, name: str, plan: Plan, out: Path, format_name: str, prefix_bytes: int, progress: Progress
) -> tuple[Account, int]:
    """Write the tables of one file, named by file and container; return its account and the number of tables.

    Raises FormatError where the file is missing or empty.
    """
    import pyarrow as pa

    from telemus.archive import write_table
    from telemus.packets import Decoder, to_arrow

    if not path.is_file():
        raise FormatError("got no file, wanted packets", path=path)
    if path.stat().st_size == 0:
        raise FormatError("got an empty file (0 bytes), wanted packets", path=path)
    total, done = path.stat().st_size, 0
    decoder = Decoder(plan, prefix_bytes=prefix_bytes, source=path.name)
    tables: dict[str, list[pa.Table]] = {}
    with path.open("rb") as file:
        while block := file.read(8 << 20):
            for decoded in decoder.feed(block):
                tables.setdefault(decoded.container, []).append(to_arrow(decoded))
            done += len(block)
            progress(path.name, done, total)
    last, account = decoder.finish()
    for decoded in last:
        tables.setdefault(decoded.container, []).append(to_arrow(decoded))
    out.mkdir(parents=True, exist_ok=True)
    for container, parts in tables.items():
        target = out / f"{name}.{container.replace('/', '.')}.{format_name}"
        write_table(target, pa.concat_tables(parts, promote_options="permissive"), format_name)  # type: ignore[arg-type]
    return account, len(tables)
