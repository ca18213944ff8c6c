"""
Log records that wait for a span: the one that they name, or a call inside it. So many of a project, each for a time.

They are asked again only when a span comes that they may join: the one that they name, or a call inside that with the
id, or near the time, of the call that they tell of (told_calls.py). So each is read for few spans.

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from telemetry.models.column_ranges import SUM
from telemetry.spans.joining_log import JoiningLog
from telemetry.store.joined_logs.inner_calls import NEAR_NANO, calls_among
from telemetry.store.joined_logs.told_calls import ToldCall, ids_of_call, told_call
from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch, fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
MOST, MOST_BYTES = 10_000, 32 * 1024 * 1024  # of a project
MOST_OVERDUE = 200  # that one batch deals with; the next ones do the rest
LATEST = SUM[1]  # a time that the store can hold
COLUMNS = ("trace_id", "span_id", "log_id", "waits_until_unix_nano", "resource_id", "scope_id", "content")
FIRST = "SELECT MIN(waits_until_unix_nano) FROM telemetry_waitinglog"
ROOM = "SELECT COUNT(*), COALESCE(SUM(LENGTH(content)), 0) FROM telemetry_waitinglog"
ADDED = (*COLUMNS, "call_key", "time_unix_nano")
ADD = f"INSERT INTO telemetry_waitinglog ({', '.join(ADDED)}) VALUES {{rows}}"  # noqa: S608  (constants)
KNOWN = """
    WITH wanted (its_trace, its_span, its_log) AS (VALUES {rows})
    SELECT trace_id, span_id, log_id FROM wanted JOIN telemetry_waitinglog
    ON trace_id = its_trace AND span_id = its_span AND log_id = its_log
"""
FOR_SPANS = f"""
    WITH wanted (its_trace, its_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted JOIN telemetry_waitinglog ON trace_id = its_trace AND span_id = its_span
"""  # noqa: S608
FOR_CALLS = f"""
    WITH wanted (its_trace, its_span, its_call, low, high) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted JOIN telemetry_waitinglog
    ON trace_id = its_trace AND span_id = its_span AND call_key = its_call AND time_unix_nano BETWEEN low AND high
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


class CallTimes(NamedTuple):
    """Log records that name a span, tell of one call, and have a time from the lowest to the highest."""

    trace_id: bytes
    span_id: bytes
    call_key: int
    low: int
    high: int


def first_deadline() -> int | None:
    """When the first log record has waited long enough, in Unix nanoseconds; None if none waits."""
    deadline = fetch(FIRST, ())[0][0]
    return None if deadline is None else int(deadline)


def for_rows(rows: Sequence[RecordRow]) -> list[QueuedLog]:
    """The log records that wait for the spans of these rows, which were just inserted, each once."""
    found = fetch_many(FOR_SPANS, sorted({row[:2] for row in rows}))
    found += fetch_many(FOR_CALLS, wanted_calls(rows))
    return list({log[:3]: log for log in map(waiting, found)}.values())


def wanted_calls(rows: Iterable[RecordRow]) -> list[CallTimes]:
    """What finds the log records that tell of the calls among these rows: each of them by one alone."""
    by_id: set[CallTimes] = set()
    near: set[CallTimes] = set()
    for row, call in calls_among(rows):
        around, unit = call.place
        for names, call_id in ids_of_call(row.message, unit):
            by_id.add(CallTimes(*around, ToldCall(unit, names, call_id).key, 0, LATEST))
        low, high = max(0, call.end_unix_nano - NEAR_NANO), min(LATEST, call.end_unix_nano + NEAR_NANO)
        near.add(CallTimes(*around, ToldCall(unit, (), "").key, low, high))
    return [*sorted(by_id), *apart(sorted(near))]


def apart(times: Iterable[CallTimes]) -> list[CallTimes]:
    """These times, in their order, with those that overlap as one."""
    joined: list[CallTimes] = []
    for each in times:
        if joined and joined[-1][:3] == each[:3] and each.low <= joined[-1].high:
            joined[-1] = joined[-1]._replace(high=max(joined[-1].high, each.high))
        else:
            joined.append(each)
    return joined


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
            told.key if (told := told_call(log.message)) else 0,
            min(log.message.end_time_unix_nano, LATEST),
        )
        for log in logs
    ]
    write_many(ADD, rows)


def end_waiting(logs: Iterable[QueuedLog]) -> None:
    """These log records wait no more."""
    write_many(DELETE, [log[:3] for log in logs])
