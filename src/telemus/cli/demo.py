"""telemus demo: a whole flight in a minute, and how the result compares with the truth."""

from __future__ import annotations

import time
from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, json_option, print_json, worker_count, workers_option

MISSION = "mtb2"
TIMELINE = "rehearsal"


@click.command("demo")
@click.option(
    "--out", type=OUT, default=Path("telemus-demo"), show_default=True, help="Folder for flight, archive and page."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another flight.")
@workers_option
@json_option
def command(out: Path, seed: int, workers: int | None, as_json: bool) -> None:
    """Simulate a faulty flight of 42 hours with eight animals, recorded by a duty cycle; ingest, process and report it.

    Prints where the page is, and how what was found compares with the simulator's truth on the clean part of the
    flight. Run again, it does only what is missing.
    """
    from telemus import archive as archives
    from telemus.cli.comparison import as_json as scores_json
    from telemus.cli.comparison import compare, told
    from telemus.mission import load
    from telemus.pipeline import detectors_compiling, ingest, process
    from telemus.report import mission_page, write
    from telemus.simulate import simulate_mission

    begun = time.monotonic()
    count = worker_count(workers)
    flight = out / f"flight-{seed}"
    with progress_bars(quiet=as_json) as progress:
        with detectors_compiling():
            simulated = simulate_mission(
                load(MISSION, TIMELINE), flight, seed=seed, faults="flight", workers=count, progress=progress
            )
            archive = archives.open_or_create(out / f"archive-{seed}", flight / "mission", TIMELINE)
            ingested = ingest(archive, sorted((flight / "packets").glob("*.bin")), progress=progress)
        processed = process(archive, workers=count, progress=progress)
        page = write(mission_page(archive), out / f"report-{seed}.html")
    scores = compare(archive, flight / "truth")
    seconds = time.monotonic() - begun
    if as_json:
        print_json(
            {
                "page": page,
                "seconds": seconds,
                "simulated": simulated.as_json(),
                "account": ingested.account["bytes"],
                "made": processed.made,
                "failures": [str(failure) for failure in processed.failures],
                "scores": scores_json(scores),
            }
        )
        return
    hours = simulated.recorded_s / 3600
    click.echo(
        f"Flight    {simulated.packets:,} packets of {simulated.subjects} animals, {hours:.1f} h recorded by schedule"
    )
    octets = ingested.account["bytes"]
    parts = " + ".join(f"{name} {octets[name]:,}" for name in ("packets", "duplicates", "framing", "idle", "rejected"))
    click.echo(f"Account   {octets['received']:,} bytes received = {parts}")
    click.echo(f"Archive   {archive.path} ({processed.made} granules made, {processed.present} already there)")
    for failure in processed.failures:
        click.echo(f"failed    {failure}", err=True)
    for line in told(scores):
        click.echo(f"Truth     {line}")
    click.echo(f"Page      {page.resolve()}")
    click.echo(f"Time      {seconds:.1f} s")
