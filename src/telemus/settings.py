"""Settings: one frozen object from one TOML file, read once at the door.

The file is the one that ``--settings`` or the variable TELEMUS_SETTINGS names, else ``telemus.toml`` in the working
directory, else the defaults hold. Settings change how work is done, never what comes out of it; but for the table of
leap seconds, which says what was known about UTC when the work was done.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from telemus.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """How work is done on this machine."""

    workers: int = 0
    """Processes that work at once; 0 means one for each processor that this program may use."""
    leap_seconds: str = ""
    """Path of the table of leap seconds (our format, or the IERS's leap-seconds.list); none: the one that ships."""

    flush_interval_ms: int = 1000
    """How long bytes of a live feed wait for their flush to the disk at most [ms]; 0 flushes whenever bytes come."""

    def worker_count(self) -> int:
        """Return the number of processes to use, at least 1."""
        return self.workers or max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


def load(path: Path | None = None) -> Settings:
    """Return the settings of a file (found as the module says where none is given); paths start at its folder.

    Raises SettingsError on a file that cannot be read, an unknown key (with the known ones) or an impossible value.
    """
    named = path or (Path(os.environ["TELEMUS_SETTINGS"]) if os.environ.get("TELEMUS_SETTINGS") else None)
    found = named or Path("telemus.toml")
    if named is None and not found.is_file():
        return Settings()
    try:
        content = tomllib.loads(found.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{found}: got {error}, wanted a TOML file of settings") from error
    defaults = {field.name: field.default for field in fields(Settings)}
    for key, value in content.items():
        if key not in defaults:
            raise SettingsError(f"{found}: got the key {key!r}, wanted one of {', '.join(defaults)}")
        if type(value) is not type(defaults[key]) or (isinstance(value, int) and value < 0):
            wanted = "a text" if isinstance(defaults[key], str) else "a whole number, 0 or more"
            raise SettingsError(f"{found}, {key}: got {value!r}, wanted {wanted}")
    if content.get("leap_seconds"):
        content["leap_seconds"] = str((found.parent / content["leap_seconds"]).resolve())
    return Settings(**content)
