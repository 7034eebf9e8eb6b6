"""EDF, EDF+C, EDF+D and BDF: files written by edfio, or by hand where edfio does not write them."""

import datetime
from pathlib import Path

import edfio
import numpy as np
import pytest

from telemus.clock import parse_utc
from telemus.errors import FormatError
from telemus.exchange import read_contents, read_recording
from telemus.series import Quality


def signal(values: np.ndarray, rate_hz: float, label: str, unit: str, span: tuple[float, float]) -> edfio.EdfSignal:
    return edfio.EdfSignal(values, rate_hz, label=label, physical_dimension=unit, physical_range=span)


def write(path: Path, **options: object) -> Path:
    ecg = np.sin(np.arange(2000) / 30.0)
    pressure = 100 + 20 * np.sin(np.arange(1000) / 15.0)
    signals = [signal(ecg, 200, "ECG", "uV", (-2000, 2000)), signal(pressure, 100, "ABP", "mmHg", (0, 300))]
    edfio.Edf(signals, data_record_duration=1.0, **options).write(path)
    return path


def with_onsets(path: Path, onsets: list[str]) -> Path:
    """Make EDF+D of EDF+C: the reserved field, and the onset in each record's first list, written by hand."""
    raw = bytearray(path.read_bytes())
    raw[192:197] = b"EDF+D"
    header = int(raw[184:192])
    count = (len(raw) - header) // len(onsets)
    for index, onset in enumerate(onsets):
        record = raw[header + index * count : header + (index + 1) * count]
        place = record.index(b"+", 2 * 300)
        stop = record.index(b"\x14\x14", place)
        record[place : len(record)] = (onset.encode() + bytes(record[stop:])).ljust(len(record) - place, b"\0")
        raw[header + index * count : header + (index + 1) * count] = record[:count]
    path.write_bytes(raw)
    return path


