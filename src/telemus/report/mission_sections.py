"""Sections of a mission's page that hold for every science: bytes, timeline, trends, transitions, study, origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.clock import format_utc
from telemus.mission import BELIEVED, Limits
from telemus.provenance import environment
from telemus.report.numbers import ABSENT, count, percent, size
from telemus.report.page import Block, Picture, Section, Table, Text
from telemus.report.time_figures import timeline_figure, transition_figure, trend_figure
from telemus.report.view import LEAST_COVERAGE, View, column

MOST_OF_A_KIND = 8
"""On-board events of a kind that comes more often are not listed one by one."""


def account_section(view: View) -> Section:
    """Every byte received, in exactly one class; gaps, duplicates and what was rejected."""
    account = view.archive.account()
    octets = account["bytes"]
    received = int(octets["received"])
    classes = [(name, int(octets[name])) for name in ("packets", "duplicates", "framing", "idle", "rejected")]
    total = sum(number for _, number in classes)
    rows = [(name, count(number), _share(number, received)) for name, number in [*classes, ("sum", total)]]
    balanced = "The sum equals the bytes received." if total == received else f"Bytes received: {count(received)}."
    blocks: list[Block] = [Table(("class", "bytes", "share"), rows, balanced), _streams(account)]
    reasons = account["rejected_by_reason"]
    if reasons:
        lost = [(str(reason), count(number)) for reason, number in reasons.items()]
        blocks.append(Table(("rejected because", "bytes"), lost, "The byte ranges stand in account.json."))
    return Section("account", "Every byte", blocks)


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None, 4)


def _streams(account: dict[str, Any]) -> Table:
    measures = ("packets", "missing", "duplicates", "checksum_failures", "out_of_order", "restarts")
    rows = [
        (str(one["name"]), str(apid), *(count(one[measure]) for measure in measures))
        for apid, one in account["apids"].items()
    ]
    heads = ("packets", "APID", *(measure.replace("_", " ") for measure in measures))
    return Table(heads, rows, "Missing: counted from the sequence counters, across their rollover.")


def timeline_section(view: View) -> Section:
    """Phases, light and dark, the recorder's schedule, and when each subject has beats."""
    presence = {subject.title or subject.id: _presence(view, subject.id) for subject in view.mission.subjects}
    caption = (
        "Phases of the flight; grey behind: lights off. Recorder on: by its declared schedule, so the time between is "
        "not a gap. Blue: minutes with beats in at least half of the scheduled time."
    )
    events = _events_table(view)
    blocks: list[Block] = [Picture("timeline", timeline_figure(view.backdrop, presence), caption)]
    return Section("timeline", "Timeline", [*blocks, _phases(view), *([events] if events else [])])


def _phases(view: View) -> Table:
    rows = []
    for one in view.mission.timeline.phase:
        cycle = f"{one.on_s} s of every {one.every_s} s" if one.on_s and one.every_s else "all the time"
        start, stop = (format_utc(instant, decimals=0) for instant in view.mission.timeline.span_of(one))
        kind = f"{one.kind}, baseline" if one.baseline else one.kind
        rows.append((f"{one.title} ({one.name})", kind, start, stop, cycle))
    return Table(("phase", "kind", "from", "to", "recorded"), rows, numeric=False)


def _presence(view: View, subject: str) -> NDArray[np.float64]:
    rows = view.of_subject(view.windows, subject)
    if rows.num_rows == 0:
        return np.zeros((0, 2))
    spans = np.stack([view.hours(column(rows, "tai_ns")), view.hours(column(rows, "stop_ns"))], axis=1)
    return np.asarray(spans[column(rows, "coverage") >= LEAST_COVERAGE])


