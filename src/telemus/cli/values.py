"""Kinds of value on the command line, shared by the verbs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d)?")
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


class Duration(click.ParamType[float]):
    """A length of time such as 90s, 2h, 30d or 1h30min, in seconds [s].

    >>> Duration().convert("1h30min", None, None)
    5400.0
    """

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds [s], or fail with what was wanted."""
        if isinstance(value, (int, float)):
            return float(value)
        parts = list(_DURATION.finditer(value))
        if not parts or "".join(part.group(0) for part in parts) != value:
            self.fail(f"got {value!r}, wanted a length of time such as 90s, 2h or 30d", param, ctx)
        return sum(float(part.group(1)) * _SECONDS[part.group(2)] for part in parts)


class Folder(click.ParamType[Path]):
    """A folder to write into or to read, which may not be there yet; anything else of that name is refused."""

    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, or fail with what was wanted."""
        path = Path(value)
        if path.exists() and not path.is_dir():
            self.fail(f"got {str(path)!r}, which is a file, wanted a folder", param, ctx)
        return path


class Page(click.ParamType[Path]):
    """A file to write; a folder of that name is refused."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, or fail with what was wanted."""
        path = Path(value)
        if path.is_dir():
            self.fail(f"got {str(path)!r}, which is a folder, wanted the name of a file", param, ctx)
        return path


OUT = Folder()
"""A folder to write into."""
FILE = click.Path(path_type=Path)
"""A file to read; that it exists is checked where it is opened, with a message of our own."""

timeline_option = click.option(
    "--timeline", default="flight", show_default=True, help="Which of the mission's timelines is meant."
)
workers_option = click.option(
    "--workers", type=click.IntRange(1), help="Processes that work at once.  [default: one for each processor]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def worker_count(given: int | None) -> int:
    """Return the number of workers asked for, else that of the settings."""
    from telemus.settings import load

    return given or load().worker_count()


def print_json(content: Any) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(content, indent=2, default=str))
