"""Delimited text and Parquet: layouts, times, gaps, units, cells that are no numbers."""

import gzip
import lzma
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from telemus.clock import parse_utc
from telemus.errors import FormatError, UnitError
from telemus.exchange import Recording, read_recording
from telemus.series import Quality


def text(path: Path, body: str, encoding: str = "utf-8") -> Path:
    path.write_text(body, encoding=encoding, newline="")
    return path


def rows(count: int, rate_hz: float, form: str = "{:.6f},{:.3f}\n", start_s: float = 0.0) -> str:
    return "".join(form.format(start_s + i / rate_hz, 100 + i % 7) for i in range(count))


def starts(recording: Recording) -> list[tuple[float, int]]:
    return [
        ((part.start_ns - recording.origin_ns) / 1e9, part.count) for part in recording.channels[0].samples.segments
    ]


@pytest.mark.parametrize(
    "heading",
    ["time_s,ABP [mmHg]", "Time (s),ABP (mmHg)", "t [sec],abp_mmHg", '"time","ABP, mmHg"', "timestamp,BP / mmHg"],
)
def test_headings_with_units(tmp_path: Path, heading: str) -> None:
    if heading.count(",") > 1:
        heading = heading.replace(", ", " ")
    recording = read_recording(text(tmp_path / "a.csv", f"{heading}\n{rows(50, 500)}"))
    channel = recording.channels[0]
    assert (channel.quantity, channel.unit) == ("pressure_arterial", "mmHg")
    assert channel.samples.segments[0].period_ns == 2_000_000
    assert channel.samples.values[:3].tolist() == [100, 101, 102]


def test_kilopascal_and_milliseconds(tmp_path: Path) -> None:
    body = "Time_ms\tpressure_kPa\n" + "".join(f"{4 * i}\t16.0\n" for i in range(20))
    channel = read_recording(text(tmp_path / "a.tsv", body)).channels[0]
    assert channel.samples.segments[0].period_ns == 4_000_000
    assert channel.samples.values[0] == pytest.approx(120.0098, abs=1e-3)


def test_line_of_units_below_the_names(tmp_path: Path) -> None:
    recording = read_recording(
        text(tmp_path / "a.csv", "time,ABP,ECG\ns,mmHg,uV\n0,100,500\n0.5,101,600\n1.0,102,700\n")
    )
    assert [channel.name for channel in recording.channels] == ["ABP", "ECG"]
    assert recording.channels[1].samples.values.tolist() == pytest.approx([0.5, 0.6, 0.7])


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    body = "Zeit;x\ntime [s];ABP [mmHg]\n" + "".join(f"0,{i:03d};10{i},5\n" for i in range(0, 10, 2))
    channel = read_recording(text(tmp_path / "a.csv", body)).channels[0]
    assert channel.samples.values.tolist() == [100.5, 102.5, 104.5, 106.5, 108.5]
    assert channel.samples.segments[0].period_ns == 2_000_000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, ending: str) -> None:
    body = "time [s],ECG [µV]\n" + "".join(f"{i / 1000:.3f},{i}\n" for i in range(30))
    channel = read_recording(text(tmp_path / "a.csv", body.replace("\n", ending), encoding)).channels[0]
    assert (channel.source_unit, len(channel.samples)) == ("µV", 30)
    assert channel.samples.values[29] == pytest.approx(0.029)


@pytest.mark.parametrize(("suffix", "opener"), [(".gz", gzip.open), (".xz", lzma.open)])
def test_compressed_text(tmp_path: Path, suffix: str, opener: object) -> None:
    path = tmp_path / f"a.csv{suffix}"
    with opener(path, "wb") as file:  # type: ignore[operator]
        file.write(f"time_s,ABP_mmHg\n{rows(100, 250)}".encode())
    assert len(read_recording(path).channels[0].samples) == 100


def test_compressed_text_that_unfolds_beyond_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"time_s,ABP_mmHg\n")
        for _ in range(40):
            file.write(b"0.0,0\n" * 100_000)
    with pytest.raises(FormatError, match="unfolded"):
        read_recording(path)


def test_columns_set_out_by_blanks(tmp_path: Path) -> None:
    body = "  time_s   ABP_mmHg \n" + "".join(f"  {i / 100:.2f}     {80 + i}  \n" for i in range(20))
    samples = read_recording(text(tmp_path / "a.txt", body)).channels[0].samples
    assert samples.values[:2].tolist() == [80, 81]
    assert len(samples) == 20