def _events_table(view: View) -> Table | None:
    events = view.archive.read("events_onboard")
    if events.num_rows == 0:
        return None
    told = [(int(row["tai_ns"]), str(row["label"])) for row in events.to_pylist()]
    routine = {label for _, label in told if sum(label == other for _, other in told) > MOST_OF_A_KIND}
    rows = [(format_utc(tai_ns, decimals=0), label) for tai_ns, label in told if label not in routine]
    note = f"Left out, as they came more than {MOST_OF_A_KIND} times: {', '.join(sorted(routine))}." if routine else ""
    return Table(("UTC", "event told by the recorder"), rows, note, numeric=False) if rows else None


def trend_section(view: View) -> Section:
    """The measures that the mission wants to see, of each subject, over the whole mission."""
    panels = view.mission.displays.panel
    blocks: list[Block] = [
        Text(
            "One dot is one window with beats in at least half of its scheduled time. Grey: lights off. "
            "The band on top shows the phases."
        )
    ]
    for subject in view.mission.subjects:
        parts = [(one.title, one.unit, view.trend(subject.id, one.product, one.column)) for one in panels]
        traits = ", ".join(_traits(view, subject.id))
        caption = f"{subject.title or subject.id} ({subject.id}{', ' + traits if traits else ''})."
        blocks.append(Picture(f"trend-{subject.id}", trend_figure(view.backdrop, parts), caption))
    return Section("subjects", "Each animal over the mission", blocks)


def _traits(view: View, subject: str) -> list[str]:
    entity = view.mission.entity(subject)
    traits = [
        f"{name.replace('_', ' ')} {value}" for name, value in entity.attributes_at(view.mission.timeline.t0_ns).items()
    ]
    factors = [(factor.title, factor.level_of(subject)) for factor in view.mission.description.factor]
    return traits + [f"{title.lower()} {str(level).replace('_', ' ')}" for title, level in factors if level]


def transition_section(view: View) -> Section:
    """The windows around launch and descent, every subject shown."""
    panels = view.mission.displays.panel
    blocks: list[Block] = []
    for phase in view.mission.timeline.phase:
        if phase.name not in view.mission.displays.transitions:
            continue
        drawn = {
            f"{one.title} [{one.unit}]": {
                subject.id: view.trend(subject.id, one.product, one.column) for subject in view.mission.subjects
            }
            for one in panels
        }
        picture = transition_figure(phase.title, (phase.start_h, phase.stop_h), drawn)
        caption = f"{phase.title}: every animal thin, their median by the minute in black."
        blocks.append(Picture(f"transition-{phase.name}", picture, caption))
    return Section("transitions", "Launch and descent", blocks)


def study_section(view: View) -> Section:
    """The study's metadata and the mission's sources and assumptions."""
    study, description = view.mission.study, view.mission.description
    rows = [
        ("identifier", study.identifier),
        ("title", study.title),
        ("description", study.description),
        ("organisations", ", ".join(study.organisations)),
        ("people", "; ".join(f"{one.name}, {one.role}, {one.organisation}" for one in study.people) or ABSENT),
        ("protocol", study.protocol or ABSENT),
        ("licence", study.licence or ABSENT),
        ("references", "; ".join(study.references) or ABSENT),
        ("mission", f"{description.title} ({description.name}). {description.description}"),
        ("timeline", f"{view.mission.timeline.title}; T0 {format_utc(view.mission.timeline.t0_ns, decimals=0)}; "
                     f"{view.mission.timeline.source}"),
        ("light", f"on {description.light.on_h:g} h, off {description.light.off_h:g} h local time, UTC "
                  f"{description.light.utc_offset_h:+g} h; {description.light.source}"),
        ("on-board clock", description.clock.source),
    ]  # fmt: skip
    blocks: list[Block] = [Text(study.notice, "notice")] if study.notice else []
    return Section(
        "study",
        "The study",
        [
            *blocks,
            Table(("", ""), rows, numeric=False),
            *_design(view),
            _entities(view),
            _channels(view),
            _sensors(view),
        ],
    )


