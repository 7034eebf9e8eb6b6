"""Measures decoding, detectors, the chain and its memory, prints tables and writes docs/benchmarks.md.

    scripts/bench [--long] [--json] [--keep-page]

`--long` also flies 24 h, which takes minutes and 12 GB of a temporary folder at most; without it the page keeps the
last such figures. `--json` prints JSON instead of tables. `--keep-page` leaves the page alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from benchmarks import chain, page
from benchmarks.timing import machine

ANIMALS = 8
"""In the mission mtb2."""


def run_section(name: str) -> Any:
    """Measure one section in this process."""
    if name == "decoding":
        from benchmarks.decoding import measure
    elif name == "frames":
        from benchmarks.frames import measure
    else:
        from benchmarks.kernels import measure
    return measure()


def main() -> int:
    """Measure what the command line asks for; the words `stage` and `section` are for processes started here."""
    if sys.argv[1:2] == ["stage"]:
        from pathlib import Path

        stage, folder, hours = sys.argv[2:5]
        print(json.dumps(chain.run_stage(stage, Path(folder), float(hours))))
        return 0
    if sys.argv[1:2] == ["section"]:
        print(json.dumps(run_section(sys.argv[2])))
        return 0
    parser = argparse.ArgumentParser(description="Measure decoding, detectors, the chain and its memory.")
    parser.add_argument("--long", action="store_true", help="also 24 h of eight animals")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--keep-page", action="store_true", help="leave docs/benchmarks.md alone")
    given = parser.parse_args()
    results: dict[str, Any] = {"machine": machine()}
    results["decoding"] = chain.section("decoding")
    results["frames"] = chain.section("frames")
    results["kernels"] = chain.section("kernels")
    results["chain"] = chain.measure(ANIMALS)
    if given.long:
        results["long"] = chain.measure_long(ANIMALS)
    if not given.keep_page:
        page.write(results)
    if given.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n\n".join("\n".join([name, *rows]) for name, rows in page.tables(results).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