def test_gap_becomes_a_segment(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n" + rows(100, 200) + rows(50, 200, start_s=3.0)
    recording = read_recording(text(tmp_path / "a.csv", body))
    assert starts(recording) == [(0.0, 100), (3.0, 50)]
    assert any("1 gaps" in note for note in recording.notes)


def test_one_lost_row_is_a_gap_even_in_rounded_times(tmp_path: Path) -> None:
    lines = [f"{i / 360:.3f},{i}\n" for i in range(2000) if i != 1000]
    recording = read_recording(text(tmp_path / "a.csv", "time_s,ABP_mmHg\n" + "".join(lines)))
    segments = recording.channels[0].samples.segments
    assert [part.count for part in segments] == [1000, 999]
    assert segments[0].rate_hz == 360.0
    assert segments[1].start_ns == pytest.approx(1001 / 360 * 1e9, abs=0.5e6)


def test_times_coarser_than_the_period(tmp_path: Path) -> None:
    lines = "".join(f"{i / 2000:.3f},{i}\n" for i in range(4000))
    samples = read_recording(text(tmp_path / "a.csv", "time_s,ABP_mmHg\n" + lines)).channels[0].samples
    assert [part.count for part in samples.segments] == [4000]
    assert samples.segments[0].rate_hz == pytest.approx(2000, rel=1e-6)


def test_slow_clock_keeps_its_own_rate(tmp_path: Path) -> None:
    lines = "".join(f"{i / 500 * 1.0002:.7f},{i}\n" for i in range(20_000))  # 200 ppm slow
    segment = read_recording(text(tmp_path / "a.csv", "time_s,ABP_mmHg\n" + lines)).channels[0].samples.segments[0]
    assert segment.rate_hz == pytest.approx(500 / 1.0002, rel=1e-8)
    assert segment.time_at(np.array([19_999]))[0] == pytest.approx(19_999 / 500 * 1.0002e9, abs=1000)


def test_uneven_times_are_refused_with_the_rows(tmp_path: Path) -> None:
    times = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.019, 200))
    body = "time_s,ABP_mmHg\n" + "".join(f"{time:.6f},1\n" for time in times)
    with pytest.raises(FormatError, match=r"rows 1 to 200: got times up to .* away from even spacing.*--rate HZ"):
        read_recording(text(tmp_path / "a.csv", body))
    recording = read_recording(tmp_path / "a.csv", rate_hz=100)
    assert recording.channels[0].samples.segments[0].rate_hz == 100
    assert any("was not used" in note for note in recording.notes)


