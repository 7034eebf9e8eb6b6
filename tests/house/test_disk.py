"""The archive touches files in one place, so that an object store can take it: only disk.py, and the lock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ARCHIVE = Path(__file__).resolve().parents[2] / "src" / "telemus" / "archive"
FREE = {"disk.py", "lock.py"}
TOUCHES = re.compile(
    r"^\s*import (os|shutil|sqlite3\.connect)\b|\bos\.(open|replace|rename|remove|unlink|fsync)\b|"
    r"\.(open\((\"|buffering)|unlink\(|mkdir\(|rmdir\(|rename\(|replace\(path|iterdir\(|glob\(|rglob\(|stat\(\)|"
    r"is_file\(\)|is_dir\(\)|exists\(\)|read_bytes\(|write_bytes\(|read_text\(|write_text\()",
    re.M,
)
SOURCES = {
    "received.py": {"source.exists()", "source.is_file()", "source.stat()", 'source.open("rb"'},  # what is taken in
    "parquet.py": set(),
}


@pytest.mark.parametrize("path", sorted(ARCHIVE.glob("*.py")), ids=lambda path: path.name)
def test_files_are_touched_in_one_place(path: Path) -> None:
    if path.name in FREE:
        assert TOUCHES.search(path.read_text(encoding="utf-8"))
        return
    text = path.read_text(encoding="utf-8")
    for allowed in SOURCES.get(path.name, ()):
        text = text.replace(allowed, "")
    text = text.replace("disk.", "")
    found = [hit.group() for hit in TOUCHES.finditer(text) if not hit.group().startswith(".rename(")]
    assert not found, found
