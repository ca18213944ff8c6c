"""
Records of the bound project, a page at a time: filtered in SQL, newest first, keyset-paged.

Order: start time, trace id, span id, all descending. Where no index leads to what is asked for, an answer looks at
MAX_SCAN records, then where rollups lead (rollup_search.py), and no more: such a page may be short, or empty, and
still have a next cursor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from telemetry.models import Record
from telemetry.reads import cursors
from telemetry.reads import record_json as records
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import Filters, floor, matching, reach
from telemetry.reads.rollup_search import are_counted, may_have, stretches
from telemetry.spans.record_ids import parse
from telemetry.store.append import snapshot
from telemetry.store.sql import fetch_many
from telemetry.windows import Window
from tenants.stores.binding import bound_alias

MAX_SCAN = 50_000
MAX_STRETCHES = 300  # minutes that one answer looks into
COLUMNS = [field.attname for field in Record._meta.concrete_fields]
# Not `pk__in`: for more than one row SQLite then reads the whole table, or parses an OR a thousand deep.
FIND = f"""
    WITH wanted (its_trace, its_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted JOIN telemetry_record ON trace_id = its_trace AND span_id = its_span
"""  # noqa: S608  (constants)


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
        if filters.environment and not may_have(filters.environment):
            return Page(window, [], None)
        lowest = floor(Record.objects.all(), window, cursor, MAX_SCAN) if filters.is_guess else None
        rows = newest(reach(window, cursor, lowest), filters, cursor)[: limit + 1]
        found = list(rows)
        place = None if lowest is None else Cursor(cursors.RECORDS, window, lowest, bytes(24))
        if place and len(found) <= limit and are_counted(filters):
            more, place = search(reach(window, place), filters, place, limit + 1 - len(found))
            found += more
        return shown_page(found, cursors.RECORDS, window, limit, place)


def newest(window: Window, filters: Filters, cursor: Cursor | None) -> QuerySet[Record]:
    """The records of the window that match, in the order of the list, those behind the cursor alone."""
    rows = behind(matching(window, filters), cursor)
    return rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id")


def search(window: Window, filters: Filters, place: Cursor, limit: int) -> tuple[list[Record], Cursor | None]:
    """The first records behind the place, from the minutes that hold some, and where to go on if they were too many."""
    found: list[Record] = []
    looked_at = stretches(window, filters)
    for part in islice(looked_at, MAX_STRETCHES):
        found += newest(part, filters, place)[: limit - len(found)]
        if len(found) == limit:
            return found, None
    following = next(looked_at, None)
    if following is None:
        return found, None
    return found, replace(place, start_unix_nano=following.end_unix_nano)


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
    return shown_page(list(rows[: limit + 1]), kind, window, limit)


def shown_page(
    found: list[Record], kind: bytes, window: Window, limit: int, otherwise: Cursor | None = None
) -> Page:
    """The first `limit` records, and the cursor behind them if there is one more, or the other one."""
    shown = records.shown(found[:limit])
    if len(found) <= limit:
        return Page(window, shown, otherwise)
    last = found[limit - 1]
    key = bytes(last.trace_id) + bytes(last.span_id)
    return Page(window, shown, Cursor(kind, window, last.start_time_unix_nano, key))


def find(record_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The records among these ids that are stored, as answers show them."""
    with snapshot():
        found = records.shown(rows_of(record_ids))
    return {record["record_id"]: record for record in found}


def rows_of(record_ids: Iterable[str]) -> list[Record]:
    """The records among these ids that are stored."""
    ids = sorted({ids for record_id in record_ids if (ids := parse(record_id))})
    return [Record.from_db(bound_alias(), COLUMNS, values) for values in fetch_many(FIND, ids)]
