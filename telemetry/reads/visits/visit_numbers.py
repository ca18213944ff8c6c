"""
The number of visits in a window: from whole days, hours and minutes that are kept at ingest.

Records are read for the partial minutes at the window's edges alone, so the numbers are exact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from telemetry.agent_runs.run_call import COLUMNS, RunCall, first_calls
from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.store.counts.rollups import TABLES
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

A_STATEMENT = 400  # traces
MINUTES = {table: minutes for minutes, table in TABLES.items()}
CALLED = "unit IN ('tool_call', 'retrieval', 'llm_call') AND service = %s AND operation IN ({operations})"
COUNTED = """
    SELECT minute, release, SUM(count) FROM telemetry_visitcount
    WHERE minutes = %s AND minute >= %s AND minute < %s AND service = %s AND operation IN ({operations})
    GROUP BY minute, release
"""
CALLS = f"""
    SELECT {", ".join(COLUMNS)} FROM telemetry_record
    WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s AND {CALLED}
"""  # noqa: S608  (constants)
EARLIER = f"""
    SELECT DISTINCT trace_id, service, operation FROM telemetry_record
    WHERE start_time_unix_nano < %s AND {CALLED} AND trace_id IN ({{traces}})
"""  # noqa: S608  (constants)


class Called(NamedTuple):
    """Operations of a service, and the releases of it whose visits do not count."""

    service: str
    operations: Collection[str]
    without_releases: Collection[str] = ()


class VisitsAt(NamedTuple):
    """A number of visits at a time."""

    start_time_unix_nano: int
    number: int


def number_of_visits(window: Window, called: Called) -> int:
    """The number of visits to these operations in the bound project's window."""
    return sum(visits.number for visits in visits_over_time(window, called))


def visits_over_time(window: Window, called: Called, longest: int = max(TABLES)) -> Iterator[VisitsAt]:
    """The visits to these operations in the bound project's window, in stretches of `longest` minutes at most."""
    minutes, edges = whole_minutes(window)
    for table, first, last in table_stretches(*minutes, longest):
        sql = COUNTED.format(operations=placeholders(called.operations))
        rows = fetch(sql, [MINUTES[table], first, last, called.service, *called.operations])
        for minute, release, number in rows:
            if release not in called.without_releases:
                yield VisitsAt(minute * MINUTE_NANO, int(number))
    for edge in edges:
        for call in first_calls_in(edge, called):
            if call.release not in called.without_releases:
                yield VisitsAt(call.start_time_unix_nano, 1)


def first_calls_in(window: Window, called: Called) -> list[RunCall]:
    """The first calls of these operations in each trace, of those that start in the window."""
    sql = CALLS.format(operations=placeholders(called.operations))
    bounds = window.start_unix_nano, window.end_unix_nano
    rows = fetch(sql, [*bounds, called.service, *called.operations])
    first = first_calls(RunCall(bytes(row[0]), bytes(row[1]), *row[2:]) for row in rows)
    earlier = earlier_visits(sorted({key[0] for key in first}), window.start_unix_nano, called)
    return [call for key, call in first.items() if key not in earlier]


def earlier_visits(
    trace_ids: Sequence[bytes], before_unix_nano: int, called: Called
) -> set[tuple[bytes, str, str]]:
    """Which of these traces called the operations before that time, each with the service and the operation."""
    found = set()
    for start in range(0, len(trace_ids), A_STATEMENT):
        chunk = trace_ids[start : start + A_STATEMENT]
        sql = EARLIER.format(operations=placeholders(called.operations), traces=placeholders(chunk))
        rows = fetch(sql, [before_unix_nano, called.service, *called.operations, *chunk])
        found |= {(bytes(trace_id), service, operation) for trace_id, service, operation in rows}
    return found


def placeholders(values: Collection[Any]) -> str:
    """Placeholders for so many values; for none, a value that nothing equals."""
    return ", ".join(["%s"] * len(values)) or "NULL"
