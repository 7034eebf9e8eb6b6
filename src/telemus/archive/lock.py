"""One writer at a time: an advisory lock on a file of the archive, freed by the system when the process ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import IO

from telemus.errors import ArchiveError


class WriterLock:
    """A lock that one process takes as often as it likes and another process cannot take meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._depth = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> WriterLock:
        if self._depth == 0:
            self._file = self._take()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._file is not None:
            self._file.close()  # closing frees the lock
            self._file = None

    @property
    def held(self) -> bool:
        """Return whether this object holds the lock."""
        return self._depth > 0

    def taken_elsewhere(self) -> bool:
        """Return whether another process, or another object of this one, holds the lock just now."""
        if self.held or not self._path.is_file():
            return False
        with self._path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _take(self) -> IO[str]:
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ArchiveError(f"{self._path}: got {error.strerror}, wanted to write to the archive") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._holder(file)
            file.close()
            raise ArchiveError(
                f"{self._path.parent}: got a second writer while {holder} writes, wanted one at a time; "
                "wait until it ends, or stop it"
            ) from error
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"process": os.getpid(), "machine": socket.gethostname()}))
        file.flush()
        return file

    @staticmethod
    def _holder(file: IO[str]) -> str:
        try:
            file.seek(0)
            found = json.load(file)
            return f"process {found['process']} on {found['machine']}"
        except (ValueError, KeyError, TypeError):
            return "another process"
