"""Keeps foreign bytes from breaking anything: bounded reads, and foreign parsers whose every failure becomes a
FormatError.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telemus.errors import FormatError, TelemusError


@contextmanager
def foreign(path: Path, what: str, notes: list[str] | None = None) -> Iterator[None]:
    """Run a library's parser over bytes that nobody vouches for; all that goes wrong is raised as FormatError.

    Such parsers raise what their innards raise (IndexError, UnicodeDecodeError, zlib.error, MemoryError, ...), so every
    Exception is caught here, and nowhere else. Their warnings go to ``notes`` where it is given, else they are dropped.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except TelemusError:
            raise
        except Exception as error:
            reason = (str(error).strip().splitlines() or ["no reason given"])[0][:200]
            raise FormatError(
                f"got bytes that do not read as {what} ({type(error).__name__}: {reason}), wanted a whole {what}",
                path=path,
            ) from error
    if notes is not None:
        notes.extend(" ".join(str(warning.message).split()) for warning in caught)


def file_size(path: Path) -> int:
    """Return the size of a regular file [bytes], or raise FormatError that says why there is nothing to read."""
    try:
        if path.is_dir():
            raise FormatError("got a folder, wanted a recording", path=path)
        if not path.is_file():
            raise FormatError("got no file of that name, wanted a recording", path=path)
        size = path.stat().st_size
        if size == 0:
            raise FormatError("got an empty file (0 bytes), wanted a recording", path=path)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"got a file that cannot be opened ({error}), wanted a readable one", path=path) from error
    return size


def read_head(path: Path, limit: int) -> bytes:
    """Return at most ``limit`` bytes from the start of a file, or raise FormatError where it cannot be read."""
    file_size(path)
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise FormatError(f"got a file that cannot be opened ({error}), wanted a readable one", path=path) from error


LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1e-4, 1e8
"""Rates that a sampled signal may have: from one sample in three hours to far beyond any converter of a living
signal.
"""


def check_rate(path: Path, where: str, rate_hz: float) -> None:
    """Raise FormatError where a rate [Hz] is not one that a sampled signal may have."""
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise FormatError(
            f"{where}got a rate of {rate_hz:g} Hz, wanted one from {LOWEST_RATE_HZ:g} to {HIGHEST_RATE_HZ:g}", path=path
        )


def read_small_text(path: Path, limit: int = 1 << 22) -> str:
    """Return a header file as text, or raise FormatError where it is larger than any header [bytes] or no text."""
    head = read_head(path, limit + 1)
    if len(head) > limit:
        raise FormatError(f"got more than {limit} bytes, wanted a header, which is short text", path=path)
    for encoding in ("utf-8-sig", "latin-1"):
        try:
            return head.decode(encoding)
        except UnicodeDecodeError:
            continue
    return head.decode("latin-1")
