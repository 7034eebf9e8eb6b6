"""Our WFDB reader against the package wfdb, on real records and on records that the package writes."""

from pathlib import Path

import numpy as np
import pytest

from telemus.exchange import read_recording, read_wfdb_annotations
from telemus.exchange.wfdb_header import read_header

wfdb = pytest.importorskip("wfdb", reason="the package wfdb judges our reader")


pytestmark = pytest.mark.filterwarnings("ignore")  # the judge's deprecations are not ours


def records(shared_data: Path) -> list[Path]:
    physio = shared_data / "physio"
    rats = sorted((physio / "rat_pressure_dahl").glob("*.hea"))
    others = [
        physio / "mouse_ecg_physiozoo" / "Mouse_24",
        physio / "human_wfdb" / "100",
        physio / "human_wfdb" / "3000003_0003",
    ]
    return [*others, *(path.with_suffix("") for path in rats)]


def test_real_records_equal_the_package(shared_data: Path) -> None:
    paths = records(shared_data)
    assert len(paths) == 33
    for path in paths:
        judge = wfdb.rdrecord(str(path))
        for place in range(judge.n_sig):
            pressure = judge.units[place] == "mmHg"
            recording = read_recording(path, pressure=place + 1) if pressure else read_recording(path, ecg=place + 1)
            channel = next(channel for channel in recording.channels if channel.number == place + 1)
            expected = judge.p_signal[:, place]
            assert channel.samples.segments[0].rate_hz == judge.fs
            assert channel.name == judge.sig_name[place]
            # float32 holds the 16 bits of the file: half a digital step is the most that conversion may lose
            np.testing.assert_allclose(channel.samples.values, expected, rtol=0, atol=0.01 / judge.adc_gain[place])
            assert (np.isnan(expected) == (channel.samples.quality & 1 > 0)).all()


@pytest.mark.parametrize(
    ("name", "extension", "beats"), [("Mouse_24", "qrs", 9656), ("100", "atr", 2273), ("12726", "wabp", 3668)]
)
def test_annotations_equal_the_package(shared_data: Path, name: str, extension: str, beats: int) -> None:
    folder = shared_data / "physio" / ("mouse_ecg_physiozoo" if name == "Mouse_24" else "human_wfdb")
    ours = read_wfdb_annotations(folder / f"{name}.{extension}")
    judge = wfdb.rdann(str(folder / name), extension)
    assert ours.sample.tolist() == judge.sample.tolist()
    # the judge drops the symbols that a file defines for itself
    pairs = [pair for pair in zip(ours.symbol, judge.symbol, strict=True) if isinstance(pair[1], str)]
    assert all(one == other for one, other in pairs)
    assert len(ours.symbol) - len(pairs) == ours.symbol.count("CAL")
    assert [text for text in ours.text if text] == [text.rstrip("\0") for text in judge.aux_note if text.rstrip("\0")]
    # the counts of data/README.md: beats of an ECG; of the pressure all annotations, calibrations among them
    assert len(ours.sample if extension == "wabp" else ours.beats()) == beats


@pytest.mark.parametrize(("form", "bits"), [("80", 8), ("212", 12), ("16", 16), ("24", 24), ("32", 32)])
def test_formats_that_the_package_writes(tmp_path: Path, form: str, bits: int) -> None:
    rng = np.random.default_rng(int(form))
    digital = rng.integers(-(1 << (bits - 1)) + 1, (1 << (bits - 1)) - 1, size=(99, 2))
    digital[5, 0] = -(1 << (bits - 1))  # the marker of a missing value
    options = {
        "fs": 500,
        "units": ["mV", "mmHg"],
        "sig_name": ["ECG", "ABP"],
        "fmt": [form] * 2,
        "write_dir": str(tmp_path),
    }
    wfdb.wrsamp("rec", d_signal=digital, adc_gain=[200.5, 100.0], baseline=[3, -7], **options)
    judge = wfdb.rdrecord(str(tmp_path / "rec"))
    ours = read_recording(tmp_path / "rec")
    for channel, expected in zip(ours.channels, judge.p_signal.T, strict=True):
        np.testing.assert_allclose(channel.samples.values, expected, rtol=1e-6)
    assert np.isnan(ours.channels[0].samples.values).sum() == 1
    assert not any("checksum" in note for note in ours.notes)


@pytest.mark.parametrize(
    ("form", "size"), [(8, 1), (16, 2), (24, 3), (32, 4), (61, 2), (80, 1), (160, 2), (212, 3), (310, 4), (311, 4)]
)
def test_random_bytes_in_every_format(tmp_path: Path, form: int, size: int) -> None:
    """Both read the same random bytes as two interleaved signals."""
    numbers = np.random.default_rng(form).integers(0, 256, size=6 * 40 * size, dtype=np.uint8)
    if form == 311:
        numbers[3::4] &= 0x3F  # two bits of each word are not used; the judge reads them all the same
    raw = numbers.tobytes()
    frames = len(raw) // size * {212: 2, 310: 3, 311: 3}.get(form, 1) // 2
    (tmp_path / "rec.dat").write_bytes(raw)
    lines = "".join(f"rec.dat {form} 200(5)/mV 12 0 0 0 0 {name}\n" for name in ("ECG", "EMG"))
    (tmp_path / "rec.hea").write_text(f"rec 2 500 {frames}\n{lines}")
    judge = wfdb.rdrecord(str(tmp_path / "rec"))
    for place in (0, 1):
        ours = read_recording(tmp_path / "rec", ecg=place + 1).channels[0].samples.values
        np.testing.assert_allclose(ours, judge.p_signal[:, place], rtol=1e-6)


def test_header_of_a_record_whose_signals_are_not_here(shared_data: Path) -> None:
    path = shared_data / "physio" / "human_wfdb" / "12726"
    judge = wfdb.rdheader(str(path))
    header = read_header(path.with_suffix(".hea"))
    assert [line.name for line in header.signals] == judge.sig_name
    assert [line.baseline for line in header.signals] == judge.baseline
    assert [line.gain for line in header.signals] == judge.adc_gain
    assert (header.rate_hz, header.frames) == (judge.fs, judge.sig_len)
