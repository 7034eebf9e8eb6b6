"""How frames are made, as options of ``telemus decode`` and back again, for a message that says which to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from telemus.errors import SignalError

if TYPE_CHECKING:
    from telemus.packets import FrameLayout

Function = TypeVar("Function", bound=Callable[..., Any])


class Marker(click.ParamType[bytes]):
    """A sync marker in hexadecimal digits, or ``none``.

    >>> Marker().convert("1ACFFC1D", None, None).hex()
    '1acffc1d'
    """

    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Return the octets, or fail with what was wanted."""
        if isinstance(value, bytes):
            return value
        try:
            return b"" if value.lower() == "none" else bytes.fromhex(value)
        except ValueError:
            self.fail(f"got {value!r}, wanted hexadecimal digits such as 1ACFFC1D, or none", param, ctx)


FRAME_OPTIONS = (
    click.option(
        "--frames",
        "kind",
        type=click.Choice(["tm", "aos", "uslp"]),
        help="FILES hold transfer frames of this protocol, not bare packets (CCSDS 132.0-B, 732.0-B, 732.1-B).",
    ),
    click.option(
        "--frame-bytes",
        type=click.IntRange(1),
        help="Length of a transfer frame, without sync marker and check symbols; wanted with --frames.",
    ),
    click.option(
        "--marker",
        type=Marker(),
        default="1ACFFC1D",
        show_default=True,
        help="Attached sync marker before each frame; none where frames follow one another.",
    ),
    click.option(
        "--marker-errors",
        "marker_tolerance",
        type=click.IntRange(0),
        default=2,
        show_default=True,
        help="Wrong bits that are accepted in a marker.",
    ),
    click.option(
        "--randomised",
        "randomiser",
        type=click.Choice(["short", "long"]),
        help="Frames are pseudo-randomised: short, the generator of 255 bits; long, that of 131071 (131.0-B-5).",
    ),
    click.option("--rs", "reed_solomon", type=click.Choice(["223", "239"]), help="Reed-Solomon code (255,223 or 239)."),
    click.option(
        "--interleave",
        type=click.Choice(["1", "2", "3", "4", "5", "8"]),
        default="1",
        show_default=True,
        help="Code words in one frame.",
    ),
    click.option(
        "--rs-basis",
        type=click.Choice(["dual", "conventional"]),
        default="dual",
        show_default=True,
        help="Representation of the Reed-Solomon symbols.",
    ),
    click.option(
        "--fecf/--no-fecf", "error_control", default=False, help="Frames end with a frame error control field (CRC-16)."
    ),
    click.option(
        "--fecf-bits",
        "error_control_bits",
        type=click.Choice(["16", "32"]),
        default="16",
        show_default=True,
        help="Length of the frame error control field; 32 in USLP only.",
    ),
    click.option("--ocf", "operational_control", is_flag=True, help="AOS frames have an operational control field."),
    click.option("--hecf", "header_error_control", is_flag=True, help="AOS frames have a frame header error control."),
    click.option(
        "--insert-zone", "insert_bytes", type=click.IntRange(0), default=0, help="Length of the insert zone.  [bytes]"
    ),
    click.option(
        "--spacecraft-bits",
        type=click.Choice(["8", "10"]),
        default="8",
        show_default=True,
        help="Length of the spacecraft identifier; 10 in AOS since 732.0-B-5.",
    ),
    click.option("--extended-count", is_flag=True, help="TM secondary headers hold 3 octets more of frame count."),
    click.option(
        "--variable-length", is_flag=True, help="USLP frames tell their own length; --frame-bytes the longest."
    ),
    click.option(
        "--truncated-bytes", type=click.IntRange(0), default=0, help="Length of truncated USLP frames.  [default: none]"
    ),
    click.option(
        "--virtual-channel",
        "virtual_channels",
        type=click.IntRange(0, 63),
        multiple=True,
        help="Take packets from this virtual channel only; may be given several times.  [default: all]",
    ),
)


_NAMES = (
    "kind",
    "frame_bytes",
    "marker",
    "marker_tolerance",
    "randomiser",
    "reed_solomon",
    "interleave",
    "rs_basis",
    "error_control",
    "operational_control",
    "header_error_control",
    "insert_bytes",
    "error_control_bits",
    "spacecraft_bits",
    "extended_count",
    "variable_length",
    "truncated_bytes",
    "virtual_channels",
)
"""What the options are called in the command, most as in FrameLayout."""


def frame_options(function: Function) -> Function:
    """Give a command the options that say how frames are made."""
    for option in reversed(FRAME_OPTIONS):
        function = option(function)
    return function


def layout_of(context: click.Context) -> FrameLayout | None:
    """Return the layout of the frames that the command's options describe; None without ``--frames``.

    Wrong use is a click.UsageError.
    """
    from telemus.packets import FrameLayout

    given = {name: context.params[name] for name in _NAMES}
    if given["kind"] is None:
        spelt = {one.name: one.opts[0] for one in context.command.params}
        stated = [spelt[name] for name in _NAMES if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if stated:
            raise click.UsageError(f"{', '.join(stated)}: got no --frames beside it, wanted --frames tm, aos or uslp")
        return None
    if given["frame_bytes"] is None:
        raise click.UsageError("--frames: got no --frame-bytes beside it, wanted the length of a transfer frame")
    basis, channels = given.pop("rs_basis"), given.pop("virtual_channels")
    for name in ("reed_solomon", "interleave", "error_control_bits", "spacecraft_bits"):
        given[name] = int(given[name]) if given[name] else None
    try:
        return FrameLayout(**given, dual_basis=basis == "dual", packet_channels=frozenset(channels) or None)
    except SignalError as error:
        raise click.UsageError(str(error)) from error


def written(layout: FrameLayout) -> str:
    """Return the options that describe a layout.

    >>> from telemus.packets import FrameLayout
    >>> written(FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4))
    '--frames aos --frame-bytes 892 --randomised short --rs 223 --interleave 4'
    """
    parts = [f"--frames {layout.kind} --frame-bytes {layout.frame_bytes}"]
    parts += [f"--randomised {layout.randomiser}"] if layout.randomiser else []
    parts += [f"--rs {layout.reed_solomon}"] if layout.reed_solomon else []
    parts += [f"--interleave {layout.interleave}"] if layout.interleave > 1 else []
    parts += ["--rs-basis conventional"] if layout.reed_solomon and not layout.dual_basis else []
    parts += ["--fecf"] if layout.error_control else []
    return " ".join(parts)
