"""beats.csv and windows.csv: order of columns, digits, flags, empty cells, whole files."""

import csv
import enum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from telemus.errors import ArchiveError, SignalError
from telemus.exchange import write_beats_csv, write_windows_csv
from telemus.series import Quality


class BeatQuality(enum.IntFlag):
    DAMPED = 1 << 16


def beats(**changes: object) -> pa.Table:
    columns = {
        "sbp_mmhg": np.array([120.5, np.nan], np.float32),
        "quality": np.array([0, Quality.RAIL | BeatQuality.DAMPED], np.uint32),
        "channel": ["ABP", "ABP, left"],
        "time_s": np.array([0.1 + 0.2, 2591999.123456789]),
    }
    return pa.table({name: value for name, value in (columns | changes).items() if value is not None})


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_beats_begin_with_time_channel_and_quality(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    write_beats_csv(path, beats(), vocabularies=[BeatQuality])
    assert read(path) == [
        ["time_s", "channel", "quality", "quality_bits", "sbp_mmhg"],
        ["0.3", "ABP", "good", "0", "120.5"],
        ["2591999.123456789", "ABP, left", "rail|damped", "65540", ""],
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["beats.csv"]


def test_nothing_is_quoted_that_need_not_be(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    write_beats_csv(path, beats(channel=["ABP", "ABP left"]))
    assert path.read_text().splitlines()[:2] == ["time_s,channel,quality,quality_bits,sbp_mmhg", "0.3,ABP,good,0,120.5"]


def test_small_times_read_back(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    write_beats_csv(path, beats(time_s=np.array([1e-6, 1e-9])))
    assert [float(row[0]) for row in read(path)[1:]] == [1e-6, 1e-9]


def test_no_beats_make_a_file_with_headings(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    write_beats_csv(path, beats().slice(0, 0))
    assert read(path) == [["time_s", "channel", "quality", "quality_bits", "sbp_mmhg"]]


def test_windows(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    table = pa.table({"map_mmhg": [95.0], "channel": ["ABP"], "start_s": [0.0], "stop_s": [60.0]})
    write_windows_csv(path, table)
    assert read(path) == [["start_s", "stop_s", "channel", "map_mmhg"], ["0", "60", "ABP", "95"]]


def test_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match=r"beats\.csv: got a table without time_s"):
        write_beats_csv(tmp_path / "beats.csv", beats(time_s=None))


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be written"):
        write_beats_csv(tmp_path / "none" / "beats.csv", beats())
