"""Opens the door of a room: its public names, each imported from its file when it is first used (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple


class Door(NamedTuple):
    """What a room's ``__init__`` binds to ``__all__``, ``__getattr__`` and ``__dir__``."""

    names: list[str]
    find: Callable[[str], Any]
    listing: Callable[[], list[str]]


def open_door(room: str, files: Mapping[str, str]) -> Door:
    """Return the door of a room; entering compiles and loads nothing.

    Args:
        room: the room's ``__name__``.
        files: file of the room -> its public names, separated by spaces.

    Raises:
        ValueError: a public name is also a file's, which would hide it once that file is imported.

    >>> door = open_door("telemus.numerics", {"cells": "mean_cells alternating_extrema"})
    >>> door.names, door.find("mean_cells").__name__
    (['alternating_extrema', 'mean_cells'], 'mean_cells')
    """
    homes = {name: file for file, names in files.items() for name in names.split()}
    if hidden := homes.keys() & files.keys():
        raise ValueError(f"door of {room}: got {', '.join(sorted(hidden))} for a name and a file, wanted another name")

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{homes[name]}"), name)

    return Door(sorted(homes), find, lambda: sorted(homes))
