"""
The release of what a user signal is about: of the rated trace, or of the session's newest trace when the user said it.

A session may go on in another release, so that a complaint about an earlier answer would count against that one. Where
records of one trace and service name several releases, as while hosts are replaced, it is that of the first by span id.
The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from typing import NamedTuple

from telemetry.spans import record_ids
from telemetry.spans.signal_traces import END, PREFIX
from telemetry.store.sql import fetch

MOST_RECORDS = 1_000  # of a trace, the first by span id, that are looked through
MOST_TRACES = 1_000  # of a session, the newest when the user said it, that are looked through
OF_TRACE = f"""
    SELECT release FROM (
        SELECT span_id, service, release FROM telemetry_record WHERE trace_id = %s ORDER BY span_id LIMIT {MOST_RECORDS}
    ) AS first WHERE service = %s AND release <> '' ORDER BY span_id LIMIT 1
"""  # noqa: S608  (a constant)
OF_SESSION = f"""
    SELECT trace_id FROM (
        SELECT trace_id, service, start_time_unix_nano FROM telemetry_trace
        WHERE session_id = %s AND NOT (session_id = '') AND start_time_unix_nano <= %s
          AND (trace_id < %s OR trace_id >= %s)
        ORDER BY start_time_unix_nano DESC, trace_id DESC LIMIT {MOST_TRACES}
    ) AS newest WHERE service = %s ORDER BY start_time_unix_nano DESC, trace_id DESC LIMIT 1
"""  # noqa: S608


class RatedAnswer(NamedTuple):
    """What a signal is about, a trace or a session, the service that answered, and when the user rated it."""

    about: str
    service: str
    said_at_unix_nano: int


def rated_release(answer: RatedAnswer) -> str:
    """The release that gave the answer, from the bound project's records; "" if none of them says it."""
    if not answer.service:
        return ""
    trace_id = record_ids.trace_id(answer.about)
    named = release_of_trace(trace_id, answer.service) if trace_id else ""
    if named:
        return named
    newest = fetch(OF_SESSION, [answer.about, answer.said_at_unix_nano, PREFIX, END, answer.service])
    return release_of_trace(bytes(newest[0][0]), answer.service) if newest else ""


def release_of_trace(trace_id: bytes, service: str) -> str:
    """The release of the service in this trace; "" if it names none."""
    rows = fetch(OF_TRACE, [trace_id, service])
    return str(rows[0][0]) if rows else ""
