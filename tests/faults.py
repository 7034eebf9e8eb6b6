"""Faults at every durable step: die there, lose what was not flushed, tear the write, or run out of room.

Every step of the archive goes through five functions of ``telemus.archive.disk``; here they are counted and made to
fail. ``Faults`` takes any operation: a function that writes to an archive.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from telemus.archive import disk

STEPS = ("_write", "_flush", "_rename", "_unlink", "commit")
Way = Literal["count", "killed", "torn", "power cut", "full"]
_DIED = 86


class Faults:
    """Counts the durable steps of an operation from now on, and lets the ``number``-th one (from 0) fail in a way.

    ``killed``: the process ends before the step. ``torn``: half of a write is done first. ``power cut``: besides,
    bytes that were not flushed are lost, and names that were not flushed are as before. ``full``: the step raises
    what the system raises on a full disk, and so does every later write.
    """

    def __init__(self, number: int = -1, way: Way = "count") -> None:
        self.done: list[str] = []
        self._number, self._way = number, way
        self._lock = threading.Lock()
        self._real = {name: getattr(disk, name) for name in STEPS}
        self._flushed: dict[Path, int] = {}
        self._renamed: list[tuple[Path, Path, bytes | None]] = []

    def __enter__(self) -> Faults:
        for name in STEPS:
            setattr(disk, name, lambda *given, name=name: self._step(name, *given))
        return self

    def __exit__(self, *_: object) -> None:
        for name, real in self._real.items():
            setattr(disk, name, real)

    def _step(self, name: str, *given: Any) -> Any:
        with self._lock:
            self.done.append(name)
            at = len(self.done) - 1
            if self._way == "full" and at >= self._number and name in ("_write", "commit"):
                raise self._no_room(name)
            if at == self._number and self._way not in ("count", "full"):
                self._die(name, *given)
            if self._way == "power cut":
                self._note(name, *given)
            return self._real[name](*given)

    def _die(self, name: str, *given: Any) -> None:
        if name == "_write" and self._way != "killed":
            file, data = given
            self._note(name, file, data)
            file.write(data[: len(data) // 2])
        if self._way == "power cut":
            for old, new, before in reversed(self._renamed):
                new.rename(old)
                if before is not None:
                    new.write_bytes(before)
                self._flushed = {
                    old / p.relative_to(new) if p.is_relative_to(new) else p: n for p, n in self._flushed.items()
                }
            for path, length in self._flushed.items():
                if path.is_file() and path.stat().st_size > length:
                    os.truncate(path, length)
        os._exit(_DIED)

    def _note(self, name: str, *given: Any) -> None:
        """Remember what a power cut would take back."""
        if name == "_write":
            path = Path(given[0].name)
            self._flushed.setdefault(path, given[0].tell())
        elif name == "_flush":
            path = Path(f"/proc/self/fd/{given[0]}").readlink()
            if path.is_dir():
                self._renamed = [one for one in self._renamed if one[1].parent != path]
            elif path in self._flushed:
                self._flushed[path] = path.stat().st_size
        elif name == "_rename":
            old, new = given
            self._renamed.append((old, new, new.read_bytes() if new.is_file() else None))
            self._flushed = {
                new / p.relative_to(old) if p.is_relative_to(old) else p: n for p, n in self._flushed.items()
            }

    @staticmethod
    def _no_room(name: str) -> Exception:
        if name == "commit":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            return error
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def steps_of(work: Callable[[], object]) -> list[str]:
    """Return the durable steps of an operation, which is done."""
    with Faults() as faults:
        work()
    return faults.done


def died(work: Callable[[], object], number: int, way: Way) -> bool:
    """Do an operation in a child process that dies at a step; return whether it came so far."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with Faults(number, way):
                work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended not in (0, _DIED):
        raise AssertionError(f"step {number}, {way}: the operation failed before it was interrupted")
    return ended == _DIED


def copy_of(archive: Path, target: Path) -> Path:
    """Return a fresh copy of an archive, in place of the one before."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(archive, target)
    return target
