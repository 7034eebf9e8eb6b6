"""telemus simulate: the packets of a simulated flight, and its truth."""

from __future__ import annotations

from pathlib import Path

import click

from telemus.cli.progress import progress_bars
from telemus.cli.values import OUT, Duration, json_option, print_json, timeline_option, worker_count, workers_option


@click.command(
    "simulate", epilog="\b\nExample\n  telemus simulate mtb2 --out flight --duration 2h --seed 1 --faults flight"
)
@click.argument("mission")
@click.option("--out", required=True, type=OUT, help="Folder for packets/, truth/ and mission/.")
@timeline_option
@click.option("--duration", type=Duration(), help="Length of the window, such as 2h.  [default: the whole timeline]")
@click.option("--start", type=Duration(), default=0.0, help="Begin of the window after the timeline's start.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--faults", default="none", show_default=True, help="Fault rates of the mission's simulation.toml.")
@workers_option
@json_option
def command(
    mission: str,
    out: Path,
    timeline: str,
    duration: float | None,
    start: float,
    seed: int,
    faults: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Write the packets that the recorder of MISSION would have written, and the truth of every beat and fault.

    MISSION is the name of one that ships, or a folder.
    """
    from telemus.mission import load
    from telemus.simulate import simulate_mission

    loaded = load(mission, timeline)
    with progress_bars(quiet=as_json) as progress:
        summary = simulate_mission(
            loaded,
            out,
            duration_s=duration,
            start_s=start,
            seed=seed,
            faults=faults,
            workers=worker_count(workers),
            progress=progress,
        )
    if as_json:
        print_json(summary.as_json())
        return
    click.echo(f"{summary.packets:,} packets, {summary.bytes / 1e6:,.1f} MB in {out / 'packets'}")
    click.echo(f"{summary.beats:,} beats and {sum(summary.faults.values()):,} faults told in {out / 'truth'}")
    click.echo(f"{summary.seconds:.1f} s: {summary.mouse_hours_per_s:.1f} animal-hours per second")
