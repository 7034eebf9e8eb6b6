"""The folder that a simulation writes: claimed before, checked for room, finished with its own account.

packets/NNNNN.bin   what the recorder wrote, one file for every six hours since the timeline's start
truth/              beats, faults, recorded spans
mission/            the mission folder as used
simulation.json     what was asked for, whether it is finished, and what came out
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from telemus.errors import SettingsError, SpaceError
from telemus.mission import Mission
from telemus.simulate.damage import Damage

FILE_S = 6 * 3600
"""Length of a packet file in time since the timeline's start [s]; gaps of the schedule count."""
_BEAT_BYTES = 20.0 * 190.0  # of truth per subject and recorded second: 20 beats at most, of 190 bytes each
_RECORD = "simulation.json"


@dataclass(frozen=True)
class Summary:
    """What a simulation wrote: packets and bytes, beats and faults, and how fast.

    ``faults`` counts rows of truth by kind, ``containers`` packets by kind; ``seconds`` is the time that it took,
    ``recorded_s`` the recorded time, ``mouse_hours_per_s`` subjects times recorded hours over that time [h/s].
    """

    packets: int
    bytes: int
    beats: int
    faults: dict[str, int]
    containers: dict[str, int]
    files: int
    subjects: int
    recorded_s: int
    rollovers: int
    seconds: float
    mouse_hours_per_s: float

    def as_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return asdict(self)


def claim(out: Path, recipe: Mapping[str, Any]) -> Summary | None:
    """Make ``out`` ready for a simulation; return the summary of the very same one where it is already finished.

    Work of the same recipe that was cut short is cleared away and begun anew: a simulation is quick and repeatable.
    Raises SettingsError where something else is in the folder.
    """
    record = out / _RECORD
    half_written = {_fresh(record).name}
    if out.exists() and (not out.is_dir() or {path.name for path in out.iterdir()} - half_written):
        known = _read(record)
        if known is None or known.get("recipe") != dict(recipe):
            what = "another simulation" if known else "files of something else"
            raise SettingsError(
                f"{out}: got a folder with {what}, wanted an empty one, or the same simulation cut short"
            )
        if known.get("state") == "finished":
            return Summary(**known["summary"])
        for name in ("packets", "truth", "mission"):
            shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    _write(record, {"state": "unfinished", "recipe": dict(recipe)})  # first of all: whoever comes back knows its work
    (out / "packets").mkdir(exist_ok=True)
    return None


def finish(out: Path, recipe: Mapping[str, Any], facts: Mapping[str, Any], summary: Summary) -> None:
    """Write the account of a finished simulation."""
    _write(out / _RECORD, {"state": "finished", "recipe": dict(recipe), **facts, "summary": summary.as_json()})


def _read(record: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "recipe" in content else None


def _fresh(record: Path) -> Path:
    return record.with_suffix(".json.new")


def _write(record: Path, content: Mapping[str, Any]) -> None:
    fresh = _fresh(record)
    fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    fresh.replace(record)


def check_space(out: Path, packet_bytes_per_s: float, subjects: int, recorded_s: int) -> None:
    """Raise SpaceError where the disk of ``out`` has less room than the simulation will need."""
    needed = round(1.05 * recorded_s * (packet_bytes_per_s + subjects * _BEAT_BYTES)) + (1 << 20)
    place = next(path for path in (out, *out.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise SpaceError(
            f"{out}: got {free / 1e6:.0f} MB of free disk, wanted {needed / 1e6:.0f} MB for this simulation"
        )


def keep_mission(out: Path, mission: Mission) -> None:
    """Copy the mission folder as used."""
    shutil.copytree(mission.folder, out / "mission", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


class PacketFiles:
    """The files of packets while they are written; a context that closes the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = 0
        self.bytes = 0
        self._slot = -1
        self._file: BinaryIO | None = None
        self._at = 0

    def __enter__(self) -> PacketFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, start_s: int, packets: list[bytes]) -> tuple[str, int]:
        """Write the packets of a block that starts then; return the file's name and the offset of the first [bytes]."""
        slot = start_s // FILE_S
        if slot != self._slot or self._file is None:
            if self._file is not None:
                self._file.close()
            self._slot, self._at = slot, 0
            self._file = (self.folder / self._name).open("wb")
            self.files += 1
        first = self._at
        octets = b"".join(packets)
        self._file.write(octets)
        self._at += len(octets)
        self.bytes += len(octets)
        return self._name, first

    @property
    def _name(self) -> str:
        return f"{self._slot:05d}.bin"


def located(damage: Damage, file: str, offset: int) -> Damage:
    """Return the damage with the place of its bytes."""
    return damage._replace(file=file, offset=offset)
