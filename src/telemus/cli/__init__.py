"""The command line: thin verbs over the rooms.

Each verb is one file and is imported only when it is called, so that ``telemus --help`` answers at once.
"""

from telemus.cli.program import main

__all__ = ["main"]