def test_times_that_go_back_name_the_row(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n" + rows(10, 100) + rows(10, 100)
    with pytest.raises(FormatError, match=r"row 11: got a time 0\.09 s before"):
        read_recording(text(tmp_path / "a.csv", body))


def test_elapsed_time_counts_from_the_file_s_own_zero(tmp_path: Path) -> None:
    recording = read_recording(text(tmp_path / "a.csv", "time_s,ABP_mmHg\n" + rows(10, 100, start_s=5.0)))
    assert recording.start_tai_ns is None
    assert starts(recording) == [(5.0, 10)]


@pytest.mark.parametrize(
    ("form", "note"),
    [
        ("2013-04-19T10:00:00.{:03d}Z", None),
        ("2013-04-19 10:00:00.{:03d}", "taken as UTC"),
        ("2013-04-19T12:00:00.{:03d}+02:00", None),
    ],
)
def test_iso_times(tmp_path: Path, form: str, note: str | None) -> None:
    body = "date,ABP_mmHg\n" + "".join(f"{form.format(4 * i)},{i}\n" for i in range(20))
    recording = read_recording(text(tmp_path / "a.csv", body))
    assert recording.start_tai_ns == parse_utc("2013-04-19T10:00:00Z")
    assert recording.channels[0].samples.segments[0].period_ns == 4_000_000
    assert (note is None) or any(note in line for line in recording.notes)


def test_time_of_day_passes_midnight(tmp_path: Path) -> None:
    lines = "".join(
        f"{23 if i < 10 else 0:02d}:{59 if i < 10 else 0:02d}:{50 + i if i < 10 else i - 10:02d},{i}\n"
        for i in range(20)
    )
    samples = read_recording(text(tmp_path / "a.csv", "time,ABP_mmHg\n" + lines)).channels[0].samples
    assert [(part.count, part.rate_hz) for part in samples.segments] == [(20, 1.0)]


def test_seconds_since_1970(tmp_path: Path) -> None:
    body = "unix_time,ABP_mmHg\n" + "".join(f"{1366365600 + i / 100:.2f},{i}\n" for i in range(20))
    recording = read_recording(text(tmp_path / "a.csv", body))
    assert recording.start_tai_ns == parse_utc("2013-04-19T10:00:00Z")


def test_bare_time_of_whole_numbers_asks_for_its_unit(tmp_path: Path) -> None:
    body = "time,ABP_mmHg\n" + "".join(f"{2 * i},{i}\n" for i in range(20))
    with pytest.raises(
        UnitError, match=r"steps of 2, which may be seconds, ms or samples; state it with --unit time=s"
    ):
        read_recording(text(tmp_path / "a.csv", body))
    samples = read_recording(tmp_path / "a.csv", units={"time": "ms"}).channels[0].samples
    assert samples.segments[0].rate_hz == 500


def test_without_headings_an_even_first_column_is_the_time(tmp_path: Path) -> None:
    recording = read_recording(text(tmp_path / "a.csv", rows(30, 250)), pressure=1, units={"1": "mmHg"})
    assert recording.channels[0].samples.segments[0].rate_hz == 250
    assert recording.found == ("1 'column 2' [mmHg]",)


def test_no_time_and_no_rate(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "ABP_mmHg,ECG_mV\n" + "1,2\n" * 10)
    with pytest.raises(FormatError, match=r"no time column among 'ABP', 'ECG' and no rate.*--rate HZ"):
        read_recording(path)
    assert [channel.samples.segments[0].rate_hz for channel in read_recording(path, rate_hz=250).channels] == [250, 250]


def test_missing_cells_are_marked(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n0,100\n0.1,\n0.2,NaN\n0.3,n/a\n0.4,104\n"
    samples = read_recording(text(tmp_path / "a.csv", body)).channels[0].samples
    assert (samples.quality == Quality.DROPOUT).tolist() == [False, True, True, True, False]


def test_a_word_among_numbers_is_missing_and_named(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n" + rows(50, 100) + "0.500000,oops\n" + rows(9, 100, start_s=0.51)
    recording = read_recording(text(tmp_path / "a.csv", body))
    assert len(recording.channels[0].samples) == 60
    assert any("row 51: 'oops'" in note for note in recording.notes)


def test_rows_without_a_time_are_left_out_if_they_are_few(tmp_path: Path) -> None:
    lines = [f"{i / 100:.2f},{i}\n" if i != 20 else f",{i}\n" for i in range(40)]
    recording = read_recording(text(tmp_path / "a.csv", "time_s,ABP_mmHg\n" + "".join(lines)))
    assert starts(recording) == [(0.0, 20), (0.21, 19)]
    assert recording.channels[0].samples.values[20] == 21
    assert any("1 of 40 rows have no time (first: row 21)" in note for note in recording.notes)
    text(tmp_path / "a.csv", "time_s,ABP_mmHg\n0,1\n0.1,2\n" + ",3\n" * 5)
    with pytest.raises(FormatError, match="5 of 7 rows have no time"):
        read_recording(tmp_path / "a.csv")
    assert len(read_recording(tmp_path / "a.csv", rate_hz=10).channels[0].samples) == 7


def test_half_words_are_refused(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n" + "".join(f"{i / 10},{'x' if i > 3 else i}\n" for i in range(20))
    with pytest.raises(FormatError, match=r"16 of 20 cells that are no numbers \(row 5: 'x'\)"):
        read_recording(text(tmp_path / "a.csv", body))


def test_row_of_another_width_is_left_out_and_named(tmp_path: Path) -> None:
    body = "time_s,ABP_mmHg\n" + rows(50, 100) + "0.5,1,2,3\n" + rows(49, 100, start_s=0.51) + "1.0"
    recording = read_recording(text(tmp_path / "a.csv", body))
    assert starts(recording) == [(0.0, 50), (0.51, 49)]
    assert any("2 rows were left out" in note and "0.5,1,2,3" in note for note in recording.notes)


def test_odd_row_in_no_known_encoding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"time_s,ABP_mmHg\n" + rows(50, 100).encode() + b"remark \x9b\n")
    recording = read_recording(path)
    assert any("1 rows were left out" in note for note in recording.notes)
    assert capfd.readouterr().err == ""


def test_words_only(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="without a line of numbers"):
        read_recording(text(tmp_path / "a.csv", "dear reader\nthis is a letter\n"))


def parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def test_parquet_with_metadata_units(tmp_path: Path) -> None:
    schema = pa.schema(
        [pa.field("time_s", pa.float64()), pa.field("p", pa.float32(), metadata={"unit": "kPa"}), ("who", pa.string())]
    )
    table = pa.table(
        {"time_s": np.arange(100) / 250, "p": np.full(100, 16, np.float32), "who": ["x"] * 100}, schema=schema
    )
    recording = read_recording(parquet(tmp_path / "a.parquet", table))
    assert recording.channels[0].samples.values[0] == pytest.approx(120.0098, abs=1e-3)
    assert recording.channels[0].samples.segments[0].rate_hz == 250
    assert any("passed over: who" in note for note in recording.notes)


def test_parquet_with_timestamps_and_nulls(tmp_path: Path) -> None:
    moments = np.datetime64("2013-04-19T10:00:00", "us") + np.arange(50) * np.timedelta64(5000, "us")
    values = pa.array([None if i == 7 else float(i) for i in range(50)])
    table = pa.table({"when": pa.array(moments, pa.timestamp("us", "UTC")), "ECG_mV": values})
    recording = read_recording(parquet(tmp_path / "a.bin", table))
    assert recording.format == "parquet"
    assert recording.start_tai_ns == parse_utc("2013-04-19T10:00:00Z")
    samples = recording.channels[0].samples
    assert samples.segments[0].period_ns == 5_000_000
    assert np.flatnonzero(samples.quality).tolist() == [7]


def test_parquet_cut_short(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", pa.table({"time_s": np.arange(100) / 250, "ABP_mmHg": np.zeros(100)}))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match="do not read as Parquet"):
        read_recording(path)
