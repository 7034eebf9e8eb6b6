"""Real exports of LabChart and real tables, against what their origin says of them."""

import datetime
import lzma
from pathlib import Path

import numpy as np
import pytest

from telemus.clock import format_utc
from telemus.errors import FormatError
from telemus.exchange import read_recording
from telemus.exchange.mat_file import read_arrays

scipy_io = pytest.importorskip("scipy.io")


def test_labchart_mat(shared_data: Path) -> None:
    """45.2 s at 2 kHz, one empty channel, empty comments; its two voltages carry no name, so one must be chosen."""
    path = shared_data / "physio" / "labchart" / "mouse_ecg_breathing_2khz.mat"
    with pytest.raises(
        FormatError, match=r"1 'Channel 1' \[V\] 2000 Hz; 2 'Channel 2' \[no unit\], empty; 3 'Channel 3' \[V\]"
    ):
        read_recording(path)
    recording = read_recording(path, ecg="Channel 3")
    samples = recording.channels[0].samples
    assert samples.segments[0].rate_hz == 2000
    assert recording.duration_s == pytest.approx(45.2, abs=0.05)
    table = scipy_io.loadmat(path)
    first, last = int(table["datastart"][2, 0]) - 1, int(table["dataend"][2, 0])
    np.testing.assert_allclose(samples.values, table["data"][0, first:last] * 1000, rtol=1e-6)
    # MATLAB day numbers are Python's ordinals and 366
    days = float(table["blocktimes"][0, 0]) - 366
    moment = datetime.datetime.fromordinal(int(days)) + datetime.timedelta(days=days % 1)
    assert format_utc(recording.origin_ns, decimals=3)[:22] == moment.isoformat(timespec="milliseconds")[:22]
    assert len(recording.events) == 0
    assert any("Channel 2" in note for note in recording.notes)


def test_matlab_4_arrays_equal_scipy(shared_data: Path) -> None:
    path = shared_data / "physio" / "labchart" / "mouse_ecg_breathing_2khz.mat"
    ours, names = read_arrays(path, ["titles", "data"])
    assert "blocktimes" in names
    assert ours["titles"].tolist() == ["Channel 1", "Channel 2", "Channel 3"]


def test_labchart_text_with_repeated_headers(shared_data: Path) -> None:
    """Three headers in one run of 94 rows at 80 Hz: no gap, for the rows go on in time."""
    path = shared_data / "physio" / "labchart" / "export_multi_header.txt"
    recording = read_recording(path, ecg="Channel 18")
    samples = recording.channels[0].samples
    rows = [line.split("\t") for line in path.read_text().splitlines() if line[:1].isdigit()]
    assert [part.count for part in samples.segments] == [len(rows)]
    assert samples.segments[0].rate_hz == 80
    assert samples.values.tolist() == [1000 * float(row[2]) for row in rows]
    assert format_utc(recording.origin_ns, decimals=4) == "2020-01-14T09:55:21.5874Z"
    elapsed = (samples.times_ns() - recording.origin_ns) / 1e9
    np.testing.assert_allclose(elapsed, [float(row[0]) - float(rows[0][0]) for row in rows], atol=1e-4)


@pytest.mark.parametrize("name", ["glouglou_euthanasie", "glouglou_adrenaline"])
def test_compressed_table_with_mac_line_ends(shared_data: Path, name: str) -> None:
    path = shared_data / "physio" / "rabbit_pressure" / f"{name}.txt.lzma"
    recording = read_recording(path, rate_hz=200, units={"CH2": "mmHg"})
    with lzma.open(path, "rt") as file:
        rows = file.read().replace("\r", "\n").split("\n")[1:]
    expected = [float(row.split("\t")[1]) for row in rows if row]
    assert recording.channels[0].name == "CH2"
    assert recording.channels[0].samples.values.tolist() == expected


def test_table_without_heading(shared_data: Path) -> None:
    path = next((shared_data / "physio" / "mouse_ecg_noisy").glob("*.csv"))
    recording = read_recording(path, rate_hz=500, ecg=1, units={"1": "mV"})
    assert recording.channels[0].samples.values.tolist() == np.loadtxt(path).tolist()
    assert recording.duration_s == 6.0


@pytest.mark.parametrize(("version", "compressed"), [("4", False), ("5", False), ("5", True)])
def test_matlab_arrays_of_every_kind_equal_scipy(tmp_path: Path, version: str, compressed: bool) -> None:
    rng = np.random.default_rng(5)
    kinds = ["f8", "f4", "i2", "u2", "i4", "u1"] + (["i1", "u4", "i8", "u8", "?"] if version == "5" else [])
    table = {f"a{index}": (rng.normal(size=(3, 700)) * 100).astype(kind) for index, kind in enumerate(kinds)}
    table |= {
        "words": np.array(["mmHg", "V", "é°"]) if version == "5" else np.array(["mmHg", "V"]),
        "empty": np.zeros((0, 5)),
    }
    others = {"cells": np.array(["a", 1], object), "rec": {"x": 1}} if version == "5" else {}
    path = tmp_path / "a.mat"
    scipy_io.savemat(path, table | others, format=version, do_compression=compressed)
    ours, names = read_arrays(path, [*table, *others])
    judge = scipy_io.loadmat(path)
    assert sorted(names) == sorted({*table, *others})
    assert sorted(ours) == sorted(table)
    for name, expected in table.items():
        if name == "words":
            assert ours[name].tolist() == [word.rstrip() for word in judge[name].tolist()]
        else:
            assert ours[name].shape == judge[name].shape
            np.testing.assert_array_equal(ours[name], judge[name].astype(ours[name].dtype), strict=True)
            np.testing.assert_array_equal(ours[name], expected)
