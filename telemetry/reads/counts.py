"""
What a window holds by group, without reading its records: whole days, hours and minutes from rollups.

Only the parts of minutes at the window's edges are counted from records, so the numbers are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from telemetry.store.rollups import MINUTE_NANO, NO_FAILURE, TABLES
from telemetry.store.sql import fetch
from telemetry.windows import Window

Stretch = tuple[str, int, int]  # a table of rollups, and the minutes in it as `[first, last)`
Part = tuple[str, int, int]  # a statement and its bounds
Group = tuple[str, str, int, int]  # service, operation, fingerprint, records
IN_ROLLUPS = (
    "SELECT service, operation, fingerprint, duration_bucket, count AS n FROM {table} "
    "WHERE minute >= %s AND minute < %s"
)
IN_RECORDS = (
    f"SELECT service, operation, COALESCE(fingerprint, {NO_FAILURE}) AS fingerprint, 0, 1 AS n "  # noqa: S608
    "FROM telemetry_record WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s"
)
BY_CLUSTER = "SELECT service, operation, fingerprint, SUM(n) FROM ({parts}) AS part GROUP BY 1, 2, 3"
BY_DURATION = (
    "SELECT service, operation, fingerprint, duration_bucket, SUM(n) FROM ({parts}) AS part "
    "GROUP BY 1, 2, 3, 4"
)


def stretches(first: int, last: int, longest: int = max(TABLES)) -> Iterator[Stretch]:
    """These minutes in the longest stretches that tables count, but for those longer than `longest` minutes."""
    size = max((minutes for minutes in TABLES if minutes <= longest), default=0)
    if first >= last or not size:
        return
    start, end = -(-first // size) * size, last // size * size
    if start >= end:
        yield from stretches(first, last, size - 1)
        return
    yield from stretches(first, start, size - 1)
    yield TABLES[size], start, end
    yield from stretches(end, last, size - 1)


def cut(window: Window) -> tuple[tuple[int, int], list[Window]]:
    """The window's whole minutes as `[first, last)`, and the windows that are left of it."""
    start, end = window.start_unix_nano, window.end_unix_nano
    first, last = -(-start // MINUTE_NANO), end // MINUTE_NANO
    if first >= last:
        return (0, 0), [window]
    edges = [Window(start, first * MINUTE_NANO), Window(last * MINUTE_NANO, end)]
    return (first, last), [edge for edge in edges if edge.start_unix_nano < edge.end_unix_nano]


def by_cluster(window: Window) -> list[Group]:
    """The records of each service, operation and cluster."""
    minutes, edges = cut(window)
    parts = [(IN_ROLLUPS.format(table=table), first, last) for table, first, last in stretches(*minutes)]
    parts += [(IN_RECORDS, edge.start_unix_nano, edge.end_unix_nano) for edge in edges]
    return summed(BY_CLUSTER, parts)


def by_duration(first: int, last: int) -> list[tuple[str, str, int, int, int]]:
    """The same of whole minutes, each with its duration bucket."""
    parts = [(IN_ROLLUPS.format(table=table), start, end) for table, start, end in stretches(first, last)]
    return summed(BY_DURATION, parts)


def summed(sql: str, parts: Sequence[Part]) -> list[Any]:
    """One statement over these parts."""
    if not parts:
        return []
    together = " UNION ALL ".join(part for part, _, _ in parts)
    rows = fetch(sql.format(parts=together), [bound for _, *bounds in parts for bound in bounds])
    return [(*key, int(n)) for *key, n in rows]
