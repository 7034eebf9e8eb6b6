"""What ``telemus decode`` says at the end: the account as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telemus.packets import Account, FrameAccount, StreamAccount


def print_stream_account(account: StreamAccount) -> None:
    """Print where every byte went: of frames by virtual channel, of packets by APID, each with its sum."""
    if account.frames is not None:
        click.echo("\nframes")
        print_sum(account.frames.to_dict()["bytes"])
        print_rejected(account.frames.rejected_by_reason)
        _print_channels(account.frames)
        click.echo("\npackets of the frames")
    else:
        click.echo("\npackets")
    print_sum(account.packets.to_dict()["bytes"])
    print_rejected(account.packets.rejected_by_reason)
    _print_apids(account.packets)


def print_sum(octets: dict[str, int]) -> None:
    """Print the bytes received as the sum of their classes."""
    parts = " + ".join(f"{name} {count:,}" for name, count in octets.items() if name not in ("received", "pending"))
    click.echo(f"received {octets['received']:,} bytes = {parts}")


def print_rejected(reasons: dict[str, int]) -> None:
    """Print the bytes rejected for each reason."""
    for reason, count in sorted(reasons.items()):
        click.echo(f"  rejected {count:,} bytes: {reason}")


def _print_channels(frames: FrameAccount) -> None:
    head = ("spacecraft", "channel", "frames", "missing", "gaps", "duplicates", "corrected bits", "packets", "bytes")
    rows = [
        (
            str(one.spacecraft),
            str(one.channel),
            f"{one.frames:,}",
            f"{one.missing:,}",
            f"{len(one.gaps) + one.gaps_omitted:,}",
            f"{one.duplicates:,}",
            f"{one.corrected_bits:,}",
            f"{one.packets:,}",
            f"{one.packet_bytes:,}",
        )
        for _, one in sorted(frames.channels.items())
    ]
    print_table(head, rows)
    for _, one in sorted(frames.channels.items()):
        for reason, count in sorted(one.rejected_by_reason.items()):
            click.echo(f"  channel {one.channel}: rejected {count:,} bytes: {reason}")


def _print_apids(account: Account) -> None:
    head = ("APID", "packets", "bytes", "missing", "gaps", "duplicates", "bad checksum", "unverified", "what it is")
    rows = []
    for apid, one in sorted(account.apids.items()):
        what = ", ".join([*one.containers, *(f"not decoded: {why}" for why in one.undecoded)]) or one.name
        numbers = (
            one.packets,
            one.bytes,
            one.missing,
            len(one.gaps) + one.gaps_omitted,
            one.duplicates,
            one.checksum_failures,
            one.unverified,
        )
        rows.append((str(apid), *(f"{number:,}" for number in numbers), what))
    print_table(head, rows, left=1)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0) -> None:
    """Print a table, numbers to the right, the last ``left`` columns to the left; nothing where it has no rows."""
    if not rows:
        return
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        cells = [
            text.ljust(width) if place >= len(head) - left else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo(("  " + "  ".join(cells)).rstrip())
