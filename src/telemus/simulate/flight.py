"""Flies a mission: packets as a recorder would write them, with all that goes wrong, and the truth kept beside."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from telemus.clock import NS_PER_S
from telemus.mission import Mission
from telemus.provenance import environment, folder_sha256
from telemus.simulate.crew import crew
from telemus.simulate.damage import Damage
from telemus.simulate.faults import Hit, cut_end, damage_of, injure
from telemus.simulate.implant import Made, Rows
from telemus.simulate.output import PacketFiles, Summary, check_space, claim, finish, keep_mission, located
from telemus.simulate.scene import Order, Scene, prepare
from telemus.simulate.schedule import Block
from telemus.simulate.seal import Sealed, Sealer
from telemus.simulate.truth import Truth

BLOCK_S = 300
"""Recorded time that is rendered at once [s]: it bounds memory and changes nothing else."""
Progress = Callable[[str, float, float], None]
"""Called with (what is done, recorded seconds so far, recorded seconds in all)."""


def simulate_mission(
    mission: Mission,
    out: Path,
    *,
    duration_s: float | None = None,
    start_s: float = 0.0,
    seed: int = 1,
    faults: str = "none",
    workers: int = 2,
    block_s: int = BLOCK_S,
    progress: Progress | None = None,
) -> Summary:
    """Write the packets and the truth of a simulated flight into ``out``, in memory that does not grow with its length.

    Only what the timeline's schedule records is written. The same mission, window, seed and faults give the same bytes,
    whatever ``workers`` and ``block_s`` are.

    Args:
        mission: what flies, with one of its timelines.
        out: an empty folder, or one of the same simulation: finished work is not done again, work cut short is.
        duration_s: length of the window [s]; None is up to the timeline's end.
        start_s: its begin after the timeline's start [s].
        seed: of everything that chance decides.
        faults: name of the fault rates in the mission's simulation.toml; "none" is always known.
        workers: processes that render animals.
        block_s: recorded time rendered at once [s].
        progress: told how far it is.

    Raises:
        MissionError: the mission cannot be simulated; every reason is told.
        SettingsError: an impossible window, unknown fault rates, or a folder with something else in it.
        SpaceError: too little room on the disk.
    """
    began = time.monotonic()
    scene = prepare(mission, Order(start_s, duration_s, seed, faults))
    recipe = _recipe(scene)
    done = claim(out, recipe)
    if done is not None:
        return done
    check_space(out, scene.bytes_per_s, len(scene.mission.subjects), scene.recording.seconds)
    keep_mission(out, mission)
    writer = _Writer(scene)
    subjects = tuple(subject.id for subject in mission.subjects)
    with PacketFiles(out / "packets") as files, Truth(out / "truth", subjects, scene.recording.zero_ns) as truth:
        truth.write_recorded(scene.recording.spans_s)
        truth.add_damage(scene.lasting_damage(), 0)
        with crew(scene, workers, block_s) as blocks:
            writer.run(blocks, files, truth, progress)
    seconds = time.monotonic() - began
    summary = _summary(scene, writer, files, truth, seconds)
    facts = {"versions": environment(), "start_tai_ns": scene.recording.zero_ns, "source": _source(mission)}
    finish(out, recipe, facts, summary)
    return summary


def _source(mission: Mission) -> str:
    return mission.simulation.source if mission.simulation else ""


class _Writer:
    """Joins what the implants made with the surroundings, seals it, injures it and writes it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.containers: Counter[str] = Counter()
        self._kinds = scene.all_kinds
        self._surroundings = scene.surroundings()
        restarts_ns = tuple(at * NS_PER_S for at in scene.restarts_s)
        self._sealer = Sealer(self._kinds, scene.clock, restarts_ns)

    def run(self, blocks: Any, files: PacketFiles, truth: Truth, progress: Progress | None) -> None:
        """Write block after block; the last is kept back until it is known to be the last, for its end may be cut."""
        total = self.scene.recording.seconds
        waiting: tuple[Block, Sealed, list[Damage]] | None = None
        written = 0
        for block, made in blocks:
            sealed = self._sealer.seal(self._heard(block, made))
            if waiting is not None:
                self._write(*waiting, files, truth)
            waiting = (block, sealed, [row for one in made for row in one.damage])
            truth.add_beats([(one.subject, one.start_s, one.beats) for one in made])
            written += block.stop_s - block.start_s
            if progress is not None:
                progress("simulate", written, total)
        if waiting is not None:
            self._write(*waiting, files, truth, cut=self.scene.rates.truncated_bytes)

    def _heard(self, block: Block, made: list[Made]) -> list[Rows]:
        """Return the packets that the recorder could make: none while it starts up."""
        rows = [*self._surroundings.make(block), *(row for one in made for row in one.rows)]
        if not self.scene.restarts_s:
            return rows
        kept = []
        for row in rows:
            on = ~self.scene.is_booting(row.times_ns)
            columns = {name: column[on] for name, column in row.columns.items()}
            kept.append(row._replace(times_ns=row.times_ns[on], columns=columns))
        return kept

    def _write(
        self, block: Block, sealed: Sealed, damage: list[Damage], files: PacketFiles, truth: Truth, *, cut: int = 0
    ) -> None:
        arrived, hits = injure(sealed, self.scene.order.seed, self.scene.rates)
        removed: list[int] = []
        lengths = [len(packet) for packet in arrived.packets]
        whole = arrived
        if cut:
            arrived, removed = cut_end(arrived, cut)
        name, first = files.write(block.start_s, arrived.packets)
        offsets = first + np.concatenate([[0], np.cumsum(lengths)])
        rows = list(damage)
        for hit in hits:
            rows.extend(self._placed(hit, sealed, name, offsets))
        for row in removed:
            rows.extend(self._damaged("truncated", whole, row, file=name, offset=int(offsets[row])))
        truth.add_damage(rows, block.stop_s * NS_PER_S)
        self.containers.update(self._kinds[number].name for number in arrived.kind.tolist())

    def _placed(self, hit: Hit, sealed: Sealed, file: str, offsets: Any) -> list[Damage]:
        if hit.place is None:
            return self._damaged(hit.kind, sealed, hit.packet, detail=hit.detail)
        return self._damaged(hit.kind, sealed, hit.packet, detail=hit.detail, file=file, offset=int(offsets[hit.place]))

    def _damaged(
        self, what: str, packets: Sealed, row: int, *, detail: str = "", file: str = "", offset: int = 0
    ) -> list[Damage]:
        kind = self._kinds[int(packets.kind[row])]
        at = int(packets.times_ns[row])
        rows = damage_of(what, kind, int(packets.entity[row]), at, self.scene.subjects_of, detail=detail)
        return [located(one, file, offset) for one in rows] if file else rows


def _recipe(scene: Scene) -> dict[str, Any]:
    """Return what decides every byte of the result."""
    order = scene.order
    return {
        "mission": scene.mission.name,
        "mission_sha256": folder_sha256(scene.mission.folder),
        "timeline": scene.mission.timeline_name,
        "start_s": order.start_s,
        "duration_s": order.duration_s,
        "seed": order.seed,
        "faults": order.faults,
        "telemus": environment()["telemus"],
    }


def _summary(scene: Scene, writer: _Writer, files: PacketFiles, truth: Truth, seconds: float) -> Summary:
    recording = scene.recording
    subjects = len(scene.mission.subjects)
    return Summary(
        packets=sum(writer.containers.values()),
        bytes=files.bytes,
        beats=truth.beats,
        faults=dict(sorted(truth.faults.items())),
        containers=dict(writer.containers),
        files=files.files,
        subjects=subjects,
        recorded_s=recording.seconds,
        rollovers=scene.clock.rollovers(recording.start_s * NS_PER_S, recording.stop_s * NS_PER_S),
        seconds=round(seconds, 3),
        mouse_hours_per_s=round(subjects * recording.seconds / 3600.0 / seconds, 3),
    )
