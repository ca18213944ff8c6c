"""
Where in a window is what a read asks for? Told from rollups: by day, then by hour, then by minute, the newest first.

No index leads to a service or an operation: one more for every record would cost each of them at ingest. So a read
that finds too little among the newest records looks on only in the minutes that hold some, and at once knows when
there are none. What rollups do not count (environments) is told by the resources that ever came.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from telemetry.otlp.values import attributes
from telemetry.reads.filters import Filters
from telemetry.reads.record_json import FAILURE
from telemetry.spans.span import Origin
from telemetry.store.rollups import NO_FAILURE, TABLES
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

MOST_ORIGINS = 2_000  # that are looked through for an environment
Condition = tuple[str, list[Any]]


def are_counted(filters: Filters) -> bool:
    """Whether rollups know which minutes hold what is asked for."""
    return bool(filters.service or filters.operation)


def stretches(window: Window, filters: Filters) -> Iterator[Window]:
    """The minutes of the window that hold records of these services, operations, outcomes and clusters."""
    first, last = window.start_unix_nano // MINUTE_NANO, -(-window.end_unix_nano // MINUTE_NANO)
    for minute in down(first, last, condition(filters), sorted(TABLES, reverse=True)):
        start, end = minute * MINUTE_NANO, (minute + 1) * MINUTE_NANO
        yield Window(max(start, window.start_unix_nano), min(end, window.end_unix_nano))


def down(first: int, last: int, wanted: Condition, sizes: list[int]) -> Iterator[int]:
    """The starts of the shortest stretches with such records, the latest first."""
    size, *shorter = sizes
    sql, values = wanted
    found = fetch(
        f"SELECT DISTINCT minute FROM {TABLES[size]} "  # noqa: S608  (constants; values are parameters)
        f"WHERE minute >= %s AND minute < %s AND {sql} ORDER BY minute DESC",
        [first - first % size, last, *values],
    )
    for (minute,) in found:
        if shorter:
            yield from down(max(first, minute), min(last, minute + size), wanted, shorter)
        else:
            yield minute


def condition(filters: Filters) -> Condition:
    """What rollups are asked, as SQL with its values."""
    asked: list[tuple[str, Any]] = [
        (f"{name} = %s", value) for name in ("service", "operation") if (value := getattr(filters, name))
    ]
    if filters.fingerprint is not None:
        asked.append(("fingerprint = %s", filters.fingerprint))
    if filters.outcome:
        asked.append((f"fingerprint {'<>' if filters.outcome == FAILURE else '='} %s", NO_FAILURE))
    return " AND ".join(sql for sql, _ in asked), [value for _, value in asked]


def may_have(environment: str) -> bool:
    """Whether a record of this environment ever came. True where there are too many resources to tell."""
    rows = fetch("SELECT message FROM telemetry_origin LIMIT %s", [MOST_ORIGINS + 1])
    if len(rows) > MOST_ORIGINS:
        return True
    return any(environment_of(bytes(message)) == environment for (message,) in rows)


@lru_cache(maxsize=2 * MOST_ORIGINS)
def environment_of(message: bytes) -> str:
    """What a stored resource says; "" for a scope, which lies among them."""
    try:
        resource = ResourceSpans.FromString(message).resource
    except DecodeError:
        return ""
    return Origin(attributes(resource.attributes), "", "").environment
