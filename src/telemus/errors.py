"""The exceptions of Telemus, one tree.

    TelemusError
    ├── MissionError (ValueError)      a mission folder with faults; carries all of them
    ├── DefinitionError (ValueError)   a packet definition with faults; carries all of them
    ├── FormatError (ValueError)       a file that is not what it should be; carries path and offset
    ├── UnitError (ValueError)         a unit that is missing, unknown or of another dimension
    ├── ClockError (ValueError)        a time that cannot be converted
    ├── SignalError (ValueError)       a compute function called with something it cannot mean
    ├── ProductError (LookupError)     a product or parameter nobody declared
    ├── SettingsError (ValueError)     an unknown or impossible setting
    ├── ArchiveError (OSError)         an archive that cannot be opened, read or written
    │   └── DamageError                bytes that differ from their checksum
    └── SpaceError (OSError)           not enough room on the disk for what is about to be written

Each says what was got, what was wanted and where. Bad telemetry is no exception: it is a quality bit
or a line in the account. Exceptions are for bad definitions, bad calls and broken disks.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """One fault of a definition: where it stands, what was got, what was wanted, and what may help.

    >>> print(Fault("channels.toml: channel.ecg.rate_hz", "-1", "a number above 0 [Hz]"))
    channels.toml: channel.ecg.rate_hz: got -1, wanted a number above 0 [Hz]
    """

    where: str
    got: str
    wanted: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the fault as one line."""
        line = f"{self.where}: got {self.got}, wanted {self.wanted}"
        return f"{line} ({self.advice})" if self.advice else line


class TelemusError(Exception):
    """Anything that Telemus raises on purpose."""


class _FaultsError(TelemusError, ValueError):
    """A definition with faults; all of them are carried and printed at once."""

    def __init__(self, what: str, faults: tuple[Fault, ...]) -> None:
        self.what = what
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{what} has {count}:", *(f"  {fault}" for fault in self.faults)]))


class MissionError(_FaultsError):
    """A mission folder with faults."""


class DefinitionError(_FaultsError):
    """A packet definition with faults."""


class FormatError(TelemusError, ValueError):
    """A file that is not what it should be, with the place [bytes] where that was seen."""

    def __init__(self, message: str, *, path: Path | str | None = None, offset: int | None = None) -> None:
        self.path = path
        self.offset = offset
        place = "" if path is None else f"{path}" + ("" if offset is None else f", byte {offset}") + ": "
        super().__init__(place + message)


class UnitError(TelemusError, ValueError):
    """A unit that is missing, unknown or of another dimension."""


class ClockError(TelemusError, ValueError):
    """A time that cannot be converted."""


class SignalError(TelemusError, ValueError):
    """A compute function called with something it cannot mean."""


class ProductError(TelemusError, LookupError):
    """A product or parameter nobody declared."""


class SettingsError(TelemusError, ValueError):
    """An unknown or impossible setting."""


class ArchiveError(TelemusError, OSError):
    """An archive that cannot be opened, read or written."""


class DamageError(ArchiveError):
    """Bytes that differ from their checksum."""


class SpaceError(TelemusError, OSError):
    """Not enough room on the disk for what is about to be written."""
