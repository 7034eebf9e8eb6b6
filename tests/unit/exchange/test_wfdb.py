"""WFDB headers, sample formats, segments and damage, against values worked out by hand from header(5) and signal(5)."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from telemus.errors import FormatError
from telemus.exchange import read_contents, read_recording
from telemus.exchange.wfdb_formats import FORMATS
from telemus.exchange.wfdb_header import read_header
from telemus.series import Quality


def record(folder: Path, header: str, **files: bytes) -> Path:
    path = folder / "rec.hea"
    path.write_text(header, encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.dat").write_bytes(content)
    return path


def int16(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


@pytest.mark.parametrize(
    ("number", "raw", "expected"),
    [
        (8, bytes([1, 2, 0xFF]), [1, 2, -1]),
        (16, bytes([0x34, 0x12, 0xFF, 0xFF]), [0x1234, -1]),
        (24, bytes([1, 0, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0x80]), [1, -1, -(1 << 23)]),
        (32, bytes([0, 0, 1, 0, 0xFE, 0xFF, 0xFF, 0xFF]), [65536, -2]),
        (61, bytes([0x12, 0x34, 0xFF, 0xFE]), [0x1234, -2]),
        (80, bytes([0, 128, 255]), [-128, 0, 127]),
        (160, bytes([0, 0x80, 0, 0, 0xFF, 0xFF]), [0, -32768, 32767]),
        # two samples of 12 bits: 0x7FF and -1 (0xFFF): low byte FF, nibbles F (second) and 7 (first), low byte FF
        (212, bytes([0xFF, 0xF7, 0xFF]), [0x7FF, -1]),
        (212, bytes([0xFF, 0xF7, 0xFF, 0x01, 0x08]), [0x7FF, -1, -2047]),
        # 310: words 1 << 1 | 0x1F << 11 and 2 << 1 | 0x1F << 11: samples 1, 2 and -1
        (310, (1 << 1 | 0x1F << 11).to_bytes(2, "little") + (2 << 1 | 0x1F << 11).to_bytes(2, "little"), [1, 2, -1]),
        (311, (1 | 0x3FF << 10 | 0x200 << 20).to_bytes(4, "little"), [1, -1, -512]),
    ],
)
def test_sample_formats(number: int, raw: bytes, expected: list[int]) -> None:
    assert FORMATS[number].unpack(np.frombuffer(raw, np.uint8)).tolist() == expected


def test_gain_baseline_and_unit_make_physical_values(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 500 4\nrec.dat 16 100(50)/mmHg 16 0 0 0 0 ABP\n", rec=int16(50, 150, 12050, -150))
    channel = read_recording(path).channels[0]
    assert (channel.name, channel.quantity, channel.unit) == ("ABP", "pressure_arterial", "mmHg")
    assert channel.samples.values.tolist() == [0.0, 1.0, 120.0, -2.0]
    assert channel.samples.segments[0].period_ns == 2_000_000


def test_kilopascal_becomes_mmhg(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 500 1\nrec.dat 16 1000/kPa 16 0 0 0 0 ABP\n", rec=int16(16000))
    assert read_recording(path).channels[0].samples.values[0] == pytest.approx(16 * 1000 / 133.322387415, rel=1e-6)


@pytest.mark.parametrize("name", ["rec", "rec.hea", "rec.dat"])
def test_record_is_found_by_name_header_or_signal_file(tmp_path: Path, name: str) -> None:
    record(tmp_path, "rec 1 100 2\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1, 2))
    assert read_recording(tmp_path / name).channels[0].samples.values.tolist() == [1.0, 2.0]


def test_defaults_of_the_header_are_said(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1\nrec.dat 16\n", rec=int16(200, 400))
    recording = read_recording(path, ecg=1)
    assert recording.channels[0].samples.values.tolist() == [1.0, 2.0]
    assert recording.channels[0].samples.segments[0].period_ns == Fraction(4_000_000)
    assert any("default of 200" in note for note in recording.notes)
    assert any("no unit" in note for note in recording.notes)


def test_interleaved_signals_with_several_samples_per_frame(tmp_path: Path) -> None:
    header = "rec 2 100 2\nrec.dat 16x2 1/mV 16 0 0 0 0 ECG\nrec.dat 16 1/mmHg 16 0 0 0 0 ABP\n"
    recording = read_recording(record(tmp_path, header, rec=int16(1, 2, 70, 3, 4, 80)))
    ecg, pressure = recording.channels
    assert ecg.samples.values.tolist() == [1, 2, 3, 4]
    assert ecg.samples.segments[0].rate_hz == 200.0
    assert pressure.samples.values.tolist() == [70, 80]


def test_first_differences_are_summed_for_each_signal_from_its_initial_value(tmp_path: Path) -> None:
    header = "rec 2 100 3\nrec.dat 8 1/mV 8 0 100 0 0 ECG\nrec.dat 8 1/mmHg 8 0 -5 0 0 ABP\n"
    ecg, pressure = read_recording(record(tmp_path, header, rec=bytes([1, 2, 0xFF, 3, 4, 0xFE]))).channels
    assert ecg.samples.values.tolist() == [101, 100, 104]
    assert pressure.samples.values.tolist() == [-3, 0, -2]


def test_skew_moves_a_signal_earlier(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 4\nrec.dat 16:1 1/mV 16 0 0 0 0 ECG\n", rec=int16(9, 1, 2, 3))
    assert read_recording(path).channels[0].samples.values.tolist() == [1, 2, 3]


def test_byte_offset_skips_a_prologue(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 2\nrec.dat 16+3 1/mV 16 0 0 0 0 ECG\n", rec=b"abc" + int16(5, 6))
    assert read_recording(path).channels[0].samples.values.tolist() == [5, 6]


def test_missing_marker_is_nan_and_dropout(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 3\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1, -32768, 3))
    samples = read_recording(path).channels[0].samples
    assert np.isnan(samples.values).tolist() == [False, True, False]
    assert samples.quality.tolist() == [0, Quality.DROPOUT, 0]


def test_run_at_the_end_of_the_range_is_rail(tmp_path: Path) -> None:
    values = [0, 2047, 2047, 2047, 5, 2047, -2048, -2048, -2048, -2048]
    path = record(tmp_path, f"rec 1 100 {len(values)}\nrec.dat 16 1/mV 12 0 0 0 0 ECG\n", rec=int16(*values))
    rail = int(Quality.RAIL)
    expected = [0, rail, rail, rail, 0, 0, rail, rail, rail, rail]
    assert read_recording(path).channels[0].samples.quality.tolist() == expected


def test_declared_resolution_that_samples_leave_is_not_believed(tmp_path: Path) -> None:
    values = [2047, 2047, 2047, 20000]
    path = record(tmp_path, "rec 1 100 4\nrec.dat 16 100/mmHg 12 0 0 0 0 BP\n", rec=int16(*values))
    assert not read_recording(path).channels[0].samples.quality.any()


def test_checksum_that_differs_is_noted_and_one_that_holds_is_not(tmp_path: Path) -> None:
    good = record(tmp_path, "rec 1 100 2\nrec.dat 16 1/mV 16 0 1 -3 0 ECG\n", rec=int16(-1, -2))
    assert not any("checksum" in note for note in read_recording(good).notes)
    bad = record(tmp_path, "rec 1 100 2\nrec.dat 16 1/mV 16 0 1 -4 0 ECG\n", rec=int16(-1, -2))
    assert any("checksum" in note for note in read_recording(bad).notes)


def test_truncated_signal_file_gives_what_is_whole(tmp_path: Path) -> None:
    header = "rec 2 100 500\nrec.dat 16 1/mV 16 0 0 0 0 ECG\nrec.dat 16 1/mmHg 16 0 0 0 0 ABP\n"
    recording = read_recording(record(tmp_path, header, rec=int16(1, 70, 2, 80, 3) + b"\x01"))
    assert [len(channel.samples) for channel in recording.channels] == [2, 2]
    assert any("truncated: got" in note and "of the 500" in note and "missing" in note for note in recording.notes)


def test_header_claim_of_huge_size_allocates_nothing(tmp_path: Path) -> None:
    header = f"rec 1 100 {10**15}\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n"
    assert len(read_recording(record(tmp_path, header, rec=int16(1, 2))).channels[0].samples) == 2


def test_missing_signal_file_names_it(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 4\ngone.dat 16 1/mV 16 0 0 0 0 ECG\n")
    with pytest.raises(FormatError, match=r"gone\.dat.*no file of that name"):
        read_recording(path)


@pytest.mark.parametrize("name", ["../rec.dat", "/etc/passwd", "sub/rec.dat"])
def test_header_cannot_send_us_to_another_folder(tmp_path: Path, name: str) -> None:
    path = record(tmp_path, f"rec 1 100 4\n{name} 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1))
    with pytest.raises(FormatError, match="same folder"):
        read_recording(path)


def test_unknown_sample_format_lists_the_known(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 4\nrec.dat 516 1/mV 16 0 0 0 0 ECG\n", rec=int16(1, 2, 3, 4))
    with pytest.raises(FormatError, match="signal format 516, wanted one of 8, 16"):
        read_recording(path, ecg=1)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("\n# only remarks\n", "no record line"),
        ("rec two 100\n", r"line 1: got 'rec two 100'"),
        ("rec 2 100 4\nrec.dat 16 1/mV\n", "got 1 of the 2 lines of signals"),
        ("rec 1 0 4\nrec.dat 16 1/mV\n", "rate of 0 Hz"),
        ("rec 1 100 4\nrec.dat sixteen\n", r"line 2: got 'rec\.dat sixteen'"),
        ("rec/2 1 100 4\nseg 1 2 3\nseg 4\n", "wanted 'SEGMENT SAMPLES'"),
    ],
)
def test_broken_header_names_its_line(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_header(record(tmp_path, header))


def test_start_with_date_is_taken_as_utc(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 1 10:00:01.5 19/04/2013\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1))
    recording = read_recording(path)
    assert recording.start_tai_ns == (1366365601_500_000_000 + 35_000_000_000)  # TAI - UTC was 35 s in April 2013
    assert recording.channels[0].samples.start_ns == recording.start_tai_ns
    assert any("no time zone" in note for note in recording.notes)


def test_time_without_date_is_no_start(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 1 10:00:01.5\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1))
    recording = read_recording(path)
    assert recording.start_tai_ns is None
    assert recording.facts["start as written"] == "10:00:01.5"


def segments(folder: Path) -> Path:
    (folder / "a.hea").write_text("a 2 100 2\na.dat 16 1/mV 16 0 0 0 0 II\na.dat 16 1/mmHg 16 0 0 0 0 ABP\n")
    (folder / "a.dat").write_bytes(int16(1, 70, 2, 71))
    (folder / "b.hea").write_text("b 1 100 3\nb.dat 16 1/mmHg 16 0 0 0 0 ABP\n")
    (folder / "b.dat").write_bytes(int16(72, 73, 74))
    (folder / "c.hea").write_text("c 1 100 1\nc.dat 16 1/mV 16 0 0 0 0 II\n")
    (folder / "c.dat").write_bytes(int16(9))
    path = folder / "m.hea"
    path.write_text("m/5 2 100 11\nlayout 0\na 2\nb 3\n~ 5\nc 1\n")
    return path


def test_segments_join_where_they_touch_and_leave_gaps_where_they_do_not(tmp_path: Path) -> None:
    recording = read_recording(segments(tmp_path))
    ecg, pressure = recording.channels
    assert pressure.samples.values.tolist() == [70, 71, 72, 73, 74]
    assert [(part.start_ns, part.count) for part in pressure.samples.segments] == [(0, 5)]
    assert ecg.samples.values.tolist() == [1, 2, 9]
    assert [(part.start_ns, part.count) for part in ecg.samples.segments] == [(0, 2), (100_000_000, 1)]


def test_segment_that_is_gone_is_noted_and_the_rest_is_read(tmp_path: Path) -> None:
    path = segments(tmp_path)
    (tmp_path / "b.hea").unlink()
    recording = read_recording(path)
    assert [len(channel.samples) for channel in recording.channels] == [3, 2]
    assert any("segment b was left out" in note for note in recording.notes)


def test_contents_list_channels_without_loading(tmp_path: Path) -> None:
    path = record(tmp_path, "rec 1 100 4\nrec.dat 16 1/mV 16 0 0 0 0 ECG\n", rec=int16(1, 2, 3, 4))
    source = read_contents(path).sources[0]
    assert (source.name, source.unit, source.rate_hz, source.count) == ("ECG", "mV", 100.0, 4)
