"""From bytes to results: ingest (level 0 and 1), calibrate, derive (levels 2 and 3), and what is still to be done."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "calibrate": "correction physical",
        "channel_query": "Carrier Holding carrier_of channel_batches channel_buckets channel_holdings",
        "check": "check_mission",
        "check_leap_seconds": "leap_second_warnings",
        "ingest_files": "ingest",
        "plan": "Plan make_plan",
        "recording": "ChannelResult RecordedChannel RecordingResult analyse_recording",
        "recording_variability": "ChannelVariability",
        "registry": "REGISTRY known_species",
        "restoring": "RebuildSummary rebuild",
        "revision": "revise",
        "run": "Failure ProcessSummary process",
        "subtraction": "Correction",
        "summary": "FileSummary IngestSummary",
        "warming": "detectors_compiling",
        "work": "Registered",
    },
)
