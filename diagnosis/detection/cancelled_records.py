"""
The cancelled calls of a window: how many each operation had, and their records.

They are no failures, so that no rollup counts them, but an index of their own has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from diagnosis.window.traffic import ServiceOperation
from telemetry.spans.failing_record import COLUMNS, FailingRecord, from_columns
from telemetry.store.sql import fetch
from telemetry.windows import Window

MOST_RECORDS = 10_000  # of a window that are read
# The signal stands in the statement, and is no parameter of it, so that SQL may use the partial index.
CANCELLED = (
    "FROM telemetry_record WHERE signal_type = 'cancelled_call' "
    "AND start_time_unix_nano >= %s AND start_time_unix_nano < %s"
)
COUNT = f"SELECT service, operation, COUNT(*) {CANCELLED} GROUP BY service, operation"
READ = (
    f"SELECT duration_nano, {', '.join(COLUMNS)} {CANCELLED} "
    f"ORDER BY start_time_unix_nano, trace_id, span_id LIMIT {MOST_RECORDS}"
)


class CancelledCall(NamedTuple):
    """The record of a cancelled call, and how long its caller waited."""

    record: FailingRecord
    waited_ms: float


def cancelled_by_operation(window: Window) -> Counter[ServiceOperation]:
    """How many calls of each operation were cancelled in the bound project's window."""
    rows = fetch(COUNT, bounds_of(window))
    return Counter({ServiceOperation(service, operation): number for service, operation, number in rows})


def cancelled_calls(window: Window, places: Iterable[ServiceOperation]) -> list[CancelledCall]:
    """The cancelled calls of these operations in the bound project's window, by time, MOST_RECORDS at most."""
    wanted = set(places)
    calls = (
        CancelledCall(from_columns(columns), duration / 1e6)
        for duration, *columns in fetch(READ, bounds_of(window))
    )
    return [call for call in calls if (call.record.service, call.record.operation) in wanted]


def bounds_of(window: Window) -> list[int]:
    """The start and the end of the window in unix nanoseconds."""
    return [window.start_unix_nano, window.end_unix_nano]
