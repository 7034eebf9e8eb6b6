"""The page of a laboratory's recording: what the file is, its waveform with beats, trends, distribution, quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from telemus import __version__
from telemus.clock import NS_PER_S
from telemus.pipeline import REGISTRY, ChannelResult, RecordedChannel, RecordingResult
from telemus.provenance import environment
from telemus.report.definitions import bit_table, product_table
from telemus.report.numbers import ABSENT, count, number, percent
from telemus.report.page import Block, Fact, Page, Picture, Section, Table, Text
from telemus.report.physiology_sections import wave_of
from telemus.report.signal_figures import Wave, distribution_figure, share_figure, wave_figure
from telemus.report.time_figures import Trend, course_figure
from telemus.report.variability_section import variability_blocks
from telemus.report.view import column
from telemus.series import Samples

ZOOM_S = 2.0
_DRAWN = (("heart_rate_bpm", "Heart rate", "bpm"), ("map_mmhg", "Mean pressure", "mmHg"), ("sdnn_ms", "SDNN", "ms"))


class Origin(Protocol):
    """What a reader tells of a file beside its channels."""

    @property
    def format(self) -> str:
        """Return the name of the format."""

    @property
    def origin_ns(self) -> int:
        """Return the instant from which seconds count [ns]."""

    @property
    def duration_s(self) -> float:
        """Return the length [s], gaps included."""

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what the file says about itself."""

    @property
    def notes(self) -> Sequence[str]:
        """Return what was skipped, assumed or found wanting."""

    @property
    def found(self) -> Sequence[str]:
        """Return every channel of the file in words."""

    @property
    def channels(self) -> Sequence[RecordedChannel]:
        """Return the channels that were read."""


def recording_page(name: str, origin: Origin, result: RecordingResult, sha256: str) -> Page:
    """Return the page of a recording: ``name`` of its file, what was read, what was found, and the file's hash."""
    channels = {channel.name: channel for channel in origin.channels}
    sections = [
        _file_section(origin, sha256),
        *(_channel_section(one, channels[one.name].samples, origin.origin_ns) for one in result.channels),
        _definitions(result),
    ]
    versions = ", ".join(f"{one} {version}" for one, version in environment().items())
    facts = [Fact(f"{number(origin.duration_s, 1)} s", f"of {origin.format}")]
    facts += [Fact(count(one.beats.num_rows), f"beats in {one.name}") for one in result.channels]
    made = f"Made by Telemus {__version__} ({versions}). This page is one file and needs no network."
    return Page(name, "A laboratory's recording: its beats and what is known against them.", facts, sections, made)


def _file_section(origin: Origin, sha256: str) -> Section:
    facts = [("format", origin.format), ("SHA-256", sha256), *origin.facts.items()]
    facts += [("channel of the file", line) for line in origin.found]
    blocks: list[Block] = [Table(("", ""), facts, numeric=False)]
    blocks += [Text(note, "notice") for note in origin.notes]
    return Section("file", "The file", blocks)


def _channel_section(found: ChannelResult, samples: Samples, origin_ns: int) -> Section:
    blocks: list[Block] = []
    start_ns = _typical_moment(found, samples, origin_ns)
    if start_ns is not None:
        wave = _wave(found, samples, origin_ns, start_ns)
        begin_s = (start_ns - origin_ns) / NS_PER_S
        caption = f"{ZOOM_S:g} s from {begin_s:.1f} s on: the signal in physical units, and the marks as set."
        blocks.append(Picture(f"wave-{found.name}", wave_figure([wave], found.name), caption))
    blocks += _course(found)
    blocks += _distribution(found)
    blocks += _quality(found)
    blocks += variability_blocks(found)
    return Section(f"channel-{found.name}", f"Channel {found.name}", blocks)


def _typical_moment(found: ChannelResult, samples: Samples, origin_ns: int) -> int | None:
    """Return the start of a stretch around the middle beat [ns]; the start of the samples where there is no beat."""
    if found.beats.num_rows:
        seconds = column(found.beats, "time_s")
        middle_s = float(seconds[len(seconds) // 2]) - ZOOM_S / 2
        return max(origin_ns + round(middle_s * NS_PER_S), samples.start_ns)
    return samples.start_ns if len(samples) else None


def _wave(found: ChannelResult, samples: Samples, origin_ns: int, start_ns: int) -> Wave:
    stop_ns = start_ns + round(ZOOM_S * NS_PER_S)
    times_ns = origin_ns + np.rint(column(found.beats, "time_s") * NS_PER_S).astype(np.int64)
    near = (times_ns >= start_ns) & (times_ns < stop_ns)
    after = {name: column(found.beats, name) for name in ("systole_ns", "notch_ns")}
    after = {name: values[near] if len(values) else values for name, values in after.items()}
    return wave_of(samples.between(start_ns, stop_ns), found.quantity, start_ns, times_ns[near], **after)


def _course(found: ChannelResult) -> list[Block]:
    minutes = column(found.windows, "start_s") / 60.0
    panels = [
        (title, unit, Trend(minutes, column(found.windows, name).astype(np.float64)))
        for name, title, unit in _DRAWN
        if name in found.windows.column_names
    ]
    if len(minutes) < 3 or not panels:
        return []
    return [Picture(f"course-{found.name}", course_figure(panels), "Windows of one minute, over the recording.")]


def _distribution(found: ChannelResult) -> list[Block]:
    named = {"heart_rate_bpm": "Heart rate [bpm]", "sbp_mmhg": "Systolic [mmHg]", "amplitude_mv": "R amplitude [mV]"}
    panels: dict[str, dict[str, NDArray[np.float64]]] = {
        label: {found.name: column(found.beats, name).astype(np.float64)}
        for name, label in named.items()
        if name in found.beats.column_names
    }
    return [Picture(f"distribution-{found.name}", distribution_figure(panels), "All beats.")] if panels else []


def _quality(found: ChannelResult) -> list[Block]:
    account = dict(found.account)
    shares: dict[str, float] = account.pop("rejected_share")
    rows = [(name.replace("_", " "), _told(value)) for name, value in account.items()]
    rows += [(f"rejected: {reason}", percent(share)) for reason, share in shares.items()]
    blocks: list[Block] = [Table(("Summary of kept intervals", ""), rows)]
    if found.beats.num_rows:
        reasons = {reason: share for reason, share in shares.items() if share and reason != "any"}
        bars = {found.name: {"kept": 1.0 - shares["any"]} | reasons}
        caption = "Intervals kept, and rejected by reason. Rejection is reversible: a beat keeps its row and its bits."
        blocks.append(Picture(f"quality-{found.name}", share_figure(bars, "intervals of found beats [%]"), caption))
    return blocks


def _told(value: Any) -> str:
    if value is None:
        return ABSENT
    return count(value) if isinstance(value, int) else number(float(value), 2)


def _definitions(result: RecordingResult) -> Section:
    products = {one.product.name: one.product for one in result.channels}
    for name, table in (("variability", result.variability()), ("variability_pressure", result.pressure_variability())):
        if table.num_rows:
            products[name] = REGISTRY[name].product
    tables: list[Block] = [product_table(product, {}, "") for product in products.values()]
    return Section("definitions", "Definitions", [*tables, bit_table()])