def _design(view: View) -> list[Block]:
    """Return the groups, and the factors with their levels, and who belongs to each; nothing where there are none."""
    described = view.mission.description
    rows = [("group", f"{one.title} ({one.name})", ", ".join(one.members)) for one in described.group]
    for factor in described.factor:
        for level, members in factor.levels.items():
            rows.append((f"{factor.title} ({factor.name})", level.replace("_", " "), ", ".join(members) or ABSENT))
    return [Table(("design", "level", "subjects"), rows, numeric=False)] if rows else []


def _entities(view: View) -> Table:
    """Return what flew: each entity with what it is in, the address by which packets name it, and its attributes."""
    rows = []
    for one in view.mission.description.entity:
        changes = [
            f"from {format_utc(change.since_ns, decimals=0)} {_told(change.attributes)}"
            for change in sorted(one.history, key=lambda change: change.since_ns)
        ]
        address = ABSENT if one.address is None else str(one.address)
        about = "; ".join(filter(None, (_told(one.attributes), *changes))) or ABSENT
        rows.append((one.kind, one.id, one.title or ABSENT, one.parent or ABSENT, address, about))
    return Table(("what flew", "id", "title", "in", "address", "attributes"), rows, numeric=False)


def _told(attributes: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in attributes.items())


def _channels(view: View) -> Table:
    rows = []
    for one in view.mission.channels:
        calibration = one.calibration
        numbers = f"{calibration.gain:g} × counts + {calibration.offset:g}" if calibration else "counts"
        assumed = " (assumption)" if calibration and calibration.assumption else ""
        title = f"{one.title} (assumption)" if one.assumption else one.title
        limits = "; ".join(_limits(each) for each in one.limits) or ABSENT
        source = "; ".join(filter(None, (one.source, calibration.source if calibration else "")))
        rows.append((title, f"{one.rate_hz:g} Hz", one.unit, numbers + assumed, limits, source))
    heads = ("channel", "rate", "unit", "calibration", "limits", "source of the numbers")
    return Table(heads, rows, numeric=False)


def _limits(limits: Limits) -> str:
    low, high = (ABSENT if end is None else f"{end:g}" for end in (limits.low, limits.high))
    level = "" if limits.level == BELIEVED else f"{limits.level} "
    since = "" if limits.since_ns is None else f" since {format_utc(limits.since_ns, decimals=0)}"
    return f"{level}{low} to {high}{since}, {limits.source}"


def _sensors(view: View) -> Table:
    rows = []
    zeros = view.mission.description.zero
    for one in view.mission.description.installation:
        sensor = view.mission.entity(one.sensor)
        until = format_utc(one.until_ns, decimals=0) if one.until_ns else "still there"
        read = "; ".join(
            f"{zero.offset:g} {zero.unit} on {format_utc(zero.at_ns, decimals=0)[:10]}, {zero.source}"
            for zero in zeros
            if zero.sensor == one.sensor
        )
        about = _told(sensor.attributes)
        span = f"{format_utc(one.since_ns, decimals=0)} to {until}"
        rows.append((f"{sensor.title or sensor.id} ({about})", one.subject, one.place, span, read or ABSENT))
    return Table(("sensor", "in", "place", "installed", "zero offset"), rows, numeric=False)


def provenance_section(view: View) -> Section:
    """What made this page: files, versions, products."""
    made = [(name, version) for name, version in environment().items()]
    files = [(one.name, size(one.bytes), one.sha256) for one in view.archive.received()]
    granules: dict[tuple[str, int], list[str]] = {}
    for granule in view.archive.granules():
        granules.setdefault((granule.product, granule.version), []).append(granule.id)
    products = [
        (f"{name}, version {version}", count(len(ids)), min(ids)) for (name, version), ids in sorted(granules.items())
    ]
    return Section(
        "provenance",
        "What made this",
        [
            Table(("software", "version"), made, numeric=False),
            Table(("received file", "size", "SHA-256"), files, numeric=False),
            Table(("product", "granules", "first of their names"), products, numeric=False,
                  note="A granule is named by the hash of what made it: inputs, product, version, parameters."),
        ],
    )  # fmt: skip
