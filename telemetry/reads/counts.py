"""
Record counts of a window by service, operation and cluster, from rollups of whole days, hours and minutes.

Only the partial minutes at the window's edges are counted from records, so the numbers are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.counts.rollups import TABLES
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

Stretch = tuple[str, int, int]  # a rollup table and a range of its minutes, `[first, last)`
Part = tuple[str, int, int]  # a SELECT statement and its two bounds
Group = tuple[str, str, int, int]  # service, operation, fingerprint, records
IN_ROLLUPS = (
    "SELECT service, operation, fingerprint, duration_bucket, duration_nano_max AS longest, count AS n FROM {table} "
    "WHERE minute >= %s AND minute < %s"
)
IN_RECORDS = (
    f"SELECT service, operation, COALESCE(fingerprint, {NO_FAILURE}) AS fingerprint, 0, duration_nano, 1 AS n "  # noqa: S608
    "FROM telemetry_record AS record WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s "
    f"AND {IS_COUNTED}"
)
BY_CLUSTER = "SELECT service, operation, fingerprint, SUM(n) FROM ({parts}) AS part GROUP BY 1, 2, 3"
BY_DURATION = (
    "SELECT service, operation, fingerprint, duration_bucket, MIN(longest), MAX(longest), SUM(n) "
    "FROM ({parts}) AS part GROUP BY 1, 2, 3, 4"
)


def table_stretches(first: int, last: int, longest: int = max(TABLES)) -> Iterator[Stretch]:
    """Split the minutes into the longest stretches that rollup tables count, of `longest` minutes each at most."""
    size = max((minutes for minutes in TABLES if minutes <= longest), default=0)
    if first >= last or not size:
        return
    start, end = -(-first // size) * size, last // size * size
    if start >= end:
        yield from table_stretches(first, last, size - 1)
        return
    yield from table_stretches(first, start, size - 1)
    yield TABLES[size], start, end
    yield from table_stretches(end, last, size - 1)


def whole_minutes(window: Window) -> tuple[tuple[int, int], list[Window]]:
    """The window's whole minutes as `[first, last)`, and the windows that remain at its edges."""
    start, end = window.start_unix_nano, window.end_unix_nano
    first, last = -(-start // MINUTE_NANO), end // MINUTE_NANO
    if first >= last:
        return (0, 0), [window]
    edges = [Window(start, first * MINUTE_NANO), Window(last * MINUTE_NANO, end)]
    return (first, last), [edge for edge in edges if edge.start_unix_nano < edge.end_unix_nano]


def by_cluster(window: Window) -> list[Group]:
    """The number of records in the window for each service, operation and cluster."""
    minutes, edges = whole_minutes(window)
    parts = [
        (IN_ROLLUPS.format(table=table), first, last) for table, first, last in table_stretches(*minutes)
    ]
    parts += [(IN_RECORDS, edge.start_unix_nano, edge.end_unix_nano) for edge in edges]
    return summed(BY_CLUSTER, parts)


class DurationGroup(NamedTuple):
    """The records of a service, operation, cluster and duration bucket."""

    service: str
    operation: str
    fingerprint: int
    bucket: int
    measured_nano: (
        int  # a duration of one of them: the shortest that rollups tell of, which have the longest of each
    )
    longest_nano: int
    records: int


def by_duration(first: int, last: int) -> list[DurationGroup]:
    """The records in the minutes `[first, last)` by service, operation, cluster and duration bucket."""
    parts = [
        (IN_ROLLUPS.format(table=table), start, end) for table, start, end in table_stretches(first, last)
    ]
    return [DurationGroup(*row) for row in summed(BY_DURATION, parts)]


def summed(sql: str, parts: Sequence[Part]) -> list[Any]:
    """The result of one statement over all the parts, with its last column as int; empty without parts."""
    if not parts:
        return []
    union = " UNION ALL ".join(select for select, _, _ in parts)
    rows = fetch(sql.format(parts=union), [bound for _, *bounds in parts for bound in bounds])
    return [(*key, int(n)) for *key, n in rows]
