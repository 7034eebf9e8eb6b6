"""Tables of the results, and docs/benchmarks.md with them between its marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def machine_rows(facts: dict[str, Any]) -> list[str]:
    """Return the machine as a table."""
    libraries = ", ".join(f"{name} {version}" for name, version in facts["libraries"].items())
    return [
        "| | |",
        "|---|---|",
        f"| Processor | {facts['processor']} |",
        f"| Cores | {facts['cores']} |",
        f"| Memory | {facts['memory_gib']} GiB |",
        f"| System | {facts['system']} |",
        f"| Python | {facts['python']} |",
        f"| Libraries | {libraries} |",
        f"| Load before the run | {facts['load']} |",
        f"| Date | {facts['date']} |",
    ]


def decoding_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of decoding."""
    head = ["| packets | way | MB/s | packets/s | time, bound = 1 |", "|---|---|---|---|---|"]
    return head + [
        f"| {one['packets']} | {one['way']} | {one['mb_per_s']:.0f} | {_short(one['packets_per_s'])} | "
        f"{one['slower_than_bound']:.2f} |"
        for one in rows
    ]


def frame_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of transfer frames; the last rows are memory."""
    head = ["| way | MB/s | best MB/s | time, bound = 1 | peak [MB] |", "|---|---|---|---|---|"]
    return head + [f"| {one['way']} | {' | '.join(_frame_cells(one))} |" for one in rows]


def _frame_cells(one: dict[str, Any]) -> list[str]:
    if "peak_mb" in one:
        return ["–", "–", "–", f"{one['peak_mb']:.1f}"]
    return [f"{one['mb_per_s']:.0f}", f"{one['best_mb_per_s']:.0f}", f"{one['slower_than_bound']:.1f}", "–"]


def kernel_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of the detectors."""
    head = ["| signal | way | samples/s | time, bound = 1 |", "|---|---|---|---|"]
    return head + [
        f"| {one['signal']} | {one['way']} | {_short(one['samples_per_s'])} | {one['slower_than_bound']:.1f} |"
        for one in rows
    ]


def chain_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of the chain's speed."""
    head = ["| stage | seconds | mouse-hours per second |", "|---|---|---|"]
    return head + [f"| {one['stage']} | {one['seconds']:.2f} | {one['mouse_hours_per_s']:.2f} |" for one in rows]


def memory_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of peaks of memory."""
    head = [
        "| stage | seconds | own peak [MB] | largest worker [MB] | bound of the sum [MB] |",
        "|---|---|---|---|---|",
    ]
    return head + [
        f"| {one['stage']} | {one['seconds']:.1f} | {one['own_mb']:.0f} | {one['largest_child_mb']:.0f} | "
        f"{one['own_mb'] + 2 * one['largest_child_mb']:.0f} |"
        for one in rows
        if "own_mb" in one
    ]


def _short(value: float) -> str:
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g} {letter}"
    return f"{value:.3g}"


def tables(results: dict[str, Any]) -> dict[str, list[str]]:
    """Return the tables that a run gives, by the name of their place on the page."""
    made = {
        "machine": machine_rows(results["machine"]),
        "decoding": decoding_rows(results["decoding"]),
        "frames": frame_rows(results["frames"]),
        "kernels": kernel_rows(results["kernels"]),
        "chain": chain_rows(results["chain"]),
        "memory of 1 h": memory_rows(results["chain"]),
    }
    if "long" in results:
        made["memory of 24 h"] = [*memory_rows(results["long"]), "", f"Measured on {results['machine']['date']}."]
    return made


def write(results: dict[str, Any], page: Path = PAGE) -> None:
    """Put the tables of a run between the page's marks; what the run did not measure keeps its last figures."""
    text = page.read_text(encoding="utf-8")
    for name, rows in tables(results).items():
        head, tail = f"<!-- {name}: written by scripts/bench -->", f"<!-- end of {name} -->"
        before, rest = text.split(head)
        text = before + head + "\n\n" + "\n".join(rows) + "\n\n" + tail + rest.split(tail, 1)[1]
    page.write_text(text, encoding="utf-8")
