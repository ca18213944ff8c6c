"""
Records of the bound project, a page at a time: filtered in SQL, newest first, keyset-paged.

Order: start time, trace id, span id, all descending. Where no index leads to what is asked for, an answer
looks at MAX_SCAN records and no more: such a page may be short, or empty, and still have a next cursor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

from telemetry import cursors, records
from telemetry.cursors import Cursor
from telemetry.filters import Filters, floor, matching, reach
from telemetry.models import Record
from telemetry.record_ids import parse
from telemetry.store import snapshot
from telemetry.windows import Window

MAX_SCAN = 500_000
IDS_A_STATEMENT = 200  # each is two conditions of one OR, and SQLite parses 1000 deep


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
    with snapshot():
        lowest = floor(Record.objects.all(), window, cursor, MAX_SCAN) if filters.need_scan else None
        rows = behind(matching(reach(window, cursor, lowest), filters), cursor)
        newest = rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id")
        found = cut(newest, cursors.RECORDS, window, limit)
    if found.next_cursor is None and lowest is not None:
        return replace(found, next_cursor=Cursor(cursors.RECORDS, window, lowest, bytes(24)))
    return found


def behind(rows: QuerySet[Record], cursor: Cursor | None) -> QuerySet[Record]:
    """Without the rows of the cursor's time that come before it."""
    if cursor is None:
        return rows
    return rows.filter(
        Q(start_time_unix_nano__lt=cursor.start_unix_nano)
        | Q(trace_id__lt=cursor.trace_id)
        | Q(trace_id=cursor.trace_id, span_id__lt=cursor.span_id)
    )


def cut(rows: QuerySet[Record], kind: bytes, window: Window, limit: int) -> Page:
    """The first `limit` of the rows, and the cursor behind them if there are more."""
    found = list(rows[: limit + 1])
    shown = records.shown(found[:limit])
    if len(found) <= limit:
        return Page(window, shown, None)
    last = found[limit - 1]
    key = bytes(last.trace_id) + bytes(last.span_id)
    return Page(window, shown, Cursor(kind, window, last.start_time_unix_nano, key))


def find(record_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The records among these ids that are stored, as answers show them."""
    ids = sorted({ids for record_id in record_ids if (ids := parse(record_id))})
    found: list[dict[str, Any]] = []
    with snapshot():
        for start in range(0, len(ids), IDS_A_STATEMENT):
            found += records.shown(list(Record.objects.filter(pk__in=ids[start : start + IDS_A_STATEMENT])))
    return {record["record_id"]: record for record in found}
