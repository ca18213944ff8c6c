"""
Log records that wait for the span that they name: so many of a project at most, each for a time.

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from telemetry.spans.joining_log import JoiningLog
from telemetry.store.sql import fetch, fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
MOST, MOST_BYTES = 10_000, 32 * 1024 * 1024  # of a project
MOST_OVERDUE = 200  # that one batch deals with; the next ones do the rest
COLUMNS = ("trace_id", "span_id", "log_id", "waits_until_unix_nano", "resource_id", "scope_id", "content")
FIRST = "SELECT MIN(waits_until_unix_nano) FROM telemetry_waitinglog"
ROOM = "SELECT COUNT(*), COALESCE(SUM(LENGTH(content)), 0) FROM telemetry_waitinglog"
ADD = f"INSERT INTO telemetry_waitinglog ({', '.join(COLUMNS)}) VALUES {{rows}}"  # noqa: S608  (constants)
KNOWN = """
    WITH wanted (its_trace, its_span, its_log) AS (VALUES {rows})
    SELECT trace_id, span_id, log_id FROM wanted JOIN telemetry_waitinglog
    ON trace_id = its_trace AND span_id = its_span AND log_id = its_log
"""
FOR_SPANS = f"""
    WITH wanted (its_trace, its_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted JOIN telemetry_waitinglog ON trace_id = its_trace AND span_id = its_span
"""  # noqa: S608
OVERDUE = f"""
    SELECT {", ".join(COLUMNS)} FROM telemetry_waitinglog WHERE waits_until_unix_nano <= %s
    ORDER BY waits_until_unix_nano, trace_id, span_id, log_id LIMIT {MOST_OVERDUE}
"""  # noqa: S608
DELETE = """
    WITH gone (its_trace, its_span, its_log) AS (VALUES {rows})
    DELETE FROM telemetry_waitinglog WHERE EXISTS (
        SELECT 1 FROM gone WHERE its_trace = trace_id AND its_span = span_id AND its_log = log_id)
"""


class QueuedLog(NamedTuple):
    """A log record that waits."""

    trace_id: bytes
    span_id: bytes
    log_id: bytes
    waits_until_unix_nano: int
    resource_id: int
    scope_id: int
    content: bytes  # the serialized span that it was made


def first_deadline() -> int | None:
    """When the first log record has waited long enough, in Unix nanoseconds; None if none waits."""
    deadline = fetch(FIRST, ())[0][0]
    return None if deadline is None else int(deadline)


def for_spans(keys: Iterable[Key]) -> list[QueuedLog]:
    """The log records that wait for these spans."""
    return [waiting(row) for row in fetch_many(FOR_SPANS, sorted(keys))]


def overdue(now_unix_nano: int) -> list[QueuedLog]:
    """The log records that have waited long enough, MOST_OVERDUE at most."""
    return [waiting(row) for row in fetch(OVERDUE, [now_unix_nano])]


def waiting(row: Sequence[Any]) -> QueuedLog:
    """The log record of a row of COLUMNS."""
    trace_id, span_id, log_id, deadline, resource_id, scope_id, content = row
    ids = bytes(trace_id), bytes(span_id), bytes(log_id)
    return QueuedLog(*ids, deadline, resource_id, scope_id, bytes(content))


def known_waiting(logs: Iterable[JoiningLog]) -> set[tuple[bytes, bytes, bytes]]:
    """Those of these log records that wait already, by trace, span and log id."""
    rows = fetch_many(KNOWN, [log[:3] for log in logs])
    return {(bytes(trace_id), bytes(span_id), bytes(log_id)) for trace_id, span_id, log_id in rows}


def free_places(logs: Sequence[JoiningLog]) -> int:
    """How many of these log records, in their order, still find room."""
    [(number, size)] = fetch(ROOM, ())
    places = 0
    for log in logs[: max(0, MOST - int(number))]:
        size += log.message.ByteSize()
        if size > MOST_BYTES:
            break
        places += 1
    return places


def add(logs: Iterable[JoiningLog], now_unix_nano: int) -> None:
    """Let these log records wait from now on."""
    rows = [
        (
            *log[:3],
            now_unix_nano + log.waits_nano,
            log.origin.resource_id,
            log.origin.scope_id,
            log.message.SerializeToString(),
        )
        for log in logs
    ]
    write_many(ADD, rows)


def end_waiting(logs: Iterable[QueuedLog]) -> None:
    """These log records wait no more."""
    write_many(DELETE, [log[:3] for log in logs])
