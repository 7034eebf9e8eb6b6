"""What an ingest did, for people and for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["ingested", "stamped again", "already there", "no packets", "refused"]


@dataclass(frozen=True)
class FileSummary:
    """What became of one file.

    ``status``: ingested; stamped again (it was there, and time packets of other files gave it better times); already
    there (the same bytes were ingested before); no packets (kept at level 0, nothing in it fits the definition);
    refused (missing or empty). ``clock`` is the account of the on-board clock. ``untimed_packets`` had no time packet
    to go by; ``unknown_entities`` counts packets by kind and address that the mission does not have; both stay at
    level 0.
    """

    name: str
    status: Status
    sha256: str = ""
    bytes: int = 0
    packets: int = 0
    samples: int = 0
    granules: int = 0
    stretches: int = 0
    clock_steps: tuple[int, ...] = ()
    clock: Mapping[str, Any] = field(default_factory=dict)
    untimed_packets: int = 0
    unknown_entities: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class IngestSummary:
    """What became of all files, and the account of every byte of the archive."""

    files: tuple[FileSummary, ...]
    account: Mapping[str, Any]

    @property
    def packets(self) -> int:
        """Return the packets kept, of the files ingested now."""
        return sum(one.packets for one in self.files)

    @property
    def samples(self) -> int:
        """Return the samples written, of the files ingested now."""
        return sum(one.samples for one in self.files)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return everything worth telling a reader, each with the name of its file."""
        return tuple(f"{one.name}: {note}" for one in self.files for note in one.notes)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain data, ready for JSON."""
        return {
            "packets": self.packets,
            "samples": self.samples,
            "files": [asdict(one) for one in self.files],
            "account": dict(self.account),
        }
