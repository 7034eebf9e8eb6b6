"""LabChart exports, .mat and text: made here by the layout that ADInstruments describes."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from telemus.clock import parse_utc
from telemus.errors import FormatError, UnitError
from telemus.exchange import read_contents, read_recording
from telemus.series import Quality

DAY_2020 = float(datetime.date(2020, 1, 14).toordinal() + 366)  # MATLAB counts days from the year 0


def export(**changes: Any) -> dict[str, Any]:
    """Two channels and an empty one, two blocks of 1000 and 500 Hz, the second 60 s after the first."""
    data = np.concatenate([np.arange(10), 80 + np.arange(5), np.arange(100, 106), 90 + np.arange(6)]).astype(np.float32)
    table: dict[str, Any] = {
        "data": data[None, :],
        "datastart": np.array([[1, 16], [-1, -1], [11, 22]]),
        "dataend": np.array([[10, 21], [-1, -1], [15, 27]]),
        "titles": np.array(["ECG lead", "Channel 2", "Art BP"]),
        "samplerate": np.array([[1000, 500], [0, 0], [500, 500]]),
        "tickrate": np.array([[1000, 1000]]),
        "unittext": np.array(["V", "mmHg"]),
        "unittextmap": np.array([[1, 1], [-1, -1], [2, 2]]),
        "rangemin": np.array([[-1000, -1000], [0, 0], [-10, -10]]),
        "rangemax": np.array([[1000, 1000], [0, 0], [300, 300]]),
        "blocktimes": np.array([[DAY_2020 + 0.5, DAY_2020 + 0.5 + 60 / 86400]]),
        "firstsampleoffset": np.zeros((3, 2)),
        "com": np.array([[-1, 1, 4, 1, 1], [3, 2, 2, 1, 2], [1, 1, 5, 1, 9]], float),
        "comtext": np.array(["drug", "vagus"]),
    }
    return {name: value for name, value in (table | changes).items() if value is not None}


def save(path: Path, version: str = "5", **changes: Any) -> Path:
    savemat(path, export(**changes), format=version, do_compression=version == "5")
    return path


@pytest.mark.parametrize("version", ["4", "5"])
def test_blocks_channels_units_and_rates(tmp_path: Path, version: str) -> None:
    recording = read_recording(save(tmp_path / "a.mat", version))
    ecg, pressure = recording.channels
    assert recording.start_tai_ns == parse_utc("2020-01-14T12:00:00Z")
    assert ecg.samples.values.tolist() == [1000.0 * value for value in [*range(10), *range(100, 106)]]  # V to mV
    assert pressure.samples.values.tolist() == [*range(80, 85), *range(90, 96)]
    starts = [(part.start_ns - recording.origin_ns, part.period_ns, part.count) for part in ecg.samples.segments]
    assert starts[0] == (0, 1_000_000, 10)
    assert starts[1][0] == pytest.approx(60e9, abs=20_000)  # a date number resolves 10 us
    assert starts[1][1:] == (2_000_000, 6)
    assert any("empty channels were skipped: Channel 2" in note for note in recording.notes)


def test_comments_are_events_and_a_broken_one_is_counted(tmp_path: Path) -> None:
    recording = read_recording(save(tmp_path / "a.mat"))
    assert recording.events.values["text"].tolist() == ["drug", "vagus (channel 3)"]
    assert recording.events.times_ns[0] - recording.origin_ns == 4_000_000
    assert recording.events.times_ns[1] - recording.origin_ns == pytest.approx(60e9 + 2e6, abs=20_000)
    assert any("1 comments point to no text" in note for note in recording.notes)


def test_sixteen_bit_export_is_scaled(tmp_path: Path) -> None:
    data = np.arange(27, dtype=np.int16)[None, :]
    gains, offsets = np.full((3, 2), 0.5), np.full((3, 2), 10.0)
    path = save(tmp_path / "a.mat", data=data, scaleunits=gains, scaleoffset=offsets)
    pressure = read_recording(path, pressure="Art BP").channels[-1]
    assert pressure.samples.values[:2].tolist() == [(10 + 10) * 0.5, (11 + 10) * 0.5]


def test_amplifier_range_marks_rails(tmp_path: Path) -> None:
    recording = read_recording(save(tmp_path / "a.mat", data=np.full((1, 27), 300.0)))
    assert (recording.channels[1].samples.quality == Quality.RAIL).all()
    assert not recording.channels[0].samples.quality.any()


def test_channels_in_volts_without_names_are_not_guessed(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mat", titles=np.array(["Channel 1", "Channel 2", "Channel 3"]), unittext=np.array(["V", "V"])
    )
    with pytest.raises(FormatError, match=r"1 'Channel 1' \[V\] 1000 Hz; 2 'Channel 2' \[no unit\], empty.*--ecg NAME"):
        read_recording(path)
    assert read_recording(path, ecg="Channel 1").channels[0].quantity == "ecg"
    with pytest.raises(
        UnitError, match=r"got 'V', a unit of voltage, wanted a unit of pressure; .*--unit \"Channel 3\"=mmHg"
    ):
        read_recording(path, pressure=3)
    assert read_recording(path, pressure=3, units={"3": "kPa"}).channels[0].samples.values[0] == pytest.approx(
        600.05, abs=0.01
    )


def test_empty_comments_and_no_block_times(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mat", com=np.zeros((0, 5)), comtext=None, blocktimes=None)
    recording = read_recording(path)
    assert recording.start_tai_ns is None
    assert len(recording.events) == 0
    assert [part.start_ns for part in recording.channels[1].samples.segments] == [0, 10_000_000]
    assert any("set end to end" in note for note in recording.notes)


@pytest.mark.parametrize("version", ["4", "5"])
def test_cut_short_says_where(tmp_path: Path, version: str) -> None:
    path = save(tmp_path / "a.mat", version)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match=r"byte \d+: got \d+ of the \d+ bytes of (a )?variable.*cut short"):
        read_recording(path)


def test_foreign_matlab_file_says_what_it_has(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"x": np.zeros(3), "y": {"cell": np.zeros(2)}})
    with pytest.raises(FormatError, match=r"without data, datastart.*\(it has x, y\)"):
        read_recording(tmp_path / "a.mat")


def test_places_outside_the_data(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mat", dataend=np.array([[10, 21], [-1, -1], [15, 2_000_000_000]]))
    with pytest.raises(FormatError, match=r"'Art BP', block 2: got samples 22 to 2000000000"):
        read_contents(path)


HEADER = (
    "Interval=\t0.002 s\r\nExcelDateTime=\t{days}\t1/14/2020 12:00:00.0\r\nTimeFormat=\t{form}\r\nDateFormat=\t\r\n"
    'ChannelTitle=\t"Art BP"\tECG\r\nRange=\t10.0 V\t1.0 mV\r\nUnitName=\tmmHg\t*\r\n'
)


def text(form: str, *blocks: tuple[float, list[str]]) -> str:
    return "".join(HEADER.format(days=days, form=form) + "\r\n".join(rows) + "\r\n" for days, rows in blocks)


def test_text_blocks_of_their_own_time(tmp_path: Path) -> None:
    one = ["0\t100\t0.1", "0.002\t101\t0.2\t#1 drug", "0.004\tNaN\t0.3"]
    two = ["0\t90\t0.4", "0.002\t91\t0.5"]
    path = tmp_path / "a.txt"
    path.write_text(text("StartOfBlock", (43844.5, one), (43844.5 + 10 / 86400, two)), newline="")
    recording = read_recording(path)
    pressure, ecg = recording.channels
    assert recording.start_tai_ns == parse_utc("2020-01-14T12:00:00Z")
    assert (pressure.source_unit, ecg.source_unit) == ("mmHg", "mV")
    assert ecg.samples.values.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert pressure.samples.quality.tolist() == [0, 0, Quality.DROPOUT, 0, 0]
    starts = [part.start_ns - recording.origin_ns for part in ecg.samples.segments]
    assert starts == [0, pytest.approx(10e9, abs=2000)]
    assert recording.events.values["text"].tolist() == ["drug"]
    assert recording.events.times_ns[0] - recording.origin_ns == 2_000_000


def test_text_header_in_the_middle_of_a_run_makes_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        text("TimeOfDay", (43844.5, ["43200\t1\t2", "43200.002\t1\t2"]), (43844.5, ["43200.004\t3\t4"])), newline=""
    )
    samples = read_recording(path).channels[0].samples
    assert [part.count for part in samples.segments] == [3]


def test_text_with_decimal_comma(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    body = text("StartOfBlock", (43844.5, ["0\t100.5\t0.1", "0.002\t101.5\t0.2"])).replace("1/14/2020 12:00:00.0", "")
    path.write_text(body.replace(".", ","), newline="")
    assert read_recording(path).channels[0].samples.values.tolist() == [100.5, 101.5]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Interval=\t0.002 s\r\nChannelTitle=\tA\r\n", "headers without rows"),
        ("Interval=\tfast\r\nChannelTitle=\tA\r\n0\t1\r\n", "interval of 'fast'"),
        ("Interval=\t0 s\r\nChannelTitle=\tA\r\n0\t1\r\n", "interval of '0 s'"),
        ("Interval=\t1 s\r\n0\t1\r\n", "2 cells under 0 channel titles"),
    ],
)
def test_broken_text_export(tmp_path: Path, body: str, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(body, newline="")
    with pytest.raises(FormatError, match=message):
        read_recording(path)


def test_text_of_several_bytes_a_character(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mat", unittext=np.array(["µV", "mmHg"]), titles=np.array(["ECG é", "Channel 2", "Art BP"])
    )
    channel = read_recording(path).channels[0]
    assert (channel.name, channel.source_unit) == ("ECG é", "µV")
