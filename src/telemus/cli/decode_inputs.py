"""The files that ``telemus decode`` is given: what each is, and a message that helps where it is no telemetry."""

from __future__ import annotations

import stat
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from telemus.cli.decode_frames import written
from telemus.errors import FormatError

if TYPE_CHECKING:
    from telemus.packets import Account, Block, FrameLayout, Plan, StreamAccount, StreamDecoder

PROBE_BYTES = 4 << 20
"""So much of a file is looked at before it is taken."""
_COMPRESSED = {
    b"\x1f\x8b\x08": "gzip -dc",
    b"BZh": "bzip2 -dc",
    b"\xfd7zXZ\0": "xz -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
}
_OTHERS = {b"PK\x03\x04": "a ZIP archive", b"\x89HDF": "an HDF5 file", b"CDF\x01": "a NetCDF file", b"PAR1": "Parquet"}
PIPE = Path("-")


class Reading(NamedTuple):
    """How the bytes of the files are to be read."""

    plan: Plan
    layout: FrameLayout | None
    prefix_bytes: int
    suffix_bytes: int
    alarms: bool = False

    def decoder(self, *, source: str = "", containers: Collection[str] | None = None) -> StreamDecoder:
        """Return a fresh decoder."""
        from telemus.packets import StreamDecoder

        return StreamDecoder(
            self.plan,
            frames=self.layout,
            prefix_bytes=self.prefix_bytes,
            suffix_bytes=self.suffix_bytes,
            containers=containers,
            source=source,
            alarms=self.alarms,
        )

    def probe(self, sample: bytes) -> StreamAccount:
        """Return the account of a sample, of which nothing is decoded."""
        decoder = self.decoder(containers=())
        decoder.feed(sample)
        decoder.finish()
        return decoder.account()


class Input(NamedTuple):
    """One input: its path (``-`` is standard input), what it is called, and its bytes, 0 where nobody knows."""

    path: Path
    name: str
    size_bytes: int

    def blocks(self) -> Iterator[Block]:
        """Yield the bytes."""
        from telemus.packets import blocks_of

        return blocks_of(sys.stdin.buffer if self.path == PIPE else self.path)


def open_inputs(paths: tuple[Path, ...], reading: Reading) -> tuple[list[Input], list[str]]:
    """Return the inputs that can be decoded, in the order given, and why the others cannot.

    A file of which nothing is a packet of the definition is refused before it is taken, so that it cannot disturb
    the others; a pipe is taken as it is.
    """
    taken: list[Input] = []
    refused: list[str] = []
    for path in paths:
        try:
            taken.append(_open(path, reading))
        except FormatError as error:
            refused.append(str(error))
    return taken, refused


def _open(path: Path, reading: Reading) -> Input:
    if path == PIPE:
        return Input(path, "standard input", 0)
    if path.is_dir():
        raise FormatError("got a folder, wanted files of packets: name the files in it", path=path)
    if not path.exists():
        raise FormatError("got no file, wanted packets", path=path)
    if not stat.S_ISREG(path.stat().st_mode):
        return Input(path, path.name, 0)
    size = path.stat().st_size
    if size == 0:
        raise FormatError("got an empty file (0 bytes), wanted packets", path=path)
    with path.open("rb") as file:
        sample = file.read(PROBE_BYTES)
    refuse_foreign(path, sample)
    if size <= PROBE_BYTES and not knows(reading.probe(sample).packets):
        raise FormatError(misfit(sample, reading), path=path)
    return Input(path, path.name, size)


def require_definition(path: Path, files: tuple[Path, ...]) -> None:
    """Raise FormatError where the definition is no file, or where the packets seem to stand in its place."""
    if not path.is_file():
        raise FormatError(f"got {'a folder' if path.is_dir() else 'no file'}, wanted an XTCE definition", path=path)
    swapped = [one for one in files if one.is_file() and _is_xml(one)]
    if swapped and not _is_xml(path):
        raise FormatError(f"got no XML, wanted an XTCE definition: is it {swapped[0]}? It comes first", path=path)


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def refuse_foreign(path: Path, sample: bytes) -> None:
    """Raise FormatError where a file is compressed or of a kind that never holds packets."""
    for magic, command in _COMPRESSED.items():
        if sample.startswith(magic):
            raise FormatError(
                f"got a compressed file, wanted packets: {command} {path} | telemus decode DEFINITION - --out DIR",
                path=path,
            )
    for magic, what in _OTHERS.items():
        if sample.startswith(magic):
            raise FormatError(f"got {what}, wanted packets", path=path)


def knows(account: Account) -> bool:
    """Say whether an account has a packet that the definition has a container for."""
    return any(one.containers or (one.known and one.packets) for one in account.apids.values())


def misfit(sample: bytes, reading: Reading) -> str:
    """Return what was got and what was wanted where nothing in a sample is a packet of the definition."""
    from telemus.packets import recognise_frames

    looks = hints(sample, reading)
    if looks:
        return f"got bytes in which nothing is a packet of the definition, wanted packets: {looks[0]}"
    account = reading.probe(sample)
    if reading.layout is not None and account.frames is not None and account.frames.frames == 0:
        why = max(account.frames.rejected_by_reason.items(), key=lambda one: one[1], default=("no frame", 0))[0]
        other = recognise_frames(sample)
        better = f"; it looks like {written(other.layout)}" if other and other.layout else ""
        return f"got no frame as described ({why}), wanted {written(reading.layout)}{better}"
    strangers = {apid: one.packets for apid, one in account.packets.apids.items() if one.packets and not one.known}
    wanted = _wanted(reading.plan)
    if strangers and account.packets.rejected_bytes < account.packets.packet_bytes:
        return f"got packets of APID {_listed(sorted(strangers))}, wanted {wanted}: is it the definition of that file?"
    return f"got bytes in which nothing is a packet of the definition, wanted {wanted}"


def _wanted(plan: Plan) -> str:
    """Return which packets a definition describes."""
    if plan.rules:
        return f"packets of APID {_listed(sorted(plan.rules))}"
    names = sorted(plan.containers)
    return (
        f"packets of container {_listed(names)}" if names else "a definition that has containers which are not abstract"
    )


def hints(sample: bytes, reading: Reading) -> list[str]:
    """Return what a file looks like that does not fit what was said of it."""
    from telemus.packets import recognise_frames, recognise_wrapper

    found: list[str] = []
    frames = recognise_frames(sample) if reading.layout is None else None
    if frames is not None:
        looks = f"looks like {frames.distance_bytes}-byte units with sync marker 1ACFFC1D"
        options = written(frames.layout) if frames.layout else "--frames tm or aos, --frame-bytes and the code"
        found.append(f"{looks}; give {options}")
    if reading.layout is None and not found:
        around = recognise_wrapper(sample, reading.plan.rules)
        if around is not None and around != (reading.prefix_bytes, reading.suffix_bytes):
            options = f"--prefix-bytes {around.prefix_bytes}" if around.prefix_bytes else ""
            options += f" --suffix-bytes {around.suffix_bytes}" if around.suffix_bytes else ""
            found.append(
                f"looks like packets with {around.prefix_bytes} bytes before and {around.suffix_bytes} behind each; "
                f"give {options.strip()}"
            )
    return found


def _listed(names: Sequence[int | str], most: int = 8) -> str:
    return ", ".join(map(str, names[:most])) + (f" and {len(names) - most} more" if len(names) > most else "")
