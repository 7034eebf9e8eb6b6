"""Whatever bytes a file holds, a reader answers with a recording or one of our errors, soon and in little memory."""

import contextlib
import struct
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from telemus.errors import FormatError, TelemusError
from telemus.exchange import FORMATS, Channel, read_recording, read_wfdb_annotations, sniff

MOST_BYTES = 64 << 20
QUICK = settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def is_well_answered(path: Path, **options: object) -> bool:
    """Read a file; say whether a recording or a TelemusError came of it, of samples or nothing, in little memory."""
    channels: tuple[Channel, ...] = ()
    tracemalloc.start()
    try:
        with contextlib.suppress(TelemusError):
            channels = read_recording(path, **options).channels  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak < MOST_BYTES and all(len(channel.samples) for channel in channels)


@cache
def edf() -> bytes:
    import edfio

    signals = [
        edfio.EdfSignal(np.sin(np.arange(200) / 9.0), 100, label="ECG", physical_dimension="mV"),
        edfio.EdfSignal(100 + np.arange(100) % 9, 50, label="ABP", physical_dimension="mmHg"),
    ]
    notes = [edfio.EdfAnnotation(0.5, None, "one"), edfio.EdfAnnotation(1.5, 0.2, "two")]
    return bytes(edfio.Edf(signals, data_record_duration=0.5, annotations=notes).to_bytes())


@cache
def mat(version: str) -> bytes:
    table = {
        "data": np.arange(40.0)[None, :], "datastart": np.array([[1], [21]]), "dataend": np.array([[20], [40]]),
        "titles": np.array(["ECG", "ABP"]), "samplerate": np.array([[1000], [500]]), "tickrate": np.array([[1000]]),
        "unittext": np.array(["mV", "mmHg"]), "unittextmap": np.array([[1], [2]]), "blocktimes": np.array([[737804.5]]),
        "com": np.array([[1.0, 1, 3, 1, 1]]), "comtext": np.array(["drug"]),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.mat"
        savemat(path, table, format=version)
        return path.read_bytes()


@cache
def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"time_s": np.arange(50) / 250, "ABP_mmHg": np.arange(50.0)}), sink)
    return bytes(sink.getvalue())


SPLICES = st.one_of(st.binary(max_size=12), st.sampled_from([b"nan", b"-1", b"1e308", b"9" * 8, b"\xff" * 4, bytes(8)]))
CSV = b"time_s,ABP [mmHg],ECG_mV\n" + b"".join(b"%.3f,%d,.5\n" % (i / 250, 90 + i % 9) for i in range(60))
LABCHART = (
    b"Interval=\t0.002 s\r\nExcelDateTime=\t43844.5\t1/14/2020\r\nTimeFormat=\tStartOfBlock\r\n"
    b"ChannelTitle=\tECG\tABP\r\n"
    b"Range=\t1.0 mV\t300 mmHg\r\n0\t1\t100\r\n0.002\t2\t101\t#1 drug\r\n"
) * 3
WFDB = b"rec 2 250 4 10:00:00 01/02/2020\nrec.dat 212 200/mV 12 0 0 0 0 ECG\nrec.dat 212 10/mmHg 12 0 0 0 0 ABP\n"
SEEDS: dict[str, Callable[[], bytes]] = {
    "edf": edf,
    "mat 4": lambda: mat("4"),
    "mat 5": lambda: mat("5"),
    "parquet": parquet,
    "csv": lambda: CSV,
    "labchart text": lambda: LABCHART,
}


@pytest.mark.parametrize("name", FORMATS)
@QUICK
@given(content=st.binary(max_size=2000))
def test_random_bytes_into_each_reader(folder: Path, name: str, content: bytes) -> None:
    path = folder / "rec.hea"
    path.write_bytes(content)
    assert is_well_answered(path, format=name, rate_hz=100.0, ecg=1)


@QUICK
@given(content=st.binary(max_size=2000))
def test_random_bytes_sniffed(folder: Path, content: bytes) -> None:
    path = folder / "a.bin"
    path.write_bytes(content)
    assert is_well_answered(path, rate_hz=100.0)


@QUICK
@given(content=st.text(alphabet=st.sampled_from("0123456789.,;-+eE \t\n\r#\"'=:naxT/[]()mHgVs"), max_size=600))
def test_random_text(folder: Path, content: str) -> None:
    path = folder / "a.csv"
    path.write_text(content, newline="")
    assert is_well_answered(path, rate_hz=100.0, ecg=1, units={"1": "mV"})
    assert is_well_answered(path)


@pytest.mark.parametrize("seed", SEEDS)
@settings(QUICK, max_examples=150)
@given(data=st.data())
def test_whole_files_with_bytes_changed(folder: Path, seed: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[seed]())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 8))] = data.draw(SPLICES)
        if not content:
            return
    path = folder / "a.bin"
    path.write_bytes(content)
    assert is_well_answered(path)


@pytest.mark.parametrize("seed", SEEDS)
@QUICK
@given(data=st.data())
def test_whole_files_cut_short(folder: Path, seed: str, data: st.DataObject) -> None:
    content = SEEDS[seed]()
    path = folder / "a.bin"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert is_well_answered(path)


@settings(QUICK, max_examples=150)
@given(data=st.data(), samples=st.binary(max_size=60))
def test_wfdb_headers_with_bytes_changed(folder: Path, data: st.DataObject, samples: bytes) -> None:
    header = bytearray(WFDB)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(header) - 1))
        header[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    (folder / "rec.hea").write_bytes(header)
    (folder / "rec.dat").write_bytes(samples)
    assert is_well_answered(folder / "rec.hea", format="wfdb")
    assert is_well_answered(folder / "rec.dat")


@QUICK
@given(content=st.binary(max_size=400))
def test_annotations(folder: Path, content: bytes) -> None:
    path = folder / "rec.atr"
    path.write_bytes(content)
    try:
        annotations = read_wfdb_annotations(path)
    except FormatError:
        return
    assert len(annotations.sample) == len(annotations.symbol) == len(annotations.text)


def claims() -> dict[str, bytes]:
    """Files of a few bytes whose headers claim gigabytes."""
    header = edf()
    records = header[:236] + b"99999999" + header[244:]
    signals = header[:252] + b"9999" + header[256:]
    wide = bytearray(header)
    wide[256 + 3 * 216 : 256 + 3 * 216 + 8] = b"99999999"  # samples in a record of the first of three signals
    v4 = struct.pack("<5i", 0, 2**31 - 1, 2**31 - 1, 0, 5) + b"data\0"
    cells = struct.pack("<II", 6, 8) + struct.pack("<II", 1, 0) + struct.pack("<IIii", 5, 8, 2**31 - 1, 1)
    cells += struct.pack("<HH4s", 1, 4, b"data")
    v5 = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 14, len(cells)) + cells
    return {
        "edf records": records,
        "edf signals": signals,
        "edf samples": bytes(wide),
        "matlab 4": v4,
        "matlab 5 cells": v5,
        "labchart": b"Interval=\t1e-300 s\r\nChannelTitle=\tECG\r\n0\t1\r\n",
        "csv": b"time_s,ABP_mmHg\n0,1\n1e300,2\n",
    }


@pytest.mark.parametrize("name", claims())
def test_claims_of_huge_sizes_allocate_nothing(folder: Path, name: str) -> None:
    path = folder / "a.bin"
    path.write_bytes(claims()[name])
    assert is_well_answered(path)


def test_sniff_refuses_what_is_not_there(folder: Path) -> None:
    for path in (folder, folder / "none", folder / "nul\0", folder / ("x" * 300)):
        with pytest.raises(FormatError):
            sniff(path)
