"""Settings are read once, and an unknown key names the known."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus.errors import SettingsError
from telemus.settings import Settings, load


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TELEMUS_SETTINGS", raising=False)
    assert load() == Settings()
    assert Settings().worker_count() >= 1


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("workers = 3\n", encoding="utf-8")
    assert load(tmp_path / "s.toml").worker_count() == 3


def test_the_variable_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.toml").write_text("workers = 5\n", encoding="utf-8")
    monkeypatch.setenv("TELEMUS_SETTINGS", str(tmp_path / "s.toml"))
    assert load().workers == 5


@pytest.mark.parametrize(
    "text", ["worker = 3", "workers = -1", "workers = true", "workers = 'x'", "workers =", "leap_seconds = 1"]
)
def test_what_is_no_setting_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="wanted"):
        load(tmp_path / "s.toml")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wanted"):
        load(tmp_path / "absent.toml")


def test_a_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('leap_seconds = "leap-seconds.list"\n', encoding="utf-8")
    assert load(tmp_path / "s.toml").leap_seconds == str(tmp_path / "leap-seconds.list")
