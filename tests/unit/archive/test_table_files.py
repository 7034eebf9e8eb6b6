"""Tables written as they come: all formats give the rows back, and an interrupted one leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from telemus.archive import open_table, read_table, table_files
from telemus.errors import FormatError

SCHEMA = pa.schema(
    [
        pa.field("n", pa.int64(), metadata={"unit": "s"}),
        ("mode", pa.dictionary(pa.int8(), pa.string())),
        ("wave", pa.list_(pa.uint8(), 2)),
        ("when", pa.timestamp("ns")),
        ("blob", pa.large_binary()),
        ("one", pa.struct([("when", pa.timestamp("ns")), ("mode", pa.dictionary(pa.int8(), pa.string()))])),
    ]
)


def batch(start: int) -> pa.RecordBatch:
    modes = pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), pa.array(["OFF", "ON"]))
    when = pa.array([1, 1_700_000_000_000_000_001], pa.timestamp("ns"))
    wave = pa.FixedSizeListArray.from_arrays(pa.array([1, 2, 3, 4], pa.uint8()), 2)
    one = pa.StructArray.from_arrays([when, modes], names=["when", "mode"])
    blobs = pa.array([b"\x01\xff", b""], pa.large_binary())
    return pa.record_batch([pa.array([start, start + 1]), modes, wave, when, blobs, one], schema=SCHEMA)


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_batches_come_back(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"x.{format}"
    with open_table(path, SCHEMA, format) as append:
        append(batch(0))
        append(batch(2))
        assert not path.exists()
    table = read_table(path)
    assert table.schema.field("n").metadata[b"unit"] == b"s"
    assert table.schema.field("mode").type == SCHEMA.field("mode").type
    assert table.cast(SCHEMA).equals(pa.Table.from_batches([batch(0), batch(2)]))


def test_csv_has_json_for_what_is_nested(tmp_path: Path) -> None:
    with open_table(tmp_path / "x.csv", SCHEMA, "csv") as append:
        append(batch(0))
    head, first, second = (tmp_path / "x.csv").read_text().splitlines()
    assert head == '"n","mode","wave","when","blob","one"'
    assert first.startswith('0,"ON","[1, 2]",1970-01-01 00:00:00.000000001,"01ff",')
    told = json.loads(first.split(",", 6)[-1].strip('"').replace('""', '"').removeprefix('01ff","'))
    assert told == {"when": "1970-01-01 00:00:00.000000001", "mode": "ON"}
    assert "2023-11-14 22:13:20.000000001" in second


def test_no_rows_give_an_empty_table(tmp_path: Path) -> None:
    for format in table_files.FORMATS:
        with open_table(tmp_path / f"x.{format}", SCHEMA, format):
            pass
    assert read_table(tmp_path / "x.parquet").num_rows == 0
    assert read_table(tmp_path / "x.arrow").schema.names == SCHEMA.names


@pytest.mark.parametrize("format", table_files.FORMATS)
def test_an_interruption_leaves_nothing(tmp_path: Path, format: str) -> None:
    def interrupted() -> None:
        with open_table(tmp_path / "x", SCHEMA, format) as append:
            append(batch(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_wide_rows_are_written_before_they_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "GROUP_BYTES", 200)
    with open_table(tmp_path / "x.parquet", SCHEMA) as append:
        for start in range(0, 12, 2):
            append(batch(start))
    assert pq.ParquetFile(tmp_path / "x.parquet").num_row_groups > 1


def test_another_format_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(FormatError, match="wanted one of parquet, csv, arrow"),
        open_table(tmp_path / "x", SCHEMA, "xls"),
    ):
        pass
