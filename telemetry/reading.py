"""
Records of the bound project, a page at a time: filtered in SQL, newest first, keyset-paged.

Order: start time, trace id, span id, all descending. Each answer holds at most `limit` records in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from telemetry import cursors, records
from telemetry.cursors import Cursor
from telemetry.models import Record, Trace
from telemetry.store import snapshot
from telemetry.windows import Window

IDS_A_STATEMENT = 200  # each is two conditions of one OR, and SQLite parses 1000 deep


@dataclass(frozen=True, slots=True)
class Filters:
    """What records must have; "" and None ask for nothing."""

    environment: str = ""
    service: str = ""
    operation: str = ""
    signal_type: str = ""
    outcome: str = ""
    session_id: str = ""
    trace_id: bytes = b""
    record_id: tuple[bytes, bytes] | None = None
    fingerprint: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a window; `next_cursor` is None when there are no more."""

    window: Window
    records: list[dict[str, Any]]
    next_cursor: Cursor | None

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
        return {
            "window": self.window.shown(),
            "records": self.records,
            "count": len(self.records),
            "complete": self.next_cursor is None,
            "next_cursor": str(self.next_cursor) if self.next_cursor else None,
        }


def page(window: Window, filters: Filters, cursor: Cursor | None, limit: int) -> Page:
    """The newest records of the window that match, or those behind the cursor."""
    rows = matching(window, filters)
    if cursor:
        rows = rows.filter(start_time_unix_nano__lte=cursor.start_unix_nano).filter(
            Q(start_time_unix_nano__lt=cursor.start_unix_nano)
            | Q(trace_id__lt=cursor.trace_id)
            | Q(trace_id=cursor.trace_id, span_id__lt=cursor.span_id)
        )
    return cut(
        rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id"), cursors.RECORDS, window, limit
    )


def cut(rows: QuerySet[Record], kind: bytes, window: Window, limit: int) -> Page:
    """The first `limit` of the rows, and the cursor behind them if there are more."""
    with snapshot():
        found = list(rows[: limit + 1])
        shown = records.shown(found[:limit])
    if len(found) <= limit:
        return Page(window, shown, None)
    last = found[limit - 1]
    key = bytes(last.trace_id) + bytes(last.span_id)
    return Page(window, shown, Cursor(kind, window, last.start_time_unix_nano, key))


def matching(window: Window, filters: Filters) -> QuerySet[Record]:
    """The window's records that match, in no order."""
    rows = Record.objects.filter(
        start_time_unix_nano__gte=window.start_unix_nano, start_time_unix_nano__lt=window.end_unix_nano
    )
    for name in ("environment", "service", "operation", "signal_type", "trace_id", "fingerprint"):
        value = getattr(filters, name)
        if value not in ("", b"", None):
            rows = rows.filter(**{name: value})
    if filters.outcome:
        rows = rows.filter(fingerprint__isnull=filters.outcome == records.OK)
    if filters.record_id:
        rows = rows.filter(trace_id=filters.record_id[0], span_id=filters.record_id[1])
    if filters.session_id:
        rows = rows.filter(
            trace_id__in=Trace.objects.filter(is_of_session(filters.session_id)).values("trace_id")
        )
    return rows


def has_session_id(session_ids: Iterable[str]) -> Q:
    """Of traces: one of these session ids. Not empty is spelled out, or the partial index lies idle."""
    return Q(session_id__in=list(session_ids)) & ~Q(session_id="")


def has_trace_id(session_ids: Iterable[str]) -> Q:
    """Of traces: one of these session ids is the trace's own id in hex."""
    parsed = (records.parse_id(f"rec_{session_id}{'0' * 16}") for session_id in session_ids)
    return Q(trace_id__in=[ids[0] for ids in parsed if ids])


def is_of_session(session_id: str) -> Q:
    """Of traces: the session is named by its session id or by the id of a trace."""
    return has_session_id([session_id]) | has_trace_id([session_id])


def find(record_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The records among these ids that are stored, as answers show them."""
    ids = sorted(set(records.ids_of(record_ids)))
    found: list[dict[str, Any]] = []
    with snapshot():
        for start in range(0, len(ids), IDS_A_STATEMENT):
            found += records.shown(list(Record.objects.filter(pk__in=ids[start : start + IDS_A_STATEMENT])))
    return {record["record_id"]: record for record in found}
