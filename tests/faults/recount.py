"""
A project's file counted again from its records alone, in SQL of its own, and held against what clients were told.

Lost: acknowledged and not stored. Doubled: counted oftener than stored. Torn: a request stored in part.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.faults.load import Load
from tests.segment_contents import unpacked

ROLLUPS = """
    SELECT start_time_unix_nano / 60000000000, service, operation, coalesce(fingerprint, 0),
           bits(duration_nano / 1000), count(*), sum(duration_nano), max(duration_nano)
    FROM telemetry_record GROUP BY 1, 2, 3, 4, 5
"""
KEPT_ROLLUPS = """
    SELECT minute, service, operation, fingerprint, duration_bucket, count, duration_nano_sum, duration_nano_max
    FROM telemetry_rollup
"""
TRACES = """
    SELECT trace_id, count(*), count(fingerprint), min(start_time_unix_nano),
           max(start_time_unix_nano + duration_nano), sum(coalesce(input_tokens, 0)),
           sum(coalesce(output_tokens, 0))
    FROM telemetry_record GROUP BY trace_id
"""
KEPT_TRACES = """
    SELECT trace_id, records, failures, start_time_unix_nano, end_time_unix_nano, input_tokens, output_tokens
    FROM telemetry_trace
"""
COUNTED = """
    SELECT (SELECT count(*) FROM telemetry_record),
           (SELECT coalesce(sum(count), 0) FROM telemetry_rollup),
           (SELECT coalesce(sum(records), 0) FROM telemetry_trace),
           (SELECT coalesce(sum(count), 0) FROM telemetry_tally WHERE reason = 'stored')
"""


@dataclass(frozen=True, slots=True)
class Recount:
    """What is wrong with the file, in numbers; all zero and empty when it is right."""

    acknowledged: int
    stored: int
    lost: int
    doubled: int
    faults: list[str] = field(default_factory=list)


def recount(path: Path, loads: Iterable[Load]) -> Recount:
    """The file against everything that was sent to it."""
    with closing(sqlite3.connect(path)) as file:
        file.create_function("bits", 1, int.bit_length, deterministic=True)
        stored = keys_in(file)
        records, *counts = file.execute(COUNTED).fetchone()
        faults = [*file_faults(file), *load_faults(set(stored), loads)]
    acknowledged = {key for load in loads for key in load.acknowledged}
    doubled = max(len(stored) - len(set(stored)), *(count - records for count in counts))
    return Recount(len(acknowledged), records, len(acknowledged - set(stored)), doubled, faults)


def keys_in(file: sqlite3.Connection) -> list[bytes]:
    """Trace and span id of each record, joined."""
    return [trace + span for trace, span in file.execute("SELECT trace_id, span_id FROM telemetry_record")]


def stored_in(path: Path) -> set[bytes]:
    """The same, of a file that nobody has open."""
    with closing(sqlite3.connect(path)) as file:
        return set(keys_in(file))


def tallies(path: Path) -> dict[str, int]:
    """Every span that was sent, by what became of it."""
    with closing(sqlite3.connect(path)) as file:
        return dict(file.execute("SELECT reason, sum(count) FROM telemetry_tally GROUP BY reason"))


def file_faults(file: sqlite3.Connection) -> list[str]:
    """Damage, and every sum that its records do not make."""
    said = [line for (line,) in file.execute("PRAGMA integrity_check")]
    faults = [] if said == ["ok"] else [f"integrity_check: {said[0]}"]
    for name, recounted, kept in (("rollups", ROLLUPS, KEPT_ROLLUPS), ("traces", TRACES, KEPT_TRACES)):
        differing = len(set(file.execute(recounted)) ^ set(file.execute(kept)))
        faults += [f"{differing} {name} differ from a recount"] if differing else []
    records, *counts = file.execute(COUNTED).fetchone()
    faults += unreadable(file)
    return faults + [f"{records} records, counted {count}" for count in counts if count != records]


def unreadable(file: sqlite3.Connection) -> list[str]:
    """Records whose span, whole as it was sent, is not where they say."""
    spans: dict[tuple[int, int], bytes] = {}
    for segment_id, content in file.execute("SELECT segment_id, content FROM telemetry_segment"):
        for position, message in enumerate(unpacked(content)):
            spans[segment_id, position] = message
    places = file.execute("SELECT trace_id, span_id, segment_id, position FROM telemetry_record")
    missing = sum(trace + span != key_of(spans.get((n, position))) for trace, span, n, position in places)
    return [f"{missing} records without their span"] if missing else []


def key_of(message: bytes | None) -> bytes:
    """Trace and span id of a serialized span."""
    span = Span.FromString(message or b"")
    return span.trace_id + span.span_id


def load_faults(stored: set[bytes], loads: Iterable[Load]) -> list[str]:
    """Requests stored in part, spans nobody sent, answers nobody should see."""
    sent = {key for load in loads for key in load.acknowledged | load.uncertain}
    faults = []
    for one in (one for load in loads for one in load.unanswered):
        there = len(one.keys & stored)
        sent |= one.keys
        faults += [f"torn: {there} of {one.spans} spans of a request"] if 0 < there < one.spans else []
    faults += [f"{len(stored - sent)} spans that nobody sent"] if stored - sent else []
    return faults + sorted(wrong for load in loads for wrong in load.wrong)
