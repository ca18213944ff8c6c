"""The visits of a window that fail, one row each, with what is known of their traces."""

from __future__ import annotations

from typing import NamedTuple

from telemetry.store.sql import fetch
from telemetry.windows import Window

IN_WINDOW = "start_time_unix_nano >= %s AND start_time_unix_nano < %s"
CLUSTERS = f"SELECT DISTINCT fingerprint FROM telemetry_failingvisit WHERE {IN_WINDOW} ORDER BY fingerprint"  # noqa: S608
FAILING = """
    SELECT visit.start_time_unix_nano, visit.trace_id, span_id, visit.service, operation, severity, message,
           session_id, user_id, release, model, input_tokens + output_tokens, signal_type,
           visit.environment
    FROM telemetry_failingvisit AS visit LEFT JOIN telemetry_trace AS trace ON trace.trace_id = visit.trace_id
    WHERE fingerprint = %s AND visit.start_time_unix_nano >= %s AND visit.start_time_unix_nano < %s
    ORDER BY visit.start_time_unix_nano, visit.trace_id
"""
FAILING_RECORDS = """
    SELECT record.start_time_unix_nano, record.trace_id, record.span_id
    FROM telemetry_failingvisit AS visit JOIN telemetry_record AS record
      ON record.trace_id = visit.trace_id AND record.span_id = visit.span_id
    WHERE visit.fingerprint = %s AND visit.start_time_unix_nano >= %s AND visit.start_time_unix_nano < %s
"""
STRETCHES = f"""
    SELECT start_time_unix_nano / %s FROM telemetry_failingvisit WHERE fingerprint = %s AND {IN_WINDOW}
    GROUP BY 1 ORDER BY COUNT(*) DESC, 1 DESC LIMIT %s
"""  # noqa: S608
FIRST = "SELECT MIN(start_time_unix_nano) FROM telemetry_failingvisit WHERE fingerprint = %s"


class FailedVisit(NamedTuple):
    """A visit that fails, with the session, the user and the tokens of its trace; None where its row is not stored."""

    start_time_unix_nano: int
    trace_id: bytes
    span_id: bytes  # of the call that shows the failure
    service: str
    operation: str
    severity: str
    message: str
    session_id: str | None
    user_id: str | None
    release: str
    model: str
    tokens: int | None
    signal_type: str
    environment: str

    @property
    def session(self) -> str:
        """The session; a trace without one is a session of its own."""
        return self.session_id or self.trace_id.hex()


def failing_clusters(window: Window) -> list[int]:
    """The fingerprints of the clusters with failing visits in the bound project's window, sorted."""
    return [int(row[0]) for row in fetch(CLUSTERS, [window.start_unix_nano, window.end_unix_nano])]


def failed_visits(window: Window, fingerprint: int) -> list[FailedVisit]:
    """The cluster's failing visits in the bound project's window, by time."""
    rows = fetch(FAILING, [fingerprint, window.start_unix_nano, window.end_unix_nano])
    return [FailedVisit(row[0], bytes(row[1]), bytes(row[2]), *row[3:]) for row in rows]


def failing_records(window: Window, fingerprint: int) -> list[tuple[int, bytes]]:
    """The calls that show the cluster's failing visits of the window: their starts, trace and span ids joined."""
    rows = fetch(FAILING_RECORDS, [fingerprint, window.start_unix_nano, window.end_unix_nano])
    return [(start, bytes(trace_id) + bytes(span_id)) for start, trace_id, span_id in rows]


def stretches(window: Window, fingerprint: int, length_nano: int, most: int) -> list[int]:
    """The numbers since 1970 of the stretches of the window in which most visits fail, with the most first."""
    values = [length_nano, fingerprint, window.start_unix_nano, window.end_unix_nano, most]
    return [int(row[0]) for row in fetch(STRETCHES, values)]


def first_start(fingerprint: int) -> int | None:
    """The start of the cluster's first failing visit of all time, in unix nanoseconds; None without one."""
    (start,) = fetch(FIRST, [fingerprint])[0]
    return None if start is None else int(start)
