"""The program ``telemus``: its verbs, its exit codes, and how an error is told."""

from __future__ import annotations

import importlib
import os
import sys

import click

from telemus import __version__
from telemus.errors import (
    ArchiveError,
    DefinitionError,
    FormatError,
    MissionError,
    SettingsError,
    SpaceError,
    TelemusError,
    UnitError,
)

VERBS = {
    "demo": "Simulate a faulty flight, process it, report it, and compare the result with the truth.",
    "simulate": "Write the packets of a simulated flight, and its truth.",
    "ingest": "Take recorder files into an archive: bytes first, then channels.",
    "query": "Take samples of one channel out of an archive: all of them, or decimated to buckets.",
    "compact": "Put small granules together, so that many short passes read as quickly as one long.",
    "process": "Make what is missing in an archive: beats, windows, phases.",
    "report": "Write the page of an archive.",
    "analyse": "Find the beats of a laboratory's recording: EDF, WFDB, LabChart, CSV, Parquet.",
    "decode": "Turn packets into tables by an XTCE definition.",
    "verify": "Find and name damage in any file of an archive.",
    "rebuild": "Make everything above the received bytes again where it is damaged or missing.",
    "backup": "Copy an archive, also while it is written; the second time only what is new.",
    "check": "Report every fault of a mission folder at once.",
}
"""The verbs, with what each does; each lives in the file of its name."""

EXIT_CODES = (
    (MissionError, 3),
    (DefinitionError, 3),
    (FormatError, 4),
    (UnitError, 4),
    (SpaceError, 5),
    (ArchiveError, 5),
    (SettingsError, 2),
    (TelemusError, 1),
)
"""0 done; 1 another failure; 2 wrong use; 3 a definition with faults; 4 a file that is not what it should be;
5 disk or archive; 130 interrupted."""


class _Verbs(click.Group):
    """The group that imports a verb when it is called, and knows the others by their line of help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"telemus.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS:
            ctx.fail(f"verb: got {args[0]!r}, wanted one of {', '.join(VERBS)}")
        return super().resolve_command(ctx, args)


EPILOG = """\b
Begin with
  telemus demo                                    a whole flight in a minute
  telemus analyse FILE --species mouse --out DIR  your own recording
`telemus VERB --help` explains each verb.

\b
Exit codes: 0 done, 1 failed, 2 wrong use, 3 a mission or definition with faults,
4 a file that is not what it should be, 5 disk or archive, 130 interrupted."""


@click.command(cls=_Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="telemus")
def program() -> None:
    """Telemus takes the telemetry of an experiment in flight from the bytes that the spacecraft sends to a result
    that a scientist can publish; and a laboratory's recording to its beats.
    """
    from telemus.settings import load

    if table := load().leap_seconds:
        # why a variable: telemus.clock reads it in the processes that work for this one, too
        os.environ["TELEMUS_LEAP_SECONDS"] = table


def main(arguments: list[str] | None = None) -> None:
    """Run the program and end the process with its exit code; an error is one clear message on standard error."""
    # Work is spread over processes: threads of the linear algebra beside them only wait for each other, and how they
    # share a sum would change its last digit. The library reads it when it is loaded, which is after this line.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # why: telemus/pipeline/memory.py
    try:
        program.main(args=arguments, prog_name="telemus", standalone_mode=False)
        sys.exit(0)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        print("telemus: interrupted; nothing is broken, and the same command takes it up again", file=sys.stderr)
        sys.exit(130)
    except TelemusError as error:
        print(f"telemus: {error}", file=sys.stderr)
        sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        print(f"telemus: {error.filename or 'disk'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(5)
