"""telemus query: what the command line gives equals what the archive holds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import csv

from telemus import archive as archives
from telemus.archive import SAMPLES, Draft, SampleRow, read_table, tables_of, update_pyramid
from telemus.series import Quality, Segment

Program = Callable[..., Any]
S = 1_000_000_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive with two runs of one sensor's ECG, 20 s apart, and a spot on the rail."""
    store = archives.create(tmp_path_factory.mktemp("query") / "archive", "mtb2", "flight")
    start = store.description.timeline.start_ns
    counts = np.arange(30_000).astype(np.int16)
    quality = np.zeros(30_000, np.uint32)
    quality[5] = Quality.RAIL
    rows = [
        SampleRow("ecg", "S25101", Segment(start + at * S, Fraction(1_000_000), 30_000), counts, quality)
        for at in (0, 50)
    ]
    store.write(Draft(SAMPLES, 1, 1, {"made": "here"}, start, start + 80 * S), tables_of(rows))
    update_pyramid(store)
    return store.path


def table_of(text: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = csv.read_csv(io.BytesIO(text.encode())).to_pydict()
    return columns


def test_without_a_channel_it_lists_what_there_is(telemus: Program, place: Path) -> None:
    said = telemus("query", place)
    assert said.code == 0
    assert [line.split()[:2] + line.split()[5:] for line in said.out.splitlines()[1:]] == [
        ["ecg", "S25101", "60,000", "rail"]
    ]
    told = json.loads(telemus("query", place, "--json").out)
    assert [(one["channel"], one["samples"], one["quality"]) for one in told["channels"]] == [("ecg", 60_000, ["rail"])]


def test_every_sample_with_its_segment(telemus: Program, place: Path) -> None:
    said = telemus("query", place, "--channel", "ecg", "--entity", "S25101", "--from", "29.999s", "--to", "50.002s")
    assert said.code == 0, said.err
    found = table_of(said.out)
    assert found["value_raw"] == [29_999, 0, 1]
    assert found["segment"] == [0, 1, 1]
    gain = archives.open(place).description.channel("ecg").calibration
    assert gain is not None
    np.testing.assert_allclose(found["value"], np.array(found["value_raw"]) * gain.gain + gain.offset)


def test_a_subject_means_its_sensor_and_buckets_tell_gaps(telemus: Program, place: Path, tmp_path: Path) -> None:
    where = ("query", place, "--channel", "ecg", "--entity", "M1", "--buckets", "8", "--counts")
    found = table_of(telemus(*where).out)
    assert found["samples"] == [10_000, 10_000, 10_000, 0, 0, 10_000, 10_000, 10_000]
    assert found["minimum"][:3] == [0, 10_000, 20_000]
    assert found["maximum"][3] is None
    assert found["quality"] == [int(Quality.RAIL), 0, 0, 0, 0, int(Quality.RAIL), 0, 0]
    for name in ("parquet", "arrow", "csv"):
        told = json.loads(telemus(*where, "--format", name, "--out", tmp_path / f"x.{name}", "--json").out)
        assert (told["rows"], told["entity"]) == (8, "S25101")
        assert read_table(tmp_path / f"x.{name}")["samples"].to_pylist() == found["samples"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--channel", "ecg"), 2, "wanted both"),
        (("--channel", "ecg", "--entity", "nobody"), 3, "got nobody, wanted one of"),
        (("--channel", "breath", "--entity", "M1"), 3, "got breath, wanted one of"),
        (("--channel", "ecg", "--entity", "C1"), 3, "wanted an entity of kind sensor"),
        (("--channel", "ecg", "--entity", "M1", "--from", "2h", "--to", "1h"), 2, "wanted a span of time"),
        (("--channel", "ecg", "--entity", "M1", "--from", "soon"), 2, "wanted a length of time"),
        (("--channel", "ecg", "--entity", "M1", "--from", "2025-99-01T00:00:00Z"), 1, "wanted"),
        (("--channel", "ecg", "--entity", "M1", "--format", "arrow"), 2, "wanted a file to write"),
    ],
)
def test_wrong_questions_say_what_was_wanted(
    telemus: Program, place: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = telemus("query", place, *arguments)
    assert said.code == code, said.err
    assert message in " ".join(said.err.split())
    assert not said.out
