"""Documents: small JSON files that say the CRC-32 of their own content, so that a changed one is never believed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telemus.archive import disk
from telemus.errors import DamageError

_CHECK = "crc32"


def write_document(path: Path, content: Mapping[str, Any]) -> None:
    """Write a document durably, replacing the one that was there in one step."""
    told = {**content, _CHECK: _check(content)}
    disk.put_bytes(path, (json.dumps(told, indent=1, sort_keys=True) + "\n").encode())


def read_document(path: Path) -> dict[str, Any]:
    """Return the content of a document. Raises DamageError where it is missing or not what was written."""
    try:
        told = json.loads(disk.read(path))
    except OSError as error:
        raise DamageError(
            f"{path}: got no readable file ({error.strerror}), wanted a document of the archive"
        ) from error
    except ValueError as error:
        raise DamageError(f"{path}: got {error}, wanted a document") from error
    if not isinstance(told, dict) or told.pop(_CHECK, None) != _check(told):
        raise DamageError(f"{path}: got a document that does not match its CRC, wanted it as written")
    return told


def canonical(content: Any) -> bytes:
    """Return the one way in which content is written for checksums.

    >>> canonical({"b": 1, "a": [2.5]})
    b'{"a":[2.5],"b":1}'
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode()


def _check(content: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(canonical(content)):08x}"
