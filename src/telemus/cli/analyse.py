"""telemus analyse: the beats of a laboratory's recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from telemus.cli.values import FILE, OUT, json_option, print_json
from telemus.errors import SpaceError

if TYPE_CHECKING:
    from telemus.exchange import Recording
    from telemus.pipeline import RecordingResult


@click.command("analyse", epilog="\b\nExamples\n  telemus analyse Mouse_24.hea --species mouse --out result"
               "\n  telemus analyse recording.csv --rate 500 --unit ABP=mmHg --out result")  # fmt: skip
@click.argument("file", type=FILE)
@click.option("--out", required=True, type=OUT, help="Folder for beats, windows and the page.")
@click.option("--species", help="Whose norms mark beats that are out of range; detection does not ask for it.")
@click.option("--pressure", multiple=True, help="Name or number of a channel of arterial pressure; may be repeated.")
@click.option("--ecg", multiple=True, help="Name or number of a channel of ECG; may be repeated.")
@click.option(
    "--unit", "units", multiple=True, metavar="NAME=UNIT", help="Unit of a channel that states none or a wrong one."
)
@click.option(
    "--rate", "rate_hz", type=click.FloatRange(0, min_open=True), help="Sampling rate [Hz] of a text without times."
)
@click.option("--format", "format_name", help="Format of the file.  [default: told from its first bytes]")
@click.option(
    "--window", "window_s", type=click.FloatRange(1), default=60.0, show_default=True, help="Length of a window [s]."
)
@click.option(
    "--variability-window",
    "variability_s",
    type=click.FloatRange(10),
    default=180.0,
    show_default=True,
    help="Length of a window of variability [s]; it is computed where --species is given.",
)
@json_option
def command(
    file: Path,
    out: Path,
    species: str | None,
    pressure: tuple[str, ...],
    ecg: tuple[str, ...],
    units: tuple[str, ...],
    rate_hz: float | None,
    format_name: str | None,
    window_s: float,
    variability_s: float,
    as_json: bool,
) -> None:
    """Find the beats in FILE (EDF, EDF+, BDF, WFDB, LabChart, CSV, TSV or Parquet), and write what is known of each.

    Channels of pressure and ECG are found by unit and name, or by option. beats.csv has one row per beat and begins
    with time_s, seconds from the start of the recording: the foot in a pressure, the R peak in an ECG. Where the
    species is named, variability.csv has the variability of intervals in windows, and variability_pressure.csv that of
    pressures.
    """
    from telemus.exchange import read_recording
    from telemus.pipeline import analyse_recording, known_species

    if species is not None and species not in known_species():
        wanted = ", ".join(known_species())
        raise click.BadParameter(f"got {species!r}, wanted one of {wanted}", param_hint="--species")

    recording = read_recording(
        file,
        format=format_name,
        rate_hz=rate_hz,
        pressure=list(pressure) or None,
        ecg=list(ecg) or None,
        units=_units(units),
    )
    result = analyse_recording(
        recording.channels,
        species=species,
        origin_ns=recording.origin_ns,
        window_s=window_s,
        variability_s=variability_s,
    )
    written = _write(out, file, recording, result)
    accounts = {one.name: {"quantity": one.quantity, **one.account} for one in result.channels}
    if as_json:
        print_json({"files": written, "channels": accounts, "skipped": result.skipped, "notes": recording.notes})
        return
    for one in result.channels:
        account = one.account
        share = account["rejected_share"]["any"]
        rejected = "no interval" if share != share else f"{100 * share:.2f} % of intervals rejected"  # noqa: PLR0124
        length = f"{account['recorded_s']:.1f} s ({account['usable_s']:.1f} s usable)"
        click.echo(f"{one.name} ({one.quantity}): {one.beats.num_rows:,} beats in {length}, {rejected}")
    for note in recording.notes:
        click.echo(f"  note: {note}")
    for path in written:
        click.echo(str(path))


def _units(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=UNIT pairs as a mapping, or fail with what was wanted."""
    found = {}
    for pair in pairs:
        name, sign, unit = pair.rpartition("=")
        if not (sign and name and unit):
            raise click.BadParameter(f"got {pair!r}, wanted NAME=UNIT such as ABP=mmHg", param_hint="--unit")
        found[name] = unit
    return found


def _write(out: Path, file: Path, recording: Recording, result: RecordingResult) -> list[Path]:
    import shutil

    from telemus.archive import annotate, write_table
    from telemus.exchange import write_beats_csv, write_windows_csv
    from telemus.physiology import BeatQuality
    from telemus.provenance import file_sha256
    from telemus.report import recording_page, write

    beats, windows = result.beats(), result.windows()
    out.mkdir(parents=True, exist_ok=True)
    needed, free = 4 * (beats.nbytes + windows.nbytes) + 10_000_000, shutil.disk_usage(out).free
    if free < needed:
        raise SpaceError(f"{out}: got {free / 1e6:.0f} MB free, wanted {needed / 1e6:.0f} MB for the result")
    columns = {column.name: column for one in result.channels for column in one.product.columns}
    write_table(out / "beats.parquet", annotate(beats, columns.values()))
    write_beats_csv(out / "beats.csv", beats, vocabularies=(BeatQuality,))
    write_windows_csv(out / "windows.csv", windows, vocabularies=(BeatQuality,))
    source = recording.path if recording.path.is_file() else file
    digest = file_sha256(source) if source.is_file() else "of several files; see their own"
    written = ["beats.parquet", "beats.csv", "windows.csv"]
    varied = {"variability.csv": result.variability(), "variability_pressure.csv": result.pressure_variability()}
    for name, table in varied.items():
        if table.num_rows:
            write_windows_csv(out / name, table)
            written.append(name)
    write(recording_page(file.name, recording, result, digest), out / "report.html")
    return [out / name for name in (*written, "report.html")]
