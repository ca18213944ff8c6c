"""
How often some operations of a service ran, and a cluster failed, by stretch of time, environment or trace.

cluster_counts.py adds the rows up. A diagnosis asks for them for every fix that is not decided, so each is one
statement, that of runs for whole minutes in rollups and for partial ones in records together. Where some releases are
left out, records are read for all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.counts.rollups import TABLES
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

StretchRow = tuple[int, int, int]  # number of the stretch, records, failures
IN_ROLLUPS = """
    SELECT minute / %s, SUM(count) FROM {table}
    WHERE minute >= %s AND minute < %s AND service = %s AND operation IN ({operations}) GROUP BY 1
"""
IN_RECORDS = f"""
    SELECT start_time_unix_nano / %s, COUNT(*) FROM telemetry_record AS record
    WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s AND service = %s AND operation IN ({{operations}})
      AND {IS_COUNTED}{{releases}} GROUP BY 1
"""  # noqa: S608  (constants)
OF_TRACES = f"""
    SELECT trace_id, COUNT(*), SUM(CASE WHEN start_time_unix_nano <= %s THEN 1 ELSE 0 END)
    FROM telemetry_record AS record
    WHERE trace_id IN ({{trace_ids}}) AND start_time_unix_nano >= %s AND start_time_unix_nano < %s
      AND service = %s AND operation IN ({{operations}}) AND {IS_COUNTED}{{releases}} GROUP BY 1
"""  # noqa: S608
OF_CLUSTER = """
    FROM telemetry_attribution
    WHERE fingerprint = %s AND NOT is_downstream AND start_time_unix_nano >= %s AND start_time_unix_nano < %s{releases}
"""
FAILED = f"""
    SELECT {{by}}, COUNT(*), SUM(CASE WHEN service = %s AND operation IN ({{operations}}) THEN 0 ELSE 1 END)
    {OF_CLUSTER} GROUP BY 1
"""
NEWEST = f"SELECT start_time_unix_nano, trace_id {OF_CLUSTER} ORDER BY start_time_unix_nano DESC LIMIT %s"


@dataclass(frozen=True, slots=True)
class CountedOperations:
    """Some operations of a service, and the releases of it that are left out."""

    service: str
    operations: Collection[str]
    without_releases: Collection[str]


def run_rows(window: Window, ran: CountedOperations, size: int) -> Iterator[StretchRow]:
    """How often the operations ran in each stretch of `size` minutes, without their failures."""
    minutes, edges = whole_minutes(window)
    operations, releases = sorted(ran.operations), sorted(ran.without_releases)
    parts, values = list[str](), list[Any]()
    if not releases:
        longest = max(table_minutes for table_minutes in TABLES if size % table_minutes == 0)
        for table, first, last in table_stretches(*minutes, longest):
            parts.append(IN_ROLLUPS.format(table=table, operations=marks(operations)))
            values += [size, first, last, ran.service, *operations]
    condition = f" AND release NOT IN ({marks(releases)})" if releases else ""
    for edge in [window] if releases else edges:
        parts.append(IN_RECORDS.format(operations=marks(operations), releases=condition))
        bounds = edge.start_unix_nano, edge.end_unix_nano
        values += [size * MINUTE_NANO, *bounds, ran.service, *operations, *releases]
    for number, records in fetch(" UNION ALL ".join(parts), values) if parts else ():
        yield number, int(records), 0


def failure_rows(window: Window, fingerprint: int, ran: CountedOperations, size: int) -> Iterator[StretchRow]:
    """The cluster's failures in each stretch, with those among them that ran in other operations as further records."""
    for number, failures, elsewhere in failures_by(
        f"start_time_unix_nano / {size * MINUTE_NANO}", window, fingerprint, ran
    ):
        yield number, elsewhere, failures


def failures_by(
    by: str, window: Window, fingerprint: int, ran: CountedOperations
) -> Iterator[tuple[Any, int, int]]:
    """
    The cluster's failures by an expression of SQL, and how many of them ran in other operations.

    Args:
        by: of this module's callers, never of telemetry.
    """
    condition, left_out = without_releases(ran)
    sql = FAILED.format(by=by, operations=marks(ran.operations), releases=condition)
    bounds = fingerprint, window.start_unix_nano, window.end_unix_nano
    for value, failures, elsewhere in fetch(sql, [ran.service, *sorted(ran.operations), *bounds, *left_out]):
        yield value, failures, int(elsewhere)


def newest_failures(
    window: Window, fingerprint: int, ran: CountedOperations, most: int
) -> list[tuple[int, bytes]]:
    """The start and the trace id of the cluster's newest failures, newest first."""
    condition, left_out = without_releases(ran)
    bounds = fingerprint, window.start_unix_nano, window.end_unix_nano
    rows = fetch(NEWEST.format(releases=condition), [*bounds, *left_out, most])
    return [(start, bytes(trace_id)) for start, trace_id in rows]


def runs_of_traces(
    trace_ids: Sequence[bytes], window: Window, ran: CountedOperations, last: int
) -> Iterator[tuple[bytes, int, int]]:
    """How often the operations ran in each of these traces in the window, and until that time, in unix nanoseconds."""
    releases = sorted(ran.without_releases)
    condition = f" AND release NOT IN ({marks(releases)})" if releases else ""
    sql = OF_TRACES.format(trace_ids=marks(trace_ids), operations=marks(ran.operations), releases=condition)
    bounds = window.start_unix_nano, window.end_unix_nano
    values = [last, *trace_ids, *bounds, ran.service, *sorted(ran.operations), *releases]
    for trace_id, number, begun in fetch(sql, values):
        yield bytes(trace_id), number, int(begun)


def without_releases(ran: CountedOperations) -> tuple[str, list[str]]:
    """The condition that leaves these releases of the service out, and its values."""
    releases = sorted(ran.without_releases)
    condition = f" AND NOT (service = %s AND release IN ({marks(releases)}))" if releases else ""
    return condition, [ran.service, *releases] if releases else []


def marks(values: Collection[object]) -> str:
    """A placeholder for each value; for none, what no value is in."""
    return ", ".join(["%s"] * len(values)) or "NULL"
