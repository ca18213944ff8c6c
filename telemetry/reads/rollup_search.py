"""
The minutes of a window that hold matching records, found in the rollups: by day, by hour, by minute, newest first.

No index covers services or operations: one more entry for every record would slow down ingest. So a read that finds
too little among the newest records goes on only in the minutes that hold matches, and sees at once when there are
none. Rollups do not count environments; these are looked up in the stored resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from telemetry.otlp.values import plain_attributes
from telemetry.reads.filters import Filters
from telemetry.reads.record_json import FAILURE
from telemetry.short_cache import cached_if_short
from telemetry.spans.span import SpanOrigin
from telemetry.store.counts.rollups import TABLES
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

MOST_ORIGINS = 2_000  # resources and scopes that are searched for an environment
Condition = tuple[str, list[Any]]


def are_counted(filters: Filters) -> bool:
    """Whether the filters name a service or an operation, by which rollups count."""
    return bool(filters.service or filters.operation)


def matching_minutes(window: Window, filters: Filters) -> Iterator[Window]:
    """The minutes of the window, newest first, that hold records of this service, operation, outcome and cluster."""
    first, last = window.start_unix_nano // MINUTE_NANO, -(-window.end_unix_nano // MINUTE_NANO)
    for minute in down(first, last, condition(filters), sorted(TABLES, reverse=True)):
        start, end = minute * MINUTE_NANO, (minute + 1) * MINUTE_NANO
        yield Window(max(start, window.start_unix_nano), min(end, window.end_unix_nano))


def down(first: int, last: int, criteria: Condition, sizes: list[int]) -> Iterator[int]:
    """The starts of the shortest stretches that hold matching records, latest first."""
    size, *shorter = sizes
    sql, values = criteria
    rows = fetch(
        f"SELECT DISTINCT minute FROM {TABLES[size]} "  # noqa: S608  (constants; values are parameters)
        f"WHERE minute >= %s AND minute < %s AND {sql} ORDER BY minute DESC",
        [first - first % size, last, *values],
    )
    for (minute,) in rows:
        if shorter:
            yield from down(max(first, minute), min(last, minute + size), criteria, shorter)
        else:
            yield minute


def condition(filters: Filters) -> Condition:
    """The filters as an SQL condition on rollups, with its values."""
    terms: list[tuple[str, Any]] = [
        (f"{name} = %s", value) for name in ("service", "operation") if (value := getattr(filters, name))
    ]
    if filters.fingerprint is not None:
        terms.append(("fingerprint = %s", filters.fingerprint))
    if filters.outcome:
        terms.append((f"fingerprint {'<>' if filters.outcome == FAILURE else '='} %s", NO_FAILURE))
    return " AND ".join(sql for sql, _ in terms), [value for _, value in terms]


def may_have(environment: str) -> bool:
    """Whether a record of this environment was ever stored. True if there are too many resources to search."""
    rows = fetch("SELECT message FROM telemetry_origin LIMIT %s", [MOST_ORIGINS + 1])
    if len(rows) > MOST_ORIGINS:
        return True
    return any(environment_of(bytes(message)) == environment for (message,) in rows)


@cached_if_short(2 * MOST_ORIGINS)
def environment_of(message: bytes) -> str:
    """The environment that a stored resource names; "" for a scope, since both are in one table."""
    try:
        resource = ResourceSpans.FromString(message).resource
    except DecodeError:
        return ""
    return SpanOrigin(plain_attributes(resource.attributes), "", "").environment