def test_values_equal_edfio_and_units_become_canonical(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf")
    recording = read_recording(path)
    judge = edfio.read_edf(path)
    ecg, pressure = recording.channels
    assert (ecg.unit, ecg.source_unit, pressure.unit) == ("mV", "uV", "mmHg")
    np.testing.assert_allclose(ecg.samples.values, judge.signals[0].data / 1000, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(pressure.samples.values, judge.signals[1].data, rtol=1e-6)
    assert (ecg.samples.segments[0].period_ns, pressure.samples.segments[0].period_ns) == (5_000_000, 10_000_000)


def test_start_and_annotations_of_edf_plus(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.edf",
        starttime=datetime.time(10, 0, 1, 500_000),
        recording=edfio.Recording(startdate=datetime.date(2013, 4, 19)),
        annotations=[edfio.EdfAnnotation(2.25, None, "drug"), edfio.EdfAnnotation(3.0, 1.5, "µ rest")],
    )
    recording = read_recording(path)
    assert recording.start_tai_ns == parse_utc("2013-04-19T10:00:01.5Z")
    assert recording.events.values["text"].tolist() == ["drug", "µ rest"]
    assert (recording.events.times_ns - recording.origin_ns).tolist() == [2_250_000_000, 3_000_000_000]
    assert recording.events.values["duration_s"][1] == 1.5
    judge = [(a.onset, a.text) for a in edfio.read_edf(path).annotations]
    assert judge == [(2.25, "drug"), (3.0, "µ rest")]


def test_anonymous_date_is_no_start(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path / "a.edf"))  # edfio writes "Startdate X" where no date is given
    assert recording.start_tai_ns is None
    assert recording.channels[0].samples.start_ns == 0


def test_discontinuous_records_become_segments(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", annotations=[edfio.EdfAnnotation(0.5, None, "x" * 40)])
    onsets = ["+0", "+1", "+2", "+10.5", "+11.5", "+20", "+21", "+22", "+23", "+24"]
    recording = read_recording(with_onsets(path, onsets))
    pressure = recording.channels[1].samples
    assert [(part.start_ns, part.count) for part in pressure.segments] == [
        (0, 300),
        (10_500_000_000, 200),
        (20_000_000_000, 500),
    ]
    assert any("discontinuous" in note for note in recording.notes)
    np.testing.assert_allclose(pressure.values, edfio.read_edf(path).signals[1].data, rtol=1e-6)


def test_record_that_goes_back_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf", annotations=[edfio.EdfAnnotation(0.5, None, "x" * 40)])
    onsets = ["+0", "+1", "+0.5", "+10", "+11", "+20", "+21", "+22", "+23", "+24"]
    recording = read_recording(with_onsets(path, onsets))
    pressure = recording.channels[1].samples
    assert len(pressure) == 900
    judge = edfio.read_edf(path).signals[1].data
    np.testing.assert_allclose(pressure.values[200:300], judge[300:400], rtol=1e-6)
    assert any("1 of 10 data records" in note for note in recording.notes)


def test_truncated_file_gives_whole_records(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf")
    path.write_bytes(path.read_bytes()[:-700])
    recording = read_recording(path)
    assert len(recording.channels[1].samples) == 800
    assert any("header indicates 10 data records, but file contains 8" in note for note in recording.notes)


def test_spoiled_annotation_costs_no_samples(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.edf", annotations=[edfio.EdfAnnotation(0.5, None, "keep"), edfio.EdfAnnotation(1.5, None, "lose")]
    )
    path.write_bytes(path.read_bytes().replace(b"+1.5\x14lose", b"!!.5\x14lose"))
    recording = read_recording(path)
    assert recording.events.values["text"].tolist() == ["keep"]
    assert len(recording.channels[0].samples) == 2000
    assert any("1 annotation lists could not be read" in note for note in recording.notes)


def test_rails_are_marked(tmp_path: Path) -> None:
    digital = np.array([0, 32767, 32767, 32767, 5, -32768, -32768, 7, 8, 32767], np.int16)
    raw = edfio.EdfSignal.from_digital(digital, 10, label="ECG", physical_dimension="mV", physical_range=(-10, 10))
    edfio.Edf([raw]).write(tmp_path / "a.edf")
    rail = int(Quality.RAIL)
    assert read_recording(tmp_path / "a.edf").channels[0].samples.quality.tolist() == [
        0,
        rail,
        rail,
        rail,
        0,
        0,
        0,
        0,
        0,
        0,
    ]


def test_bdf_of_24_bits(tmp_path: Path) -> None:
    values = np.linspace(-3, 3, 500)
    raw = edfio.BdfSignal(values, 100, label="ECG", physical_dimension="mV", physical_range=(-4, 4))
    edfio.Bdf([raw], annotations=[edfio.EdfAnnotation(1.0, None, "mark")]).write(tmp_path / "a.bdf")
    recording = read_recording(tmp_path / "a.bdf")
    np.testing.assert_allclose(recording.channels[0].samples.values, values, atol=1e-6)
    assert recording.events.values["text"].tolist() == ["mark"]


def test_record_duration_gives_an_exact_period(tmp_path: Path) -> None:
    raw = signal(np.zeros(300) + np.arange(300), 300, "ECG", "mV", (0, 300))
    edfio.Edf([raw], data_record_duration=0.1).write(tmp_path / "a.edf")
    assert read_recording(tmp_path / "a.edf").channels[0].samples.segments[0].period_ns * 3 == 10_000_000


def test_extension_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.edf").rename(tmp_path / "a.csv")
    assert read_recording(path).format == "edf"


@pytest.mark.parametrize(("keep", "message"), [(100, "no format|wanted"), (300, "EDF"), (1024, "too few|EDF")])
def test_header_cut_short(tmp_path: Path, keep: int, message: str) -> None:
    path = write(tmp_path / "a.edf")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=message):
        read_recording(path)


def test_contents_list_all_signals(tmp_path: Path) -> None:
    sources = read_contents(write(tmp_path / "a.edf", annotations=[])).sources
    assert [(source.name, source.unit, source.rate_hz, source.count) for source in sources] == [
        ("ECG", "uV", 200.0, 2000),
        ("ABP", "mmHg", 100.0, 1000),
    ]
